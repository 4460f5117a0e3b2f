"""What carries a run: it takes commands, asks the rules, has their events recorded, and keeps the checks measured."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.actions.kind import ActionKind
from cockpit.checks.kind import Kind
from cockpit.connect.thread import Stuck, in_thread
from cockpit.connect.values import Values
from cockpit.engine.carrying import Carrying
from cockpit.engine.commands import Commands
from cockpit.engine.evidence import EvidenceUnreadable, measure_file
from cockpit.engine.exact import exact
from cockpit.engine.following_logs import FollowingLogs
from cockpit.engine.measuring import Measurements
from cockpit.engine.protocol import Accepted, Refused
from cockpit.engine.record import RunRecord
from cockpit.engine.telling import Telling
from cockpit.journal.event import Actor, CheckAsked
from cockpit.journal.folder import RunFolder, shared_with
from cockpit.journal.line import Unrecordable
from cockpit.journal.writer import NotRecorded
from cockpit.run import command as cmd
from cockpit.run.decide import decide
from cockpit.run.refusal import Refusal
from cockpit.run.way import current, plan_of
from cockpit.text import safe

LEARN_WITHIN = 5.0
"""Seconds for reading the files of secrets, of which one may lie on a disk that hangs."""


class Conductor:
    """One run, as long as its engine lives."""

    def __init__(
        self,
        record: RunRecord,
        kinds: Mapping[str, Kind],
        environ: Mapping[str, str],
        *,
        actions: Mapping[str, ActionKind],
        run: RunFolder,
        passphrases: Mapping[str, str] | None = None,
    ) -> None:
        """Carry the run of `record`.

        Secrets may come from `environ`, `passphrases` decrypt SSH keys; what is no part of the record
        (what actions leave, logs) lies in the folder of the `run`.
        """
        self.record = record
        self._values = Values(record.state.document.variables, environ, passphrases=passphrases)
        self._kinds = kinds
        self._measurements = Measurements(record, kinds, self._values)
        self.commands = Commands(record, self._values, run.commands)
        """Its quick commands."""
        self._deciding = asyncio.Lock()
        self._carrying = Carrying(
            record,
            kinds=actions,
            values=self._values,
            steps=run.steps,
            measure=self._measurements,
            deciding=self._deciding,
        )
        self.logs = FollowingLogs(record.state.document, self._values, run.logs, shared_with(run))
        self.telling = Telling(record, self._values)

    async def learn(self) -> None:
        """Get to know the secrets that lie there, so that nothing tells them; for a moment at most."""
        with contextlib.suppress(Stuck, TimeoutError):
            async with asyncio.timeout(LEARN_WITHIN):
                await in_thread("secrets in files", self._values.learn)

    async def run(self) -> None:
        """Keep the checks measured, the plan carried out and people told until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._measurements.run())
            group.create_task(self._carrying.run())
            group.create_task(self.logs.run())
            group.create_task(self.commands.run())
            group.create_task(self.telling.run())

    async def carry_out(self, number: int, command: cmd.Command, who: Actor, *, in_command: bool) -> Accepted | Refused:
        """Do what `command` asks, or say why not. `number` is repeated in the answer."""
        try:
            command = await self._taken_in(command, who)
        except EvidenceUnreadable as problem:
            return Refused(number, str(problem))
        async with self._deciding:
            state = self.record.state
            decision = decide(state, command, now=self.record.now(), who=who, in_command=in_command)
            if isinstance(decision, Refusal):
                return Refused(number, decision.reason)
            if not decision:
                self._do(command, who)
                return Accepted(number, state.seq)
            try:
                seq = await self.record.record(who, *decision)
            except Unrecordable as problem:
                return Refused(number, str(problem))
            except NotRecorded as problem:
                return Refused(number, f"NOT RECORDED: {problem}", recorded=False)
            for each in decision:
                if isinstance(each, CheckAsked) and not each.rehearsed:
                    self._measurements.ask(each.item)
            return Accepted(number, seq)

    def _do(self, command: cmd.Command, who: Actor) -> None:
        """Do what leaves no event of its own: what comes of it will."""
        match command:
            case cmd.Measure(item):
                self._measurements.ask(item)
            case cmd.Stop(step):
                self._carrying.stop(step)
            case cmd.RunCommand(name):
                self.commands.look(name, who)
            case cmd.StopCommand(name):
                self.commands.stop(name)
            case _:
                return

    async def _taken_in(self, command: cmd.Command, who: Actor) -> cmd.Command:
        """The command as it may be kept: secrets out, control characters visible, files of evidence measured.

        Files are read for the engine's own user only: for anybody else it would be reading what they may not.
        """
        cleaned: cmd.Command = msgspec.convert(self._clean(msgspec.to_builtins(command)), cmd.AnyCommand)
        if isinstance(cleaned, cmd.Go | cmd.Retry):
            return msgspec.structs.replace(cleaned, action=self._request(cleaned.step))
        if isinstance(cleaned, cmd.RunCommand):
            return msgspec.structs.replace(cleaned, action=self.commands.exact(cleaned.command))
        if isinstance(cleaned, cmd.Measure):
            return msgspec.structs.replace(cleaned, action=self._asked(cleaned.item))
        if not isinstance(cleaned, cmd.Confirm | cmd.AddNote) or not cleaned.evidence:
            return cleaned
        if who.uid != os.geteuid() and any(evidence.path for evidence in cleaned.evidence):
            raise EvidenceUnreadable("a file as evidence can be given by the captain's own user only: give its text")
        measured = [await asyncio.to_thread(measure_file, evidence) for evidence in cleaned.evidence]
        return msgspec.structs.replace(cleaned, evidence=tuple(measured))

    def _request(self, step_id: str) -> str:
        """Exactly what the step, or the compensation whose turn it is, will do."""
        state = self.record.state
        step = plan_of(state).find(step_id)
        here = current(state)
        undo = here is not None and here.undo and here.step.id == step_id
        return self._carrying.request(step, undo=undo) if step is not None else ""

    def _asked(self, item_id: str) -> str:
        """Exactly what the check of an item does, when that changes something."""
        item = self.record.state.document.find(item_id)
        check = item.check if item is not None else None
        return exact(check, self._kinds, self._values) if check is not None and check.on_demand else ""

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return safe(self._values.redactor(value))
        if isinstance(value, dict):
            return {key: self._clean(inner) for key, inner in value.items()}
        return [self._clean(inner) for inner in value] if isinstance(value, list | tuple) else value
