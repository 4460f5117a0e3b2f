"""Following what a program prints that follows on its machine: `journalctl`, and `tail` on a host over SSH."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable
from typing import Any

import msgspec

from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Ended, Program, Routes
from cockpit.logs.intake import Intake
from cockpit.logs.job import Followed
from cockpit.logs.line import Level

AGAIN_AFTER = 2.0
"""Seconds after which what ended is begun again."""

A_DAY = 86400.0
"""Seconds after which a program is begun anew, unseen."""

_SEVERITIES = (Level.CRITICAL,) * 3 + (Level.ERROR, Level.WARNING, Level.NOTICE, Level.INFO, Level.DEBUG)


async def follow_journald(source: Followed, routes: Routes, intake: Intake) -> None:
    """Follow systemd's journal until cancelled; its cursor says where to go on."""
    journal = _Journal(intake)
    spec = source.spec

    def command() -> tuple[str, ...]:
        begin: tuple[str, ...] = (
            (f"--since=@{int(source.since)}", "--no-tail") if source.since else (f"--lines={source.tail}",)
        )
        if journal.cursor:
            begin = (f"--after-cursor={journal.cursor}", "--no-tail")
        unit = (f"--unit={spec['unit']}",) if spec.get("unit") else ()
        identifier = (f"--identifier={spec['identifier']}",) if spec.get("identifier") else ()
        return ("journalctl", "--follow", "--output=json", "--no-pager", "--quiet", *begin, *unit, *identifier)

    await _again_and_again(command, journal.take, source, routes, intake)


class _Journal:
    """Reads what `journalctl --output=json` prints."""

    def __init__(self, intake: Intake) -> None:
        self.cursor = ""
        self._intake = intake
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Take in what comes next; nothing: it has ended."""
        if not data:
            self._rest = b""  # it comes again, whole
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        lines, moments, levels = [], [], []
        for each in whole:
            try:
                entry = msgspec.json.decode(each)
                text, at = _message(entry.get("MESSAGE")), int(entry["__REALTIME_TIMESTAMP"]) / 1e6
                self.cursor = entry["__CURSOR"]
            except (msgspec.DecodeError, KeyError, ValueError, AttributeError, TypeError):
                continue
            priority = str(entry.get("PRIORITY", ""))
            level = _SEVERITIES[int(priority)] if priority in {"0", "1", "2", "3", "4", "5", "6", "7"} else 0
            who = entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM") or ""
            for line in text.split(b"\n"):
                lines.append(f"{who}: ".encode() + line if who else line)
                moments.append(at)
                levels.append(int(level))
        self._intake.lines(lines, moments, levels)


def _message(value: Any) -> bytes:
    """A message; one that is no text is a list of its bytes (`systemd.journal-fields(7)`, JSON)."""
    return bytes(value) if isinstance(value, list) else str("" if value is None else value).encode()


async def follow_far_file(source: Followed, routes: Routes, intake: Intake) -> None:
    """Follow a file on a host until cancelled; where we are in it is known, so that nothing comes twice."""
    tail = _Tail(source.spec["path"], source.tail, intake)
    await _again_and_again(tail.command, tail.take, source, routes, intake)


class _Tail:
    """Reads what `tail -F` prints, after a line of ours that says which file it is and where it begins."""

    def __init__(self, path: str, count: int, intake: Intake) -> None:
        self._path, self._count, self._intake = path, count, intake
        self._file, self._at = "", -1
        self._rest = b""
        self._told = re.compile(
            rb"tail: (?:'" + re.escape(path.encode()) + rb"'|" + re.escape(path.encode()) + rb")(?: has|: file|:| )"
        )

    def command(self) -> str:
        """What to run: it goes on where we are when it is the same file, or from its beginning when it is another."""
        path = shlex.quote(self._path)
        begin = f"-n {self._count}" if self._at < 0 else "-c +1"
        at = max(self._at, 0)
        # What `tail` says of rotations comes between the lines, where they happened.
        return f"""
f={path}; n=$(stat -L -c %d:%i -- "$f" 2>/dev/null); s=$(stat -L -c %s -- "$f" 2>/dev/null || echo 0)
set -- {begin}
if [ "$n" = {shlex.quote(self._file or "none")} ] && [ "$s" -ge {at} ]; then set -- -c +{at + 1}; fi
if [ "$1" = -n ]; then
  # Where the last lines begin: so many bytes before the end.
  set -- -c +$((s - $(tail "$1" "$2" -- "$f" 2>/dev/null | head -c "$s" | wc -c) + 1))
fi
echo "cockpit $n $2"; exec tail "$@" -F -- "$f" 2>&1
"""

    def take(self, data: bytes) -> None:
        """Take in what comes next; nothing: the connection has ended."""
        if not data:
            self._rest = b""  # it is not counted yet, and comes again
            return
        *whole, self._rest = (self._rest + data).split(b"\n")
        kept: list[bytes] = []
        for line in whole:
            if line.startswith(b"cockpit ") and self._begins(line):
                continue
            if line.startswith(b"tail: ") and self._told.match(line):
                self._intake.lines(kept)
                kept = []
                self._said(line)
                continue
            self._at += len(line) + 1
            kept.append(line)
        self._intake.lines(kept)

    def _begins(self, line: bytes) -> bool:
        words = line.decode("utf-8", "replace").split(" ")
        if len(words) != 3 or not words[2].startswith("+"):
            return False
        if self._file and words[1] and words[1] != self._file:
            self._intake.notice(f"{self._path} was rotated meanwhile: following the new file from its beginning")
        elif self._at > 0 and words[2] == "+1":
            self._intake.notice(f"{self._path} was truncated meanwhile: following it from its beginning")
        self._file, self._at = words[1], int(words[2][1:]) - 1
        return True

    def _said(self, line: bytes) -> None:
        """What `tail` says of its file: another one, or a shorter one, is read from its beginning."""
        if b"truncated" in line:
            self._at = 0
        elif b"replaced" in line or b"appeared" in line or b"following" in line:
            self._file, self._at = "", 0
        self._intake.notice(line.decode("utf-8", "replace").removeprefix("tail: "))


async def _again_and_again(
    command: Callable[[], str | tuple[str, ...]],
    take: Callable[[bytes], None],
    source: Followed,
    routes: Routes,
    intake: Intake,
) -> None:
    said = ""
    while True:
        heard = False

        def sink(data: bytes) -> None:
            nonlocal heard, said
            if not heard and said:
                intake.notice("followed again")
                said = ""
            heard = True
            take(data)

        try:
            ended = await routes.to(source.via).run(Program(command(), limit=4096, sink=sink), A_DAY)
            words = "" if ended.timed_out else _why(ended)
        except Unreachable as error:
            words = str(error)
        take(b"")
        if words and words != said:
            said = words
            intake.notice(f"{words}; following it again as soon as that is possible")
        await asyncio.sleep(AGAIN_AFTER)


def _why(ended: Ended) -> str:
    said = ended.errors.decode("utf-8", "replace").strip().splitlines()
    how = f"signal {ended.signal}" if ended.signal else f"status {ended.status}"
    return f"what followed it ended ({how})" + (f": {said[-1]}" if said else "")
