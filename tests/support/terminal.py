"""A real program on a pseudo-terminal, and what a person would see on it.

    with Terminal([sys.executable, "-m", "cockpit", "open", "demo"]) as terminal:
        terminal.until("Pre-flight")
        mark = terminal.mark
        pressed = terminal.press("down")
        shown = terminal.until("> router")
        print(shown - pressed, len(terminal.bytes_since(mark)))

A thread takes what the program writes as it comes and notes when; the screen is drawn from that when somebody looks.
So a program is never slowed down by its watcher, and the times are those of its output. All times are seconds since
the program was started.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import pyte

KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    **{f"ctrl+{letter}": chr(ord(letter) & 0x1F) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
"""What a terminal sends for a key with a name."""

# The kitty keyboard protocol and queries of modes: pyte would print their last letters.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[(?:[<>=?][\d;]*u|\?[\d;]*\$p|>[\d;]*[mq])")
_UNFINISHED = re.compile(rb"\x1b(?:\[[\d;<>=?$]*)?\Z")


class NotShown(AssertionError):
    """What was waited for did not come; the message holds the screen as it was."""


class Terminal:
    """Runs a program on a pseudo-terminal of its own, as the leader of a session, as a login does."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        columns: int = 80,
        rows: int = 24,
        term: str = "xterm-256color",
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Start `command`. `env` is laid over this process's environment; None takes a variable out."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._unfinished = b""
        self._drawn = 0
        self._drawn_at = 0.0
        self._painted_at: float | None = None

        self._written = bytearray()
        self._chunks: list[tuple[float, bytes]] = []
        self._arrived = threading.Condition()

        self._terminal, programs_end = pty.openpty()
        self._set_size(columns, rows)
        self._wake, self._waker = os.pipe()
        self._reading = True
        self._started = time.monotonic()
        try:
            # setsid makes it the controlling terminal, so that hanging up and resizing reach the program.
            self.process = subprocess.Popen(
                ["setsid", "--ctty", *command],
                stdin=programs_end,
                stdout=programs_end,
                stderr=programs_end,
                env=_environment({"TERM": term, "COLORTERM": None, "NO_COLOR": None, **(env or {})}),
                cwd=cwd,
            )
        finally:
            os.close(programs_end)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is on the screen.

    def text(self) -> list[str]:
        """The lines of the screen, without the blanks at their ends."""
        while self._draw_next():
            pass
        return self._lines()

    def until(self, text: str, timeout: float = 10.0) -> float:
        """Wait until a line of the screen shows `text`; return when it came. Raises NotShown."""
        return self._until(lambda lines: any(text in line for line in lines), repr(text), timeout)

    def until_gone(self, text: str, timeout: float = 10.0) -> float:
        """Wait until no line of the screen shows `text`; return when it went. Raises NotShown."""
        return self._until(lambda lines: not any(text in line for line in lines), f"no {text!r}", timeout)

    def style(self, text: str) -> Any:
        """What the first character of `text` looks like on the screen: `fg`, `bg`, `bold`, `reverse`, ..."""
        for row, line in enumerate(self.text()):
            if text in line:
                return self._screen.buffer[row][line.index(text)]
        raise NotShown(self._report(repr(text)))

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor, from 0."""
        self.text()
        return self._screen.cursor.y, self._screen.cursor.x

    # What the program wrote, and when.

    @property
    def mark(self) -> int:
        """How many bytes the program has written."""
        with self._arrived:
            return len(self._written)

    def bytes_since(self, mark: int = 0) -> bytes:
        """What the program wrote after `mark`."""
        with self._arrived:
            return bytes(self._written[mark:])

    @property
    def first_output(self) -> float | None:
        """When the first byte came; None while there is none."""
        with self._arrived:
            return self._chunks[0][0] if self._chunks else None

    @property
    def first_paint(self) -> float | None:
        """When the screen first showed anything; None while it is blank."""
        self.text()
        return self._painted_at

    def quiet(self, seconds: float = 0.3, timeout: float = 10.0) -> int:
        """Wait until the program has written nothing for `seconds`; return the mark there. Raises NotShown."""
        until = time.monotonic() + timeout
        with self._arrived:
            while self._arrived.wait(seconds):
                if time.monotonic() > until:
                    raise NotShown(f"the program was never quiet for {seconds} s")
        return self.mark

    # What a person does.

    def send(self, text: str | bytes) -> float:
        """Type `text` as it is; return when."""
        data = text.encode() if isinstance(text, str) else text
        sent = self.now
        while data:
            data = data[os.write(self._terminal, data) :]
        return sent

    def press(self, *keys: str) -> float:
        """Press keys: a name of `KEYS`, or the character itself; return when the last was pressed."""
        sent = self.now
        for key in keys:
            sent = self.send(KEYS.get(key, key))
        return sent

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window; the program is told by SIGWINCH."""
        self.text()
        self._screen.resize(rows, columns)
        self._set_size(columns, rows)

    def stop_reading(self) -> None:
        """Take nothing more from the program, as a terminal does that hangs."""
        self._set_reading(False)

    def go_on_reading(self) -> None:
        """Take what the program writes again."""
        self._set_reading(True)

    def hangup(self) -> None:
        """Close the terminal, as a lost connection does: the program gets SIGHUP."""
        if self._reader.is_alive():
            os.write(self._waker, b"h")
            self._reader.join()

    def kill(self) -> None:
        """End the program by SIGKILL."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End the program and its process group, and free the terminal."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.kill()
        self.hangup()
        for descriptor in (self._wake, self._waker):
            with suppress(OSError):
                os.close(descriptor)
        self._wake = self._waker = -1

    # How the program fares.

    @property
    def now(self) -> float:
        """Seconds since the program was started."""
        return time.monotonic() - self._started

    @property
    def cpu(self) -> float:
        """Seconds of processor time that the program has used, without its children. Raises OSError after its end."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def scheduled(self) -> tuple[float, float]:
        """Seconds for which its threads have run, and for which they were ready and waited for a processor.

        Raises OSError after its end. Source: the kernel's documentation of sched-stats.
        """
        threads = [each.read_text().split() for each in Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")]
        return sum(int(ran) for ran, _, _ in threads) / 1e9, sum(int(waited) for _, waited, _ in threads) / 1e9

    @property
    def memory(self) -> int:
        """Bytes of memory that the program has in use. Raises OSError after its end."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def wait(self, timeout: float = 30.0) -> int:
        """Wait for the program's end; return its status, negative for a signal. Raises subprocess.TimeoutExpired.

        What it wrote last is taken by then, unless the terminal is not read or another process still holds it.
        """
        status = self.process.wait(timeout)
        self._reader.join(1.0 if self._reading else 0.0)
        return status

    def _read(self) -> None:
        """Take what comes until the program has ended or the terminal is hung up."""
        try:
            while True:
                ready, _, _ = select.select([self._wake, *([self._terminal] if self._reading else [])], [], [])
                if self._wake in ready:
                    if os.read(self._wake, 1) == b"h":
                        return
                    continue
                data = os.read(self._terminal, 1 << 16)
                with self._arrived:
                    self._written += data
                    self._chunks.append((self.now, data))
                    self._arrived.notify_all()
        except OSError:
            # The last process on this terminal has closed it.
            return
        finally:
            terminal, self._terminal = self._terminal, -1
            os.close(terminal)

    def _draw_next(self) -> bool:
        """Draw the next piece that came; False when there is none."""
        with self._arrived:
            if self._drawn == len(self._chunks):
                return False
            at, data = self._chunks[self._drawn]
        self._drawn += 1
        self._drawn_at = at
        data = self._unfinished + data
        cut = _UNFINISHED.search(data)
        self._unfinished = data[cut.start() :] if cut else b""
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", data[: cut.start()] if cut else data))
        if self._painted_at is None and any(self._lines()):
            self._painted_at = at
        return True

    def _until(self, holds: Callable[[list[str]], bool], what: str, timeout: float) -> float:
        until = time.monotonic() + timeout
        while not holds(self._lines()):
            if self._draw_next():
                continue
            with self._arrived:
                left = until - time.monotonic()
                if len(self._chunks) == self._drawn and (left <= 0 or not self._reader.is_alive()):
                    raise NotShown(self._report(what))
                # The end of the reader is not notified: look for it now and then.
                self._arrived.wait(min(left, 0.1))
        return self._drawn_at

    def _lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    def _report(self, what: str) -> str:
        status = self.process.poll()
        end = "" if status is None else f"; the program has ended with {status}"
        return f"{what} did not come{end}; the screen shows:\n" + "\n".join(self._lines())

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _set_reading(self, reading: bool) -> None:
        self._reading = reading
        os.write(self._waker, b"r")


def _environment(laid_over: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**os.environ, "LINES": None, "COLUMNS": None, **laid_over}
    return {name: value for name, value in merged.items() if value is not None}
