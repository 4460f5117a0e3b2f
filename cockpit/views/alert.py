"""What makes a terminal ring, or show a desktop notification, when something happens. Pure: text in, bytes out."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from cockpit.journal.event import Actor, Event
from cockpit.run.state import State
from cockpit.text import safe_line
from cockpit.views.notice import Notice, notice_of

WAYS = ("bell", "osc9")
"""How a terminal can be made to tell: it rings; or it shows a desktop notification (iTerm2, kitty, WezTerm, Windows
Terminal, foot), by the sequence OSC 9."""

SETTING = "COCKPIT_NOTIFY"
"""The environment variable that holds what is wanted when the command line does not say."""

_LONGEST = 200


def ways_in(text: str) -> frozenset[str]:
    """`bell,osc9`, one of them, or `none`. Raises ValueError with a sentence."""
    named = {word.strip() for word in text.split(",") if word.strip()} - {"none"}
    if unknown := sorted(named - {*WAYS}):
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(WAYS)}, none")
    return frozenset(named)


def news(events: Sequence[Event], state: State, *, after: int, you: Actor | None) -> Notice | None:
    """The newest notice for whoever looks on: after the event `after`, and not of what they did themselves."""
    for event in reversed(events):
        if event.seq <= after:
            return None
        mine = you is not None and not event.by.engine and (event.by.uid, event.by.tty) == (you.uid, you.tty)
        notice = None if mine else notice_of(event, state)
        if notice is not None:
            return notice
    return None


def alert(notice: Notice, ways: frozenset[str], environ: Mapping[str, str]) -> str:
    """What is written to the terminal; empty when nothing is wanted."""
    rings = "\a" if "bell" in ways else ""
    return rings + (_passed_on(f"\x1b]9;{_plain(notice.sentence)}\a", environ) if "osc9" in ways else "")


def _passed_on(sequence: str, environ: Mapping[str, str]) -> str:
    """Wrapped so that tmux or screen hands it to the terminal outside (tmux: only with `allow-passthrough on`)."""
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY"):
        return f"\x1bP{sequence}\x1b\\"
    return sequence


def _plain(text: str) -> str:
    """Without anything that could end the sequence, or begin one: a terminal may read it in another encoding."""
    shown = unicodedata.normalize("NFKD", safe_line(text, width=_LONGEST))
    plain = shown.encode("ascii", "ignore").decode().replace("\\", "/")
    # A number and `;` at the beginning would be another command of OSC 9 (progress, in ConEmu and Windows Terminal).
    return plain if not plain[:1].isdigit() else f"Cockpit: {plain}"
