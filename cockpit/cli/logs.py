"""`cockpit logs`: logs followed in a plain terminal, or by a script."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import select
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from cockpit.checklist.problem import ChecklistError, suggest
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.logs.buffer import LogBuffer
from cockpit.logs.line import Level, LogLine
from cockpit.logs.pattern import WrongPattern
from cockpit.logs.selection import Selection, Wanted
from cockpit.logs.spool import Batch, SpoolReader

if TYPE_CHECKING:
    from cockpit.checklist.model import Document
    from cockpit.journal.folder import RunFolder
    from cockpit.logs.job import Job

FORMAT = 1
"""Version of the JSON output.

One object a line: `{format, kind, source, number, at, received, level, text, continues}`. `kind` is `line`, `notice`
(what happened to the source) or `mark`; `at` is when it was printed, or null, `received` when it came here, both in
UTC; `level` is one of those of `--level`, or null.
"""

_LOOK_EVERY = 0.1
"""Seconds between two looks at what has come."""

_QUIET = 1.0
"""With --no-follow: seconds without a line after which what was there has come."""

_WAIT_AT_MOST = 15.0
"""With --no-follow: seconds after which sources that do not answer are waited for no longer."""


_ALL = 2**31 - 1
"""Lines before the end from which on a log is looked through: the most that every program that follows takes."""


def logs(args: argparse.Namespace) -> int:
    """Print lines as they come until interrupted, or those that are there."""
    try:
        printing = _Printing(args)
    except WrongPattern as problem:
        raise Ended(Exit.WRONG, str(problem)) from None
    path = Path(args.log)
    if path.is_file() and path.suffix not in (".yaml", ".yml", ".md"):
        asyncio.run(_follow(_of_file(path, args), printing))
    elif run := _run_called(args.log):
        asyncio.run(_of_run(run, args, printing))
    else:
        asyncio.run(_follow(_of_checklist(args), printing))
    return Exit.NO if printing.chooses and not printing.printed and args.no_follow else Exit.GOOD


class _Printing:
    """What is printed of the lines that come."""

    def __init__(self, args: argparse.Namespace) -> None:
        """As the command line says. Raises WrongPattern."""
        wanted = Wanted(
            grep=args.grep,
            without=args.without,
            sources=frozenset(("", *args.sources)) if args.sources else None,
            level=Level[args.level.upper()] if args.level else None,
        )
        self.buffer = LogBuffer()
        self.chooses = bool(args.grep or args.without or args.level or args.since)
        self.follows = not args.no_follow
        self.printed = 0
        """Lines printed, notices not among them."""
        self._selection = Selection(wanted)
        self._since = args.since.timestamp() if args.since else None
        self._recent: dict[str, bool] = {}
        """Whether the last line of each source was since then."""
        self._at = 0
        self._json = args.json
        self._sources: set[str] = set()

    def show(self, lines: Sequence[LogLine], *, all_now: bool = False) -> None:
        """Take lines in, and print what is old enough to be in order."""
        self._sources.update(line.source for line in lines)
        self.buffer.add(lines, float("inf") if all_now else time.time())
        gone = self.buffer.first - self._at
        if gone > 0:
            output.say(f"{gone:,} lines were not printed: more came than could be")
        new = self.buffer.lines(self._at, self.buffer.end)
        self._at = self.buffer.end
        chosen = [line for line in new if self._wants(line)]
        self.printed += sum(line.kind == "line" for line in chosen)
        if chosen:
            sys.stdout.write("".join(map(self._as_json if self._json else self._in_words, chosen)))
            sys.stdout.flush()

    def _wants(self, line: LogLine) -> bool:
        return self._is_recent(line) and self._selection.wants(line)

    def _is_recent(self, line: LogLine) -> bool:
        """Whether it is since the time asked for; one that goes on, as of a stack trace, goes with the line before."""
        if self._since is None:
            return True
        if not (line.continues and line.source in self._recent):
            self._recent[line.source] = line.moment >= self._since
        return self._recent[line.source]

    def _in_words(self, line: LogLine) -> str:
        at = dt.datetime.fromtimestamp(line.moment).astimezone()
        width = max(map(len, self._sources)) if len(self._sources) > 1 else 0
        source = f"{line.source:<{width}}  " if width else ""
        sign = "" if line.kind == "line" else "--- "
        return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}  {source}{sign}{line.text}\n"

    def _as_json(self, line: LogLine) -> str:
        said = {
            "format": FORMAT,
            "kind": line.kind,
            "source": line.source,
            "number": line.number,
            "at": None if line.at is None else _utc(line.at),
            "received": _utc(line.received),
            "level": None if line.level is None else line.level.word,
            "text": line.text,
            "continues": line.continues,
        }
        return msgspec.json.encode(said).decode() + "\n"


class _Lines:
    """A sink that keeps what comes until it is taken."""

    def __init__(self) -> None:
        self._number = 1
        self._came: list[LogLine] = []

    def add(
        self,
        source: str,
        texts: Sequence[str],
        received: float,
        *,
        levels: bytes = b"",
        at: Sequence[float] = (),
        kind: Literal["line", "notice", "mark"] = "line",
    ) -> None:
        from array import array

        nothing = [float("nan")] * len(texts)
        moments = array("d", at or nothing).tobytes()
        batch = Batch(
            self._number, source, received, kind, "\n".join(texts).encode(), levels or bytes(len(texts)), moments
        )
        self._number += len(texts)
        self._came += batch.lines()

    def notice(self, source: str, words: str, received: float) -> None:
        self.add(source, [words], received, kind="notice")

    def take(self) -> list[LogLine]:
        """What has come since."""
        came, self._came = self._came, []
        return came


async def _follow(job: Job, printing: _Printing) -> None:
    """Follow in this process, without a run."""
    from cockpit.logs.following import follow

    came = _Lines()
    following = asyncio.create_task(follow(job, came))

    async def look() -> list[LogLine]:
        return came.take()

    try:
        await _print(look, printing)
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def _print(look: Callable[[], Awaitable[list[LogLine]]], printing: _Printing) -> None:
    loop = asyncio.get_running_loop()
    began = heard = loop.time()
    anything = False
    while True:
        lines = await look()
        printing.show(lines)
        if lines:
            heard, anything = loop.time(), True
        over = loop.time() - heard > _QUIET and (anything or loop.time() - began > _WAIT_AT_MOST)
        if not printing.follows and over:
            printing.show([], all_now=True)
            return
        if not lines and _nobody_reads():
            return
        if len(lines) < 1000:
            await asyncio.sleep(_LOOK_EVERY)
        else:
            await asyncio.sleep(0)


def _nobody_reads() -> bool:
    """Whether what read this program's output is gone, as `head` is after its lines: no line may come to tell."""
    with contextlib.suppress(OSError, ValueError):
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return any(event & select.POLLERR for _, event in poll.poll(0))
    return False


def _of_file(path: Path, args: argparse.Namespace) -> Job:
    from cockpit.logs.job import Followed, Job

    if args.sources:
        raise Ended(Exit.WRONG, f"{path} is a log file: it has no sources to choose from")
    whole = bool(args.no_follow or args.since)
    # Of a file that is not followed all lines are looked at, as `grep` does.
    return Job((Followed(path.name, "file", {"path": str(path.absolute())}, tail=_ALL if whole else 100),))


def _of_checklist(args: argparse.Namespace) -> Job:
    from cockpit.cli.document import load_named
    from cockpit.connect.values import Values
    from cockpit.logs.job import job

    document = load_named(args.log, dict(args.var)).document
    wanted = _sources(document, args.sources)
    values = Values(document.variables, os.environ)
    values.learn()
    told = job(tuple(each for each in document.logs if each.id in wanted), document.hosts, values)
    if args.since:
        since = args.since.timestamp()
        told = msgspec.structs.replace(
            told, sources=tuple(msgspec.structs.replace(each, tail=_ALL, since=since) for each in told.sources)
        )
    return told


def _sources(document: Document, names: Sequence[str]) -> set[str]:
    known = [each.id for each in document.logs]
    if not known:
        raise Ended(Exit.WRONG, f"{document.name} names no logs: write them under `logs`")
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise Ended(Exit.WRONG, f"there is no log {unknown!r} in {document.name}; {suggest(unknown, known)}")
    return set(names or known)


def _run_called(name: str) -> RunFolder | None:
    """The run that is meant; None when a checklist is."""
    from cockpit.checklist.shipped import resolve
    from cockpit.journal.folder import NoSuchRun, RunFolder, find

    path = Path(name)
    if (path / "journal.jsonl").is_file():
        return RunFolder(path)
    try:
        return find(name)
    except NoSuchRun as none:
        try:
            resolve(name)
        except ChecklistError:
            raise none from None
        return None


async def _of_run(run: RunFolder, args: argparse.Namespace, printing: _Printing) -> None:
    """Let the engine of a run follow them, and read its spool."""
    from cockpit.cli.record import opened_document
    from cockpit.engine.client import Client, NotWelcome

    _sources(opened_document(str(run.path)), args.sources)
    reader = SpoolReader(run.logs)
    client: Client | None = None
    try:
        client = await Client.connect(run, "script")
    except NotWelcome as problem:
        raise Ended(Exit.REFUSED, str(problem)) from None
    except OSError:
        output.say(f"run {run.id} has no engine that follows its logs: these are the lines that are kept")
    else:
        client.follow_logs()

    async def look() -> list[LogLine]:
        read = await asyncio.to_thread(reader.read)
        for each in read.skipped:
            printing.buffer.skipped(each.source, each.lines, each.received, each.errors, each.warnings)
        return read.lines

    try:
        if client is None:
            printing.show(await look(), all_now=True)
        else:
            await _print(look, printing)
    finally:
        reader.close()
        if client is not None:
            await client.close()


def _utc(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
