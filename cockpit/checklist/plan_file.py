"""The file format of the plan: what people may write under `golive` and `rollback`, key by key."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from cockpit.checklist.file import Check, Duration, Id, Item, Title, Written

STEP_ONLY = ("gate", "hold", "run")
"""A step is exactly one of these."""


def _time_of_day(value: object) -> str:
    """`22:00`. Raises ValueError."""
    if not isinstance(value, str) or not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError(f"must be a time of day such as `22:00`, not `{value}`")
    return value


def _zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`{value}` is no time zone: write one as in `Europe/London` or `UTC`") from None
    return value


def _date(value: object) -> str:
    try:
        return dt.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError(f"must be a date such as `2026-11-24`, not `{value}`") from None


def _reversible(value: object) -> str:
    if value in (True, "true", "yes"):
        return ""
    if value in (False, "no", "false"):
        return "no"
    if isinstance(value, str) and value.startswith("until "):
        return value
    raise ValueError(f"must be `yes`, `no` or `until STEP`, not `{value}`")


TimeOfDay = Annotated[
    str, BeforeValidator(_time_of_day), WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
]
Zone = Annotated[str, AfterValidator(_zone)]
Reversible = Annotated[
    str, BeforeValidator(_reversible), WithJsonSchema({"enum": ["yes", "no"], "type": "string"}, mode="validation")
]
Names = Annotated[
    list[str],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Shows(Written):
    """What a condition of a step may be: the id of an item, or a check written in place."""

    check: Check = Field(description="How it is measured.")
    title: str = Field("", description="What must be true; else the title of the step.")


Shown = Annotated[list[str | Shows], BeforeValidator(lambda value: value if isinstance(value, list) else [value])]


class Action(Written):
    """What is done. One further key names the kind of action and holds what it needs to know."""

    model_config = ConfigDict(extra="allow")

    host: str = Field("", description="The host, one of `hosts`, on which it is done; else this machine.")
    hosts: list[str] = Field([], description="Several hosts, in turn.")
    batch: int = Field(1, ge=1, description="How many of them at the same time.")
    timeout: Duration = Field(300.0, description="The limit for each host; 5m when not written.")


class Soak(Written):
    """How long conditions must stay good before going on."""

    for_: Duration = Field(alias="for", description="How long.")
    watch: Names = Field([], description="Ids of watches and items that must stay good; else those of `verify`.")


class Undo(Written):
    """How a step is undone."""

    run: Action = Field(description="What is done.")
    verify: Shown = Field([], description="What shows that it was undone.")
    within: Duration = Field(0.0, description="The window in which it must become so.")
    takes: Duration = Field(0.0, description="How long it is planned to take.")


class Poll(Written):
    """The roll call before a gate."""

    positions: Names = Field([], description="The positions that are asked; else all of the checklist.")
    need: int | None = Field(None, ge=1, description="How many must say GO; else all that are asked.")
    veto: Names = Field([], description="Positions whose NO-GO is final.")
    answer_within: Duration = Field(0.0, description="The poll ends after this time, and the gate stays shut.")
    captain: bool = Field(True, description="False: the captain's own GO does not count.")


class Gate(Written):
    """A point that opens only when its conditions and its poll hold."""

    parts: Names = Field([], description="Ids of parts, sections or groups whose items must all be good.")
    items: Names = Field([], description="Ids of items that must be good.")
    poll: Poll | None = Field(None, description="Who is asked.")
    max_age: Duration = Field(0.0, description="Older measurements do not count.")


class Step(Written):
    """One act of the plan: an action (`run`), a `gate`, or a planned `hold`."""

    id: Id = Field(description="Its name in commands and records, once in the document.")
    title: Title = Field(description="What is done.")
    note: str = Field("", description="What a captain should know of it.")
    run: Action | None = Field(None, description="What is done.")
    gate: Gate | None = Field(None, description="What must hold before anything goes on.")
    hold: str = Field("", description="A planned hold: why.")
    before: Shown = Field([], description="What must be good before it begins: ids of items, or checks.")
    probe: Shows | str = Field(
        "", description="The check that tells whether its action has happened, when that is in doubt."
    )
    verify: Shown = Field([], description="What shows that it worked: ids of items, or checks.")
    within: Duration = Field(0.0, description="The window in which `verify` must become good.")
    soak: Soak | None = Field(None, description="How long it must stay good before going on.")
    undo: Undo | None = Field(None, description="How it is undone.")
    reversible: Reversible = Field("", description="`no`, or `until STEP`: after that step there is no way back.")
    required: bool = Field(True, description="False: it may be skipped with a reason.")
    auto: bool = Field(False, description="It begins by itself when the step before it is done.")
    rehearse: Action | None = Field(None, description="What a rehearsal does in its place.")
    changes: bool | None = Field(None, description="It changes production; else as its kind of action does.")
    takes: Duration = Field(0.0, description="How long it is planned to take.")
    second: str = Field("", description="The position that has to agree, a second person, before it begins.")


class Window(Written):
    """When going live is planned."""

    start: TimeOfDay = Field(description="When the first step that changes production is planned: `22:00`.")
    end: TimeOfDay | Literal[""] = Field("", description="When everything has to be over.")
    zone: Zone = Field("UTC", description="The time zone: `Europe/London`.")
    date: Annotated[str, BeforeValidator(_date)] | Literal[""] = Field("", description="The day: `2026-11-24`.")


class GoLive(Written):
    """The steps of going live."""

    window: Window | None = Field(None, description="When it is planned.")
    rehearsed: bool = Field(False, description="A live run demands that this very plan was rehearsed.")
    checks: list[Item] = Field([], description="Checks that only the plan uses; they count in no part.")
    steps: list[Step] = Field([], description="What is done, in order.")


class Rollback(Written):
    """The way back."""

    steps: list[Step] = Field([], description="What is done first; then what was done is undone, in reverse.")


class Abort(Written):
    """What a watch must not do, and what is done then."""

    when: str = Field(description="`3 of 5` measurements bad, or bad `for 2m`.")
    errors: str = Field("", description="The same for measurements that could not be made; else they count as bad.")
    action: Literal["advise", "hold", "rollback"] = Field("advise", description="What is done.")
    grace: Duration = Field(0.0, description="The time in which the captain may veto it.")


class Watch(Item):
    """A check that keeps running through the run."""

    abort: Abort | None = Field(None, description="What it must not do, and what is done then.")
