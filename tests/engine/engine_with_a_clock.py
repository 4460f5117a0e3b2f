"""An engine whose wall clock is wrong by what a file says: `python engine_with_a_clock.py RUN_FOLDER FILE`.

Only the wall clock is: the boot clock is the machine's own, as when somebody sets a real one.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.engine.process import carry
from cockpit.journal.clock import SystemClock
from cockpit.journal.line import Stamp

FILE = Path(sys.argv[2])


def main() -> None:
    """Carry the run."""
    stamp = SystemClock.stamp

    def wrong(clock: SystemClock) -> Stamp:
        right = stamp(clock)
        return msgspec.structs.replace(right, at=right.at + dt.timedelta(seconds=float(FILE.read_text())))

    SystemClock.stamp = wrong  # type: ignore[method-assign]
    sys.exit(carry(Path(sys.argv[1]), {}))


if __name__ == "__main__":
    main()
