"""Keys by the names that people know."""

from __future__ import annotations

from textual import events


def pressed(event: events.Key) -> str:
    """A key as it is printed on the keyboard: `n`, `N`, `/`, `enter`, `space`."""
    if event.character is not None and event.is_printable and event.character != " ":
        return event.character
    return event.key
