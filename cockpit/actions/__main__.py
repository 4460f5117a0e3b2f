"""A runner: `python -m cockpit.actions FOLDER`, with the job on standard input; prints `taken` once it has it.

It forks, so that it is nobody's child, and has a session of its own: it outlives the engine that started it.
"""

import os
import sys


def main() -> None:
    """Take the job, tell so, and carry it out."""
    from pathlib import Path

    from cockpit.actions.folder import AttemptFolder, runner
    from cockpit.actions.job import decode

    attempt = AttemptFolder(Path(sys.argv[1]))
    os.umask(0o077)
    job = decode(sys.stdin.buffer.read())
    process = runner(os.getpid())
    assert process is not None
    attempt.begun_by(process)
    os.write(1, b"taken")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.chdir("/")

    from cockpit.actions.runner import carry_out

    carry_out(job, attempt)


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    os.setsid()
    try:
        main()
    except Exception as problem:  # noqa: BLE001 - whoever started it is told, and nothing was done
        os.write(1, f"its runner failed: {problem}".encode())
        os._exit(1)
