"""Keys by the names that people know."""

from __future__ import annotations

from textual import events

Typed = events.Key | events.Paste


def leads_back(typed: Typed) -> bool:
    """Whether it is a key that leads out of whatever stands, at any time."""
    return isinstance(typed, events.Key) and typed.key in ("escape", "ctrl+c", "ctrl+q")


def pressed(event: events.Key) -> str:
    """A key as it is printed on the keyboard: `n`, `N`, `/`, `enter`, `space`."""
    if event.character is not None and event.is_printable and event.character != " ":
        return event.character
    return event.key
