"""The pane of logs on a pseudo-terminal while two sources print hostile lines as fast as they can."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_on_a_terminal import CONTROLS, KNOWN

from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
VIEWER = [sys.executable, str(Path(__file__).with_name("on_a_terminal.py")), "logs"]


@pytest.fixture
def flooded(tmp_path: Path) -> Iterator[Path]:
    """A spool that is flooded."""
    folder = tmp_path / "logs"
    program = [sys.executable, str(ROOT / "tests" / "support" / "flood.py"), str(folder), "30000", "60"]
    flood = subprocess.Popen(program, stdout=subprocess.DEVNULL)
    yield folder
    flood.kill()
    flood.wait()


def test_keys_echo_in_a_flood_and_no_byte_of_it_reaches_the_terminal_raw(flooded: Path) -> None:
    with Terminal([*VIEWER, str(flooded)]) as terminal:
        terminal.until("captain")
        terminal.press("l")
        terminal.until("skipped", timeout=30)
        mark, began = terminal.mark, terminal.now
        time.sleep(2)
        # What is sent does not grow with what comes; twice the budget, for a machine that may be busy.
        assert (terminal.mark - mark) / (terminal.now - began) < 24_000
        terminal.press("space")
        terminal.until("PAUSED", timeout=10)
        terminal.press("/")
        terminal.until("a regular expression", timeout=10)
        for letters in ("re", "fused|", "timeout"):
            terminal.press(*letters)
        terminal.until("refused|timeout", timeout=10)
        terminal.press("\r")
        terminal.until("NOT GOOD YET", timeout=10)
        for key in ("w", "tab", "u", "end", "z"):
            terminal.press(key)
        terminal.until("z: keys back", timeout=10)
        terminal.press("q")
        terminal.until("leave", timeout=10)
        terminal.press("q")
        terminal.until("enter leave", timeout=10)
        terminal.press("enter")
        assert terminal.wait(10) == 0
        written = terminal.bytes_since(0)
    assert b"pwned" in written
    assert CONTROLS.findall(KNOWN.sub(b"", written).translate(None, b"\r\n")) == []
