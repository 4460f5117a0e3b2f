"""The themes: how each look of a piece of text is drawn. Names of colours are those of a terminal's sixteen.

Every look differs from ordinary text without colour too, or stands beside a word that says the same. What must stand
out is reversed, not given a background: it still stands out where there are no colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cockpit.views.line import Look


@dataclass(frozen=True)
class Ink:
    """How text is drawn. Empty colours are the terminal's own."""

    colour: str = ""
    ground: str = ""
    bold: bool = False
    dim: bool = False
    underline: bool = False
    reverse: bool = False


@dataclass(frozen=True)
class Theme:
    """An ink for each look."""

    name: str
    about: str
    inks: Mapping[Look, Ink]


_TERMINAL: dict[Look, Ink] = {
    "": Ink(),
    "dim": Ink(dim=True),
    "strong": Ink(bold=True),
    "good": Ink("green"),
    "bad": Ink("red", bold=True),
    "warn": Ink("yellow"),
    "busy": Ink("cyan"),
    "accent": Ink("cyan"),
    "bar": Ink(reverse=True),
    "live": Ink("red", bold=True, reverse=True),
    "rehearsal": Ink("cyan", reverse=True),
    "replay": Ink("magenta", bold=True, reverse=True),
    "hold": Ink("yellow", bold=True, reverse=True),
    "alarm": Ink("red", bold=True, underline=True, reverse=True),
}

_CONTRAST: dict[Look, Ink] = {
    "": Ink("bright_white"),
    "dim": Ink("white"),
    "strong": Ink("bright_white", bold=True),
    "good": Ink("bright_green", bold=True),
    "bad": Ink("bright_red", bold=True, reverse=True),
    "warn": Ink("bright_yellow", bold=True),
    "busy": Ink("bright_cyan", bold=True),
    "accent": Ink("bright_cyan", bold=True),
    "bar": Ink("bright_white", bold=True, reverse=True),
    "live": Ink("bright_red", bold=True, reverse=True),
    "rehearsal": Ink("bright_cyan", bold=True, reverse=True),
    "replay": Ink("bright_magenta", bold=True, reverse=True),
    "hold": Ink("bright_yellow", bold=True, reverse=True),
    "alarm": Ink("bright_red", bold=True, underline=True, reverse=True),
}

_LIGHT: dict[Look, Ink] = {
    **_TERMINAL,
    "warn": Ink("magenta", bold=True),
    "busy": Ink("blue"),
    "accent": Ink("blue"),
    "rehearsal": Ink("blue", reverse=True),
    "hold": Ink("magenta", bold=True, reverse=True),
}

_COLOUR_BLIND: dict[Look, Ink] = {
    **_TERMINAL,
    "good": Ink("bright_blue", bold=True),
    "bad": Ink("bright_yellow", bold=True, reverse=True),
    "warn": Ink("yellow", underline=True),
    "live": Ink("bright_yellow", bold=True, reverse=True),
    "alarm": Ink("bright_yellow", bold=True, underline=True, reverse=True),
}

_MONO: dict[Look, Ink] = {look: replace(ink, colour="") for look, ink in _TERMINAL.items()} | {
    "warn": Ink(underline=True),
    "accent": Ink(bold=True),
}

THEMES: Mapping[str, Theme] = {
    theme.name: theme
    for theme in (
        Theme("terminal", "the terminal's own sixteen colours, light or dark as it is", _TERMINAL),
        Theme("high-contrast", "bright on black, nothing faint", {
            look: replace(ink, ground="black") for look, ink in _CONTRAST.items()
        }),
        Theme("light", "sixteen colours that can be read on a light ground", _LIGHT),
        Theme("colour-blind", "blue and yellow in place of green and red", _COLOUR_BLIND),
        Theme("mono", "no colours: bold, underlined, reversed", _MONO),
    )
}  # fmt: skip
"""All of them, by name, in the order in which a key goes through them."""

DEFAULT = "terminal"


def next_theme(name: str) -> Theme:
    """The theme after the one called `name`."""
    names = list(THEMES)
    return THEMES[names[(names.index(name) + 1) % len(names)] if name in names else DEFAULT]
