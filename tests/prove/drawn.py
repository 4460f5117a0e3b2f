"""What programs write to a terminal, byte by byte, and what of it does not belong there."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cockpit
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

CLIPBOARD = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
COPIED = b"a copy of what is safe"
"""What a key puts into the terminal's clipboard, when whoever presses it asks for that."""

CRASHED = (b"Traceback", b"The screen stopped", b"something unexpected")

LIMIT = 0.1
"""Seconds of the processor that a frame may take: see `on_a_screen.py` for what is counted."""

NEXT = "=== that was command {} ==="
"""What `one_after_another.py` prints between two commands."""

SHOWN_WITHIN = 20.0
"""Seconds that a loaded machine may take to show what an engine sends."""

DRAWN_WITHIN = 120.0
"""Seconds for a frame of whole megabytes."""

_STAYS = "jkGzf"
"""Keys that open nothing that has to be left again."""


@dataclass(frozen=True)
class Drawn:
    """What was written while a screen was looked at."""

    written: bytes
    after: tuple[bytes, ...]
    """The part of it that came after each key."""
    frames: int
    slow: int
    """Frames that took more than LIMIT."""
    longest: float
    """Seconds of the processor that the longest frame took."""


def on_screen(
    what: str, keys: Sequence[str], work: Path, more: Mapping[str, str] | None = None, *, shows: bytes = b""
) -> Drawn:
    """Look at a story (see `on_a_screen.py`), press keys, some of them together, and leave.

    Where each of the keys `shows` something, that is waited for, if not for ever.
    """
    noted = work / "frames"
    noted.unlink(missing_ok=True)
    environment = {"PYTHONPATH": str(ROOT), **(more or {})}
    program = [sys.executable, "-m", "tests.prove.on_a_screen", what, noted]
    marks = []
    with Terminal(program, columns=120, rows=36, env=environment, cwd=ROOT) as terminal:
        with contextlib.suppress(Exception):  # in the control, what draws the terminal here may stumble
            terminal.until("leave", 20)
        for key in keys:
            if terminal.process.poll() is not None:
                break
            marks.append(terminal.mark)
            terminal.send(key)
            ends = terminal.now + SHOWN_WITHIN
            while shows not in without_sequences(terminal.bytes_since(marks[-1])) and terminal.now < ends:
                time.sleep(0.05)
            with contextlib.suppress(NotShown):
                terminal.quiet(0.08, 3)
            if key not in _STAYS:
                terminal.send("\x1b")
                with contextlib.suppress(NotShown):
                    terminal.quiet(0.08, 3)
        with contextlib.suppress(Exception):  # it has ended
            for key in ("\x1b", "\x1b", "\x1b", "q", "\r"):
                terminal.send(key)
                terminal.quiet(0.15, 3)
            terminal.wait(10)
        written = terminal.bytes_since()
    frames, slow, longest = json.loads(noted.read_text()) if noted.exists() else (0, 0, 0.0)
    after = tuple(written[begin:end] for begin, end in zip(marks, [*marks[1:], None], strict=True))
    return Drawn(written, after, frames, slow, longest)


def slow_frames(what: str, work: Path, more: Mapping[str, str]) -> int:
    """How many frames of a story were slow by the time that one was, or that all was drawn."""
    noted = work / "frames"
    noted.unlink(missing_ok=True)
    program = [sys.executable, "-m", "tests.prove.on_a_screen", what, noted]
    with Terminal(program, columns=120, rows=36, env={"PYTHONPATH": str(ROOT), **more}, cwd=ROOT) as terminal:
        while terminal.now < DRAWN_WITHIN and terminal.process.poll() is None:
            with contextlib.suppress(OSError, ValueError):  # it is just being written
                if slow := int(json.loads(noted.read_text())[1]):
                    return slow
            time.sleep(0.1)
    return 0


def on_terminal(
    commands: Iterable[Sequence[str]], work: Path, more: Mapping[str, str] | None = None, *, apart: bool
) -> Iterator[tuple[str, bytes]]:
    """What each command of Cockpit prints: in a process of its own or, for the sake of time, all in one."""
    all_ = [list(command) for command in commands]
    if apart:
        for command in all_:
            yield " ".join(command), _ran(["-m", "cockpit", *command], more)
        return
    asked = work / "commands.json"
    asked.write_text(json.dumps(all_))
    left = _ran(["-m", "tests.prove.one_after_another", str(asked)], more)
    for number, command in enumerate(all_):
        said, _, left = left.partition(NEXT.format(number).encode())
        yield " ".join(command), said


def _ran(arguments: Sequence[str], more: Mapping[str, str] | None) -> bytes:
    environment = {"PYTHONPATH": str(ROOT), **(more or {})}
    with Terminal([sys.executable, *arguments], columns=120, rows=36, env=environment) as terminal:
        terminal.wait(240)
        return terminal.bytes_since()


def wrong_with(written: bytes, known: bytes) -> list[str]:
    """What stands in `written` that text of letters would not have brought there, as in `known`."""
    allowed = {AT_THE_END, COPIED, *(_shape(found) for found in SEQUENCE.findall(known))}
    wrong = {_shape(found) for found in SEQUENCE.findall(written)} - allowed
    rest = SEQUENCE.sub(b"", written).decode("utf-8", "replace").replace("\r", "").replace("\ufffd", "")
    controls = set(CONTROL.findall(rest))
    crashed = [word.decode() for word in CRASHED if word in written]
    return [f"the sequence {each!r}" for each in sorted(wrong)] + [f"{each!r}" for each in sorted(controls)] + crashed


def without_sequences(written: bytes) -> bytes:
    """What is left for people to read."""
    return SEQUENCE.sub(b"", written)


def unguarded(code: str, folder: Path) -> dict[str, str]:
    """The environment in which Python programs carry out `code` first; it is kept in `folder`, which is made."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def _shape(sequence: bytes) -> bytes:
    """A sequence with its numbers left out."""
    if sequence.startswith(b"\x1b[") and sequence.endswith(b"m"):
        return b"a colour"
    if (copied := CLIPBOARD.fullmatch(sequence)) and _is_clean(copied[1]):
        return COPIED
    return re.sub(rb"\d+", b"N", sequence)


def _is_clean(copied: bytes) -> bool:
    """Whether what is handed to the clipboard was made safe, and is not what a hostile text would put there."""
    text = base64.b64decode(copied).decode("utf-8", "replace")
    return text != "pwned" and not CONTROL.search(text)
