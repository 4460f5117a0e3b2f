"""The terminal that tests run programs on."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.png import ansi_to_png, svg_to_png
from tests.support.terminal import NotShown, Terminal


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_it_shows_what_the_program_printed_and_when():
    with Terminal(
        program("import time; print(end='\\x1b[2J'); time.sleep(.2); print('\\x1b[5;3H\\x1b[1;31mready')")
    ) as terminal:
        shown = terminal.until("ready")
        assert terminal.text()[4] == "  ready"
        assert (terminal.style("ready").fg, terminal.style("ready").bold) == ("red", True)
        assert terminal.first_output <= terminal.first_paint == shown


def test_it_hides_what_the_screen_does_not_know_even_when_it_comes_in_pieces():
    pieces = ["a\\x1b[", ">1", "ub\\x1b[<uc\\x1b[?2026$p\\x1b", "[?1ud\\x1b[>4;1me\\x1b[uf\\x1b[1", "mg\\n"]
    code = f"import sys, time\nfor piece in {pieces}: sys.stdout.write(eval(repr(piece))); sys.stdout.flush(); time.sleep(.05)"
    code = code.replace("\\\\", "\\")
    with Terminal(program(code)) as terminal:
        terminal.wait()
        terminal.until("g")
        assert terminal.text()[0] == "abcdefg"


def test_typed_keys_reach_the_program_and_their_cost_is_counted():
    with Terminal(program("print('go'); print('got', input())")) as terminal:
        terminal.until("go")
        terminal.quiet(0.2)
        mark = terminal.mark
        typed = terminal.press("h", "i", "enter")
        assert terminal.until("got hi") >= typed
        terminal.quiet(0.2)
        assert terminal.bytes_since(mark) == b"hi\r\ngot hi\r\n"


def test_resizing_tells_the_program():
    # Written past the buffer of print, in the middle of which the signal may come.
    code = "import os, signal, time\nsignal.signal(signal.SIGWINCH, lambda *_: os.write(1, str(os.get_terminal_size(0)).encode()))\nprint('go')\nwhile 1: time.sleep(1)"
    with Terminal(program(code)) as terminal:
        terminal.until("go")
        terminal.resize(100, 30)
        terminal.until("columns=100, lines=30")
        assert len(terminal.text()) == 30


def test_a_hang_up_ends_the_program_by_sighup():
    with Terminal(program("import time; print('go'); time.sleep(60)")) as terminal:
        terminal.until("go")
        terminal.hangup()
        assert terminal.wait() == -1


def test_a_program_whose_terminal_is_not_read_gets_stuck_until_it_is():
    code = "import sys\nprint('go')\nfor n in range(4000): print('x' * 70)\nprint('done')"
    with Terminal(program(code)) as terminal:
        terminal.stop_reading()
        with pytest.raises(subprocess.TimeoutExpired):
            terminal.wait(0.7)
        terminal.go_on_reading()
        assert terminal.wait() == 0
        assert len(terminal.bytes_since()) > 4000 * 72


def test_what_does_not_come_is_reported_with_the_screen_and_the_end_of_the_program():
    with Terminal(program("print('something else'); raise SystemExit(3)")) as terminal:
        began = time.monotonic()
        with pytest.raises(NotShown, match=r"(?s)'ready' did not come; the program has ended with 3.*something else"):
            terminal.until("ready")
        assert time.monotonic() - began < 5


def test_processor_time_and_memory_are_those_of_the_program():
    with Terminal(
        program("import time\nwhile time.process_time() < .3: pass\nprint('go')\ntime.sleep(60)")
    ) as terminal:
        terminal.until("go")
        assert 0.25 <= terminal.cpu < 2
        assert 4_000_000 < terminal.memory < 100_000_000


def test_closing_leaves_nothing_behind(tmp_path: Path):
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {str(tmp_path)!r}]); print('go'); input()"
    with Terminal(program(code)) as terminal:
        terminal.until("go")
    until = time.monotonic() + 5
    while any(_reads(line, str(tmp_path)) for line in Path("/proc").glob("[0-9]*/cmdline")):
        assert time.monotonic() < until
        time.sleep(0.05)


def _reads(path: Path, text: str) -> bool:
    try:
        return text.encode() in path.read_bytes()
    except OSError:
        return False


def test_a_captured_screen_becomes_a_picture():
    assert ansi_to_png("\x1b[32mPASS\x1b[0m router │ ✓\n").startswith(b"\x89PNG")
    assert svg_to_png('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>').startswith(b"\x89PNG")
