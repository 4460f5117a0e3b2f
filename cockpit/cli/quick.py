"""Quick commands and calls without a screen."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.say import ask, state_of
from cockpit.journal import folder
from cockpit.journal.folder import RunFolder
from cockpit.run import command as cmd

if TYPE_CHECKING:
    from cockpit.checklist.model import Command
    from cockpit.engine.protocol import FromEngine, Looks

LOOK_EVERY = 0.1
"""Seconds between two looks at what a command printed."""


def command(args: argparse.Namespace) -> int:
    """Run a quick command, print what it prints, and end as it ends; without an id, list them."""
    run = folder.find(args.run)
    state = state_of(run)
    if not args.id:
        for each in state.document.commands:
            where = f" (on {each.host})" if each.host else ""
            print(f"{each.id:24} {each.title}{where}{'; changes things' if each.changes else ''}")
            print(f"{'':24} $ {each.exact}")
        return Exit.GOOD
    wanted = state.document.command(args.id)
    if wanted is None:
        from cockpit.checklist.problem import suggest

        hint = suggest(args.id, [each.id for each in state.document.commands], none="this checklist has none")
        raise Ended(Exit.WRONG, f"there is no quick command {args.id!r} in {run.id}; {hint}")
    if wanted.changes and not args.yes:
        where = f"on {wanted.host}" if wanted.host else "where the engine runs"
        raise Ended(Exit.REFUSED, f"{wanted.id} changes something: `{wanted.exact}`, {where}; --yes runs it")
    output.say(f"$ {wanted.exact}")
    return _changed(run, wanted) if wanted.changes else asyncio.run(_looked(run, wanted))


def call(args: argparse.Namespace) -> int:
    """Put on record that a contact was called."""
    run = folder.find(args.run)
    seq = ask(run, cmd.NoteCall(args.contact, args.said))
    output.say(f"recorded as event {seq} of {run.id}")
    return Exit.GOOD


def _changed(run: RunFolder, wanted: Command) -> int:
    """Run what changes something; its end is the one that the journal tells."""
    from cockpit.actions.folder import attempt_folder

    seq = ask(run, cmd.RunCommand(wanted.id))
    output.say(f"recorded as event {seq} of {run.id}")

    async def over() -> int:
        tail: _Tail | None = None
        while True:
            ran = state_of(run).commands[wanted.id]
            tail = tail or _Tail(attempt_folder(run.commands, wanted.id, ran.begun.number, undo=False).output)
            tail.print_on()
            if ran.ended is not None:
                tail.print_on(last=True)
                output.say(f"{wanted.id}: {'IN DOUBT: ' if ran.ended.unknown else ''}{ran.ended.summary}")
                return Exit.UNDONE if ran.ended.unknown else Exit.GOOD if ran.ended.done else Exit.NO
            await asyncio.sleep(LOOK_EVERY)

    return asyncio.run(over())


async def _looked(run: RunFolder, wanted: Command) -> int:
    """Run what only reads, as long as this connection lives: the engine ends it when nobody looks on."""
    from cockpit.actions.folder import attempt_folder
    from cockpit.cli.passphrases import for_engine
    from cockpit.engine.client import Client, NoEngine, NotWelcome, start_engine
    from cockpit.engine.protocol import Refused

    try:
        await asyncio.to_thread(start_engine, run, for_engine(run))
        client = await Client.connect(run, "script")
    except NotWelcome as problem:
        raise Ended(Exit.REFUSED, str(problem)) from None
    except NoEngine as problem:
        raise Ended(Exit.UNDONE, str(problem)) from None
    seen = _Seen(wanted.id)
    client.heard = seen.hear
    try:
        answer = await client.command(cmd.RunCommand(wanted.id))
        if isinstance(answer, Refused):
            raise Ended(Exit.REFUSED, answer.reason)
        look = await seen.begun()
        tail = _Tail(attempt_folder(run.commands, wanted.id, look, undo=False).output)
        while not seen.over:
            tail.print_on()
            if client.gone.is_set():
                raise Ended(Exit.UNDONE, "the engine went away")
            await asyncio.sleep(LOOK_EVERY)
        tail.print_on(last=True)
    finally:
        if not seen.over and not client.gone.is_set():
            with contextlib.suppress(OSError):
                await client.command(cmd.StopCommand(wanted.id))
        await client.close()
    output.say(f"{wanted.id}: {seen.summary}")
    return Exit.GOOD if seen.done else Exit.NO


class _Seen:
    """What the engine tells of one command."""

    def __init__(self, command_id: str) -> None:
        self.over = False
        self.done = False
        self.summary = ""
        self._id = command_id
        self._number = 0
        self._told = asyncio.Event()

    def hear(self, message: FromEngine) -> None:
        from cockpit.engine.protocol import Looks

        if isinstance(message, Looks):
            self._hear(message)

    def _hear(self, message: Looks) -> None:
        for look in message.commands:
            if look.command == self._id:
                self._number = look.number
                self.over, self.done, self.summary = look.over, look.done, look.summary
                self._told.set()

    async def begun(self) -> int:
        """Which time it is, once the engine has told."""
        async with asyncio.timeout(10):
            await self._told.wait()
        return self._number


class _Tail:
    """Prints a file that grows, made safe, line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._held = b""

    def print_on(self, *, last: bool = False) -> None:
        """Print the whole lines that have come since; at the end also what is no whole line."""
        from cockpit.text import safe_line

        try:
            with self._path.open("rb") as file:
                self._at = min(self._at, file.seek(0, 2))  # what lies between its ends was taken out meanwhile
                file.seek(self._at)
                new = file.read()
        except OSError:
            new = b""
        self._at += len(new)
        *whole, self._held = (self._held + new).split(b"\n")
        if last and self._held:
            whole, self._held = [*whole, self._held], b""
        for text in whole:
            print(safe_line(text.rstrip(b"\r")), flush=True)
