"""A run line by line: for screen readers, dumb terminals and slow lines. The same flow and rules as the screen."""

from __future__ import annotations

import argparse
import asyncio
import cmd as line_commands
import shutil
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from cockpit.checklist.model import Item
from cockpit.cli import words
from cockpit.cli.plain_commands import PlainCommands
from cockpit.cli.plain_logs import PlainLogs
from cockpit.cli.plain_plan import PlainPlan
from cockpit.journal.event import CheckMeasured, ChecksAffirmed, Event, Evidence
from cockpit.run import command as cmd
from cockpit.run.standing import Standing
from cockpit.run.way import next_step, plan_of
from cockpit.views.bridge import bridge_line
from cockpit.views.detail import detail_lines, detail_title
from cockpit.views.filter import Filter
from cockpit.views.forms import measure_form
from cockpit.views.header import header
from cockpit.views.keys import command_keys
from cockpit.views.line import Line, text_of
from cockpit.views.moment import Moment, moment
from cockpit.views.outline import Outline
from cockpit.views.plan_keys import plan_keys, roll_back_key
from cockpit.views.refused import SAID, refused
from cockpit.views.run_view import LogTap, RunView
from cockpit.views.schedule import schedule_head, schedule_row
from cockpit.views.signs import glyphs_for
from cockpit.views.status import closing_lines
from cockpit.views.steps import Row
from cockpit.views.timeline import tell, titles, told_line, wanted_events
from cockpit.views.tree_rows import tree_row
from cockpit.views.watches import facts_line, watch_rows
from cockpit.views.words import on_demand, title

_T = TypeVar("_T")

_COMMANDS = {"open_poll": "poll", "waive_rehearsal": "unrehearsed", "roll_back": "rollback", "roll_back_to": "rollback"}
"""The commands whose names are not those of the keys that do the same."""

_TOLD_ONE_BY_ONE = 10
"""Checks that pass and are told one by one: when a run is opened there may be a hundred, which would bury the rest."""


class PlainRoom(PlainPlan, PlainCommands, PlainLogs, line_commands.Cmd):
    """Reads a command, does it, tells what happened meanwhile. `view` lives in an event loop of its own."""

    intro = "Enter shows the next open item, `help` lists the commands, `quit` leaves; the run goes on without you."
    doc_header = "Commands (help COMMAND says more):"

    def __init__(self, view: RunView, loop: asyncio.AbstractEventLoop) -> None:
        """Show `view`, whose loop runs in another thread."""
        super().__init__()
        self._view = view
        self._loop = loop
        self._told = view.state.seq
        self._glyphs = glyphs_for(sys.stdout.encoding or "ascii", {"COCKPIT_GLYPHS": "ascii"})
        self._outline = Outline(view.state.document)
        self.prompt = "cockpit> "

    def preloop(self) -> None:
        """Begin with where the run stands."""
        self.do_status("")

    def postcmd(self, stop: bool, line: str) -> bool:  # noqa: ARG002 - as the library calls it
        """After each command, what happened meanwhile."""
        if not stop:
            self.do_news("")
        return stop

    def emptyline(self) -> bool:
        """Enter alone: the next open item."""
        self.do_next("")
        return False

    def default(self, line: str) -> None:
        """Say that there is no such command."""
        if line == "EOF":
            return
        self._say(f"There is no command {line.partition(' ')[0]!r}: `help` lists them.")

    def onecmd(self, line: str) -> bool:
        """Do one command. The end of the input leaves."""
        return self.do_quit("") if line == "EOF" else bool(super().onecmd(line))

    def do_help(self, arg: str) -> None:
        """Help [COMMAND]: what a command does; without one, all commands, and why some do nothing now."""
        super().do_help(arg)
        if arg:
            return
        now = self._now
        row = next_step(now.state)
        keys = (*command_keys(now), *plan_keys(now, Row(row) if row is not None else None), roll_back_key(now))
        whys: dict[str, list[str]] = {}
        for key in keys:
            if key.why and (name := _COMMANDS.get(key.does, key.does)) not in whys.setdefault(key.why, []):
                whys[key.why].append(name)
        for why, names in whys.items():
            if names:
                self._say(f"Not now: {', '.join(names)}: {why}.")

    def do_next(self, _: str) -> None:
        """Show the next open item that a person confirms, and ask for the value."""
        now = self._now
        waiting = [item for item in now.state.document.items() if self._waits(item, now)]
        left = [item for item in waiting if not now.may_not_confirm(item)]
        if not left:
            if waiting:
                self._say(f"{len(waiting)} to confirm, none by you: {now.may_not_confirm(waiting[0])}.")
            else:
                self._say("No item is waiting for a person.")
            return
        item = left[0]
        self._say(f"{len(left)} to confirm. This one is {item.id}:")
        self.do_show(item.id)
        value = self._ask("what did you see (empty: leave it open)")
        if value:
            self._send(cmd.Confirm(item.id, value))

    def do_list(self, text: str) -> None:
        """List [FILTER]: the checklist; words such as open, fail, manual, @security or any text narrow it down."""
        now = self._now
        shown = self._outline.shown(frozenset(), Filter(text), now.stands)
        for node in shown:
            self._say_line(tree_row(node, now, self._width))
        if not shown:
            self._say(f"Nothing is found by {text.strip()!r}." if text.strip() else "This checklist has no items.")

    def do_show(self, item_id: str) -> None:
        """Show ITEM: everything that is known of it."""
        item = self._find(item_id)
        if item is not None:
            now = self._now
            self._say_line(detail_title(item, now, self._width))
            for each in detail_lines(item, now, self._width):
                self._say_line(each)

    def do_bridge(self, _: str) -> None:
        """Where the run stands in one line, to be pasted or read out on the bridge call."""
        now = self._now
        self._say(bridge_line(now.state, now.now))

    def do_confirm(self, text: str) -> None:
        """Confirm ITEM [VALUE]: say what you saw."""
        item_id, _, value = text.strip().partition(" ")
        item = self._find(item_id)
        if item is None or not self._may(cmd.Confirm(item.id, SAID), self._now.may_not_confirm(item)):
            return
        if item.confirm is not None and not value:
            self._say(item.confirm.ask)
        value = value.strip() or self._ask("what did you see")
        note = self._ask("note (empty: none)")
        backed = self._ask("evidence: text, link or file (empty: none)")
        self._send(cmd.Confirm(item.id, value, note, (evidence(backed),) if backed else ()))

    def do_waive(self, text: str) -> None:
        """Waive ITEM: accept it undone or failing; asks for the reason and how long."""
        item = self._find(text)
        if item is None or not self._may(cmd.Waive(item.id, SAID)):
            return
        reason = self._ask("why is it accepted as it is")
        until = self._ask("until when: 2h, 3d, 2026-12-01 (empty: no end)")
        try:
            expires = words.moment(until) if until else None
        except argparse.ArgumentTypeError as problem:
            self._say(f"Not waived: {problem}.")
            return
        self._send(cmd.Waive(item.id, reason, expires))

    def do_na(self, text: str) -> None:
        """Na ITEM|HEADING: say that it is not applicable; asks for the reason."""
        if self._may(cmd.RuleOut(text.strip(), SAID)):
            self._send(cmd.RuleOut(text.strip(), self._ask("why is it not applicable (optional items need no reason)")))

    def do_back(self, text: str) -> None:
        """Back ITEM: take back what was said last on it. Nothing is erased."""
        if self._may(cmd.TakeBack(text.strip())):
            self._send(cmd.TakeBack(text.strip(), self._ask("why (empty: no reason)")))

    def do_note(self, text: str) -> None:
        """Note [ITEM]: leave a remark, on the run or on an item."""
        if self._may(cmd.AddNote(SAID, text.strip())):
            self._send(cmd.AddNote(self._ask("note"), text.strip()))

    def do_hold(self, text: str) -> None:
        """Hold [REASON]: stop the run where it stands."""
        if self._may(cmd.Hold(SAID)):
            self._send(cmd.Hold(text.strip() or self._ask("why")))

    def do_release(self, text: str) -> None:
        """Release [REASON]: end the hold."""
        self._send(cmd.Release(text.strip()))

    def do_measure(self, text: str) -> None:
        """Measure [ITEM]: measure it now, or everything; what changes something only by its name, and asked first."""
        item = self._find(text) if text.strip() else None
        if item is not None and item.check is not None and item.check.on_demand:
            self._ask_form(measure_form(item, item.check, self._now))
        elif item is not None or not text.strip():
            self._send(cmd.Measure(text.strip()))
            every = self._view.state.document.items() if item is None else ()
            if left_out := [each.id for each in every if on_demand(each) and not each.excluded]:
                self._say(f"Not among them, as they change something: {', '.join(left_out)}.")

    def do_take(self, _: str) -> None:
        """Take command of the run, in place of whoever is captain."""
        barred = "you are captain" if self._now.link.captain else self._now.not_connected
        if not self._may(cmd.TakeCommand(), barred):
            return
        captain = self._view.state.captain
        self._say(f"{captain.who} is captain since {captain.since.astimezone():%H:%M:%S}.")
        if self._ask("type `take` to take command") == "take":
            self._send(cmd.TakeCommand(self._ask("why (empty: no reason)")))

    def do_timeline(self, text: str) -> None:
        """Timeline [FILTER]: what happened; of:plan, by:ada, about:ITEM or any text narrow it down."""
        now = self._now
        names = titles(now)
        found = wanted_events(now.events, text, names, None)
        for event in found:
            self._say_line(told_line(tell(event, names, None), now))
        if not found:
            self._say(f"Nothing that happened is found by {text.strip()!r}.")

    def do_planned(self, _: str) -> None:
        """Show the steps with planned and actual times."""
        now = self._now
        steps = plan_of(now.state).steps
        if not steps:
            self._say("This checklist has no plan.")
            return
        self._say_line(schedule_head(now, self._width))
        for step in steps:
            self._say_line(schedule_row(step, now, self._width))

    def do_watches(self, _: str) -> None:
        """Show the critical success metrics."""
        now = self._now
        for each in watch_rows(now, self._width):
            self._say_line(each)
        for watch in now.state.document.watch:
            if facts := text_of(facts_line(watch, now)):
                self._say(f"{title(watch.title)}: {facts}")

    def do_status(self, _: str) -> None:
        """Tell where the run stands."""
        for each in header(self._now, self._width):
            self._say_line(each)

    def do_news(self, _: str) -> None:
        """Tell what happened since the last time."""
        now = self._now
        names = titles(now)
        events = [event for event in now.events[self._told + 1 :] if not isinstance(event.data, ChecksAffirmed)]
        passed = sum(_passes(event) for event in events)
        for event in events:
            if passed <= _TOLD_ONE_BY_ONE or not _passes(event):
                self._say_line(told_line(tell(event, names, None), now))
        if passed > _TOLD_ONE_BY_ONE:
            self._say(f"{passed} checks pass: `timeline of:checks` tells each.")
        self._told = now.state.seq
        if now.link.problem:
            self._say(("NOT RECORDED: " if not now.link.recording else "") + now.link.problem)

    def do_close(self, _: str) -> None:
        """Close the run with the verdict that it has."""
        if not self._may(cmd.Close()):
            return
        state = self._view.state
        for each in closing_lines(self._now):
            self._say_line(each)
        word = state.release if state.run_kind == "live" and state.release else "close"
        if self._ask(f"type `{word}` to close the run") == word:
            self._send(cmd.Close(self._ask("remark (empty: none)")))

    def do_quit(self, _: str) -> bool:
        """Leave. The run goes on."""
        return True

    @property
    def _now(self) -> Moment:
        return moment(self._view, glyphs=self._glyphs)

    @property
    def _width(self) -> int:
        return shutil.get_terminal_size().columns

    def _waits(self, item: Item, now: Moment) -> bool:
        return item.confirm is not None and item.mode != "live" and now.stands[item.id] is Standing.OPEN

    def _find(self, text: str) -> Item | None:
        document = self._view.state.document
        item = document.find(text.strip())
        if item is None:
            near = document.nearest(text.strip())
            self._say(f"There is no item {text.strip()!r}" + (f": did you mean {near}?" if near else "."))
        return item

    def _may(self, command: cmd.Command, barred: str | None = None) -> bool:
        now = self._now
        why = (now.not_allowed if barred is None else barred) or refused(now, command)
        if why:
            self._say(f"Not now: {why.removesuffix('.')}.")
        return not why

    def _send(self, command: cmd.Command) -> bool:
        outcome = self._wait(self._view.send(command))
        self._say(f"recorded as event {outcome.seq}" if outcome.accepted else f"REFUSED: {outcome.reason}")
        return outcome.accepted

    def _tap(self) -> LogTap | None:
        async def begin() -> LogTap | None:
            return self._view.logs()

        return self._wait(begin())

    def _untap(self, tap: LogTap) -> None:
        async def end() -> None:
            tap.close()

        self._wait(end())

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _ask(self, what: str) -> str:
        return input(f"{what}: ").strip()

    def _say(self, text: str) -> None:
        print(text, flush=True)

    def _say_line(self, line: Line) -> None:
        self._say(text_of(line).rstrip())


def _passes(event: Event) -> bool:
    return isinstance(event.data, CheckMeasured) and event.data.result == "PASS" and not event.data.flaky


def evidence(text: str) -> Evidence:
    """What somebody typed as evidence: a link, a file that is there, or text."""
    if text.startswith(("http://", "https://")):
        return Evidence(link=text)
    path = Path(text).expanduser()
    return Evidence(path=str(path.absolute())) if path.is_file() else Evidence(text=text)


def converse(view: RunView, loop: asyncio.AbstractEventLoop) -> None:
    """Talk about the run of `view`, whose loop runs in another thread, until the person leaves."""
    room = PlainRoom(view, loop)
    try:
        room.cmdloop()
    except (EOFError, KeyboardInterrupt):
        print()


def loop_in_thread() -> asyncio.AbstractEventLoop:
    """A running event loop in a thread that ends with the program."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="run", daemon=True).start()
    return loop
