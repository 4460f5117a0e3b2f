"""Hostile text in every field and from every source, on every screen and in all that is printed: it stays text."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from cockpit.journal import chain
from cockpit.journal import event as ev
from tests.prove.drawn import (
    LIMIT,
    Drawn,
    on_screen,
    on_terminal,
    slow_frames,
    unguarded,
    without_sequences,
    wrong_with,
)
from tests.prove.finding import Cannot, Effort, Finding
from tests.prove.hostile_run import hostile_run
from tests.prove.hostile_text import PAYLOADS, POISON, harmless, hostile, payload_lines, story
from tests.servers.web import serving
from tests.support.launches import write_journal

UNGUARDED = "import cockpit.text as t\nt.safe_line = t.safe = lambda text, **_: text if isinstance(text, str) else text.decode('utf-8', 'replace')\n"
UNCUT = f"""{UNGUARDED}
import cockpit.views.cells as cells, cockpit.views.line as line
cells.cut = line.pad = lambda text, *_: text
line.cut_line = lambda pieces, *_: pieces
"""
"""Nor is a text cut to what its place on the screen holds."""

WITHOUT = "without the cleaning"

KEYS = "nwxahEcvts\rz?/fdbgkjGRrlpVSiymo1234567890 \t"
SHORT_KEYS = "nts"

IN_A_RUN = ("s\t", "l", "!1")
"""Keys that show, one after the other, what an action printed, what logs say, what a quick command prints."""

SIGN = b"evil.example"
"""A part of the end of what they all print."""


def prove(effort: Effort, work: Path) -> Iterator[Finding | Cannot]:
    """On the screens, from the record, from the sources, from what a run carries out and follows."""
    without = unguarded(UNGUARDED, work / "unguarded")
    known = on_screen("harmless", KEYS if effort.full else SHORT_KEYS, work)
    drawn: list[Drawn] = []
    yield _screens(effort, work, without, known.written, drawn)
    yield _printed(effort, work, without)
    yield _sources(effort, work, without)
    yield from _in_a_run(effort, work, without, known.written, drawn)
    yield _frames(work, [known, *drawn])


def _screens(effort: Effort, work: Path, without: Mapping[str, str], known: bytes, drawn: list[Drawn]) -> Finding:
    keys = KEYS if effort.full else SHORT_KEYS
    seen = on_screen("hostile", keys, work)
    broken = wrong_with(seen.written, known)
    if b"not red" not in without_sequences(seen.written):
        broken.append("nothing of it was shown")
    heavy = on_screen("heavy", keys[:3], work)
    broken += [f"heavy: {each}" for each in wrong_with(heavy.written, known)]
    drawn += [seen, heavy]
    raw = on_screen("hostile", keys[:2], work, without)
    return Finding(
        f"each text of a checklist and of events of all {len(ev.KINDS)} kinds on every screen", 2 * len(keys),
        len(broken), WITHOUT, len(wrong_with(raw.written, known)), tuple(broken[:6]),
    )  # fmt: skip


def _frames(work: Path, drawn: list[Drawn]) -> Finding:
    """How long the frames of all those screens took, by the measure of `on_a_screen.py`."""
    longest = max(each.longest for each in drawn)
    slow = sum(each.slow for each in drawn)
    uncut = slow_frames("heavy", work, unguarded(UNCUT, work / "uncut"))
    return Finding(
        f"frames of all these screens that take more than {LIMIT * 1000:.0f} ms of the processor, texts of a megabyte"
        f" among them (the longest took {longest * 1000:.0f} ms)",
        sum(each.frames for each in drawn), slow, "without the cutting", uncut,
    )  # fmt: skip


def _in_a_run(
    effort: Effort, work: Path, without: Mapping[str, str], known: bytes, drawn: list[Drawn]
) -> Iterator[Finding | Cannot]:
    """What actions, quick commands and logs print: on this machine, over SSH, in a container."""
    with hostile_run(work, docker=effort.full) as (hostile, missing):
        yield from missing
        run, broken = hostile.run.id, []
        seen = on_screen(run, IN_A_RUN, work, shows=SIGN)
        drawn.append(seen)
        broken += [f"on the screen: {each}" for each in wrong_with(seen.written, known)]
        for keys, after in zip(IN_A_RUN, seen.after, strict=False):
            if SIGN not in without_sequences(after):
                broken.append(f"nothing hostile is shown by {keys!r}")
        asked = [["command", run, each, "--yes"] for each in hostile.commands]
        shows = len(asked) + 1
        asked += [["logs", run, "--no-follow"], ["journal", "show", run], ["status", run]]
        if effort.full:
            asked += [["logs", run, "--no-follow", "--json"], ["report", run, "--format", "html"]]
        for number, (what, said) in enumerate(on_terminal(asked, work, apart=effort.full)):
            broken += [f"{what}: {each}" for each in wrong_with(said, b"")]
            if number < shows and SIGN not in said:
                broken.append(f"{what}: nothing hostile is printed")
        ((_, raw),) = on_terminal(asked[:1], work, without, apart=True)
    yield Finding(
        "hostile output of actions and quick commands, here and over SSH, and logs"
        + (" of files and containers" if effort.full else " of files"),
        len(asked) + len(IN_A_RUN), len(broken), WITHOUT, len(wrong_with(raw, b"")), tuple(broken[:6]),
    )  # fmt: skip


def _printed(effort: Effort, work: Path, without: Mapping[str, str]) -> Finding:
    """What the commands print of a journal in which every text is hostile, byte by byte on a terminal."""
    journals = {}
    for change in (hostile, harmless):
        place = work / f"{change.__name__}.jsonl"
        journals[change] = str(write_journal(place, _within_limits(story(change))))
    commands = [["journal", "show"], ["report", "--format", "html"]]
    if effort.full:
        commands += [["report", "--format", "markdown"]]
        commands += [["journal", "show", "--json"], ["report", "--format", "json"], ["report", "--format", "junit"]]
        commands += [["journal", "verify"], ["replay", "--plain", "--speed", "100000"], ["compare"]]
    asked = [
        [*command, *[journals[change]] * (1 + (command == ["compare"]))]
        for command in commands
        for change in (harmless, hostile)
    ]
    said = list(on_terminal(asked, work, apart=effort.full))
    broken = [
        f"{what}: {each}"
        for (_, known), (what, content) in zip(said[::2], said[1::2], strict=True)
        for each in wrong_with(content, known)
    ]
    ((_, raw),) = on_terminal([[*commands[0], journals[hostile]]], work, without, apart=True)
    bites = len(wrong_with(raw, b""))
    return Finding(
        "a journal in which each text is hostile, printed by every command", len(commands), len(broken),
        WITHOUT, bites, tuple(broken[:6]),
    )  # fmt: skip


def _sources(effort: Effort, work: Path, without: Mapping[str, str]) -> Finding:
    """What checks find: in outputs, answers, headers, files and their names; and what is written in a checklist."""
    said = work / "said"
    said.write_bytes(b"".join(payload_lines()))
    (work / "names").mkdir()
    for number, payload in enumerate(PAYLOADS):
        (work / "names" / f"{number} {payload}".replace("/", "_").replace("\0", "")[:60]).touch()
    broken = []
    formats = ("table", "json", "junit", "tap", "nagios") if effort.full else ("table",)
    letters = work / "letters"
    letters.write_text("letters\n")
    with serving(_hostile_answer) as port:
        plain = work / "harmless.json"
        plain.write_text(_yaml(_checklist(letters, work, 9, hostile_titles=False)))
        asked = [["check", str(plain)]]
        for change in (hostile, None) if effort.full else (hostile,):
            file = work / f"sources-{change is hostile}.json"
            file.write_text(_yaml(_checklist(said, work / "names", port, hostile_titles=change is hostile)))
            asked += [["check", str(file), "--format", kind] for kind in formats]
        wrong = work / "wrong.json"
        wrong.write_text(json.dumps({"cockpit": 1, "name": POISON, POISON: POISON, "parts": [POISON]}))
        asked += [[command, str(wrong)] for command in ("lint", "show")]
        (_, known), *printed = on_terminal(asked, work, apart=effort.full)
        for what, content in printed:
            broken += [f"{what}: {each}" for each in wrong_with(content, known if what.startswith("check") else b"")]
        file.write_text(_yaml(_checklist(said, work / "names", port, hostile_titles=False)))
        ((_, raw),) = on_terminal([["check", str(file)]], work, without, apart=True)
        bites = len(wrong_with(raw, known))
    return Finding(
        "hostile command output, plugins, HTTP answers and headers, files, file names, titles", len(asked) - 1,
        len(broken), WITHOUT, bites, tuple(broken[:6]),
    )  # fmt: skip


def _yaml(content: object) -> str:
    """As YAML, which knows all of JSON but for characters that are written in two halves."""
    halves = r"\\u(d[89ab]..)\\u(d[c-f]..)"
    return re.sub(
        halves, lambda pair: f"\\U{ord(json.loads(chr(34) + pair[0] + chr(34))):08x}", json.dumps(content, indent=1)
    )


def _checklist(said: Path, names: Path, port: int, hostile_titles: bool) -> object:
    cat = f"cat {shlex.quote(str(said))}"
    web = f"http://127.0.0.1:{port}"
    checks: dict[str, object] = {
        "output": {"command": {"run": f"{cat}; {cat} >&2; exit 3"}},
        "lines": {"command": {"run": cat}, "expect": ["output == 'x'", "lines[3] == ''"]},
        "plugin": {"plugin": {"run": f"{cat}; exit 2"}},
        "names": {"command": {"run": f"ls --show-control-chars {names}"}, "expect": ["output == ''"]},
        "body": {"http": {"url": f"{web}/"}, "expect": ["text == ''", "headers['x-bad'] == ''"]},
        "file": {"file": {"path": str(said)}, "expect": ["text == ''"]},
        "speech": {"tcp": {"host": "127.0.0.1", "port": port, "send": "x\n\n", "listen": True}},
        "cache": {"redis": {"url": f"redis://127.0.0.1:{port}/0"}, "expect": ["alive"]},
        "base": {"postgres": {"dsn": f"postgresql://a@127.0.0.1:{port}/x"}, "expect": ["alive"]},
        "socket": {"websocket": {"url": f"ws://127.0.0.1:{port}/"}},
    }
    title = "".join(filter(str.isprintable, POISON)) if hostile_titles else "Title"
    items = [
        {"id": name, "title": title, "note": title, "check": {"timeout": "3s", **check}}  # type: ignore[dict-item]
        for name, check in checks.items()
    ]
    group = {"id": "group", "title": title, "items": items}
    section = {"id": "section", "title": title, "groups": [group]}
    return {"cockpit": 1, "name": title, "parts": [{"id": "part", "title": title, "sections": [section]}]}


async def _hostile_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(2):
            await reader.read(65536)
        bad = POISON.encode().replace(b"\n", b" ").replace(b"\r", b" ").replace(b"\0", b" ")
        writer.write(b"HTTP/1.1 500 %s\r\nX-Bad: %s\r\nConnection: close\r\n\r\n" % (bad[:200], bad))
        for line in payload_lines():
            writer.write(line)
            await writer.drain()
    writer.close()


def _within_limits(events: list[ev.Event]) -> list[ev.Event]:
    """Those that a journal can hold, as it would: numbered anew."""
    longest = chain.LONGEST // 4
    kept = [
        event for event in events if isinstance(event.data, ev.RunOpened) or len(str(ev.plain(event.data))) < longest
    ]
    return [msgspec.structs.replace(event, seq=seq) for seq, event in enumerate(kept)]
