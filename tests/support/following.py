"""Following in a test: what came, and waiting for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from cockpit.checklist.model import Host
from cockpit.logs.following import follow
from cockpit.logs.job import Followed, Job

WITHIN = 30.0
"""Seconds: far more than anything here takes, on a machine that does other things too."""


class Heard:
    """A sink that keeps what comes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.at: list[float] = []
        self.levels: list[int] = []
        self.notices: list[str] = []
        self.all: list[str] = []
        """Lines and notices in the order in which they came; a notice begins with `--- `."""

    def add(
        self, source: str, texts: Sequence[str], received: float, *, levels: bytes = b"", at: Sequence[float] = ()
    ) -> None:
        self.lines += texts
        self.all += texts
        self.at += at
        self.levels += levels

    def notice(self, source: str, words: str, received: float) -> None:
        self.notices.append(words)
        self.all.append(f"--- {words}")

    async def until(self, wanted: Callable[[], Any], why: str = "") -> None:
        """Wait until `wanted` is true."""
        try:
            async with asyncio.timeout(WITHIN):
                while not wanted():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{why} not within {WITHIN:g} s; it came: {self.all[-20:]}") from None

    async def line(self, text: str) -> None:
        """Wait for a line."""
        await self.until(lambda: text in self.lines, f"line {text!r}")

    async def notice_of(self, *words: str) -> None:
        """Wait for a notice that has all these words."""
        await self.until(lambda: any(all(word in each for word in words) for each in self.notices), f"notice {words}")


def followed(
    test: Callable[[Heard], Awaitable[None]],
    kind: Any,
    spec: dict[str, Any],
    *,
    via: str = "",
    tail: int = 100,
    since: float = 0.0,
    hosts: tuple[Host, ...] = (),
    secrets: tuple[tuple[str, str], ...] = (),
) -> Heard:
    """Follow one source while `test` goes on; what was heard."""

    async def run() -> Heard:
        heard = Heard()
        job = Job((Followed("it", kind, spec, via, tail, since=since),), hosts=hosts, secrets=secrets)
        following = asyncio.create_task(follow(job, heard))
        try:
            await test(heard)
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
        return heard

    return asyncio.run(run())
