"""A program to be killed: writes a journal, and prints the number of each event once it is acknowledged.

`python acknowledging_program.py JOURNAL [--no-flush | --early]`. It creates the journal or goes on with it. Events come
one by one and in bursts. Two controls: `--no-flush` acknowledges what was written and not flushed, `--early` what is
only about to be written.
"""

import sys
from pathlib import Path

import msgspec

from cockpit.journal import disk as disks
from cockpit.journal import event as ev
from cockpit.journal import line
from cockpit.journal.writer import Writer

ADA = ev.Actor("ada", uid=1000)


class ForgetfulDisk(disks.SystemDisk):
    """Says that it flushed, and did not."""

    def fdatasync(self, fd: int) -> None:
        """Do nothing."""


def main(journal: Path, *, flush: bool, early: bool = False) -> None:
    """Write until killed."""
    disk = disks.SystemDisk() if flush else ForgetfulDisk()
    if journal.exists():
        writer = Writer.resume(journal, engine=ADA, disk=disk)
    else:
        opened = ev.RunOpened("r", "live", "v1", "production", msgspec.Raw(b"{}"), line.digest(b"{}"), "0")
        writer = Writer.create(journal, ADA, opened, engine=ADA, disk=disk)
    print(writer.events[-1].seq, flush=True)
    number, told = 0, writer.events[-1].seq
    while True:
        number += 1
        burst = 64 if number % 10 == 0 else 1
        if early:
            told += burst
            print(told, flush=True)
        futures = [writer.append([(ADA, ev.NoteAdded(f"{number} " + "x" * (number % 300)))]) for _ in range(burst)]
        for future in futures:
            seq = future.result()[0].seq
            if not early:
                print(seq, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), flush="--no-flush" not in sys.argv, early="--early" in sys.argv)
