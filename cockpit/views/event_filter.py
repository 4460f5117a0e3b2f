"""Which events a person wants to see: by kind, by who did it, by what it is about, by any words in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from cockpit.journal.event import Event

Family = Literal["people", "checks", "plan", "calls", "run"]

FAMILIES: Mapping[Family, tuple[str, ...]] = {
    "people": ("item.", "word.", "note."),
    "checks": ("check.", "checks.", "baseline.", "watch."),
    "plan": ("step.", "action.", "doubt.", "soak.", "second.", "poll.", "gate.", "watch.", "abort.", "rollback."),
    "calls": ("command.begun", "command.ended", "call.", "notice."),
    "run": ("run.", "engine.", "journal.", "clock.", "checkpoint.", "command.taken", "hold."),
}
"""Kinds of event that belong together, by how their names begin."""


def about(event: Event) -> str:
    """The id of the item or step that an event is about; empty when it is about none."""
    return getattr(event.data, "item", "") or getattr(event.data, "step", "")


def wants(event: Event, sentence: str, asked: Sequence[str]) -> bool:
    """Whether every word that was asked for fits: `of:plan`, `by:ada`, `about:health`, any text, and `!` not."""
    return all(_fits(event, sentence, word) for word in asked)


def toggled(asked: str, word: str) -> str:
    """A filter with `word` taken out when it is in it; else put in, in place of one of the same sort."""
    words = asked.split()
    if word in words:
        return " ".join(each for each in words if each != word)
    sort = word.partition(":")[0] + ":"
    return " ".join([*(each for each in words if not each.startswith(sort)), word])


def next_family(asked: str) -> str:
    """A filter with the family after the one that is in it; after the last, with none."""
    names = list(FAMILIES)
    now = next((word[3:] for word in asked.split() if word.startswith("of:")), "")
    place = names.index(now) + 1 if now in names else 0
    return toggled(asked, f"of:{names[place]}" if place < len(names) else f"of:{now}")


def _fits(event: Event, sentence: str, word: str) -> bool:
    if word.startswith("!") and len(word) > 1:
        return not _fits(event, sentence, word[1:])
    sort, colon, rest = word.partition(":")
    if colon and rest:
        if sort == "of":
            return event.kind.startswith(next((kinds for name, kinds in FAMILIES.items() if name == rest), (rest,)))
        if sort == "by":
            return ("engine" if event.by.engine else event.by.user).casefold() == rest
        if sort == "about":
            return about(event).casefold() == rest
    return word in f"{event.kind} {event.by} {about(event)} {sentence}".casefold()
