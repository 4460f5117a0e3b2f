"""Where a secret is read: an environment variable, a file, or a command.

Each reading is bounded in size and time. What goes wrong is said with where it was looked for and what to do; nothing
of the value itself ever stands in a message.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from cockpit.checklist.model import Variable

COMMAND_SECONDS = 10.0
"""A command that takes longer is ended, with all that it started."""

SIZE_LIMIT = 64 * 1024
"""Bytes of a secret; a longer one is a mistake."""


class Unreadable(Exception):
    """A secret could not be read: where, why, and what to do."""


def read(variable: Variable, environ: Mapping[str, str]) -> str:
    """The value of a secret, without the line break at its end. Raises Unreadable."""
    if variable.env:
        return _from_environment(variable.env, environ)
    if variable.file:
        return _from_file(Path(variable.file).expanduser())
    if variable.command:
        return _from_command(variable.command, environ)
    raise Unreadable("it says neither `env`, `file` nor `command`: give it one of them")


def lies_there(variable: Variable) -> bool:
    """Whether reading it changes nothing: it stands in the environment, or in a file that can be read again."""
    return bool(variable.env) or (bool(variable.file) and Path(variable.file).expanduser().is_file())


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name)
    if value is None:
        raise Unreadable(f"environment variable {name} is not set: export it before Cockpit starts")
    return _worth(value, f"environment variable {name}")


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise Unreadable(f"file {path} cannot be read: {error.strerror}") from None
    return _worth(_text(data, f"file {path}"), f"file {path}")


def _from_command(command: str, environ: Mapping[str, str]) -> str:
    where = f"command `{command}`"
    process = subprocess.Popen(
        ["/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ),
        start_new_session=True,
    )
    try:
        output, complaint = _collect(process, where)
        status = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        raise Unreadable(f"{where} closed its output and did not end") from None
    finally:
        _end(process)
    if status != 0:
        lines = complaint.decode("utf-8", "backslashreplace").strip().splitlines()
        said = f": {lines[-1]}" if lines else ""
        raise Unreadable(f"{where} ended with status {status}{said}")
    return _worth(_text(output, where), where)


def _collect(process: subprocess.Popen[bytes], where: str) -> tuple[bytes, bytes]:
    """What the process prints on both streams, within the limits. Raises Unreadable."""
    assert process.stdout is not None
    assert process.stderr is not None
    ends = time.monotonic() + COMMAND_SECONDS
    printed: dict[int, bytearray] = {stream.fileno(): bytearray() for stream in (process.stdout, process.stderr)}
    with selectors.DefaultSelector() as selector:
        for stream in printed:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(max(0.0, ends - time.monotonic()))
            if not ready:
                raise Unreadable(f"{where} did not end within {COMMAND_SECONDS:g} s (it gets no input to wait for)")
            for key, _ in ready:
                data = os.read(key.fd, 16 * 1024)
                printed[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
                if len(printed[key.fd]) > SIZE_LIMIT:
                    raise Unreadable(f"{where} prints more than {SIZE_LIMIT // 1024} KiB: no secret is that long")
    return bytes(printed[process.stdout.fileno()]), bytes(printed[process.stderr.fileno()])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and its children, and leave nothing open."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _text(data: bytes, where: str) -> str:
    if len(data) > SIZE_LIMIT:
        raise Unreadable(f"{where} is longer than {SIZE_LIMIT // 1024} KiB: no secret is that long")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Unreadable(f"{where} is not text (UTF-8)") from None


def _worth(value: str, where: str) -> str:
    value = value.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise Unreadable(f"{where} is empty")
    return value
