"""What carries a run: it takes commands, asks the rules, has their events recorded, and keeps the checks measured."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.checks.kind import Kind
from cockpit.connect.values import Values
from cockpit.engine.evidence import EvidenceUnreadable, measure_file
from cockpit.engine.measuring import Measurements
from cockpit.engine.protocol import Accepted, Refused
from cockpit.engine.record import RunRecord
from cockpit.journal.event import Actor
from cockpit.journal.line import Unrecordable
from cockpit.journal.writer import NotRecorded
from cockpit.run import command as cmd
from cockpit.run.decide import Refusal, decide
from cockpit.text import safe


class Conductor:
    """One run, as long as its engine lives."""

    def __init__(
        self,
        record: RunRecord,
        kinds: Mapping[str, Kind],
        environ: Mapping[str, str],
        passphrases: Mapping[str, str] | None = None,
    ) -> None:
        """Carry the run of `record`. `environ` is where its secrets may come from; `passphrases` decrypt SSH keys."""
        self.record = record
        self._values = Values(record.state.document.variables, environ, passphrases=passphrases)
        self._measurements = Measurements(record, kinds, self._values)
        self._deciding = asyncio.Lock()

    async def run(self) -> None:
        """Keep the checks measured until cancelled."""
        await self._measurements.run()

    async def carry_out(self, number: int, command: cmd.Command, who: Actor, *, in_command: bool) -> Accepted | Refused:
        """Do what `command` asks, or say why not. `number` is repeated in the answer."""
        try:
            command = await self._taken_in(command, who)
        except EvidenceUnreadable as problem:
            return Refused(number, str(problem))
        async with self._deciding:
            state = self.record.state
            decision = decide(state, command, now=dt.datetime.now(dt.UTC), who=who, in_command=in_command)
            if isinstance(decision, Refusal):
                return Refused(number, decision.reason)
            if isinstance(command, cmd.Measure):
                self._measurements.ask(command.item)
                return Accepted(number, state.seq)
            try:
                return Accepted(number, await self.record.record(who, *decision))
            except Unrecordable as problem:
                return Refused(number, str(problem))
            except NotRecorded as problem:
                return Refused(number, f"NOT RECORDED: {problem}", recorded=False)

    async def _taken_in(self, command: cmd.Command, who: Actor) -> cmd.Command:
        """The command as it may be kept: secrets out, control characters visible, files of evidence measured.

        Files are read for the engine's own user only: for anybody else it would be reading what they may not.
        """
        cleaned: cmd.Command = msgspec.convert(self._clean(msgspec.to_builtins(command)), cmd.AnyCommand)
        if not isinstance(cleaned, cmd.Confirm | cmd.AddNote) or not cleaned.evidence:
            return cleaned
        if who.uid != os.geteuid() and any(evidence.path for evidence in cleaned.evidence):
            raise EvidenceUnreadable("a file as evidence can be given by the captain's own user only: give its text")
        measured = [await asyncio.to_thread(measure_file, evidence) for evidence in cleaned.evidence]
        return msgspec.structs.replace(cleaned, evidence=tuple(measured))

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return safe(self._values.redactor(value))
        if isinstance(value, dict):
            return {key: self._clean(inner) for key, inner in value.items()}
        return [self._clean(inner) for inner in value] if isinstance(value, list | tuple) else value
