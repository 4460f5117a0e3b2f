"""The captain's commands without a screen: the same rules, the same events, the same refusals."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.journal.event import Evidence
from cockpit.journal.folder import RunFolder
from cockpit.run import command as cmd
from cockpit.run.state import State


def confirm(args: argparse.Namespace) -> int:
    """Say what was seen on an item."""
    return _send(args, cmd.Confirm(args.item, args.value, args.note, _evidence(args)))


def waive(args: argparse.Namespace) -> int:
    """Accept an item undone or failing."""
    until: dt.datetime | None = args.until
    return _send(args, cmd.Waive(args.item, args.because, until))


def rule_out(args: argparse.Namespace) -> int:
    """Say that an item is not applicable, or everything under a heading."""
    return _send(args, cmd.RuleOut(args.item, args.because))


def take_back(args: argparse.Namespace) -> int:
    """Take back what was said last on an item."""
    return _send(args, cmd.TakeBack(args.item, args.because))


def note(args: argparse.Namespace) -> int:
    """Leave a remark."""
    return _send(args, cmd.AddNote(args.text, args.item, _evidence(args)))


def hold(args: argparse.Namespace) -> int:
    """Stop the run where it stands."""
    return _send(args, cmd.Hold(args.because))


def release(args: argparse.Namespace) -> int:
    """End the hold."""
    return _send(args, cmd.Release(args.because))


def sign(args: argparse.Namespace) -> int:
    """Sign how far the journal has got, record that, and print it to be kept elsewhere."""
    from cockpit.journal import checkpoint, folder

    run = folder.find(args.run)
    state = state_of(run)
    reached = checkpoint.Checkpoint(state.run, state.seq, state.head)
    try:
        signed = checkpoint.sign(reached, Path(args.key).expanduser())
    except checkpoint.Unsigned as problem:
        raise Ended(Exit.UNDONE, f"not signed: {problem}") from None
    ask(run, cmd.Attest(signed.seq, signed.head, signed.signature, signed.key))
    print(reached.text.decode() + signed.signature, end="")
    output.say(f"signed with {signed.key}; keep this elsewhere: it shows when the journal is cut or rewritten")
    return Exit.GOOD


def close(args: argparse.Namespace) -> int:
    """End the run; the exit status is its verdict."""
    from cockpit.journal import folder

    run = folder.find(args.run)
    ask(run, cmd.Close(args.because))
    verdict = state_of(run).verdict
    print(verdict)
    return Exit.GOOD if verdict.startswith("GOOD") else Exit.NO


def ask(run: RunFolder, command: cmd.Command) -> int:
    """Have the run's engine carry `command` out; the `seq` it is recorded as. Raises Ended when it is refused."""
    from cockpit.cli.passphrases import for_engine
    from cockpit.engine.client import Client, NoEngine, NotWelcome, start_engine
    from cockpit.engine.protocol import Refused

    async def asked() -> int:
        if state_of(run).closed is not None:
            raise Ended(Exit.REFUSED, f"run {run.id} is closed: nothing can be added to it")
        await asyncio.to_thread(start_engine, run, passphrases)
        client = await Client.connect(run, "script")
        try:
            answer = await client.command(command)
        finally:
            await client.close()
        if isinstance(answer, Refused):
            raise Ended(Exit.REFUSED if answer.recorded else Exit.UNDONE, answer.reason)
        return answer.seq

    passphrases = for_engine(run)
    try:
        return asyncio.run(asked())
    except NotWelcome as problem:
        raise Ended(Exit.REFUSED, str(problem)) from None
    except NoEngine as problem:
        raise Ended(Exit.UNDONE, str(problem)) from None


def _send(args: argparse.Namespace, command: cmd.Command) -> int:
    from cockpit.journal import folder

    run = folder.find(args.run)
    item = getattr(command, "item", "")
    if item:
        _refuse_unknown_item(run, item)
    seq = ask(run, command)
    output.say(f"recorded as event {seq} of {run.id}")
    return Exit.GOOD


def _refuse_unknown_item(run: RunFolder, item: str) -> None:
    document = state_of(run).document
    if document.find(item) is None and document.branch(item) is None:
        near = document.nearest(item)
        meant = f"did you mean {near}?" if near else f"`cockpit status {run.id} --json` lists them"
        raise Ended(Exit.WRONG, f"there is no item {item!r} in {run.id}: {meant}")


def state_of(run: RunFolder) -> State:
    """The state of a run, as its journal says it."""
    from cockpit.journal.reader import read
    from cockpit.run.state import fold

    return fold(read(run.journal))


def _evidence(args: argparse.Namespace) -> tuple[Evidence, ...]:
    files = (str(Path(path).expanduser().absolute()) for path in args.file)
    return (
        *(Evidence(text=text) for text in args.evidence),
        *(Evidence(link=link) for link in args.link),
        *(Evidence(path=path) for path in files),
    )
