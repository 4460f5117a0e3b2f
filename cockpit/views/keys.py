"""The keys of each screen: the one source of the key bar, of `?` and of what a key press does.

A key that cannot be used now says why. Keys that only look stand in the first row of the bar, keys that change
something in the second: they are never neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cockpit.checklist.model import Branch, Command, Contact, Item
from cockpit.journal.event import ItemConfirmed
from cockpit.run.command import Release
from cockpit.views.commands import last, quick_keys
from cockpit.views.key import Group, Key
from cockpit.views.line import Line, apart, line, line_width
from cockpit.views.logs_keys import log_keys
from cockpit.views.logs_pane import LogPane
from cockpit.views.moment import Moment
from cockpit.views.outline import Node
from cockpit.views.plan_keys import clear_key, page_keys, plan_keys, roll_back_key, veto_key
from cockpit.views.refused import refused
from cockpit.views.steps import Row
from cockpit.views.words import on_demand, title

GROUPS: dict[Group, str] = {
    "look": "Look",
    "say": "Say something of an item",
    "lines": "Use lines of the logs",
    "run": "The run",
    "move": "Move",
}
"""Headings of the help, in its order."""


_MOVES = (
    Key("up", "one row up", "up", "move", also=("k",)),
    Key("down", "one row down", "down", "move", also=("j",)),
    Key("pageup", "a page up", "page_up", "move"),
    Key("pagedown", "a page down", "page_down", "move"),
    Key("home", "to the first row", "first", "move"),
    Key("end", "to the last row", "last", "move"),
)
_TREE = (
    Key("right", "unfold", "unfold", "move", also=("+",)),
    Key("left", "fold, or go to the heading", "fold", "move", also=("-",)),
    Key("z", "fold all sections, or unfold all", "fold_all", "move"),
    Key("1", "to the part with that number", "part", "move", also=tuple("23456789")),
)
_PANE_KEYS = (
    Key("Z", "the lower pane on the whole screen, or both again", "zoom_pane", "look"),
    Key("\\", "hide the lower pane, or bring it back", "hide_pane", "look"),
)
_HELP = (
    Key("%", "colours: the next theme", "theme", "look"),
    Key("i", "a line for the bridge call: shown, and copied", "bridge", "look"),
    Key("?", "the keys that work here", "help", "look", "keys"),
)
_BACK = Key("escape", "back", "back", "look", "back", also=("q",))
_PAGES = (
    Key("t", "timeline: what happened", "timeline", "look", "timeline"),
    Key("c", "contacts: who is called for what", "contacts", "look", "contacts"),
    Key("v", "watches: the success metrics", "watches", "look", "watches"),
    Key("!", "quick commands", "commands", "look", "commands"),
    Key("W", "the watches large, for a wall screen", "wall", "look"),
    Key("l", "logs: followed, filtered, marked", "logs", "look", "logs"),
)
_PAGES_OF_THE_PLAN = tuple(key for key in _PAGES if key.does != "wall")
"""Where `W` waives that the plan is rehearsed: the large watches are a key away from the watches."""


def run_keys(now: Moment, node: Node | None) -> tuple[Key, ...]:
    """The keys of the run screen with the cursor on `node`."""
    looks = (
        Key("enter", _enter_words(node, now), "enter", "look", "open"),
        Key("n", "next item with something left to do", "next_open", "look", "next open"),
        Key("N", "the one before", "last_open", "look", also=("p",)),
        Key("f", "next failure", "next_bad", "look", "failure"),
        Key("/", "filter: text, open, fail, manual, @position, ...", "filter", "look", "filter"),
        Key("d", "everything about the item", "detail", "look", "detail", why="" if _item(node) else _NO_ITEM),
        *page_keys(now),
        *_PAGES,
        Key("tab", "what the lower pane shows", "pane", "look"),
        *_PANE_KEYS,
        *_HELP,
    )
    return (*_MOVES, *_TREE, *looks, *say_keys(now, node), *command_keys(now), _leave(now))


def item_keys(now: Moment, node: Node | None) -> tuple[Key, ...]:
    """The keys of the page of one item."""
    looks = (
        _BACK,
        Key("n", "next item with something left to do", "next_open", "look", "next open"),
        Key("N", "the one before", "last_open", "look", also=("p",)),
        Key("f", "next failure", "next_bad", "look", "failure"),
        *page_keys(now),
        *_PAGES,
        *_HELP,
    )
    return (*_MOVES, *looks, *say_keys(now, node), *command_keys(now))


def timeline_keys(now: Moment, *, planned: bool = False) -> tuple[Key, ...]:
    """The keys of the timeline; `planned` while it shows the plan beside what happened."""
    no_plan = "" if now.state.document.plan is not None else "this checklist has no plan"
    steps = "the list of steps has no filter: p goes back" if planned else ""
    words = "what happened" if planned else "planned beside actual times of the steps"
    looks = (
        _BACK,
        Key("enter", "the item or step that it is about", "enter", "look", "item"),
        Key("/", "filter: of:plan, by:ada, about:ITEM, any text; !not", "filter", "look", "filter", why=steps),
        Key("p", words, "planned", "look", "events" if planned else "planned", why=no_plan),
        Key("f", "only a family of kinds: people, checks, plan, calls, run; all", "family", "look", "kind", why=steps),
        Key("w", "only what this person did (who), or all", "person", "look", "who", why=steps),
        Key("o", "only what is about this item or step, or all", "about", "look", "about", why=steps),
        Key("t", "everything again", "timeline", "look"),
        *page_keys(now),
        *_PAGES[1:],
        *_HELP,
    )
    return (*_MOVES, *looks, *command_keys(now))


def contacts_keys(now: Moment, contact: Contact | None) -> tuple[Key, ...]:
    """The keys of the contacts with the cursor on `contact`."""
    looks = (
        Key("/", "filter: a name, a position, what they are on the hook for", "filter", "look", "filter"),
        Key("y", "copy the number to the terminal's clipboard", "copy", "look", "copy"),
    )
    barred = now.may_not_note_a_call or ("" if contact is not None else "nobody stands here")
    calls = (
        Key("m", "put on record that you called them", "called", "say", "called", why=barred),
        Key("a", "the same, with what came of it", "said", "say", "what they said", why=barred),
    )
    return (*_MOVES, _BACK, *looks, *calls, *page_keys(now), _PAGES[0], *_PAGES[2:], *_HELP, *command_keys(now))


def commands_keys(now: Moment, command: Command | None, *, zoomed: bool) -> tuple[Key, ...]:
    """The keys of the quick commands with the cursor on `command`."""
    none = "" if command is not None else "this checklist has no quick commands"
    barred = now.not_connected
    ran = last(command, now) if command is not None else None
    idle = none or ("" if ran is not None and not ran.over else "it is not under way")
    mine = now.not_allowed if command is not None and command.changes else barred
    table = "" if command is not None and command.processes else "only a table of processes has an order"
    looks = (
        _BACK,
        Key("enter", "run the row", "enter", "look", "run", why=none or mine),
        Key("z", "the output on the whole screen, or not", "zoom", "look", "list" if zoomed else "zoom"),
        Key(
            "o",
            "order the processes by cpu, memory, time, pid",
            "sort",
            "look",
            "order" if not table else "",
            why=table,
        ),
        Key("y", "copy the command to the terminal's clipboard", "copy", "look", "copy", why=none),
        *page_keys(now),
        *_PAGES[:3],
        *_PAGES[4:],
        *_HELP,
    )
    runs = tuple(
        Key(
            key,
            f"run: {title(each.title)}",
            "quick",
            "run" if each.changes else "look",
            why=now.not_allowed if each.changes else barred,
        )
        for key, each in quick_keys(now.state.document).items()
    )
    stop = Key("x", "end it", "stop", "run", "stop it", why=idle or mine)
    return (*_MOVES, *looks, *runs, stop, *command_keys(now))


def watches_keys(now: Moment) -> tuple[Key, ...]:
    """The keys of the watches."""
    return (
        *_MOVES,
        _BACK,
        Key("enter", "everything about it", "enter", "look", "detail"),
        *page_keys(now),
        *_PAGES[:2],
        *_PAGES[3:],
        *_HELP,
        *command_keys(now),
    )


def wall_keys(now: Moment) -> tuple[Key, ...]:
    """The keys of the large watches."""
    return (_BACK, *page_keys(now), *_PAGES, *_HELP, *command_keys(now))


def logs_keys(now: Moment, pane: LogPane | None) -> tuple[Key, ...]:
    """The keys of the logs; without a pane, in a replay, those of what is recorded of them."""
    pages = (*page_keys(now), *(replace(key, bar="") for key in _PAGES[:-1]), *_HELP)
    if pane is None:
        return (*_MOVES, _BACK, *pages)
    end = replace(_MOVES[-1], words="to the newest line, and follow")
    return (*_MOVES[:-1], end, _BACK, *log_keys(pane, now), *pages, *command_keys(now))


def replay_keys(now: Moment, node: Node | None) -> tuple[Key, ...]:
    """The keys of a replay with the cursor on `node`."""
    controls = _player(now)
    looks = (
        Key("enter", _enter_words(node, now), "enter", "look", "open"),
        Key("n", "next item with something left to do then", "next_open", "look"),
        Key("N", "the one before", "last_open", "look", also=("p",)),
        Key("/", "filter: text, open, fail, manual, @position, ...", "filter", "look", "filter"),
        Key("d", "everything about the item", "detail", "look", "detail", why="" if _item(node) else _NO_ITEM),
        *page_keys(now),
        *_PAGES,
        Key("tab", "what the lower pane shows", "pane", "look", "pane"),
        *_PANE_KEYS,
        *_HELP,
    )
    tree = tuple(replace(key, also=()) for key in _TREE[:2]) + _TREE[2:]
    return (*_MOVES, *tree, *looks, *controls, _leave(now))


def steps_keys(now: Moment, row: Row | None) -> tuple[Key, ...]:
    """The keys of the steps with the cursor on `row`."""
    looks = (
        _BACK,
        Key("enter", "everything about the step", "enter", "look", "detail", also=("d",)),
        Key("n", "to what is under way, or next", "follow", "look", "current"),
        Key("tab", "what the lower pane shows: detail, output, watches", "pane", "look", "pane"),
        *_PANE_KEYS,
        page_keys(now)[-1],
        *_PAGES_OF_THE_PLAN,
        *_HELP,
    )
    return (*_MOVES, *looks, *plan_keys(now, row), *command_keys(now))


def step_keys(now: Moment, row: Row | None) -> tuple[Key, ...]:
    """The keys of the page of one step."""
    looks = (_BACK, page_keys(now)[-1], *_PAGES_OF_THE_PLAN, *_HELP)
    return (*_MOVES, *looks, *plan_keys(now, row), *command_keys(now))


def way_back_keys(now: Moment) -> tuple[Key, ...]:
    """The keys of the page of the way back."""
    looks = (_BACK, page_keys(now)[0], *_PAGES, *_HELP)
    return (*_MOVES, *looks, roll_back_key(now), clear_key(now), *command_keys(now))


def replay_steps_keys(now: Moment) -> tuple[Key, ...]:
    """The keys of the steps in a replay."""
    looks = (
        _BACK,
        Key("enter", "everything about the step", "enter", "look", "detail", also=("d",)),
        Key("n", "to what was under way, or next", "follow", "look", "current"),
        Key("tab", "what the lower pane shows: detail, output, watches", "pane", "look", "pane"),
        *_PANE_KEYS,
        page_keys(now)[-1],
        *_PAGES,
        *_HELP,
    )
    return (*_MOVES, *looks, *_player(now))


def help_keys() -> tuple[Key, ...]:
    """The keys of the list of keys."""
    return (*_MOVES, replace(_BACK, also=("q", "?")))


def say_keys(now: Moment, node: Node | None) -> tuple[Key, ...]:
    """What can be said of the item under the cursor."""
    barred = now.not_allowed
    item = _item(node)
    on_item = barred or ("" if item else _NO_ITEM) or _excluded(item)
    word = now.known(item).word if item else None
    if item and item.confirm:
        confirm = now.may_not_confirm(item) or _excluded(item)
    else:
        confirm = on_item or "it is measured, not confirmed: r measures it, w waives it"
    measure = on_item or ("" if item and item.check else "it has no check: a person confirms it")
    again = "measure again"
    if item and on_demand(item):
        again = "measure it: it changes something, and is asked first"
        measure = measure or ("it is being measured" if now.measuring(item) else "")
    heading = node is not None and isinstance(node.subject, Branch)
    rule_out = barred or ("" if item or heading else _NO_ITEM) or _excluded(node.subject if node else None)
    correct = word is not None and isinstance(word.said, ItemConfirmed)
    return (
        Key("space", "correct what was said" if correct else "say what you see", "confirm", "say", "say", why=confirm),
        Key("r", again, "measure", "say", "measure", why=measure),
        Key("w", "waive: accept it undone, with a reason", "waive", "say", "waive", why=on_item),
        Key("x", "not applicable", "rule_out", "say", "n/a", why=rule_out),
        Key("a", "add a note; on a heading: to the run", "note", "say", "note", why=barred),
        Key(
            "u",
            "take back what was said",
            "take_back",
            "say",
            "take back",
            why=on_item or ("" if word else _NOTHING_SAID),
        ),
    )


def command_keys(now: Moment) -> tuple[Key, ...]:
    """What acts on the run as a whole; it works on every page."""
    held = now.state.hold is not None
    hold = Key(
        "h", "release the hold" if held else "HOLD: nothing advances", "hold", "run", "release" if held else "HOLD"
    )
    take_why = now.not_allowed if (now.replay or now.state.closed or not now.link.connected) else ""
    take = Key("T", "take command", "take", "run", why=take_why or ("you are captain" if now.link.captain else ""))
    if not now.link.captain and not take_why:
        take = replace(take, bar="take command")
    end = Key("E", "end the run with its verdict", "close", "run", why=now.not_allowed)
    veto = (veto_key(now),) if now.state.document.plan is not None else ()
    return (*veto, replace(hold, why=now.not_allowed or _not_released(now)), take, end)


def _not_released(now: Moment) -> str:
    """Why a hold is not simply released: after a rollback somebody clears the run."""
    return refused(now, Release()) if now.state.hold is not None else ""


def key_bar(keys: Sequence[Key], barred: str, cells: int) -> tuple[Line, Line]:
    """The two rows of the key bar: what looks, and what changes something.

    `barred` is why nothing can be changed here at all; the second row then says that instead of greyed keys.
    """
    shown = [key for key in keys if key.bar]
    looks = [key for key in shown if key.group == "look"]
    changes = [key for key in shown if key.group != "look"]
    first = _row([key for key in looks if key.does != "help"], [key for key in looks if key.does == "help"], cells)
    last = [key for key in changes if key.does == "leave"]
    others = [key for key in changes if key not in last and not (barred and key.why)]
    why = line((f" {barred} ", "dim")) if barred else ()
    return first, _row(others, last, cells, why)


def help_lines(keys: Iterable[Key], cells: int) -> list[Line]:
    """Every key that belongs to a screen, by group; a greyed one says why."""
    lines: list[Line] = []
    listed = tuple(keys)
    for group, heading in GROUPS.items():
        own = [key for key in listed if key.group == group]
        if not own:
            continue
        lines += [line((f" {heading}", "strong"))]
        for key in own:
            names = "1 to 9" if key.does in ("part", "source") else " ".join((key.show, *key.also[:1]))
            why = f"  not now: {key.why}" if key.why else ""
            made = line(
                (f"   {names:<11}", "dim" if key.why else "accent"),
                (key.words, "dim" if key.why else ""),
                (why, "warn"),
            )
            lines += [made] if line_width(made) <= cells else [made[:-1], line(" " * 14, (why.strip(), "warn"))]
        lines.append(())
    return lines


_NO_ITEM = "stand on an item first"
_NOTHING_SAID = "nothing was said on it"


def _row(keys: Sequence[Key], last: Sequence[Key], cells: int, first: Line = ()) -> Line:
    """As many keys as fit, in their order, after `first`; `last` stand at the right end."""
    right = tuple(piece for key in last for piece in _entry(key))
    made = list(first)
    room = cells - line_width(right) - line_width(first)
    for key in keys:
        entry = _entry(key)
        if line_width(entry) > room:
            break
        room -= line_width(entry)
        made += entry
    return apart(tuple(made), right, cells)


def _entry(key: Key) -> Line:
    name = {"escape": "esc"}.get(key.show, key.show)
    return line((f" {name}", "dim" if key.why else "accent"), (f" {key.bar} ", "dim" if key.why else ""))


def _player(now: Moment) -> tuple[Key, ...]:
    playing = now.replay is not None and now.replay.playing
    return (
        Key("space", "pause" if playing else "play", "play", "run", "pause" if playing else "play"),
        Key(",", "one event back", "step_back", "run", "one back"),
        Key(".", "one event on", "step_on", "run", "one on"),
        Key("<", "the section worked on before", "section_back", "run"),
        Key(">", "the next section worked on", "section_on", "run", "section"),
        Key("F", "the failure before", "failure_back", "run"),
        Key("f", "the next failure", "failure_on", "run", "failure"),
        Key("+", "faster", "faster", "run", "faster"),
        Key("-", "slower", "slower", "run"),
        Key("g", "go to a time or a number", "go_to", "run", "go to"),
    )


def _leave(now: Moment) -> Key:
    return Key("q", "leave; the run goes on" if now.replay is None else "leave the replay", "leave", "run", "leave")


def _item(node: Node | None) -> Item | None:
    return node.item if node else None


def asks_now(item: Item, now: Moment) -> bool:
    """Whether `item` waits for a word that this view may give."""
    asks = item.confirm is not None and (item.check is None or item.mode == "both")
    return asks and not now.stands[item.id].settled and not now.may_not_confirm(item)


def _excluded(subject: object) -> str:
    why = getattr(subject, "excluded", "")
    return f"it does not count in this run: {why}" if why else ""


def _enter_words(node: Node | None, now: Moment) -> str:
    if node is not None and node.is_heading:
        return "fold or unfold"
    item = _item(node)
    if item is not None and asks_now(item, now):
        return "say what you see"
    return "everything about it"
