"""Cuts the power of a real file system under a writing journal, and prints what was acknowledged and what is left.

`python power_cut_program.py WORK ROUNDS [--no-flush]`, as root, in a mount namespace of its own. An ext4 image is mounted
through a loop device; its ioctl for shutting down without writing its log stands for the power cut. Each round prints
`acknowledged left`, as numbers of events; `left` is -1 when the journal can no longer be read.
"""

import fcntl
import os
import random
import subprocess
import sys
from pathlib import Path

from cockpit.journal import reader

SHUTDOWN = 0x8004587D
WITHOUT_LOG = (2).to_bytes(4, sys.byteorder)


def main(work: Path, rounds: int, options: list[str]) -> None:
    """Cut the power `rounds` times."""
    image, mounted = work / "image", work / "mounted"
    mounted.mkdir(mode=0o700)
    for _ in range(rounds):
        image.unlink(missing_ok=True)
        with image.open("wb") as file:
            file.truncate(16 * 1024 * 1024)
        run("mkfs.ext4", "-q", "-m", "0", image)
        run("mount", "-o", "loop", image, mounted)
        acknowledged = cut(mounted, options)
        run("umount", mounted)
        run("mount", "-o", "loop", image, mounted)
        try:
            left = reader.verify(mounted / "run" / "journal.jsonl").events
        except reader.NotAJournal:
            left = -1
        run("umount", mounted)
        print(acknowledged, left, flush=True)


def cut(mounted: Path, options: list[str]) -> int:
    """Let a program write for a while, cut the power; returns how many events it had acknowledged by then."""
    (mounted / "run").mkdir(mode=0o700)
    run("sync")
    program = Path(__file__).with_name("acknowledging_program.py")
    writing = subprocess.Popen(
        [sys.executable, program, mounted / "run" / "journal.jsonl", *options], stdout=subprocess.PIPE
    )
    assert writing.stdout is not None
    said = b""
    fd = os.open(mounted, os.O_RDONLY)
    for _ in range(random.randint(100, 600)):
        said += writing.stdout.readline()
    # What is said after this moment may be said of a disk that is already gone.
    fcntl.ioctl(fd, SHUTDOWN, WITHOUT_LOG)
    writing.kill()
    writing.wait()
    writing.stdout.close()
    os.close(fd)
    return int(said.splitlines()[-1]) + 1


def run(*command: str | Path) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
