"""Names and titles as people read them on one line."""

from __future__ import annotations

import re

from cockpit.checklist.model import Item
from cockpit.journal.event import Actor

_MARKS = re.compile(r"(\*\*|__|`)(.+?)\1")

_SHORT_KINDS = {"postgres": "pg", "prometheus": "prom", "command": "cmd", "certificate": "cert"}


def title(text: str) -> str:
    """A title without the marks of Markdown: `` `DEBUG=False` `` is read as `DEBUG=False`."""
    return _MARKS.sub(r"\2", text)


def mode(item: Item) -> str:
    """How an item becomes true, in at most six letters: `man`, or its kind of check; `+m` when it needs both."""
    if item.check is None:
        return "man"
    kind = _SHORT_KINDS.get(item.check.kind, item.check.kind)
    return f"{kind[:4]}+m" if item.mode == "both" else kind[:6]


def person(actor: Actor, you: Actor | None = None) -> str:
    """Who did something, in one word or two."""
    if actor.engine:
        return "engine"
    if you is not None and (actor.user, actor.uid, actor.tty) == (you.user, you.uid, you.tty):
        return f"{actor.user} (you)"
    return actor.user


def plural(count: int, noun: str, nouns: str = "") -> str:
    """A count with its noun: `1 item`, `3 items`."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def one_line(text: str) -> str:
    """Text of several lines on one."""
    return " ".join(text.split())
