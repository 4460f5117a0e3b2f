"""What is asked of a path, and what was found there."""

from __future__ import annotations

import stat
from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    """What is wanted to know of a path."""

    path: str
    """As it is written; `~` and `~/` begin with the home directory of its machine."""
    limit: int | None = None
    """Of a file at most so many bytes are read; None: it is not opened, but for its checksum."""
    checksum: bool = False
    depth: int | None = None
    """Of a folder the files are listed down to this level; None: it is not looked into."""


@dataclass(frozen=True)
class File:
    """A regular file of a listing."""

    path: str
    size: int
    """Bytes."""
    modified: int
    """Seconds since 1970."""


@dataclass(frozen=True)
class Found:
    """What there is at a path."""

    path: str
    """As the machine sees it: `~` is a home directory there."""
    now: int
    """The time there, in seconds since 1970."""
    kind: str
    """`file`, `folder`, `socket`, ..., of what a link leads to; `link` when it leads nowhere, `missing` for nothing."""
    target: str = ""
    """Where a link leads, as it is written."""
    mode: int = 0
    size: int = 0
    owner: str = ""
    group: str = ""
    modified: int = 0
    sha256: str = ""
    content: bytes = b""
    """Of a regular file, from its beginning."""
    whole: bool = True
    """`content` is all of it."""
    files: tuple[File, ...] = ()
    """The regular files of a folder, or those that a pattern matched."""

    @property
    def exists(self) -> bool:
        """Something is there."""
        return self.kind not in ("missing", "link")


def kind_of(mode: int) -> str:
    """`file`, `folder`, `socket`, ... as `stat` tells it."""
    return _KINDS.get(stat.S_IFMT(mode), "unknown")


_KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "pipe",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}
