"""A story on the real screen, to be started on a terminal: `python -m tests.prove.on_a_screen STORY NOTED_FILE`.

STORY is `hostile`, `harmless`, `heavy`, or the id of a run, which is then shown as its captain sees it. It notes down
how many frames it drew, how many of them took more than `drawn.LIMIT`, and how long the longest took.

A frame is what the thread that draws does at a stretch, between two moments at which it is free for the next key: all
that a person would have to wait for. What is counted is the time of the processor that this thread had, so that neither
others on this machine nor a slow disk make a frame longer; the first one, with all that is read in for it, is counted
too. What other threads of the viewer do is not.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "screens"))

from fake_run import FakeRun

from cockpit.engine.live import LiveRun
from cockpit.journal import folder
from cockpit.screens.app import show_run
from tests.prove.drawn import LIMIT
from tests.prove.hostile_text import harmless, heavy_document, hostile, story
from tests.support.runs import opened

EVERY = 0.005
"""Seconds between two beats of the heart."""

IDLE = 0.001
"""Seconds in which nothing is drawn."""


class Told(FakeRun):
    """A run that stands a minute after its last event."""

    def now(self) -> dt.datetime:
        """As time goes on for those who look."""
        return self.events[-1].at + dt.timedelta(seconds=60)


def main() -> int:
    """Show it until it is left."""
    beating: list[asyncio.Task[None]] = []

    def begin() -> None:
        beating.append(asyncio.create_task(_beat(Path(sys.argv[2]))))

    match sys.argv[1]:
        case "heavy":
            return _shown(Told([opened(heavy_document(hostile))]), begin)
        case "hostile" | "harmless" as name:
            return _shown(Told(story(hostile if name == "hostile" else harmless)[:-1]), begin)  # not closed yet
        case run_id:
            return _shown(LiveRun(folder.find(run_id)), begin)


def _shown(view: FakeRun | LiveRun, begin: Callable[[], None]) -> int:
    async def before() -> None:
        if isinstance(view, LiveRun):
            await view.start()
        begin()

    return show_run(view, before=before, after=view.stop if isinstance(view, LiveRun) else None)


async def _beat(noted: Path) -> None:
    frames, slow, longest = 0, 0, 0.0
    while True:
        began = time.thread_time()
        await asyncio.sleep(EVERY)
        took = time.thread_time() - began
        if took > IDLE:
            frames, slow, longest = frames + 1, slow + (took > LIMIT), max(longest, took)
            noted.write_text(json.dumps([frames, slow, longest]))


if __name__ == "__main__":
    sys.exit(main())
