"""Running kubectl at the end of a route, within the time that is left."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from cockpit.checks.hiding import text_shown
from cockpit.checks.kind import Unmeasurable
from cockpit.checks.kubernetes_objects import Object
from cockpit.checks.kubernetes_words import failure
from cockpit.connect.route import Program, Route
from cockpit.connect.thread import in_thread

OUTPUT_LIMIT = 32 * 1024 * 1024
"""Bytes of one answer: some four thousand pods."""

AT_ONCE = 4
"""Runs of kubectl at the same time for one check: an SSH server allows ten sessions on a connection."""


class Kubectl:
    """kubectl at the end of a route, with the time that is left."""

    def __init__(self, route: Route, options: Sequence[str], ends: float) -> None:
        self._route = route
        self._options = options
        self._ends = ends
        self._places = asyncio.Semaphore(AT_ONCE)

    async def text(self, *command: str, refusal: int | None = None) -> str:
        """What a command prints. Raises NotThere, NoContext, Unmeasurable.

        `refusal`: an exit status that is an answer too.
        """
        async with self._places:
            left = max(0.05, self._ends - time.monotonic())
            program = ("kubectl", *self._options, f"--request-timeout={max(left, 1.0):.1f}s", *command)
            ended = await self._route.run(Program(program, limit=OUTPUT_LIMIT), left)
        errors = ended.errors.decode("utf-8", "backslashreplace")
        if ended.timed_out:
            raise Unmeasurable(f"timed out: kubectl {command[0]} got no answer from the API server in {left:.1f} s")
        if ended.status == 127:
            raise Unmeasurable(f"there is no kubectl{self._route.words}: install it, or reach another host by `via`")
        if ended.status != 0 and (ended.status != refusal or not ended.output.strip()):
            raise failure(errors + ended.output.decode("utf-8", "backslashreplace")[:200])
        if ended.cut:
            raise Unmeasurable(f"kubectl printed more than {OUTPUT_LIMIT // 2**20} MiB: look at less")
        return ended.output.decode("utf-8", "backslashreplace")

    async def data(self, *command: str) -> Any:
        """The JSON that a command prints."""
        printed = await self.text(*command, "--output=json")
        try:
            return await in_thread("reading what kubectl printed", lambda: json.loads(printed))
        except (ValueError, RecursionError):
            raise Unmeasurable(f"kubectl printed something that is not JSON: {_start(printed)}") from None

    async def items(self, *command: str) -> list[Object]:
        """The objects of a list that a command prints."""
        listed: list[Object] = (await self.data(*command))["items"]
        return listed

    async def names(self, *types: str) -> list[str]:
        """The names of all objects of some types: `secret/db`."""
        return (await self.text("get", ",".join(types), "--output=name")).split()


async def together(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """The outcomes of all, at the same time; when one fails the others are ended."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _start(printed: str) -> str:
    return text_shown(" ".join(printed.split()))[:60] or "nothing"
