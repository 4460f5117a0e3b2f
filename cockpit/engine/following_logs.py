"""Logs are followed as long as somebody looks at them, by a process of its own: its work is never the engine's."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from cockpit.checklist.model import Document
from cockpit.connect.thread import in_thread
from cockpit.connect.values import Values
from cockpit.logs.job import job
from cockpit.logs.start import Follower, start

LINGER = 60.0
"""Seconds for which logs are followed on after the last viewer has gone: one that comes back finds no gap."""

AGAIN_AFTER = 5.0
"""Seconds after which a process that died is started again."""


class FollowingLogs:
    """The logs of one run."""

    def __init__(self, document: Document, values: Values, folder: Path, group: int | None) -> None:
        """Follow the logs that `document` names into the spool in `folder`, which `group` may read."""
        self._document, self._values, self._folder, self._group = document, values, folder, group
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._unwanted.set()

    def wanted(self, wanted: bool) -> None:
        """Whether any viewer wants them."""
        (self._wanted if wanted else self._unwanted).set()
        (self._unwanted if wanted else self._wanted).clear()

    async def run(self) -> None:
        """Follow whenever they are wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            try:
                follower = await in_thread("the start of what follows logs", self._started)
            except Exception as error:  # noqa: BLE001 - the run goes on without its logs
                logging.getLogger(__name__).warning("logs are not followed: %s", type(error).__name__)
                await asyncio.sleep(AGAIN_AFTER)
                continue
            try:
                await self._until_unwanted(follower)
            finally:
                await asyncio.shield(follower.end())
            if self._wanted.is_set():
                await asyncio.sleep(AGAIN_AFTER)

    def _started(self) -> Follower:
        """In a thread: reading what sources need may take seconds, and so may a start."""
        told = job(self._document.logs, self._document.hosts, self._values, self._group)
        return start(self._folder, told)

    async def _until_unwanted(self, follower: Follower) -> None:
        """Until nobody has wanted them for a while, or it has died."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        while follower.lives and loop.time() - since < LINGER:
            await asyncio.sleep(0.5)
            if self._wanted.is_set():
                since = loop.time()
