"""Quick commands, as long as the engine lives: each is carried out by a runner, like an action of the plan.

What changes something is recorded before and after, and goes on when the engine ends. What only reads is not recorded:
it is told to those who look on, and ended when nobody does, or when the engine ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from cockpit.actions.folder import AttemptFolder, attempt_folder
from cockpit.actions.job import Job
from cockpit.actions.start import NotStarted, start, stop
from cockpit.checklist.model import Command
from cockpit.checklist.uses import names_in
from cockpit.connect.values import ValueMissing, Values
from cockpit.engine.attempt import LOOK_EVERY, LOST, over
from cockpit.engine.protocol import Looks
from cockpit.engine.record import RunRecord
from cockpit.journal import event as ev
from cockpit.journal.event import Actor
from cockpit.journal.line import Unrecordable
from cockpit.journal.writer import NotRecorded
from cockpit.run.state import Ran
from cockpit.text import safe, safe_line
from cockpit.views.run_view import Look


class Commands:
    """The quick commands of one run."""

    def __init__(self, record: RunRecord, values: Values, folder: Path) -> None:
        """Run those of the record's checklist; what they print is kept under `folder`."""
        self._record = record
        self._values = values
        self._folder = folder
        self._looks: dict[str, Look] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._begun_before = record.state.seq
        self._number = int(time.time())

    @property
    def looks(self) -> Looks:
        """What only reads: under way, or over since the engine began."""
        return Looks(tuple(self._looks.values()))

    def exact(self, command_id: str) -> str:
        """Exactly what a command runs, secrets hidden; empty when there is no such command."""
        command = self._record.state.document.command(command_id)
        return safe(self._values.redactor(command.exact)) if command is not None else ""

    async def run(self) -> None:
        """See to what was recorded as begun, until cancelled. What changes something then goes on without us."""
        if not self._record.state.document.commands:
            await asyncio.Event().wait()
        await asyncio.to_thread(self._clear)
        self._record.listen(lambda _: self._wake.set())
        try:
            while True:
                self._wake.clear()
                for name, ran in self._record.state.commands.items():
                    if ran.ended is None and name not in self._tasks:
                        self._begin(name, self._carry_out(ran))
                await self._wake.wait()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.shield(asyncio.to_thread(self._clear))

    def look(self, command_id: str, who: Actor) -> None:
        """Run a command that only reads; one that is under way is left alone."""
        command = self._record.state.document.command(command_id)
        if command is not None and command_id not in self._tasks:
            self._number += 1
            self._tell(Look(command_id, self._number, str(who), self._record.now()))
            self._begin(command_id, self._read(command, self._number))

    def stop(self, command_id: str) -> None:
        """End a command that is under way; of one that changes something, what came of it is then in doubt."""
        look, ran = self._looks.get(command_id), self._record.state.commands.get(command_id)
        number = ran.begun.number if ran is not None else look.number if look is not None else 0
        if command_id in self._tasks:
            if look is not None:
                self._looks[command_id] = msgspec.structs.replace(look, stopped=True)
            self._begin(f"stop {command_id}", asyncio.to_thread(stop, self._of(command_id, number)))

    def nobody_looks(self) -> None:
        """End what only reads: whoever wanted to see it has left."""
        for look in self._looks.values():
            if not look.over:
                self.stop(look.command)

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if name in self._tasks:
            work.close()
            return
        self._tasks[name] = task = asyncio.create_task(work)
        task.add_done_callback(lambda done: self._done(name, done))

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        del self._tasks[name]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            logging.getLogger(__name__).error("the quick command %s could not be followed: %r", name, error)

    async def _carry_out(self, ran: Ran) -> None:
        """Start what was not begun; follow it to its end, whoever began it; record that."""
        begun, command = ran.begun, self._record.state.document.command(ran.begun.command)
        folder = self._of(begun.command, begun.number)
        if (await asyncio.to_thread(folder.progress)).state == "not begun":
            if command is None or ran.seq <= self._begun_before:
                # The engine that was to start it ended before it made the folder, which it does first of all.
                await self._note(_not_begun(begun, "the engine ended before it had started it"))
                return
            if problem := await self._started(command, folder):
                await self._note(_not_begun(begun, problem))
                return
        progress = await over(folder)
        ended, output = progress.ended, self._clean(progress.output)
        if ended is None:
            await self._note(
                ev.CommandEnded(begun.command, begun.number, done=False, summary=LOST, output=output, unknown=True)
            )
            return
        await self._note(
            ev.CommandEnded(
                command=begun.command,
                number=begun.number,
                done=ended.done,
                summary=ended.summary,
                status=ended.status,
                took=round(ended.took, 3),
                output=output,
                unknown=ended.unknown,
            )
        )

    async def _read(self, command: Command, number: int) -> None:
        folder = self._of(command.id, number)
        problem = await self._started(command, folder)
        ended = None if problem else (await over(folder)).ended
        look = self._looks[command.id]
        self._tell(
            msgspec.structs.replace(
                look,
                over=True,
                done=ended is not None and ended.done,
                stopped=look.stopped and (ended is None or ended.unknown),
                summary=problem or (ended.summary if ended is not None else LOST),
                ended=self._record.now(),
            )
        )

    async def _started(self, command: Command, folder: AttemptFolder) -> str:
        """Start the runner of a command; why it was not started, else empty."""
        try:
            job = await asyncio.to_thread(self._job, command)
            await asyncio.to_thread(start, folder, job)
        except (NotStarted, ValueMissing) as problem:
            return safe_line(self._values.redactor(f"not started: {problem}"), width=300)
        return ""

    def _job(self, command: Command) -> Job:
        """What the runner is told. A value that is read now is a variable of the shell: no argument holds it."""
        document = self._record.state.document
        hosts = tuple(
            msgspec.structs.replace(host, ssh=str(filled["ssh"]), config=str(filled["config"]))
            for host in document.hosts
            for filled in [self._values.fill({"ssh": host.ssh, "config": host.config})]
        )
        environment = self._values.fill({name: f"${{{name}}}" for name in names_in(command.exact)})
        environment = {name: str(value) for name, value in environment.items()}
        if command.processes:
            environment["LC_ALL"] = "C"
        return Job(
            kind="command",
            spec={"run": command.exact, "environment": environment},
            timeout=command.timeout,
            hosts=(command.host,) if command.host else (),
            known=hosts,
            secrets=self._values.redactor.secrets,
            passphrases=self._values.passphrases,
        )

    def _clear(self) -> None:
        """End what only reads, and take away what it printed; also what an engine left behind that was killed."""
        for command in self._record.state.document.commands:
            if not command.changes:
                for path in self._folder.glob(f"{command.id}-go-*"):
                    stop(AttemptFolder(path))
                    shutil.rmtree(path, ignore_errors=True)

    def _of(self, command_id: str, number: int) -> AttemptFolder:
        return attempt_folder(self._folder, command_id, number, undo=False)

    def _tell(self, look: Look) -> None:
        before = self._looks.get(look.command)
        if before is not None and before.number != look.number:
            self._begin(
                f"forget {before.command} {before.number}",
                asyncio.to_thread(shutil.rmtree, self._of(before.command, before.number).path, ignore_errors=True),
            )
        self._looks[look.command] = look
        self._record.tell(self.looks)

    async def _note(self, *events: ev.Data) -> None:
        """Record what came of it, as soon as the disk takes it."""
        with contextlib.suppress(Unrecordable):
            while True:
                with contextlib.suppress(NotRecorded):
                    await self._record.record(self._record.engine, *events)
                    return
                await asyncio.sleep(LOOK_EVERY)

    def _clean(self, output: str) -> str:
        return safe(self._values.redactor(output))


def _not_begun(begun: ev.CommandBegun, why: str) -> ev.CommandEnded:
    return ev.CommandEnded(begun.command, begun.number, done=False, summary=why)
