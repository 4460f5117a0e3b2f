"""The real program on a pseudo-terminal: what it costs, how it ends, and that no text reaches the terminal raw."""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(Path(__file__).with_name("on_a_terminal.py"))]
KNOWN = re.compile(
    rb"\x1b\[[\d;]*[mHJK]"  # colours, the cursor, clearing
    rb"|\x1b\[\?(?:25|7|1049|2004|2026|1000|1002|1003|1004|1006|1015|1016|2048)[hl]"  # modes that Textual sets
    rb"|\x1b\[\?\d+\$p|\x1b\[[<>=?]?\d*u|\x1b\[>\d*[mq]|\x1b\[c"  # what it asks, and the keyboard protocol
    rb"|\x1b\[\d*;?\d*;?\d*t"  # the size of the window
    rb"|\x1b\]22;default\x07"  # the pointer's shape: a constant of Textual's
)
CONTROLS = re.compile(
    rb"[\x00-\x06\x07\x0b\x0c\x0e-\x1a\x1b\x1c-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)

ESC = "\x1b"
OPENED_AND_LEFT = ("n", " ", ESC, "w", ESC, "x", ESC, "a", ESC, "h", ESC, "E", ESC, "q", ESC)


def test_the_first_screen_is_small_and_an_idle_one_costs_next_to_nothing() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("captain ada")
        terminal.until("leave")
        assert terminal.quiet(0.4) <= 10_000
        mark = terminal.mark
        terminal.until_gone("never", 0.1)
        terminal.until("10:02:46", 15)
        assert terminal.mark - mark <= 6_000


def test_a_cursor_key_costs_two_rows() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("leave")
        terminal.quiet(0.5)
        costs = []
        for key in ("j", "j", "j", "k", "k", "j", "k", "k", "k", "j"):
            mark = terminal.mark
            terminal.press(key)
            terminal.quiet(0.06)
            costs.append(terminal.mark - mark)
        assert statistics.median(costs) <= 300, costs


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_and_gives_the_terminal_back(number: signal.Signals, status: int) -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("leave")
        terminal.quiet(0.3)
        mark = terminal.mark
        terminal.process.send_signal(number)
        assert terminal.wait(5) == status
        after = terminal.bytes_since(mark)
        assert b"\x1b[?1049l" in after
        assert b"\x1b[?25h" in after


def test_an_error_of_ours_ends_it_with_one_line_and_shows_no_secret() -> None:
    with Terminal([*PROGRAM, "breaks"]) as terminal:
        terminal.until("leave")
        mark = terminal.mark
        assert terminal.wait(8) == 70
        written = terminal.bytes_since(mark)
    assert b"\x1b[?1049l" in written
    assert b"The screen stopped: RuntimeError at on_a_terminal.py:" in written
    assert b"hunter2" not in written
    assert b"Traceback" not in written


def test_a_terminal_that_stopped_reading_does_not_keep_it() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("leave")
        terminal.stop_reading()
        for _ in range(60):
            terminal.press("t", "q")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait(8) == 143


def test_resizing_keeps_what_matters_in_sight() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("leave")
        terminal.resize(120, 36)
        terminal.until("watches ──")
        terminal.resize(20, 5)
        terminal.until("This is 20 x 5.")
        terminal.resize(80, 24)
        terminal.until("captain ada")


def test_no_text_reaches_the_terminal_raw_on_any_board() -> None:
    with Terminal([*PROGRAM, "hostile"], columns=120, rows=36) as terminal:
        terminal.until("NOT GOOD")
        for keys in (
            "n",
            "d",
            ESC,
            "z",
            "z",
            "f",
            "d",
            ESC,
            "t",
            ESC,
            "c",
            ESC,
            "v",
            "\r",
            ESC,
            ESC,
            "?",
            ESC,
            *OPENED_AND_LEFT,
        ):
            terminal.send(keys)
            terminal.quiet(0.25)
        terminal.press("q")
        terminal.until("stay")
        terminal.press("enter")
        assert terminal.wait(5) == 0
        written = terminal.bytes_since()
    assert b"[red]not red[/red]" in written
    left = KNOWN.sub(b"", written)
    assert not CONTROLS.findall(left.replace(b"\r", b"").replace(b"\n", b"")), CONTROLS.findall(left)[:5]


def test_sixteen_colours_are_enough_and_none_is_enough() -> None:
    for settings in ({"TERM": "xterm"}, {"NO_COLOR": "1"}):
        with Terminal(PROGRAM, env=settings) as terminal:
            terminal.until("leave")
            terminal.quiet(0.3)
            written = terminal.bytes_since()
        assert b"38;2;" not in written
        assert b"38;5;" not in written
        if "NO_COLOR" in settings:
            assert not re.search(rb"\x1b\[(?:\d+;)*3[0-7][;m]", written)
            assert terminal.style(" LIVE ").reverse


def test_the_environment_presses_no_keys_and_loads_no_code() -> None:
    program = (
        "import os, cockpit.screens.app, textual.constants as c\n"
        "print([c.PRESS, c.DRIVER, c.TEXTUAL_ANIMATIONS, c.MAX_FPS, 'TEXTUAL' in os.environ])"
    )
    hostile = {"TEXTUAL_PRESS": "h", "TEXTUAL_DRIVER": "evil:Driver", "TEXTUAL": "devtools", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **hostile}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['', None, 'none', 15, False]"


def test_what_comes_in_one_go_over_a_slow_line_stands_in_the_blanks_it_was_typed_for() -> None:
    with Terminal(PROGRAM) as terminal:
        terminal.until("leave")
        terminal.press("n", " ")
        terminal.until("record, next item")
        terminal.quiet(0.3)
        terminal.send("seen at noon\tasked her twice")
        terminal.until("asked her twice")
        lines = [line.split() for line in terminal.text()]
        assert ["note", "asked", "her", "twice"] in lines, terminal.text()
        assert any(words[-3:] == ["seen", "at", "noon"] for words in lines)
