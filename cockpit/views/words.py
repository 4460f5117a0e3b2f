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
    """How an item becomes true, in at most six letters; `+m` when a person's word is needed as well.

    `man`, its kind of check, or `demand` for a check that is made only when it is asked for.
    """
    if item.check is None:
        return "man"
    if item.check.on_demand:
        return "dem+m" if item.mode == "both" else "demand"
    kind = _SHORT_KINDS.get(item.check.kind, item.check.kind)
    return f"{kind[:4]}+m" if item.mode == "both" else kind[:6]


def on_demand(item: Item) -> bool:
    """Whether its check changes something, and is made only when somebody asks for it by name."""
    return item.check is not None and item.check.on_demand


def where(host: str) -> str:
    """Where something is done that may be done on a host."""
    return f"the host {host}" if host else "here, where the engine runs"


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
