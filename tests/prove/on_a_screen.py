"""A story on the real screen, to be started on a terminal: `python -m tests.prove.on_a_screen STORY LONGEST_FILE`.

STORY is `hostile`, `harmless` or `heavy`. It notes down the longest time, in seconds of the processor, in which it did
nothing but draw.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "screens"))

from fake_run import FakeRun

from cockpit.screens.app import show_run
from tests.prove.hostile_text import harmless, heavy_document, hostile, story
from tests.support.runs import opened

EVERY = 0.005
"""Seconds between two beats of the heart."""


class Told(FakeRun):
    """A run that stands a minute after its last event."""

    def now(self) -> dt.datetime:
        """As time goes on for those who look."""
        return self.events[-1].at + dt.timedelta(seconds=60)


def main() -> int:
    """Show it until it is left."""
    if sys.argv[1] == "heavy":
        events = [opened(heavy_document(hostile))]
    else:
        events = story(hostile if sys.argv[1] == "hostile" else harmless)[:-1]  # not closed yet
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(EVERY)
            took = time.thread_time() - began  # what others do on this machine meanwhile is no frame of ours
            if took > longest:
                longest = took
                Path(sys.argv[2]).write_text(f"{longest:.4f}")

    beating: list[asyncio.Task[None]] = []

    async def begin() -> None:
        beating.append(asyncio.create_task(beat()))

    return show_run(Told(events), before=begin)


if __name__ == "__main__":
    sys.exit(main())
