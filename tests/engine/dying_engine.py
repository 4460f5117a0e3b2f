"""An engine that is killed at a chosen point: `python dying_engine.py RUN_FOLDER POINT`.

POINT is `event:N` (right after event N is on disk), or a moment in the start of an action: `folder` (its folder has
been made), `spawned` (its runner is a process), `taken` (its runner has the job).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.actions import start as starting
from cockpit.actions.folder import AttemptFolder
from cockpit.engine import carrying
from cockpit.engine.process import carry
from cockpit.engine.record import RunRecord


def main() -> None:
    """Carry the run until the point comes."""
    folder, point = Path(sys.argv[1]), sys.argv[2]
    if point.startswith("event:"):
        _die_after_event(int(point.removeprefix("event:")))
    elif point == "folder":
        make = AttemptFolder.make
        AttemptFolder.make = lambda self: (make(self), _die())[0]  # type: ignore[method-assign]
    elif point == "spawned":
        spawn = subprocess.Popen

        class Spawned(spawn):  # type: ignore[type-arg, valid-type, misc]
            def __init__(self, *arguments: Any, **settings: Any) -> None:
                super().__init__(*arguments, **settings)
                if "cockpit.actions" in arguments[0]:
                    _die()

        starting.subprocess.Popen = Spawned  # type: ignore[misc]
    elif point == "taken":
        start = starting.start
        carrying.start = lambda *told: (start(*told), _die())[0]
    sys.exit(carry(folder, {}))


def _die_after_event(number: int) -> None:
    settled = RunRecord._settled

    def then_die(record: RunRecord, done: Future[Any]) -> None:
        if done.exception() is None and done.result()[-1].seq >= number:
            _die()
        settled(record, done)

    RunRecord._settled = then_die  # type: ignore[method-assign]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
