"""A run as it goes: the view that follows the journal and talks to the engine.

The journal is read in a thread of its own and the engine is spoken to over its socket, so that whoever draws from
this never waits for a disk or for anybody.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from cockpit.checklist.model import Check
from cockpit.checklist.plan import Action
from cockpit.engine import protocol as say
from cockpit.engine.client import Client, NoEngine, NotWelcome, start_engine
from cockpit.engine.exact import exact_in
from cockpit.engine.printing import Printing
from cockpit.journal.clock import SystemClock, moment_after
from cockpit.journal.event import Event
from cockpit.journal.folder import RunFolder
from cockpit.journal.line import Stamp
from cockpit.journal.reader import Follower, JournalUnreadable
from cockpit.logs.tap import SpoolTap
from cockpit.run.command import Command
from cockpit.run.state import State, fold
from cockpit.views.run_view import Link, Outcome, Printed

LOOK_EVERY = 0.25
"""Seconds between two looks at the journal when the engine says nothing of it."""

TRY_AGAIN_EVERY = 1.0
"""Seconds between two tries to reach an engine that went away."""

_SEEN_WITHIN = 2.0


class LiveRun:
    """A run under way, or one that has ended, as its viewers see it."""

    def __init__(
        self,
        run: RunFolder,
        role: Literal["captain", "observer"] = "captain",
        passphrases: Mapping[str, str] | None = None,
        *,
        position: str = "",
    ) -> None:
        """Look at `run`, and answer for `position` if one is named. Call `start` before anything else.

        An engine that is started gets `passphrases`.
        """
        self.link = Link(position=position)
        self.changed = asyncio.Event()
        self._run = run
        self._passphrases = passphrases or {}
        self._role: Literal["captain", "observer"] = role
        self._journal = _JournalThread(run, self._journal_grew)
        self._printing = Printing(run.steps, self._printed_more)
        self._commands = Printing(run.commands, self._printed_more)
        self._clock = SystemClock()
        self._state: State | None = None
        self._events: list[Event] = []
        self._moved = asyncio.Event()
        self._client: Client | None = None
        self._taps = 0
        """How many look at the logs."""
        self._connecting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the journal, and reach the engine; start one if the run has none.

        Raises JournalUnreadable when there is nothing to show. Without an engine the run is shown, and `link` says why.
        """
        self._loop = asyncio.get_running_loop()
        self._journal.start(self._loop)
        while self._state is None:
            await self._journal_moved()
            if self._state is None and self._journal.problem:
                raise JournalUnreadable(self._journal.problem)
        reached = asyncio.Event()
        self._connecting = asyncio.create_task(self._stay_connected(reached))
        await reached.wait()

    async def stop(self) -> None:
        """Look away. The run goes on."""
        self._journal.stop()
        self._printing.stop()
        self._commands.stop()
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._client is not None:
            await self._client.close()

    @property
    def state(self) -> State:
        """The state as far as it is on disk."""
        assert self._state is not None  # `start` was awaited
        return self._state

    @property
    def events(self) -> Sequence[Event]:
        """All events that are on disk."""
        return self._events

    def now(self) -> dt.datetime:
        """The time, as the last event has it."""
        last = self._events[-1]
        return moment_after(Stamp(last.at, last.mono, last.boot), self._clock.stamp())

    def exact(self, what: Action | Check | None) -> str:
        """Exactly what an action of the plan, or a check, does, secrets hidden."""
        return exact_in(self.state.document.variables, what)

    def printed(self, step: str, *, undo: bool, attempt: int) -> Printed | None:
        """What an attempt printed so far."""
        return self._printing.of(step, undo=undo, attempt=attempt)

    def printed_by(self, command: str, number: int) -> Printed | None:
        """What a quick command printed so far."""
        return self._commands.of(command, undo=False, attempt=number)

    async def send(self, command: Command) -> Outcome:
        """Ask the engine for something, and wait until it is on disk and in `state`, or refused."""
        if self._client is None:
            closed = self._state is not None and self._state.closed is not None
            return Outcome(reason="the run is closed" if closed else self.link.problem or "there is no engine")
        try:
            answer = await self._client.command(command)
        except OSError as problem:
            return Outcome(reason=str(problem))
        if isinstance(answer, say.Refused):
            return Outcome(reason=answer.reason)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SEEN_WITHIN):
                while self.state.seq < answer.seq:
                    self._journal.look()
                    await self._journal_moved()
        return Outcome(answer.seq)

    def logs(self) -> SpoolTap:
        """Let the logs of the run be followed while this viewer looks at them, and read what was followed."""
        self._look_at_logs(1)
        return SpoolTap(self._run.logs, lambda: self._look_at_logs(-1))

    def _look_at_logs(self, more: int) -> None:
        self._taps += more
        if self._client is not None:
            self._client.follow_logs(self._taps > 0)

    def _printed_more(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self.changed.set)

    async def _journal_moved(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _journal_grew(self, state: State | None, events: list[Event], problem: str, *, anew: bool) -> None:
        if state is not None:
            self._state = state
        if anew:
            self._events.clear()
        self._events.extend(events)
        if problem:
            self._set_link(recording=False, problem=problem)
        self._moved.set()
        self.changed.set()

    async def _stay_connected(self, reached: asyncio.Event) -> None:
        while self.state.closed is None:
            try:
                client = await self._connect()
            except (OSError, NoEngine) as problem:
                self._set_link(connected=False, captain=False, problem=str(problem))
            except NotWelcome as problem:
                self._set_link(connected=False, captain=False, problem=str(problem))
                reached.set()
                return
            else:
                reached.set()
                await client.gone.wait()
                self._client = None
                await client.close()
                self._set_link(connected=False, captain=False, measuring=frozenset(), looks=())
                self._journal.look()
            reached.set()
            await asyncio.sleep(TRY_AGAIN_EVERY)
        reached.set()

    async def _connect(self) -> Client:
        await asyncio.to_thread(start_engine, self._run, self._passphrases)
        client = await Client.connect(self._run, self._role)
        client.heard = self._heard
        self._client = client
        if self._taps:
            client.follow_logs()
        self._journal.look()
        self._set_link(connected=True, captain=client.welcome.captain, you=client.welcome.you, problem="")
        return client

    def _heard(self, message: say.FromEngine) -> None:
        match message:
            case say.Recorded():
                self._journal.look()
            case say.Measuring():
                self._set_link(measuring=frozenset(message.items))
            case say.InCommand():
                if message.captain:
                    self._role = "captain"
                self._set_link(captain=message.captain)
            case say.Recording():
                self._set_link(recording=not message.problem, problem=message.problem)
            case say.Looks():
                self._set_link(looks=message.commands)
            case _:
                pass

    def _set_link(self, **changes: object) -> None:
        self.link = msgspec.structs.replace(self.link, **changes)
        self.changed.set()


class Grew(Protocol):
    """Called with the state, what the journal grew by, and what is wrong; `anew`: those are all events there are."""

    def __call__(self, state: State | None, events: list[Event], problem: str, *, anew: bool) -> None:
        """Take note."""


class _JournalThread:
    """Follows a journal and hands on what it grew by, as one change however much it was."""

    def __init__(self, run: RunFolder, grew: Grew) -> None:
        self.problem = ""
        self._run = run
        self._follower = Follower(run.journal)
        self._grew = grew
        self._look = threading.Event()
        self._stopped = False
        self._lock = threading.Lock()
        self._fresh: list[Event] = []
        self._state: State | None = None
        self._told = False
        self._anew = False
        self._thread = threading.Thread(target=self._follow, name="journal", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def look(self) -> None:
        """Look at the journal at once."""
        self._look.set()

    def stop(self) -> None:
        self._stopped = True
        self._look.set()
        self._thread.join(_SEEN_WITHIN)

    def _follow(self) -> None:
        try:
            while not self._stopped:
                try:
                    self._read_on()
                except JournalUnreadable:
                    self._read_anew()
                self._look.wait(LOOK_EVERY)
                self._look.clear()
        except (OSError, ValueError, JournalUnreadable) as problem:
            self._tell([], self._state, str(problem))
        finally:
            self._follower.close()

    def _read_on(self) -> None:
        events = self._follower.poll()
        if events:
            self._tell(events, fold(events, self._state), "")

    def _read_anew(self) -> None:
        """Read everything again: the writer may have taken back what it could not flush. Raises if it is worse."""
        self._follower.close()
        self._follower = Follower(self._run.journal)
        events = self._follower.poll()
        events += self._follower.poll()  # what is damaged after good lines is told by the second look
        self._tell(events, fold(events), "", anew=True)

    def _tell(self, events: list[Event], state: State | None, problem: str, *, anew: bool = False) -> None:
        with self._lock:
            if anew:
                self._fresh, self._anew = [], True
            self._fresh += events
            self._state, self.problem = state, problem
            told, self._told = self._told, True
        if not told:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            fresh, self._fresh, self._told = self._fresh, [], False
            anew, self._anew = self._anew, False
            state, problem = self._state, self.problem
        self._grew(state, fresh, problem, anew=anew)
