"""What the kinds that run programs have in common: running one to its end, its output as it comes, its end in words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cockpit.actions.kind import Outcome, Print
from cockpit.connect.route import Program, Route

ONE_STREAM = ("/bin/sh", "-c", 'exec "$@" 2>&1', "sh")
"""Runs the arguments after it with both streams in one: so what stands on either keeps its order."""

NAME_OF_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")


async def carried_out(
    command: tuple[str, ...],
    route: Route,
    output: Print,
    timeout: float,
    *,
    given: str = "",
    environment: Mapping[str, str] | None = None,
    folder: str = "",
) -> Outcome:
    """How a program ended that was run once. Raises Unreachable when it was not begun, and CutOff."""
    last = _Last(output)
    ended = await route.run(
        Program(
            (*ONE_STREAM, *command),
            input=given.encode(),
            environment=environment or {},
            folder=folder,
            limit=_SAID,
            sink=last.take,
        ),
        timeout,
    )
    if ended.errors:
        output(ended.errors)  # of the shell that was to begin it
    if ended.timed_out:
        return Outcome(done=False, summary=f"not over after {timeout:g} s: it was ended{last.words}", unknown=True)
    if ended.signal:
        words = f"ended by signal {ended.signal} after {ended.took:.1f} s{last.words}"
        return Outcome(done=False, summary=words, unknown=True)
    words = f"exit status {ended.status} after {ended.took:.1f} s{last.words if ended.status else ''}"
    return Outcome(done=ended.status == 0, summary=words, status=ended.status)


_SAID = 4096


class _Last:
    """What came last: it tells what a program was at when it failed."""

    def __init__(self, output: Print) -> None:
        self._output = output
        self._end = b""

    def take(self, data: bytes) -> None:
        self._output(data)
        self._end = (self._end + data)[-_SAID:]

    @property
    def words(self) -> str:
        lines = self._end.decode("utf-8", "replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {said}" if said else ""
