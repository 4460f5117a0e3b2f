"""What a kind of check is.

A kind is one file in this folder: a model of what it needs to know, a measurement, and the fields that conditions may
use, each documented. Lint, the JSON Schema, `cockpit kinds` and the docs follow from it. Others add kinds through the
entry point group `cockpit.checks`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cockpit.checklist.kinds import DocumentedKind
from cockpit.connect.dial import Unreachable
from cockpit.connect.here import HERE
from cockpit.connect.route import Route, Routes


@dataclass(frozen=True)
class Reading:
    """What one try found."""

    values: Mapping[str, Any]
    """A value for each field of the kind that could be found; those that are missing fail their conditions."""
    summary: str
    """One line for the list: `200 in 18 ms`."""
    evidence: str = ""
    """What came back, for the detail; capped and made safe by the caller."""
    figure: float | None = None
    """The number to plot."""
    shown: Mapping[str, Any] | None = None
    """`values` as they may be shown, when some may not: conditions are decided on the one, explained with the other."""
    cut: bool = False
    """`evidence` ends before its time, perhaps within a secret: its end is not shown."""


class Unmeasurable(Exception):
    """It could not be measured: ERROR. The message says what failed in words of the field."""

    def __init__(self, message: str, evidence: str = "", *, cut: bool = False) -> None:
        """`evidence` is what came back all the same, and `cut`, as in a Reading."""
        super().__init__(message)
        self.evidence = evidence
        self.cut = cut


class Closable(Protocol):
    """What a session can keep."""

    async def close(self) -> None:
        """Called once, at the end."""


class Session:
    """What measurements of one engine (or one `cockpit check`) share: routes, and connections that are kept.

    A kind keeps what it likes under its own key; what is kept belongs to one route.
    """

    def __init__(
        self,
        routes: Routes | None = None,
        *,
        route: Route = HERE,
        used: frozenset[str] = frozenset(),
        shared: _Shared | None = None,
    ) -> None:
        """Measure over `routes`; without them, from here only. The rest is for `through` and `using`."""
        self.route = route
        self.used = used
        """The fields of the kind that this measurement is decided and plotted by. What costs an extra question is
        asked only when a field that it answers is among them."""
        self._shared = shared or _Shared(routes)

    def through(self, name: str) -> Session:
        """The same session as seen from a host; from here when `name` is empty. Raises Unreachable."""
        if name == self.route.name:
            return self
        routes = self._shared.routes
        if routes is None:
            raise Unreachable(f"there is no host {name} here")
        return Session(route=routes.to(name), used=self.used, shared=self._shared)

    def using(self, fields: frozenset[str]) -> Session:
        """The same session for a measurement of `fields`."""
        return Session(route=self.route, used=fields, shared=self._shared)

    def keep(self, key: str, make: Callable[[], Closable]) -> Any:
        """What is kept under `key` for this route; made first, and closed at the end, when there is nothing yet."""
        kept, place = self._shared.kept, (self.route.name, key)
        if place not in kept:
            kept[place] = made = make()
            self._shared.closing.append(made.close)
        return kept[place]

    def reading(
        self, key: Hashable, read: Callable[[], Coroutine[Any, Any, Reading]]
    ) -> tuple[asyncio.Task[Reading], bool]:
        """A reading under way, and whether it was begun for this caller: who asks the same meanwhile gets the same."""
        under_way, place = self._shared.under_way, (self.route.name, key)
        if place in under_way:
            return under_way[place], False
        under_way[place] = task = asyncio.create_task(read())
        task.add_done_callback(lambda _: under_way.pop(place))
        return task, True

    async def close(self) -> None:
        """Close all that was kept; what hangs is left behind after two seconds."""
        for close in reversed(self._shared.closing):
            try:
                async with asyncio.timeout(2):
                    await close()
            except Exception:  # noqa: BLE001, S112 - at the end nothing may keep us from closing the rest
                continue


class _Shared:
    """What all views of one session have in common."""

    def __init__(self, routes: Routes | None) -> None:
        self.routes = routes
        self.kept: dict[tuple[str, str], Any] = {}
        self.under_way: dict[tuple[str, Hashable], asyncio.Task[Reading]] = {}
        self.closing: list[Callable[[], Awaitable[None]]] = [routes.close] if routes is not None else []


class Kind(DocumentedKind, Protocol):
    """A kind of check: what a checklist needs to know of it, and how to measure.

    It may also have

    - `imports`, the names of heavy modules that `read` uses: they are imported before the first measurement and outside
      of its time limit, so that nobody else pays for them and no server is blamed for them;
    - `via = True`, when it reaches all that it measures through `session.route`: a check may then say `via: HOST`;
    - `implied_warn`, a condition beside `implied`: a check without conditions of its own that misses it is a WARN;
    - `server`, the keys of `spec` that name the server it asks (or a method that names it from `spec` as it is written,
      whatever that is), and `at_once`, how many checks may ask the same server at the same time: a server that hangs
      then holds up nobody else.
    """

    def request(self, spec: Any) -> str:
        """What will be asked, in one line: `GET http://127.0.0.1:8080/health`. Secrets are hidden by the caller."""
        ...

    async def read(self, spec: Any, session: Session, timeout: float) -> Reading:
        """Measure once. Raises Unmeasurable; the caller also enforces `timeout` (seconds).

        Fields that cost an extra question may be left out when they are not in `session.used`.
        """
        ...
