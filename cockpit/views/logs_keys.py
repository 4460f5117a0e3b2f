"""The keys of the board of logs."""

from __future__ import annotations

from cockpit.views.key import Key
from cockpit.views.logs_pane import LogPane
from cockpit.views.moment import Moment


def log_keys(pane: LogPane, now: Moment) -> tuple[Key, ...]:
    """What can be done with lines; `pane` stands where the cursor is."""
    none = "" if len(pane.selection) else "no line is shown"
    selected = "" if pane.line is not None else "no line is shown"
    wanted = pane.showing.wanted
    hunted = none or ("" if wanted.find else "g first says what to find")
    attach = now.not_allowed or selected
    return (
        Key("space", "follow the newest lines, or pause", "pause", "look", "pause" if pane.follows else "follow"),
        Key("/", "only lines that match a regular expression", "filter", "look", "only"),
        Key("-", "no lines that match a regular expression", "without", "look", "not"),
        Key("e", "all levels; notice, warning, error or worse", "level", "look", "level"),
        Key("f", "next error", "next_error", "look", "error", why=none),
        Key("F", "the error before", "last_error", "look", why=none),
        Key("g", "find without hiding the rest", "find", "look", "find"),
        Key("n", "next match", "next_match", "look", "next" if wanted.find else "", why=hunted),
        Key("N", "the match before", "last_match", "look", also=("p",), why=hunted),
        Key("tab", "the list of sources", "list", "look", "sources"),
        Key("1", "show that source, or leave it out", "source", "look", also=tuple("23456789")),
        Key("0", "all sources", "all_sources", "look"),
        Key("o", "only some sources, by name", "only", "look"),
        Key("z", "fill the screen", "zoom", "look", "zoom"),
        Key("w", "wrap long lines, or cut them", "wrap", "look", "wrap"),
        Key("u", "times on or off; off shows lines as they were printed", "times", "look", "times"),
        Key("enter", "the whole line", "enter", "look", "whole", also=("d",), why=selected),
        Key("x", "select from here, or nothing any more", "select", "lines", "select", why=none),
        Key("a", "attach what is selected to an item, as evidence", "attach", "lines", "attach", why=attach),
        Key("y", "copy what is selected to the terminal's clipboard", "copy", "lines", "copy", why=selected),
        Key(">", "save what is shown to a file", "save", "lines", "save", why=none),
        Key("m", "mark this moment: a note on the run", "mark", "lines", "mark", why=now.not_allowed),
    )
