"""Baselines: how everything measured came out at one time, kept in a file to be compared with later.

A baseline is one line of canonical JSON, for its owner alone. `baseline` says which version of this format it has;
keys are only ever added.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from cockpit.journal.chain import LONGEST
from cockpit.journal.disk import check_folders, sync_folder
from cockpit.journal.event import BaselineTaken, Remembered, Value
from cockpit.journal.folder import state_home
from cockpit.journal.line import canonical
from cockpit.text import safe_line

FORMAT = 1
"""Version of the format."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read."""

_ENDING = ".json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class NoBaseline(Exception):
    """There is no baseline there, or it cannot be read; the message says why and what to do."""


class ItemBaseline(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one item came out."""

    result: str
    """`PASS`, `WARN`, `FAIL`, `ERROR` or `BLOCKED`."""
    summary: str = ""
    figure: float | None = None
    """The figure to plot."""
    found: dict[str, Value] = {}
    """Every value that the kind found and that may be shown, flat: `body.version`. Lengths of time are seconds."""
    named: dict[str, bool | int | float | str] = {}
    """The value of each name in the item's conditions, as written there: `headers['server']`."""
    times: tuple[str, ...] = ()
    """Which names of `found` and `named` are lengths of time; `figure` among them when the figure is one."""


class Baseline(msgspec.Struct, frozen=True):
    """How everything measured came out."""

    checklist: str
    """The name of the checklist."""
    digest: str
    """SHA-256 of the checklist, as in `run.opened`."""
    at: dt.datetime
    """When the measuring was over."""
    took: float
    """Seconds of measuring."""
    host: str
    """Where it was measured."""
    tool: str
    """The version of Cockpit that measured."""
    items: dict[str, ItemBaseline]
    baseline: int = FORMAT


def home() -> Path:
    """Where baselines are kept by name."""
    return state_home() / "baselines"


def names() -> list[str]:
    """The names of the baselines that are kept."""
    with contextlib.suppress(OSError):
        return sorted(path.stem for path in home().iterdir() if path.name.endswith(_ENDING))
    return []


def kept(name: str) -> Path:
    """The file of the baseline that is kept as `name`. Raises NoBaseline when it cannot be a name."""
    if not _NAME.fullmatch(name):
        raise NoBaseline(f"{safe_line(name)!r} cannot be the name of a baseline: letters, digits, dot, dash and _ can")
    return home() / f"{name}{_ENDING}"


def name_for(checklist: str) -> str:
    """The name that the baseline of a checklist is kept as, if nobody says otherwise."""
    return re.sub(r"[^a-z0-9.]+", "-", checklist.lower()).strip("-.")[:60].strip("-.") or "checklist"


def find(text: str) -> Path:
    """The file that `text` means: a path, or the name of a baseline that is kept. Raises NoBaseline."""
    path = Path(text)
    if path.is_file():
        return path
    if os.sep not in text and not text.endswith(_ENDING) and kept(text).is_file():
        return kept(text)
    known = names()
    here = f"there is {', '.join(known[:5])}" if known else "none is kept here"
    raise NoBaseline(f"there is no baseline {safe_line(text)!r}; {here}: `cockpit capture` takes one")


def write(path: Path, baseline: Baseline) -> None:
    """Put `baseline` at `path`, whole or not at all, for its owner alone. Raises OSError, UnsafePath."""
    if path.parent == home():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_folders(path.parent)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(canonical(baseline) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read(path: Path) -> Baseline:
    """The baseline at `path`, its texts safe to show. Raises NoBaseline."""
    name = safe_line(str(path))
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as problem:
        raise NoBaseline(f"{name}: {problem.strerror}") from problem
    try:
        if len(text) > LARGEST:
            raise ValueError(f"it is larger than {LARGEST} bytes")  # noqa: TRY301 - told as the others are
        data = msgspec.json.decode(text)
        version = data.get("baseline") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise ValueError("it does not say that it is one")  # noqa: TRY301 - as above
        if version > FORMAT:
            raise NoBaseline(f"{name} is of format {version}: this Cockpit reads up to {FORMAT}")
        return msgspec.convert(_safe(data), Baseline)
    except (ValueError, RecursionError) as problem:
        raise NoBaseline(f"{name} is not a baseline: {safe_line(str(problem), width=200)}") from problem


def events(baseline: Baseline, name: str) -> Iterator[BaselineTaken]:
    """What the journal of a run keeps of `baseline`, in as many events as lines of a journal can hold."""
    size, items, more = 0, dict[str, Remembered](), False
    for item, came_out in baseline.items.items():
        remembered = _remembered(came_out)
        own = len(canonical({item: remembered}))
        if size + own > LONGEST // 2 and items:
            yield BaselineTaken(name, baseline.at, baseline.host, items, baseline.digest, more)
            size, items, more = 0, {}, True
        size += own
        items[item] = remembered
    yield BaselineTaken(name, baseline.at, baseline.host, items, baseline.digest, more)


def _remembered(item: ItemBaseline) -> Remembered:
    times = tuple(name for name in item.times if name in item.named or name == "figure")
    return Remembered(item.result, item.figure, item.named, times)


def _safe(value: Any) -> Any:
    match value:
        case str():
            return safe_line(value)
        case dict():
            return {safe_line(key): _safe(each) for key, each in value.items()}
        case list():
            return [_safe(each) for each in value]
        case _:
            return value
