"""What `git status --porcelain=v2 --branch --show-stash -z` says: pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Status:
    """A working tree against its index and its last commit."""

    commit: str = ""
    """Empty before the first commit."""
    branch: str = ""
    """Empty when HEAD is detached."""
    upstream: str = ""
    ahead: int | None = None
    """None without an upstream, or when its commits are not here."""
    behind: int | None = None
    stashes: int = 0
    changed: list[str] = field(default_factory=list)
    """Paths that differ from the last commit, staged or not, in conflict or not; submodules among them."""
    untracked: list[str] = field(default_factory=list)
    """Paths that are neither tracked nor ignored; a folder of such files ends with `/`."""

    @property
    def clean(self) -> bool:
        """Nothing differs and nothing is untracked."""
        return not self.changed and not self.untracked


def parse(output: str) -> Status:
    """Read what git said; entries of kinds that are not known are left out, as its manual asks."""
    status = Status()
    records = iter(output.split("\0"))
    for record in records:
        kind, _, rest = record.partition(" ")
        match kind:
            case "#":
                _header(status, rest)
            case "1":
                status.changed.append(_path(rest, 7))
            case "2":
                status.changed.append(_path(rest, 8))
                next(records, "")  # where it was before
            case "u":
                status.changed.append(_path(rest, 9))
            case "?":
                status.untracked.append(rest)
    return status


def _path(fields: str, before: int) -> str:
    return fields.split(" ", before)[-1]


def _header(status: Status, header: str) -> None:
    match header.split(" "):
        case ["branch.oid", commit] if commit != "(initial)":
            status.commit = commit
        case ["branch.head", branch] if branch != "(detached)":
            status.branch = branch
        case ["branch.upstream", upstream]:
            status.upstream = upstream
        case ["branch.ab", ahead, behind]:
            status.ahead, status.behind = _counts(ahead, behind)
        case ["stash", count] if count.isdecimal():
            status.stashes = int(count)


def _counts(ahead: str, behind: str) -> tuple[int | None, int | None]:
    found: Iterator[int | None] = (int(text[1:]) if text[1:].isdecimal() else None for text in (ahead, behind))
    return next(found), next(found)
