"""The captain's commands on the plan without a screen, and those of whoever answers for a position."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.say import ask, state_of
from cockpit.journal import folder
from cockpit.journal.folder import RunFolder
from cockpit.run import command as cmd


def step(args: argparse.Namespace) -> int:
    """Carry a step on: begin it, try it again, leave it out, say what was seen, end it, settle it, agree to it."""
    run = folder.find(args.run)
    _refuse_unknown_step(run, args.step)
    return _send(run, _ON_A_STEP[args.what](args))


def rollback(args: argparse.Namespace) -> int:
    """Go the way back, or back to a step."""
    run = folder.find(args.run)
    if args.to:
        _refuse_unknown_step(run, args.to)
    return _send(run, cmd.RollBack(args.type_name, args.because, args.to))


def recycle(args: argparse.Namespace) -> int:
    """Carry the plan out again from an earlier step on."""
    run = folder.find(args.run)
    _refuse_unknown_step(run, args.step)
    return _send(run, cmd.Recycle(args.step, args.because))


def clear(args: argparse.Namespace) -> int:
    """Say, after a rollback, that the run may go on."""
    return _send(folder.find(args.run), cmd.Clear(args.because))


def waive_rehearsal(args: argparse.Namespace) -> int:
    """Carry a plan out that demands to be rehearsed, and was not."""
    return _send(folder.find(args.run), cmd.WaiveRehearsal(args.because))


def veto(args: argparse.Namespace) -> int:
    """Keep what a watch has fired from being done."""
    return _send(folder.find(args.run), cmd.Veto(args.item, args.because))


def poll(args: argparse.Namespace) -> int:
    """Begin the roll call of a gate."""
    run = folder.find(args.run)
    _refuse_unknown_step(run, args.step)
    return _send(run, cmd.OpenPoll(args.step))


def answer(args: argparse.Namespace) -> int:
    """Say GO or NO-GO for a position."""
    said = cmd.Answer(args.as_position, args.answer == "GO", args.because, args.relayed)
    return _send(folder.find(args.run), said)


_ON_A_STEP: dict[str, Callable[[argparse.Namespace], cmd.Command]] = {
    "go": lambda args: cmd.Go(args.step, args.type_name),
    "retry": lambda args: cmd.Retry(args.step),
    "verify": lambda args: cmd.Retry(args.step, verify_only=True),
    "skip": lambda args: cmd.Skip(args.step, args.because),
    "tell": lambda args: cmd.Tell(args.step, args.because),
    "stop": lambda args: cmd.Stop(args.step, args.because),
    "happened": lambda args: cmd.Settle(args.step, happened=True, reason=args.because),
    "not-happened": lambda args: cmd.Settle(args.step, happened=False, reason=args.because),
    "agree": lambda args: cmd.Agree(args.step),
}
"""What can be done to a step, by the word for it (`words.STEP_WORDS`)."""


def _send(run: RunFolder, command: cmd.Command) -> int:
    seq = ask(run, command)
    output.say(f"recorded as event {seq} of {run.id}")
    return Exit.GOOD


def _refuse_unknown_step(run: RunFolder, name: str) -> None:
    from cockpit.checklist.problem import suggest

    plan = state_of(run).document.plan
    known = [each.id for each in plan.every()] if plan is not None else []
    if name not in known:
        hint = suggest(name, known) if known else "this checklist has no plan"
        raise Ended(Exit.WRONG, f"there is no step {name!r} in {run.id}; {hint}")
