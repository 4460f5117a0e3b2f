"""Follow logs into a spool: `python -m cockpit.logs FOLDER`; ends when its standard input does.

The first line that it reads is the job. Whoever started it holds the other end: when they die, this ends too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from cockpit.connect.memory import keep_private
from cockpit.logs.following import follow
from cockpit.logs.job import Job, decode
from cockpit.logs.spool import SpoolWriter


def main() -> int:
    """Take the job, and carry it out until nobody wants it any more."""
    os.umask(0o077)
    keep_private()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 0
    job = decode(line)
    try:
        spool = SpoolWriter(Path(sys.argv[1]), job.group)
    except OSError as error:
        print(f"the logs cannot be kept in {sys.argv[1]}: {(error.strerror or '').lower()}", file=sys.stderr)
        return 3
    os.chdir("/")
    try:
        asyncio.run(_follow(job, spool))
    finally:
        spool.close()
    return 0


async def _follow(job: Job, spool: SpoolWriter) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)

    def read() -> None:
        if not os.read(0, 4096):
            ended.set()

    loop.add_reader(0, read)
    following = asyncio.create_task(follow(job, spool))
    await ended.wait()
    loop.remove_reader(0)
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following


if __name__ == "__main__":
    sys.exit(main())
