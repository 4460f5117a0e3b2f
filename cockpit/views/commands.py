"""The quick commands: which key runs which, how the last time of each went, and what it printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cockpit.checklist.model import Command, Document
from cockpit.run import command as cmd
from cockpit.views.ages import age, ago
from cockpit.views.cells import wrap
from cockpit.views.forms import Blank, Form, must_say_run, what_and_where
from cockpit.views.line import Line, Look, apart, cut_line, line, pad
from cockpit.views.moment import Moment
from cockpit.views.processes import Order, process_lines
from cockpit.views.words import one_line, title

_READS = "123456789"
_CHANGES = "ABCDFGIJKLMOPQ"
"""Keys of what changes something: far from those that read, and none that does something else on a board."""


def quick_keys(document: Document) -> Mapping[str, Command]:
    """The key of each quick command: digits for what reads, capitals for what changes something."""
    reads = [command for command in document.commands if not command.changes]
    changes = [command for command in document.commands if command.changes]
    return dict([*zip(_READS, reads, strict=False), *zip(_CHANGES, changes, strict=False)])


def listed(document: Document) -> list[tuple[str, Command]]:
    """All quick commands with their keys: first what reads, then what changes something."""
    keys = {command.id: key for key, command in quick_keys(document).items()}
    return [(keys.get(each.id, ""), each) for each in sorted(document.commands, key=lambda each: each.changes)]


@dataclass(frozen=True)
class Last:
    """The last time that a quick command was run."""

    number: int
    by: str
    begun: dt.datetime
    over: bool
    word: str
    look: Look
    summary: str = ""
    ended: dt.datetime | None = None
    action: str = ""
    output: tuple[str, ...] = ()
    """What the journal kept of what it printed."""


def last(command: Command, now: Moment) -> Last | None:
    """How a quick command was run last, as far as this view knows; None when it was not."""
    ran = now.state.commands.get(command.id)
    if ran is not None:
        begun, ended = ran.begun, ran.ended
        if ended is None:
            return Last(begun.number, str(ran.by), ran.at, over=False, word="running", look="busy", action=begun.action)
        word, how = _ended(done=ended.done, unknown=ended.unknown, shown=begun.rehearsed)
        kept = tuple(ended.output.rstrip("\n").split("\n")) if ended.output.strip() else ()
        return Last(
            begun.number,
            str(ran.by),
            ran.at,
            over=True,
            word=word,
            look=how,
            summary=ended.summary,
            ended=ran.ended_at,
            action=begun.action,
            output=kept,
        )
    look = next((look for look in now.link.looks if look.command == command.id), None)
    if look is None:
        return None
    if not look.over:
        return Last(look.number, look.by, look.begun, over=False, word="running", look="busy")
    word, how = ("stopped", "dim") if look.stopped else _ended(done=look.done)
    return Last(
        look.number,
        look.by,
        look.begun,
        over=True,
        word=word,
        look=how,
        summary=look.summary,
        ended=look.ended,
    )


def _ended(*, done: bool, unknown: bool = False, shown: bool = False) -> tuple[str, Look]:
    if unknown:
        return "IN DOUBT", "warn"
    if shown:
        return "shown", "dim"
    return ("done", "good") if done else ("failed", "bad")


def place(command: Command) -> str:
    """Where it runs, in words."""
    return f"on {command.host}" if command.host else "here"


_PLACE, _WORD, _AGE = 10, 8, 5


def command_row(key: str, command: Command, now: Moment, cells: int) -> Line:
    """Its key, what it is for, where it runs, and how it went last."""
    ran = last(command, now)
    at = (ran.ended or ran.begun) if ran is not None else None
    word, look = (ran.word, ran.look) if ran is not None else ("", "dim")
    changes = "  changes things" if command.changes else ""
    right = line(
        (pad(place(command), _PLACE, now.glyphs.mark), "dim"),
        (pad(word, _WORD), look),
        (pad(f"{age(at, now.now)}" if at else "", _AGE), "dim"),
    )
    left = line((f" {key or ' ':<2}", "accent"), title(command.title), (changes, "warn"))
    return apart(left, right, cells, now.glyphs.mark)


def exact_line(command: Command, now: Moment) -> Line:
    """The exact command, on one line."""
    ran = last(command, now)
    text = ran.action if ran is not None and ran.action and ran.over is False else command.exact
    return line((" $ ", "dim"), (one_line(text), "accent"))


def output_title(command: Command, now: Moment) -> str:
    """The title of its pane: what it is, where, how it stands."""
    ran = last(command, now)
    return f"{title(command.title)} ({place(command)})" + (f": {ran.word}" if ran is not None else "")


def output_lines(command: Command, now: Moment, cells: int, *, order: Order = "cpu") -> list[Line]:
    """All that is known of what it printed, and how it ended: the newest last; `top` as a table of processes."""
    ran = last(command, now)
    if ran is None:
        how = "the key asks before it is run" if command.changes else "its key, or enter, runs it"
        return [line((f"  not run yet: {how}", "dim"))]
    found = now.view.printed_by(command.id, ran.number) if now.view is not None else None
    texts: Sequence[str] = found.lines if found is not None and found.lines else ran.output
    lines: list[Line] = []
    if command.processes:
        lines = process_lines(texts, cells, order, now.glyphs.mark)
    else:
        if found is not None and found.left_out:
            lines.append(line((f"  {found.left_out} bytes before this are not shown", "dim")))
        for text in texts:
            lines += [line(f" {part}") for part in wrap(text, max(8, cells - 2))]
    if not ran.over and not lines:
        lines.append(line(("  nothing was printed yet", "dim")))
    if ran.over:
        lines.append(
            cut_line(line((f"  {ran.word}", ran.look), (f": {one_line(ran.summary)}", "dim")), cells, now.glyphs.mark)
        )
    return lines


def command_form(command: Command, now: Moment) -> Form:
    """Ask before a command that changes something is run: exactly what, and where."""
    practice = now.state.run_kind != "live"
    about = [*what_and_where(command.exact, command.host, now)]
    ran = last(command, now)
    if ran is not None:
        about.append(
            line(
                ("last     ", "dim"),
                (f"{ran.word} {ago(ran.ended or ran.begun, now.now)}", ran.look),
                f", {ran.by}",
            )
        )

    def make(answers: Sequence[str]) -> cmd.Command:
        must_say_run(answers)
        return cmd.RunCommand(command.id)

    return Form(
        title=f"{title(command.title)}: it changes something",
        about=tuple(about),
        blanks=(Blank("type run"),),
        make=make,
        enter="show it" if practice else "run it",
        done=f"{title(command.title)}: begun",
        grave=True,
    )
