"""Where runs are kept: one folder each, for their owner alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import grp
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cockpit.journal.disk import UnsafePath, check_folders, sync_folder
from cockpit.text import safe_line

_ADVICE = "set COCKPIT_HOME to a folder of yours that can be written to"
_SLUG_LONGEST = 40
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class StateHomeUnusable(Exception):
    """Runs cannot be kept where they should be; the message says where, why, and what to do."""


class GroupUnusable(Exception):
    """A run cannot be shared with a group; the message says why, and what to do."""


class NoSuchRun(Exception):
    """No run, or more than one, goes by that name; the message names near ones."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run, and what lies in it."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id."""
        return self.path.name

    @property
    def journal(self) -> Path:
        """The record."""
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the engine as long as it lives."""
        return self.path / "lock"

    @property
    def socket(self) -> Path:
        """Where commands go."""
        return self.path / "engine.sock"

    @property
    def steps(self) -> Path:
        """A folder: what each action printed, and how it ended."""
        return self.path / "steps"

    @property
    def logs(self) -> Path:
        """A folder: the logs that were followed while somebody looked at them, the newest of them."""
        return self.path / "logs"

    @property
    def commands(self) -> Path:
        """A folder: the same of each quick command."""
        return self.path / "commands"

    @property
    def engine_log(self) -> Path:
        """What the engine process printed."""
        return self.path / "engine.log"


def state_home() -> Path:
    """Where Cockpit keeps its state: COCKPIT_HOME, or `cockpit` in the system's place for the state of a user."""
    if home := os.environ.get("COCKPIT_HOME"):
        return Path(home).expanduser().absolute()
    import platformdirs  # noqa: PLC0415 - only where COCKPIT_HOME does not say

    return platformdirs.user_state_path("cockpit", appauthor=False)


def new_run_id(release: str, now: dt.datetime, token: str) -> str:
    """An id for a run of `release` opened at `now`: `<yyyymmdd>-<hhmm>-<release>-<token>`.

    `token` is four hexadecimal digits, by chance, which keep two runs opened in one minute apart.
    """
    slug = re.sub(r"[^a-z0-9.]+", "-", release.lower()).strip("-.")[:_SLUG_LONGEST].strip("-.")
    return f"{now:%Y%m%d-%H%M}-{slug or 'release'}-{token}"


def create(run_id: str) -> RunFolder:
    """Make the folder of a run. Raises StateHomeUnusable, and ValueError when `run_id` is none or is taken."""
    if not _ID.fullmatch(run_id):
        raise ValueError(
            f"{safe_line(run_id)!r} cannot be the id of a run: letters, digits, dot, dash and underscore can"
        )
    folder = RunFolder(state_home() / "runs" / run_id)
    home = folder.path.parent
    with _usable(home):
        for place in (home.parent, home):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_folders(home)
        try:
            folder.path.mkdir(mode=0o700)
        except FileExistsError:
            raise ValueError(f"there is a run {run_id} already") from None
        folder.path.chmod(0o700)
        sync_folder(home)
    return folder


def share(folder: RunFolder, group: str) -> None:
    """Let the members of a Unix group look on at a run: read it, and what its actions print, and reach its socket.

    Raises GroupUnusable when there is no such group, this user may not give files to it, or its members cannot get to
    the folder.
    """
    gid = group_id(group)
    for place in (folder.path.parent, folder.path.parent.parent):
        place.chmod(0o711)  # to pass through, not to look around
    closed = [place for place in folder.path.parent.parent.parents if not place.stat().st_mode & stat.S_IXOTH]
    if closed:
        raise GroupUnusable(
            f"members of {group} cannot get past {safe_line(str(closed[-1]))}: "
            "set COCKPIT_HOME to a place that they can reach, such as /srv/cockpit"
        )
    try:
        for place in (folder.steps, folder.commands):
            place.mkdir(mode=0o700, exist_ok=True)
        for path, mode in (
            (folder.journal, 0o640),
            (folder.lock, 0o640),
            (folder.steps, stat.S_ISGID | 0o750),
            (folder.commands, stat.S_ISGID | 0o750),
            (folder.path, 0o750),
        ):
            os.chown(path, -1, gid)
            path.chmod(mode)
    except PermissionError:
        raise GroupUnusable(f"you are not a member of {group}: you cannot give files to it") from None


def group_id(group: str) -> int:
    """The number of a Unix group. Raises GroupUnusable when there is none of that name."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise GroupUnusable(f"there is no group {safe_line(group)!r} on this machine") from None


def shared_with(folder: RunFolder) -> int | None:
    """The id of the group that a run is shared with; None when it is its owner's alone."""
    status = folder.path.stat()
    return status.st_gid if status.st_mode & stat.S_IRGRP else None


def runs() -> list[RunFolder]:
    """All runs kept here, the newest first. Raises StateHomeUnusable when the folder of runs cannot be read.

    What is no folder of its own (a symbolic link), or belongs to somebody else, is not among them.
    """
    home = state_home() / "runs"
    with _usable(home):
        try:
            found = [RunFolder(path) for path in home.iterdir() if not _wrong_with(path)]
        except FileNotFoundError:
            return []
    return sorted(found, key=_opened, reverse=True)


def find(text: str) -> RunFolder:
    """The run whose id is `text`, or the only one whose id begins with it.

    Raises NoSuchRun, UnsafePath when it is not the user's own folder, and StateHomeUnusable.
    """
    name = safe_line(text)
    exact = RunFolder(state_home() / "runs" / text)
    if _ID.fullmatch(text) and os.path.lexists(exact.path):
        if wrong := _wrong_with(exact.path):
            raise UnsafePath(f"{safe_line(str(exact.path))} {wrong}")
        return exact
    known = runs()
    begins = [run for run in known if text and run.id.startswith(text)]
    if len(begins) == 1:
        return begins[0]
    if begins:
        raise NoSuchRun(f"{name!r} could be {_listed([run.id for run in begins])}: give more of it")
    near = difflib.get_close_matches(text, [run.id for run in known], n=3, cutoff=0.4) or [run.id for run in known[:3]]
    hint = f"there is {_listed(near)}" if near else f"there is none in {safe_line(str(state_home() / 'runs'))}"
    raise NoSuchRun(f"no run {name!r}; {hint}")


def _wrong_with(path: Path) -> str:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link, not a folder of its own"
    if not stat.S_ISDIR(status.st_mode):
        return "is not a folder"
    if status.st_uid != os.geteuid() and not _shared_with_me(status):
        return f"belongs to user {status.st_uid}, not to you"
    return ""


def _shared_with_me(status: os.stat_result) -> bool:
    """Whether its owner lets a group of this user's read it, and nobody else write to it."""
    mine = status.st_gid in (os.getegid(), *os.getgroups())
    return mine and bool(status.st_mode & stat.S_IRGRP) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _opened(run: RunFolder) -> tuple[str, bytes]:
    """A key that sorts by time: the minute in the id, then the moment with which a journal begins."""
    first = b""
    with contextlib.suppress(OSError), run.journal.open("rb") as journal:
        first = journal.read(len('{"at":"2026-11-24T03:00:21.703886Z"'))
    return run.id[: len("20261124-0300")], first


@contextlib.contextmanager
def _usable(home: Path) -> Iterator[None]:
    where = f"runs cannot be kept in {safe_line(str(home))}"
    try:
        yield
    except (FileExistsError, NotADirectoryError) as failure:
        raise StateHomeUnusable(f"{where}: a file is in the way; {_ADVICE}") from failure
    except OSError as failure:
        raise StateHomeUnusable(f"{where}: {failure.strerror}; {_ADVICE}") from failure
    except UnsafePath as unsafe:
        raise StateHomeUnusable(f"{where}: {unsafe}") from unsafe


def _listed(names: list[str]) -> str:
    shown = names[:5] + ([f"{len(names) - 5} more"] if len(names) > 5 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
