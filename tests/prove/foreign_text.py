"""Hostile text in every field and from every source, on every screen and in all that is printed: it stays text."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

import cockpit
from cockpit.journal import chain
from cockpit.journal import event as ev
from tests.prove.finding import Effort, Finding
from tests.prove.hostile_text import PAYLOADS, POISON, harmless, hostile, payload_lines, story
from tests.servers.web import serving
from tests.support.launches import write_journal
from tests.support.terminal import NotShown, Terminal

ROOT = Path(cockpit.__file__).parents[1]

SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b[\]P_^X].*?(?:\x07|\x1b\\)"  # OSC, DCS, APC, PM, SOS
    rb"|\x1b[ -/]*[0-~]",  # the rest
    re.DOTALL,
)
CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
    r"|\u0301{9}"
)
AT_THE_END = b"\x1b[<u"
"""What ends the keyboard protocol, which a screen that is cut off does not come to say."""

CRASHED = (b"Traceback", b"The screen stopped", b"something unexpected")

UNGUARDED = "import cockpit.text as t\nt.safe_line = t.safe = lambda text, **_: text if isinstance(text, str) else text.decode('utf-8', 'replace')\n"

KEYS = "nwxahEcvts\rz?/fdbgkjGRrlpVSiymo1234567890 \t"
SHORT_KEYS = "nts"


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """On the screens, from the record, from the sources."""
    unguarded = work / "unguarded"
    unguarded.mkdir()
    (unguarded / "sitecustomize.py").write_text(UNGUARDED)
    without = {"PYTHONPATH": f"{unguarded}{os.pathsep}{ROOT}"}
    yield _screens(effort, work, without)
    yield _printed(effort, work, without)
    yield _sources(effort, work, without)


def _screens(effort: Effort, work: Path, without: Mapping[str, str]) -> Finding:
    keys = KEYS if effort.full else SHORT_KEYS
    known, _ = _on_screen("harmless", keys, work)
    written, longest = _on_screen("hostile", keys, work)
    broken = _wrong_with(written, known)
    if b"not red" not in SEQUENCE.sub(b"", written):
        broken.append("nothing of it was shown")
    heavy, longest_heavy = _on_screen("heavy", keys[:2], work)
    broken += [f"heavy: {each}" for each in _wrong_with(heavy, known)]
    raw, _ = _on_screen("hostile", keys[:2], work, without)
    kinds = len(ev.KINDS)
    return Finding(
        f"each text of a checklist and of events of all {kinds} kinds on every screen (longest frame"
        f" {longest * 1000:.0f} ms, with texts of a megabyte {longest_heavy * 1000:.0f} ms)",
        2 * len(keys), len(broken), "without the cleaning", len(_wrong_with(raw, known)), tuple(broken[:6]),
    )  # fmt: skip


def _on_screen(what: str, keys: str, work: Path, more: Mapping[str, str] | None = None) -> tuple[bytes, float]:
    """What was written to the terminal, and how long the longest frame took."""
    noted = work / "longest"
    noted.unlink(missing_ok=True)
    environment = {"PYTHONPATH": str(ROOT), **(more or {})}
    program = [sys.executable, "-m", "tests.prove.on_a_screen", what, noted]
    with Terminal(program, columns=120, rows=36, env=environment, cwd=ROOT) as terminal:
        with contextlib.suppress(Exception):  # in the control, what draws the terminal here may stumble
            terminal.until("leave", 20)
        for key in keys:
            if terminal.process.poll() is not None:
                break
            terminal.send(key)
            with contextlib.suppress(NotShown):
                terminal.quiet(0.08, 3)
            if key not in "jkGzf":
                terminal.send("\x1b")
                with contextlib.suppress(NotShown):
                    terminal.quiet(0.08, 3)
        with contextlib.suppress(Exception):  # it has ended
            for key in ("\x1b", "\x1b", "\x1b", "q", "\r"):
                terminal.send(key)
                terminal.quiet(0.15, 3)
            terminal.wait(10)
        return terminal.bytes_since(), float(noted.read_text()) if noted.exists() else 0.0


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
    broken, bites = [], 0
    for command in commands:
        asked = [[*command, *[journals[change]] * (1 + (command == ["compare"]))] for change in (hostile, harmless)]
        known = _on_terminal(asked[1])
        broken += [f"{' '.join(command)}: {each}" for each in _wrong_with(_on_terminal(asked[0]), known)]
    bites = len(_wrong_with(_on_terminal([*commands[0], journals[hostile]], without), b""))
    return Finding(
        "a journal in which each text is hostile, printed by every command", len(commands), len(broken),
        "without the cleaning", bites, tuple(broken[:6]),
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
        file = work / "harmless.json"
        file.write_text(_yaml(_checklist(letters, work, 9, hostile_titles=False)))
        known = _on_terminal(["check", str(file)])
        for change in (hostile, None) if effort.full else (hostile,):
            file = work / f"sources-{change is hostile}.json"
            file.write_text(_yaml(_checklist(said, work / "names", port, hostile_titles=change is hostile)))
            for kind in formats:
                content = _on_terminal(["check", str(file), "--format", kind])
                broken += [f"check --format {kind}: {each}" for each in _wrong_with(content, known)]
        file.write_text(json.dumps({"cockpit": 1, "name": POISON, POISON: POISON, "parts": [POISON]}))
        for command in ("lint", "show"):
            broken += [f"{command}: {each}" for each in _wrong_with(_on_terminal([command, str(file)]), b"")]
        file.write_text(_yaml(_checklist(said, work / "names", port, hostile_titles=False)))
        bites = len(_wrong_with(_on_terminal(["check", str(file)], without), known))
    return Finding(
        "hostile command output, plugins, HTTP answers and headers, files, file names, titles", 2 * len(formats) + 2,
        len(broken), "without the cleaning", bites, tuple(broken[:6]),
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


def _on_terminal(command: list[str], more: Mapping[str, str] | None = None) -> bytes:
    environment = {"PYTHONPATH": str(ROOT), **(more or {})}
    with Terminal([sys.executable, "-m", "cockpit", *command], columns=120, rows=36, env=environment) as terminal:
        terminal.wait(120)
        return terminal.bytes_since()


def _wrong_with(written: bytes, known: bytes) -> list[str]:
    """What stands in `written` that text of letters would not have brought there."""
    allowed = {AT_THE_END, *(_shape(found) for found in SEQUENCE.findall(known))}
    wrong = {_shape(found) for found in SEQUENCE.findall(written)} - allowed
    rest = SEQUENCE.sub(b"", written).decode("utf-8", "replace").replace("\r", "").replace("\ufffd", "")
    controls = set(CONTROL.findall(rest))
    crashed = [word.decode() for word in CRASHED if word in written]
    return [f"the sequence {each!r}" for each in sorted(wrong)] + [f"{each!r}" for each in sorted(controls)] + crashed


def _shape(sequence: bytes) -> bytes:
    """A sequence with its numbers left out."""
    if sequence.startswith(b"\x1b[") and sequence.endswith(b"m"):
        return b"a colour"
    return re.sub(rb"\d+", b"N", sequence)


def _within_limits(events: list[ev.Event]) -> list[ev.Event]:
    """Those that a journal can hold, as it would: numbered anew."""
    longest = chain.LONGEST // 4
    kept = [
        event for event in events if isinstance(event.data, ev.RunOpened) or len(str(ev.plain(event.data))) < longest
    ]
    return [msgspec.structs.replace(event, seq=seq) for seq, event in enumerate(kept)]
