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
        Key("!", "no lines that match a regular expression", "without", "look", "not"),
        Key("e", "all levels, notice, warning, error or worse", "level", "look", "level"),
        Key("g", "find without hiding the rest", "find", "look", "find"),
        Key("n", "next match", "next_match", "look", why=hunted),
        Key("N", "the match before", "last_match", "look", also=("p",), why=hunted),
        Key("f", "next error", "next_error", "look", "error", why=none),
        Key("F", "the error before", "last_error", "look", why=none),
        Key("1", "show that source, or leave it out", "source", "look", also=tuple("23456789")),
        Key("0", "all sources", "all_sources", "look"),
        Key("o", "only some sources, by name", "only", "look"),
        Key("tab", "the list of sources", "list", "look", "sources"),
        Key("enter", "the whole line", "enter", "look", also=("d",), why=selected),
        Key("w", "wrap long lines, or cut them", "wrap", "look"),
        Key("u", "times on or off", "times", "look"),
        Key("z", "fill the screen", "zoom", "look", "zoom"),
        Key("x", "select from here, or nothing any more", "select", "look", "select", why=none),
        Key("y", "copy what is selected to the terminal's clipboard", "copy", "look", why=selected),
        Key(">", "save what is shown to a file", "save", "look", "save", why=none),
        Key("m", "mark this moment: a note on the run", "mark", "say", "mark", why=now.not_allowed),
        Key("a", "attach what is selected to an item, as evidence", "attach", "say", "attach", why=attach),
    )
