"""The table of figures in SECURITY.md: each promise with what its last trial at full length came to, and when that was."""

from __future__ import annotations

import datetime as dt
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.prove.finding import Cannot, Finding
from tests.prove.promises import PROMISES

BEGIN, END = "<!-- figures: written by `make prove` -->", "<!-- end of figures -->"
HEAD = (
    "| promise | tried by | times | broken | control, and how often it broke | last tried |",
    "|---|---|---:|---:|---|---|",
)
NOT_YET = "not at full length yet"

Rows = Mapping[str, tuple[str, ...]]
"""By promise, in its own words: its lines of the table."""

_LONG = re.compile(r"At full length, (.+)\.")
_FOUND = re.compile(r"  [✓✗] (.+): ([\d,]+) times, ([\d,]+) broken; (.+): ([\d,]+) broken \(\d+ s\)")
_CANNOT = re.compile(r"  - (.+?): cannot be tried here: (.+) \(\d+ s\)")


def here_and_now() -> str:
    """When and on what something is tried: the last column."""
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, Python {platform.python_version()}, {_system()}"


def rows(promise: str, found: Iterable[Finding | Cannot], tried: str) -> tuple[str, ...]:
    """The lines of `promise`, whose trial was at full length and came to `found`."""
    lines = []
    for each in found:
        if isinstance(each, Cannot):
            cells = (each.tried, "-", "-", f"could not be tried there: {each.why}")
        else:
            cells = (each.tried, f"{each.times:,}", f"{each.broken:,}", f"{each.without}: {each.bites:,}")
        lines.append(_line("" if lines else promise, *cells, tried))
    return tuple(lines)


def put(page: Path, news: Rows) -> None:
    """Put lines into the table of `page`; those of other promises stay as they are."""
    before, _, rest = page.read_text().partition(BEGIN)
    within, _, after = rest.partition(END)
    kept = _kept(within) | dict(news)
    table = [*HEAD]
    for promise in PROMISES.values():
        table += kept.get(promise) or [_line(promise, NOT_YET, "-", "-", "-", "-")]
    page.write_text(f"{before}{BEGIN}\n\n" + "\n".join(table) + f"\n\n{END}{after}")


def heard(printed: str) -> dict[str, tuple[str, ...]]:
    """The lines for what `python -m tests.prove` printed, wherever that was. ValueError when that was no long trial."""
    tried = _LONG.search(printed)
    if tried is None:
        raise ValueError("It does not say 'At full length, DATE, WHERE.': only such a trial's figures are written.")
    found: dict[str, list[Finding | Cannot]] = {}
    promise = ""
    for line in printed.splitlines():
        if line in PROMISES.values():
            promise = line
        elif each := _finding(line):
            found.setdefault(promise, []).append(each)
    return {promise: rows(promise, each, tried[1]) for promise, each in found.items()}


def _finding(line: str) -> Finding | Cannot | None:
    if said := _FOUND.fullmatch(line):
        tried, times, broken, without, bites = said.groups()
        return Finding(tried, _number(times), _number(broken), without, _number(bites))
    said = _CANNOT.fullmatch(line)
    return Cannot(*said.groups()) if said else None


def _kept(table: str) -> dict[str, tuple[str, ...]]:
    """The lines that are there, by promise: a line without one belongs to the promise above it."""
    kept: dict[str, tuple[str, ...]] = {}
    promise = ""
    for line in _lines(table):
        promise = line[1:].partition(" | ")[0].strip() or promise
        if NOT_YET not in line:
            kept[promise] = (*kept.get(promise, ()), line)
    return kept


def _lines(table: str) -> Iterator[str]:
    return (line for line in table.splitlines() if line.startswith("|") and line not in HEAD)


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def _system() -> str:
    return f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
