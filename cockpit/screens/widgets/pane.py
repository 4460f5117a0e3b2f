"""A part of a board that holds others."""

from __future__ import annotations

from textual.widget import Widget


class Pane(Widget, can_focus=False):
    """A plain box: how what is in it stands is the board's style."""

    DEFAULT_CSS = "Pane { height: 1fr; width: 1fr; layout: vertical; }"
