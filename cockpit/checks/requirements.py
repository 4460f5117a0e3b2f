"""`requirements`: whether what a program is built from is pinned, to versions and to digests."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.file_read import text_of
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.requirements_files import KNOWN, reader_of
from cockpit.checks.requirements_found import Found, Together, together
from cockpit.connect.thread import in_thread

FILE_LIMIT = 16 * 1024 * 1024
"""Bytes of one file; a longer one is not read."""

FILES_LIMIT = 50
"""Files that include each other."""

SHOWN = 30
"""Requirements that are shown; all are counted."""


class RequirementsSpec(Spec):
    """Files that are read together."""

    files: tuple[str, ...] = pydantic.Field(
        min_length=1,
        max_length=FILES_LIMIT,
        description=f"Requirements and lock files, read together: {KNOWN}. Those that they include are read, too.",
    )

    @pydantic.field_validator("files")
    @classmethod
    def _known(cls, files: tuple[str, ...]) -> tuple[str, ...]:
        for path in files:
            if reader_of(path) is None:
                raise ValueError(f"{path} has none of the names that can be read: {KNOWN}")
        return files


class Requirements:
    """Reads the files where they are; nothing is resolved or fetched."""

    name = "requirements"
    about = (
        "Whether the packages that a program needs are pinned to versions and digests, by themselves or a lock file."
    )
    spec = RequirementsSpec
    via = True
    imports = ("packaging.requirements", "yaml")
    implied = "size(absent) == 0 && size(unpinned) == 0"
    example = """\
requirements: {files: [backend/requirements.txt, frontend/package.json, frontend/package-lock.json]}
expect:
  - size(absent) == 0 && size(unpinned) == 0
  - "!('pytest' in packages) && !('debugpy' in packages)"
"""
    fields = (
        Field("absent", "list", "Files that are not there, included ones among them."),
        Field(
            "unpinned",
            "list",
            "Requirements that can be several versions, and none of the files says which.",
        ),
        Field("unhashed", "list", "Those that are fetched without being compared with a digest."),
        Field("hashed", "bool", "There are none of these."),
        Field("count", "int", "Packages, each once."),
        Field("packages", "map", "Name to version; empty for one that is not pinned. Python names as in PEP 503."),
        Field("locks", "list", "The lock files among the files."),
        Field("files", "list", "All files that were read."),
    )

    def request(self, spec: RequirementsSpec) -> str:
        """`read requirements.txt, package-lock.json`."""
        return f"read {', '.join(spec.files)}"

    async def read(self, spec: RequirementsSpec, session: Session, timeout: float) -> Reading:
        """Read them once. Raises Unmeasurable, Unreachable."""
        reading = _Reading(session, timeout)
        await reading.follow(spec.files, constrain=False)
        return _reading(reading, together(reading.found, reading.constraints))


KIND: Kind = Requirements()


class _Reading:
    """Files, read one after the other with those that they include."""

    def __init__(self, session: Session, timeout: float) -> None:
        self._route, self._timeout = session.route, timeout
        self.found: list[Found] = []
        self.constraints: list[Found] = []
        self.absent: list[str] = []
        self.files: list[str] = []

    async def follow(self, paths: Iterable[str], *, constrain: bool) -> None:
        for path in paths:
            if path in self.files or path in self.absent:
                continue
            if len(self.files) >= FILES_LIMIT:
                raise Unmeasurable(f"more than {FILES_LIMIT} files include each other")
            found = await self._one(path)
            if found is not None:
                (self.constraints if constrain else self.found).append(found)
                await self.follow(_beside(path, found.includes), constrain=constrain)
                await self.follow(_beside(path, found.constraints), constrain=True)

    async def _one(self, path: str) -> Found | None:
        if "://" in path:
            raise Unmeasurable("a requirements file is included from an address: only files are read")
        text = await text_of(self._route, path, self._timeout, limit=FILE_LIMIT)
        reader = reader_of(path) or reader_of("requirements.txt")
        if text is None or reader is None:
            self.absent.append(path)
            return None
        self.files.append(path)
        try:
            return await in_thread(path, lambda: reader(path, text))
        except (ValueError, RecursionError, AttributeError, TypeError) as error:
            # The last two: a list where its format has a table.
            reason = str(error) if isinstance(error, ValueError) else "it is not built as files of its name are"
            raise Unmeasurable(f"{path} cannot be read: {reason}") from None


def _beside(path: str, others: list[str]) -> list[str]:
    return [
        other if "://" in other else posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
        for other in others
    ]


def _reading(read: _Reading, found: Together) -> Reading:
    values: dict[str, Any] = {
        "absent": read.absent,
        "unpinned": found.unpinned,
        "unhashed": found.unhashed,
        "hashed": not found.unhashed,
        "count": len(found.packages),
        "packages": found.packages,
        "locks": found.locks,
        "files": read.files,
    }
    words = [f"{len(found.packages)} packages"]
    words += [f"{len(found.unpinned)} not pinned: {found.unpinned[0]}"] if found.unpinned else ["all pinned"]
    words += [f"not there: {', '.join(read.absent)}"] if read.absent else []
    lines = [f"files: {', '.join(read.files)}"]
    for title, listed in (("not pinned", found.unpinned), ("without a digest", found.unhashed)):
        if listed:
            lines += ["", f"{title}:", *listed[:SHOWN]]
            lines += [f"[{len(listed) - SHOWN} more]"] if len(listed) > SHOWN else []
    return Reading(values, "; ".join(words), "\n".join(lines))
