"""The real app over a fake run, to be started on a real terminal: `hostile`, `replay`, `breaks` or nothing.

`logs FOLDER` reads its logs from the spool in a folder.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]

from fake_run import FakeRun  # noqa: E402 - the path to them is set above
from hostile import hostile_story  # noqa: E402 - the path to them is set above
from launch import NOW, story  # noqa: E402 - the path to them is set above
from logged import story_with_logs  # noqa: E402 - the path to them is set above

from cockpit.engine.replayed import ReplayedRun  # noqa: E402 - the path to them is set above
from cockpit.logs.tap import SpoolTap  # noqa: E402 - the path to them is set above
from cockpit.screens.app import show_replay, show_run  # noqa: E402 - the path to them is set above


class RunWithAClock(FakeRun):
    """A run whose time goes on."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._begun = time.monotonic()

    def now(self) -> dt.datetime:
        return NOW + dt.timedelta(seconds=time.monotonic() - self._begun)


class RunWithLogs(RunWithAClock):
    """A run of a checklist that names logs, read from a spool."""

    def __init__(self, folder: Path) -> None:
        super().__init__(story_with_logs())
        self._folder = folder

    def logs(self) -> SpoolTap:
        return SpoolTap(self._folder)


class RunThatBreaks(RunWithAClock):
    """A run that a screen stumbles over, with a secret at hand."""

    def now(self) -> dt.datetime:
        password = "hunter2-hunter2"
        if time.monotonic() - self._begun > 1.0:
            raise RuntimeError(f"cannot tell the time, {password}")
        return super().now()


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "replay":
        sys.exit(show_replay(ReplayedRun(story())))
    if what == "breaks":
        sys.exit(show_run(RunThatBreaks()))
    if what == "logs":
        sys.exit(show_run(RunWithLogs(Path(sys.argv[2]))))
    sys.exit(show_run(RunWithAClock(hostile_story() if what == "hostile" else story())))
