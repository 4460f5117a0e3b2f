"""What a database user may do with tables, beside what it needs. Several kinds use this."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from cockpit.checklist.kinds import Field

FIELDS = (
    Field(
        "privileges.tables", "map", "What the user may do with each table: `{'public.trades': ['select', 'insert']}`."
    ),
    Field("privileges.read", "list", "Tables that it may read."),
    Field("privileges.write", "list", "Tables in which it may insert, update or delete rows."),
    Field("privileges.change", "list", "Tables that it may alter, drop or empty."),
    Field("privileges.excess", "list", "What it may do beyond the spec's `privileges`: `public.users: update`."),
    Field("privileges.lacking", "list", "What it may not do, of the spec's `privileges`."),
)

NEEDED = (
    "What the user needs, by table: `{trades: [select, insert], users: [select]}`;"
    " the fields `privileges.excess` and `privileges.lacking` compare it with what it has."
)

WRITING = frozenset({"insert", "update", "delete"})
CHANGING = frozenset({"own", "alter", "drop", "truncate"})


def fields(held: Mapping[str, Collection[str]], needed: Mapping[str, Collection[str]], schema: str) -> dict[str, Any]:
    """The fields, from the privileges by table (lower case); names in `needed` without a dot are tables of `schema`."""
    wanted = {
        table if "." in table else f"{schema}.{table}": {each.lower() for each in some}
        for table, some in needed.items()
    }
    values: dict[str, Any] = {
        "privileges.tables": {table: sorted(held[table]) for table in sorted(held) if held[table]},
        "privileges.read": sorted(table for table in held if "select" in held[table]),
        "privileges.write": sorted(table for table in held if not WRITING.isdisjoint(held[table])),
        "privileges.change": sorted(table for table in held if not CHANGING.isdisjoint(held[table])),
    }
    if needed:
        values["privileges.excess"] = _difference(held, wanted)
        values["privileges.lacking"] = _difference(wanted, held)
    return values


def summary(values: Mapping[str, Any]) -> str:
    """What is wrong with them in one line; nothing when they are as they should be or nobody said how."""
    for name, words in (("lacking", "the user lacks"), ("excess", "the user may do more than it needs:")):
        if some := values.get(f"privileges.{name}"):
            return f"{words} {', '.join(some[:3])}{', ...' if len(some) > 3 else ''}"
    return ""


def _difference(these: Mapping[str, Collection[str]], those: Mapping[str, Collection[str]]) -> list[str]:
    return sorted(
        f"{table}: {privilege}" for table in these for privilege in set(these[table]) - set(those.get(table, ()))
    )
