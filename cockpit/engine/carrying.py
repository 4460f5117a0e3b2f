"""Carrying the plan out: what follows from the state is done, and what comes of it recorded.

What follows is decided in `cockpit.run.following`; here is what touches the world: runners, measurements, the journal.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cockpit.actions.folder import AttemptFolder, Ended, Progress, attempt_folder
from cockpit.actions.job import Job
from cockpit.actions.kind import ActionKind
from cockpit.actions.start import NotStarted, start, stop
from cockpit.checklist.kinds import Meaning, keys_that_are
from cockpit.checklist.plan import Action, Step
from cockpit.connect.values import ValueMissing, Values
from cockpit.engine.attempt import LOOK_EVERY, LOST, over
from cockpit.engine.exact import exact
from cockpit.engine.measuring import Measurements
from cockpit.engine.record import RunRecord
from cockpit.journal import event as ev
from cockpit.journal.line import Unrecordable
from cockpit.journal.writer import NotRecorded
from cockpit.run.drill import ending
from cockpit.run.following import Attend, Begin, Measure, Record, RollBackNow, Work, following
from cockpit.run.plan_rules import attempt, begin_rollback
from cockpit.run.procedure import Doing
from cockpit.run.refusal import Refusal
from cockpit.run.way import current, plan_of
from cockpit.text import safe, safe_line

TICK = 0.25
"""Seconds between two looks at what follows, when nothing happens."""

MEASURE_EVERY = 2.0
"""Seconds between two measurements of what shows whether a step worked."""


class Carrying:
    """The plan of one run, as long as its engine lives."""

    def __init__(
        self,
        record: RunRecord,
        *,
        kinds: Mapping[str, ActionKind],
        values: Values,
        steps: Path,
        measure: Measurements,
        deciding: asyncio.Lock,
    ) -> None:
        """Carry out the plan of the record's run; attempts are kept under `steps`, items are measured by `measure`.

        `deciding` is held while something is decided on the state and recorded: a command may not come in between.
        """
        self._record = record
        self._kinds = kinds
        self._values = values
        self._steps = steps
        self._measure = measure
        self._deciding = deciding
        self._stopping: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._under_way: dict[tuple[str, bool, int], asyncio.Task[None]] = {}
        self._measured = 0.0
        self._begun_before = record.state.seq

    async def run(self) -> None:
        """Do what follows until cancelled. Actions that are under way then go on without us."""
        if not plan_of(self._record.state).steps:
            await asyncio.Event().wait()
        self._record.listen(lambda _: self._wake.set())
        try:
            while True:
                self._wake.clear()
                async with self._deciding:
                    for work in following(self._record.state, self._record.now()):
                        await self._do(work)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK):
                        await self._wake.wait()
        finally:
            for task in self._under_way.values():
                task.cancel()

    def request(self, step: Step, *, undo: bool) -> str:
        """Exactly what a step, or its compensation, does: secrets hidden, all else filled in."""
        action = self._action(step, undo=undo)
        if action is None:
            return ""
        real = exact(action, self._kinds, self._values)
        if self._record.state.run_kind != "live" and not undo and step.rehearse is not None:
            return f"{exact(step.rehearse, self._kinds, self._values)}\n(stands in for: {real})"
        return real

    def stop(self, step_id: str) -> None:
        """End the action of a step that is under way; what comes of it is recorded when it has ended."""
        for step, undo, number in self._under_way:
            if step == step_id:
                task = asyncio.create_task(asyncio.to_thread(stop, self._folder(step, undo, number)))
                self._stopping.add(task)
                task.add_done_callback(self._stopping.discard)

    async def _do(self, work: Work) -> None:
        match work:
            case Record(events):
                await self._note(*events)
            case Begin(name, undo):
                step = plan_of(self._record.state).find(name)
                if step is not None:
                    await self._note(attempt(self._record.state, step, undo=undo, action=self.request(step, undo=undo)))
            case Attend(name, undo, number):
                self._attend(name, undo, number)
            case Measure(items):
                if time.monotonic() - self._measured >= MEASURE_EVERY:
                    self._measured = time.monotonic()
                    for item in items:
                        self._measure.ask(item)
            case RollBackNow(reason):
                decision = begin_rollback(self._record.state, reason)
                if not isinstance(decision, Refusal):
                    await self._note(*decision)

    async def _note(self, *events: ev.Data) -> bool:
        """Record what came of it; False when the disk takes nothing: it is found again with the next look."""
        try:
            with contextlib.suppress(Unrecordable):
                await self._record.record(self._record.engine, *events)
        except NotRecorded:
            return False
        return True

    async def _note_at_last(self, *events: ev.Data) -> None:
        """Record what came of it, as soon as the disk takes it."""
        while True:
            if await self._note(*events):
                return
            await asyncio.sleep(LOOK_EVERY)

    # --- actions

    def _attend(self, name: str, undo: bool, number: int) -> None:
        key = (name, undo, number)
        if key not in self._under_way:
            self._under_way[key] = task = asyncio.create_task(self._see_to(name, undo, number))
            task.add_done_callback(lambda done: self._attended(key, done))

    def _attended(self, key: tuple[str, bool, int], task: asyncio.Task[None]) -> None:
        del self._under_way[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            logging.getLogger(__name__).error("the action of %s could not be followed: %r", key[0], error)

    async def _see_to(self, name: str, undo: bool, number: int) -> None:
        """Start an action that was not begun; follow it to its end, whoever began it; record that."""
        step = plan_of(self._record.state).find(name)
        doing = self._doing(name, undo)
        if step is None or doing is None:
            return
        folder = self._folder(name, undo, number)
        progress = await asyncio.to_thread(folder.progress)
        if progress.state == "not begun":
            if doing.rehearsed and (rehearsed := self._rehearsed(doing.rehearsed, name, number, undo=undo)) is not None:
                await self._note(rehearsed)
                return
            if doing.seq <= self._begun_before:
                # The engine that was to start it ended before it made the folder, which it does first of all.
                reason = "the engine ended before it had started it"
                ended = ev.ActionEnded(name, number, undo, done=False, summary=reason, nothing=True)
                await self._note(ended)
                return
            try:
                await asyncio.to_thread(start, folder, await asyncio.to_thread(self._job, step, undo))
            except (NotStarted, ValueMissing) as problem:
                said = safe_line(self._values.redactor(f"not started: {problem}"), width=300)
                ended = ev.ActionEnded(name, number, undo, done=False, summary=said, nothing=True)
                await self._note_at_last(ended)  # nobody else knows that nothing was done
                return
        await self._follow(name, undo, number, folder)

    def _rehearsed(self, how: str, name: str, number: int, *, undo: bool) -> ev.Data | None:
        """How an action ends that is not carried out; None when a stand-in is."""
        here = current(self._record.state)
        if here is not None and (fault := ending(self._record.state, here, self._record.now())) is not None:
            return fault
        if how == "shown":
            return ev.ActionEnded(name, number, undo, summary="shown, and not done: a rehearsal")
        return None

    async def _follow(self, name: str, undo: bool, number: int, folder: AttemptFolder) -> None:
        progress = await over(folder)
        if progress.ended is not None:
            await self._note(self._ended(name, undo, number, progress, progress.ended))
        else:
            await self._note(ev.StepDoubted(name, number, undo, LOST, self._clean(progress.output)))

    def _ended(self, name: str, undo: bool, number: int, progress: Progress, ended: Ended) -> ev.Data:
        output = self._clean(progress.output)
        if ended.unknown:
            return ev.StepDoubted(name, number, undo, ended.summary, output)
        return ev.ActionEnded(
            step=name,
            attempt=number,
            undo=undo,
            done=ended.done,
            summary=ended.summary,
            status=ended.status,
            took=round(ended.took, 3),
            output=output,
            nothing=ended.nothing,
        )

    def _job(self, step: Step, undo: bool) -> Job:
        """What the runner is told. Raises ValueMissing."""
        doing = self._doing(step.id, undo)
        stand_in = doing is not None and doing.rehearsed == "stand-in"
        action = step.rehearse if stand_in and step.rehearse is not None else self._action(step, undo=undo)
        assert action is not None  # only steps that do something are attended to
        document = self._record.state.document
        hosts = tuple(
            msgspec.structs.replace(host, ssh=str(filled["ssh"]), config=str(filled["config"]))
            for host in document.hosts
            for filled in [self._values.fill({"ssh": host.ssh, "config": host.config})]
        )
        return Job(
            kind=action.kind,
            spec=self._values.fill(action.spec, self._shell(action)),
            timeout=action.timeout,
            hosts=action.hosts,
            batch=action.batch,
            known=hosts,
            secrets=self._values.redactor.secrets,
            passphrases=self._values.passphrases,
        )

    def _shell(self, action: Action) -> tuple[str, ...]:
        """The keys of an action that hold shell commands: values stand in them quoted."""
        kind = self._kinds.get(action.kind)
        return keys_that_are(kind.spec, Meaning.SHELL) if kind is not None else ()

    def _action(self, step: Step, *, undo: bool) -> Action | None:
        if undo:
            return step.undo.action if step.undo is not None else None
        return step.action

    def _doing(self, name: str, undo: bool) -> Doing | None:
        known = self._record.state.procedure.step(name)
        return known.undo if undo else known.go

    def _folder(self, name: str, undo: bool, number: int) -> AttemptFolder:
        return attempt_folder(self._steps, name, number, undo=undo)

    def _clean(self, output: str) -> str:
        return safe(self._values.redactor(output))
