"""A runner: `python -m cockpit.actions FOLDER`, with the job on standard input; prints `taken` once it has it.

It forks, so that it is nobody's child, and has a session of its own: it outlives the engine that started it, and its
terminal. A job that it did not get whole is not carried out.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Take the job, tell so, and carry it out."""
    from pathlib import Path

    from cockpit.actions.folder import AttemptFolder, Ended, runner
    from cockpit.actions.job import decode
    from cockpit.actions.printed import Printed, redactor
    from cockpit.connect.memory import keep_private

    os.umask(0o077)
    keep_private()
    attempt = AttemptFolder(Path(sys.argv[1]))
    printed = None
    try:
        try:
            job = decode(sys.stdin.buffer.read())
        except ValueError:
            raise ValueError("the engine ended before it had told what to do") from None
        process = runner(os.getpid())
        assert process is not None
        attempt.reserve(ROOM + ROOM_FOR_A_HOST * len(job.hosts))
        printed = Printed(attempt.output, redactor(job.secrets))
        attempt.begun_by(process)
    except Exception as problem:  # noqa: BLE001 - whatever it is, nothing was done, and that is told
        said = f"not started: {_words(problem)}"
        try:
            if not isinstance(problem, FileExistsError):
                attempt.end(Ended(done=False, summary=said, nothing=True))
        finally:
            _tell(said)
        return
    _tell("taken")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.chdir("/")

    from cockpit.actions.runner import carry_out

    carry_out(job, attempt, printed)


ROOM = 4096
"""Bytes that how it ends takes at most."""

ROOM_FOR_A_HOST = 1024


def _tell(words: str) -> None:
    """Tell whoever started it, if they are still there."""
    with contextlib.suppress(OSError):
        os.write(1, words.encode())


def _words(problem: Exception) -> str:
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename or 'a file of its own'}: {problem.strerror.lower()}"
    return str(problem) or type(problem).__name__


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    os.setsid()
    # Whoever wants it to end waits until it can do that in order; and it has no terminal that could hang up.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    signal.signal(signal.SIGHUP, lambda *_: None)
    try:
        main()
    finally:
        os._exit(0)  # nothing that a library left behind may keep it
