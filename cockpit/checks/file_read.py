"""What there is at a path: here it is looked up directly, on a host by programs of the host."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace

from cockpit.checks import file_here, file_programs
from cockpit.checks.file_found import Asked, Found
from cockpit.checks.kind import Unmeasurable
from cockpit.connect.here import HERE
from cockpit.connect.route import Route

_GLOB = re.compile(r"[*?]|\[[^/\]]+\]")


def is_pattern(path: str) -> bool:
    """Whether a path stands for whatever matches it: `/backups/*.dump`."""
    return bool(_GLOB.search(path))


async def look(route: Route, asked: Asked, timeout: float) -> Found:
    """What there is at a path, here or on a host, in one round trip. Raises Unmeasurable, Unreachable.

    A missing file is found to be `missing`; one that has to be opened and may not be cannot be measured.
    """
    path = _normal(asked.path)
    special = _GLOB.search(path)
    if special is None:
        asked = replace(asked, path=path)
        return await (file_here.look(asked, timeout) if route is HERE else file_programs.look(route, asked, timeout))
    # What a pattern can match lies in the folder above its first special character. What it matches is for a shell to
    # say, here too: no library of ours means quite the same by it.
    above = _normal(posixpath.dirname(path[: special.start()])) or "."
    found = await file_programs.look(route, replace(asked, path=above), timeout, pattern=path)
    return Found(path, found.now, "file" if found.files else "missing", files=found.files)


async def text_of(route: Route, path: str, timeout: float, *, limit: int) -> str | None:
    """The text of a regular file; None when there is none. Raises Unmeasurable, Unreachable."""
    found = await look(route, Asked(path, limit), timeout)
    if not found.exists:
        return None
    if found.kind != "file":
        raise Unmeasurable(f"{path} is a {found.kind}, not a file")
    if not found.whole:
        raise Unmeasurable(f"{path} is longer than {limit} bytes: too long to be read")
    return found.content.decode("utf-8", "backslashreplace")


def lines_of(content: bytes) -> Sequence[bytes]:
    """The lines of a file, whatever ends them."""
    lines = content.replace(b"\r\n", b"\n").split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def _normal(path: str) -> str:
    path = re.sub("/+", "/", path)
    return f"./{path}" if path.startswith("-") else (path.rstrip("/") or path)
