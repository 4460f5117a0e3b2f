"""The rows of the tree: headings with their progress, items with how they stand."""

from __future__ import annotations

import datetime as dt
from typing import assert_never

from cockpit.checklist.model import Branch, Command, Contact, Item
from cockpit.journal import event as ev
from cockpit.run.standing import Standing
from cockpit.views.ages import age, clock
from cockpit.views.line import Line, Piece, apart, cut_line, line, line_width, pad, pad_left
from cockpit.views.moment import Moment
from cockpit.views.outline import Node
from cockpit.views.signs import WORD, sign
from cockpit.views.watches import watch_row
from cockpit.views.words import mode, on_demand, one_line, title

_BAR = 8
_MODE = 6
_VALUE = 10
"""Cells that a value gets at least: the title has the first right to the room, the detail shows the whole value."""
_AGE = 4
_TOLD = (Standing.FAIL, Standing.ERROR, Standing.STALE, Standing.BLOCKED, Standing.WARN, Standing.WAIVED)
"""What a heading tells of its items, worst first."""


def tree_row(node: Node, now: Moment, cells: int, *, folded: bool = False) -> Line:
    """One row of the tree in `cells` cells; the first cell is left free for the cursor."""
    indent = " " * (1 + 2 * node.depth)
    subject = node.subject
    match subject:
        case Branch():
            return _heading(node, subject, now, cells, indent=indent, folded=folded)
        case Item() if node.level == "watch":
            return (Piece(indent), *watch_row(subject, now, cells - len(indent) - 1))
        case Item():
            return _item(subject, now, cells, indent)
        case Contact():
            return _contact(subject, cells, indent)
        case Command():
            return _command(subject, now, cells, indent)
        case _:
            assert_never(subject)


def _heading(node: Node, branch: Branch, now: Moment, cells: int, *, indent: str, folded: bool) -> Line:
    glyphs = now.glyphs
    fold = glyphs.folded if folded else glyphs.unfolded
    if branch.excluded:
        left = line((f"{indent}{fold} {title(branch.title)}", "dim"))
        why = line(
            f"  not counted: {branch.excluded} ",
        )
        return apart(left, tuple(Piece(piece.text, "dim") for piece in cut_line(why, cells // 2)), cells, glyphs.mark)
    name = line((f"{indent}{fold} ", "dim"), (title(branch.title), "strong" if node.depth < 2 else ""))
    if not node.items:
        return cut_line(name, cells, glyphs.mark)
    return apart(name, _progress(node, now, bar=node.depth < 2), cells, glyphs.mark)


def _progress(node: Node, now: Moment, *, bar: bool) -> Line:
    """What is wrong under a heading as sign and count, a bar, and `n/m`."""
    glyphs = now.glyphs
    counted = now.counts(node.items)
    total = len(node.items) - counted.get(Standing.EXCLUDED, 0)
    settled = sum(count for stands, count in counted.items() if stands.settled) - counted.get(Standing.EXCLUDED, 0)
    told = [
        Piece(f"{glyphs.signs[stands].sign} {counted[stands]}  ", glyphs.signs[stands].look)
        for stands in _TOLD
        if counted.get(stands)
    ]
    done = bool(total) and settled == total
    filled = settled * _BAR // total if total else 0
    numbers = pad_left(f"{settled}/{total}", 7) + " "
    return line(
        "  ",
        *told,
        (glyphs.full * filled if bar else "", "good" if done else "accent"),
        (glyphs.empty * (_BAR - filled) if bar else "", "dim"),
        (numbers, "good" if done else ""),
    )


def _item(item: Item, now: Moment, cells: int, indent: str) -> Line:
    glyphs = now.glyphs
    stands = now.stands[item.id]
    measuring = now.measuring(item)
    shown = sign(stands, glyphs, measuring=measuring, on_demand=on_demand(item))
    quiet = stands in (Standing.EXCLUDED, Standing.RULED_OUT)
    first = line(
        (f"{indent}{shown.sign} {pad(shown.word if not item.excluded else '', WORD, glyphs.mark)} ", shown.look)
    )
    last = line(
        " ", _state_of_measuring(item, now), (f"{pad(mode(item), _MODE)} {pad_left(_age(item, now), _AGE)} ", "dim")
    )
    room = cells - line_width(first) - line_width(last)
    name = line((title(item.title), "dim" if quiet else ""))
    value = _value(item, stands, now)
    spare = max(room - line_width(name) - 2, min(_VALUE, room // 3))
    told = cut_line(value, spare, glyphs.mark)
    return (*first, *apart(name, line("  ", *told) if told else (), room, glyphs.mark), *last)


def _state_of_measuring(item: Item, now: Moment) -> Piece:
    """In one cell: it is being measured, it is not as in the baseline, or it is measured only when asked for."""
    if now.measuring(item):
        return Piece(now.glyphs.measuring.sign, "busy")
    if now.changes(item):
        return Piece(now.glyphs.differs, "warn")
    return Piece(now.glyphs.unasked.sign if on_demand(item) else " ", "dim")


def _age(item: Item, now: Moment) -> str:
    """How old what we know of it is: the person's word, or else the measurement."""
    known = now.known(item)
    if known.word is not None and (item.check is None or not isinstance(known.word.said, ev.ItemConfirmed)):
        return age(known.word.at, now.now)
    return age(known.measurement.at, now.now) if known.measurement else ""


def _value(item: Item, stands: Standing, now: Moment) -> Line:
    """The one thing worth knowing of an item besides how it stands."""
    known = now.known(item)
    said = known.word.said if known.word else None
    if stands is Standing.WAIVED and isinstance(said, ev.ItemWaived):
        return line((_until(said.expires, now) + one_line(said.reason), "warn"))
    if isinstance(said, ev.ItemRuledOut):
        return line((one_line(said.reason), "dim"))
    if known.asked is not None and known.asked.lost:
        return line(("in doubt: what it did is not known", "bad"))
    if item.check is not None and known.measurement is not None:
        result = known.measurement.result
        bad = stands in (Standing.FAIL, Standing.ERROR)
        return line(("flaky " if result.flaky else "", "warn"), (one_line(result.summary), "bad" if bad else "dim"))
    if isinstance(said, ev.ItemConfirmed):
        return line((one_line(said.value), "bad" if stands is Standing.FAIL else ""))
    return _to_be_said(item)


def _to_be_said(item: Item) -> Line:
    """Who is asked for an item that nothing is known of, and that measuring it changes something."""
    changes = "changes things" if on_demand(item) else ""
    position = f"@{item.confirm.position}" if item.confirm is not None and item.confirm.position else ""
    optional = "" if item.required else "optional"
    return line(
        ("" if item.excluded else " ".join(filter(None, (changes or optional, "" if changes else position))), "dim")
    )


def _until(expires: dt.datetime | None, now: Moment) -> str:
    return f"until {clock(expires, now.zone, now.now)}: " if expires else ""


def _contact(contact: Contact, cells: int, indent: str) -> Line:
    reach = "  ".join(part for part in (contact.phone, contact.chat, contact.email) if part)
    left = line(indent, contact.name, (f"  {contact.position}" if contact.position else "", "dim"))
    return apart(left, line((reach or "no number, chat or address is given", "" if reach else "dim"), " "), cells)


def _command(command: Command, now: Moment, cells: int, indent: str) -> Line:
    left = line(indent, title(command.title), ("  changes things" if command.changes else "", "warn"))
    room = cells - line_width(left) - 3
    run = cut_line(line((f"$ {one_line(command.run)}", "accent")), max(room, cells // 3), now.glyphs.mark)
    return apart(left, (*run, Piece(" ")), cells, now.glyphs.mark)
