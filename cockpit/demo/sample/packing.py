"""The file system of an image that holds some of this machine's files and busybox, packed by tar."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

PATH = "/usr/sbin:/usr/bin:/usr/lib/postgresql/15/bin"
"""Where programs are in an image."""

_POSTGRES = Path("/usr/lib/postgresql/15/bin")
_MERGED = ("bin", "sbin", "lib", "lib64")
_APPLETS = ("sh", "ls", "cat", "ps", "kill", "sleep", "wget", "nc", "grep", "sed", "awk", "tail", "head", "date", "env",
            "id", "mkdir", "rm", "mv", "wc", "cp", "chmod", "hostname", "true", "touch", "df")  # fmt: skip
_PASSWD = "root:x:0:0:root:/:/bin/sh\nservice:x:100:100::/data:/bin/sh\nbot:x:1000:1000::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"  # noqa: E501 - its lines are those of the file
_GROUP = "root:x:0:\nservice:x:100:\nbot:x:1000:\nnogroup:x:65534:\n"


def packed(files: Sequence[str], busybox: str, *, postgres: bool = False) -> bytes:
    """Pack `files`. With `postgres`, its own programs are found where they are, and not through Debian's wrappers."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in (*(f"usr/{each}" for each in _MERGED), "etc", "run", "proc", "sys", "dev", "app"):
            _folder(archive, name, 0o755)
        for name in ("tmp", "data", "backups", "metrics"):
            _folder(archive, name, 0o1777)
        for name in _MERGED:
            _link(archive, name, f"usr/{name}")
        archive.add(busybox, "usr/bin/busybox")
        kept = {_place(path) for path in files}
        for applet in _APPLETS:
            if f"usr/bin/{applet}" not in kept:
                _link(archive, f"usr/bin/{applet}", "busybox")
        for path, text in (("passwd", _PASSWD), ("group", _GROUP), ("nsswitch.conf", "hosts: files dns\n")):
            _text(archive, f"etc/{path}", text)
        if postgres:
            kept -= {f"usr/bin/{program.name}" for program in _POSTGRES.iterdir()}
        for path in files:
            place = _place(path)
            if place in kept:
                kept.discard(place)
                _add(archive, path, place)
    return packed.getvalue()


def _place(path: str) -> str:
    """Where a file lies in an image whose /bin, /sbin and /lib are links into /usr."""
    place = path.lstrip("/")
    return f"usr/{place}" if place.split("/")[0] in _MERGED else place


def _add(archive: tarfile.TarFile, path: str, place: str) -> None:
    """Add a file; a link whose end is not in the image becomes what it leads to."""
    archive.add(os.path.realpath(path), place, recursive=False)


def _folder(archive: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    archive.addfile(entry)


def _link(archive: tarfile.TarFile, name: str, to: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, to
    archive.addfile(entry)


def _text(archive: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(text)
    archive.addfile(entry, io.BytesIO(text.encode()))
