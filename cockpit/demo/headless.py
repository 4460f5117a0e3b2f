"""What a person would see who answers the demo checklist's questions, found by really looking.

The headless demo has nobody to ask. So for each question `ANSWERS` says where a person would look; `answers` looks
there, and `words` makes of it what the captain says: what was seen, one waiver and one item that is not applicable.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import pwd
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from cockpit.demo.calling import NotAnswered, call
from cockpit.demo.stack import Stack
from cockpit.run.command import Confirm, RuleOut, Waive

ANSWERS: Mapping[str, Callable[[Stack], str]] = {
    "green-version": lambda stack: _fetched(stack, "green", "/version")["version"],
    "green-log-quiet": lambda stack: str(sum(line["level"] == "error" for line in _log(stack, "green"))),
    "release-known": lambda stack: _headers(stack, "green", "/health")["x-version"],
    "way-back-known": lambda stack: _fetched(stack, "router", "/version")["version"],
    "migration-last": lambda stack: _found(stack, "select name from schema_version order by version desc limit 1"),
    "space-left": lambda stack: f"{shutil.disk_usage(stack.folder).free / 2**30:.1f} GiB",
    "router-started-at-blue": lambda stack: next(_log(stack, "router"))["to"],
    "runs-as": lambda stack: _user_of(stack.parts["green"].pid),
    "bots-expected": lambda stack: ", ".join(bot["name"] for bot in _fetched(stack, "router", "/api/bots")["bots"]),
}
"""Item to how its answer is found. Each blocks for a moment, and may raise what `UNSEEN` names."""

UNSEEN = (NotAnswered, OSError, sqlite3.Error, ValueError, LookupError, TypeError)
"""What looking may raise when there is nothing to be seen."""

WAIVED = ("load-tested", "The sandbox is not load-tested: it carries a few requests a second.", dt.timedelta(days=1))
"""Item, reason, and for how long."""

RULED_OUT = ("status-page", "The sandbox has no status page.")
"""Item and reason."""


async def answers(stack: Stack) -> dict[str, str]:
    """What was seen: item to value. An item whose answer could not be seen is left out, and so stays open."""

    async def look(find: Callable[[Stack], str]) -> str:
        try:
            return await asyncio.to_thread(find, stack)
        except UNSEEN:
            return ""

    seen = await asyncio.gather(*map(look, ANSWERS.values()))
    return {item: value for item, value in zip(ANSWERS, seen, strict=True) if value}


def words(seen: Mapping[str, str], now: dt.datetime) -> list[Confirm | Waive | RuleOut]:
    """What the captain says, having seen that: a command for each item."""
    said: list[Confirm | Waive | RuleOut] = [
        Confirm(item, value, note="Looked up by the headless demo.") for item, value in seen.items()
    ]
    waived, reason, lasts = WAIVED
    return [*said, Waive(waived, reason, now + lasts), RuleOut(*RULED_OUT)]


def _fetched(stack: Stack, part: str, path: str) -> Any:
    return call("GET", stack.parts[part].url + path)[2]


def _headers(stack: Stack, part: str, path: str) -> dict[str, str]:
    return call("GET", stack.parts[part].url + path)[1]


def _found(stack: Stack, query: str) -> str:
    with closing(sqlite3.connect(f"{stack.database.as_uri()}?mode=ro", uri=True)) as database:
        return str(database.execute(query).fetchone()[0])


def _log(stack: Stack, part: str) -> Iterator[dict[str, Any]]:
    with Path(stack.parts[part].log).open() as lines:
        yield from map(json.loads, lines)


def _user_of(pid: int) -> str:
    """Who a process belongs to, by name; what `ps` would say, where a small machine has none."""
    uid = Path(f"/proc/{pid}").stat().st_uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
