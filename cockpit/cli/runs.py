"""Runs: open one, attach to one, list them, tell where one stands."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cockpit.checklist.model import Document
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.engine.overview import RunSummary
from cockpit.journal.folder import RunFolder
from cockpit.run.state import Ran, State

if TYPE_CHECKING:
    from cockpit.checklist.drill import Fault
    from cockpit.views.run_view import Printed

FORMAT = 1
"""Version of the JSON output of `runs` and `status`."""


def open_run(args: argparse.Namespace) -> int:
    """Begin a run, or go on with the one of this checklist, release and environment that is under way."""
    from cockpit.cli.document import load_named
    from cockpit.cli.looking import look
    from cockpit.cli.passphrases import for_engine
    from cockpit.engine.client import start_engine

    kind = "drill" if args.drill else "rehearsal" if args.rehearsal else "live"
    given = dict(args.var)
    document = load_named(args.file, given).document
    if args.release and "release" not in given and any(each.name == "release" for each in document.variables):
        document = load_named(args.file, given | {"release": args.release}).document
    faults = _faults(args.drill, document)
    run = None if args.new else _under_way(args, document.name, kind)
    if run is not None and args.baseline:
        raise Ended(
            Exit.WRONG, f"run {run.id} is under way: a baseline is given when a run begins; `--new` opens another"
        )
    if run is None:
        run = _begun(document, args, kind, faults)
    if not _at_a_terminal():
        start_engine(run, for_engine(run))
        print(run.id)
        output.say(f"run {run.id} is open and its checks go on; `cockpit attach {run.id}` at a terminal shows it")
        return Exit.GOOD
    return look(run, "captain", plain=args.plain, ways=args.notify, theme=args.theme)


def attach(args: argparse.Namespace) -> int:
    """Look on at a run, or take command of it."""
    from cockpit.cli.looking import look
    from cockpit.cli.say import ask, state_of
    from cockpit.journal import folder
    from cockpit.run.command import TakeCommand

    run = folder.find(args.run)
    if args.as_position:
        _refuse_unknown_position(state_of(run), args.as_position)
    if not _at_a_terminal() and args.take_command:
        output.say(f"recorded as event {ask(run, TakeCommand('asked for by a script'))} of {run.id}")
        return Exit.GOOD
    if not _at_a_terminal():
        raise Ended(Exit.WRONG, "attach needs a terminal; `cockpit status` and `cockpit journal follow` do not")
    return look(
        run,
        "observer" if args.observe or args.as_position else "captain",
        plain=args.plain,
        take_command=args.take_command,
        position=args.as_position,
        ways=args.notify,
        theme=args.theme,
    )


def _refuse_unknown_position(state: State, position: str) -> None:
    from cockpit.checklist.problem import suggest

    known = list(state.document.positions)
    if position not in known:
        hint = suggest(position, known) if known else "its checklist has no positions"
        raise Ended(Exit.WRONG, f"nobody holds the position {position!r} in {state.run}; {hint}")


def list_runs(args: argparse.Namespace) -> int:
    """List the runs that are here, newest first."""
    from cockpit.engine.overview import summaries

    found = summaries()
    if args.json:
        output.print_json({"format": FORMAT, "runs": [_summary_as_json(each) for each in found]})
        return Exit.GOOD
    width = max((len(each.folder.id) for each in found), default=0)
    for each in found:
        print(f"{each.folder.id:{width}}  {_in_words(each)}")
    output.say(output.counted(len(found), "run"))
    return Exit.GOOD


def status(args: argparse.Namespace) -> int:
    """Tell where a run stands."""
    from cockpit.cli import plan_status
    from cockpit.journal import folder
    from cockpit.journal.lock import holder_of
    from cockpit.journal.reader import read
    from cockpit.run.state import fold

    run = folder.find(args.run)
    state = fold(read(run.journal))
    if args.line:
        from cockpit.views.bridge import bridge_line

        print(bridge_line(state, dt.datetime.now(dt.UTC)))
        return Exit.GOOD
    alive = holder_of(run) is not None
    seen = plan_status.seen_of_doubt(run, state)
    if args.json:
        output.print_json(_status_as_json(state, dt.datetime.now(dt.UTC), seen, engine_alive=alive))
        return Exit.GOOD
    for line in _status_lines(state, dt.datetime.now(dt.UTC), seen, engine_alive=alive):
        print(line)
    return Exit.GOOD


def _under_way(args: argparse.Namespace, checklist: str, kind: str) -> RunFolder | None:
    """The run that this call means to go on with, if there is one. Raises Ended when the run named is another's."""
    from cockpit.engine.overview import summaries

    wanted = (checklist, args.release, args.environment, kind)
    for each in summaries():
        same = (each.checklist, each.release, each.environment, each.run_kind) == wanted
        if args.run and each.folder.id == args.run and not same:
            raise Ended(Exit.WRONG, f"run {args.run} is of {each.checklist}, {_in_words(each)}: `cockpit attach` it")
        if same and each.under_way and args.run in ("", each.folder.id):
            output.say(f"going on with run {each.folder.id}; `--new` opens another one")
            return each.folder
    return None


def _faults(file: str, document: Document) -> tuple[Fault, ...]:
    """What the file of a drill puts in. Raises ChecklistError."""
    if not file:
        return ()
    from cockpit.checklist.drill import read_drill
    from cockpit.checklist.shipped import resolve_drill

    return read_drill(resolve_drill(file), document)


def _begun(document: Document, args: argparse.Namespace, kind: str, faults: tuple[Fault, ...]) -> RunFolder:
    from cockpit.engine.opening import open_run as begin
    from cockpit.journal import baseline
    from cockpit.journal.folder import GroupUnusable

    compared = baseline.events(baseline.read(baseline.find(args.baseline)), args.baseline) if args.baseline else ()
    try:
        return begin(
            document,
            release=args.release,
            environment=args.environment,
            run_kind=kind,
            run_id=args.run,
            group=args.group,
            baseline=compared,
            faults=faults,
        )
    except (ValueError, GroupUnusable) as problem:
        raise Ended(Exit.WRONG, str(problem)) from None


def _at_a_terminal() -> bool:
    import sys

    return sys.stdin.isatty() and sys.stdout.isatty()


def _in_words(run: RunSummary) -> str:
    if run.problem:
        return run.problem
    what = " ".join(word for word in (run.release or "no release named", run.environment) if word)
    where = run.verdict if run.closed else ("under way" if run.engine_alive else "under way, no engine")
    opened = f"{run.opened:%Y-%m-%d %H:%M}Z" if run.opened else ""
    return f"{opened}  {run.run_kind}  {run.checklist}: {what}  {where}"


def _summary_as_json(run: RunSummary) -> dict[str, Any]:
    return {
        "run": run.folder.id,
        "kind": run.run_kind,
        "checklist": run.checklist,
        "release": run.release,
        "environment": run.environment,
        "opened": run.opened.isoformat() if run.opened else None,
        "last": run.last.isoformat() if run.last else None,
        "closed": run.closed,
        "verdict": run.verdict,
        "engine": run.engine_alive,
        "problem": run.problem,
    }


def _status_as_json(state: State, now: dt.datetime, seen: Printed | None, *, engine_alive: bool) -> dict[str, Any]:
    """Where a run stands: `items` counts by state, `standing` names each item's."""
    from cockpit.cli import plan_status
    from cockpit.run.standing import Standing, standing, tally, verdict

    document = state.document
    counted = tally(document.items(), state, now)
    found = verdict(state, now)
    return {
        "format": FORMAT,
        "run": state.run,
        "kind": state.run_kind,
        "release": state.release,
        "environment": state.environment,
        "checklist": document.name,
        "phase": state.phase,
        "verdict": state.verdict or str(found),
        "good": state.verdict.startswith("GOOD") if state.closed else found.good,
        "items": {which.value: counted[which] for which in Standing} | {"total": counted.total},
        "standing": {item.id: standing(item, state.item(item.id), now).value for item in document.checkable()},
        "hold": {"reason": state.hold.reason, "by": str(state.hold.by), "since": state.hold.since.isoformat()}
        if state.hold
        else None,
        **plan_status.as_json(state, now, seen),
        "commands": [_ran_as_json(ran) for ran in state.commands.values()],
        "notices": {
            "delivered": dict(state.notices.delivered),
            "untold": [
                {"event": one.about, "to": one.to, "reason": one.reason, "again": one.again, "doubt": one.doubt}
                for one in state.notices.untold.values()
            ],
        },
        "captain": {"who": str(state.captain.who), "since": state.captain.since.isoformat()},
        "opened": state.opened.isoformat(),
        "closed": state.closed.isoformat() if state.closed else None,
        "engine": engine_alive,
        "seq": state.seq,
        "head": state.head,
    }


def _ran_as_json(ran: Ran) -> dict[str, Any]:
    """The last time of a quick command that changes something; `done` is null while it is not known."""
    ended = ran.ended
    return {
        "id": ran.begun.command,
        "number": ran.begun.number,
        "by": str(ran.by),
        "at": ran.at.isoformat(),
        "ended": ran.ended_at.isoformat() if ran.ended_at else None,
        "done": None if ended is None or ended.unknown else ended.done,
        "doubt": ended is not None and ended.unknown,
        "doubts": ran.doubts,
        "summary": ended.summary if ended else "",
    }


def _status_lines(state: State, now: dt.datetime, seen: Printed | None, *, engine_alive: bool) -> Iterator[str]:
    from cockpit.cli import plan_status
    from cockpit.run.standing import tally, verdict

    what = " ".join(word for word in (state.environment, state.release) if word)
    yield f"{state.run}: {state.run_kind} run of {state.document.name}" + (f", {what}" if what else "")
    yield f"verdict   {state.verdict or verdict(state, now)}"
    yield f"captain   {state.captain.who} since {state.captain.since:%Y-%m-%d %H:%M:%S}Z"
    if state.hold:
        yield f"hold      {state.hold.reason} ({state.hold.by.user}, {state.hold.since:%H:%M:%S}Z)"
    ended = f"closed {state.closed:%Y-%m-%d %H:%M:%S}Z" if state.closed else "none: it starts when somebody attaches"
    yield f"engine    {'running' if engine_alive else ended}"
    for one in state.notices.given_up:
        yield f"not told  {one.to} of event {one.about}{' (it may have arrived)' if one.doubt else ''}: {one.reason}"
    for ran in state.commands.values():
        if ran.ended is None or ran.ended.unknown:
            how = f"in doubt: {ran.ended.summary}" if ran.ended else "under way"
            yield f"command   {ran.begun.command} ({ran.by.user}, {ran.at:%H:%M:%S}Z) {how}"
    yield f"journal   {state.seq + 1} events, head {state.head[:16]}"
    yield from plan_status.lines(state, now, seen)
    for part in state.document.parts:
        counted = tally(part.items(), state, now)
        if counted.total:
            words = ", ".join(f"{number} {which.value}" for which, number in counted.counts.items() if number)
            yield f"  {counted.settled:3}/{counted.total:<3}  {part.title}: {words}"
