"""The bell and the desktop notification of the real program on a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cockpit.cli.say import ask
from cockpit.run import command as cmd
from tests.notify.conftest import begin, telling
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
OSC9 = b"\x1b]9;Test 1.5.0 production: "


@pytest.mark.parametrize(("tmux", "begins"), [(None, OSC9), ("/tmp/t,1,0", b"\x1bPtmux;\x1b" + OSC9)])
def test_the_terminal_tells_of_what_happens_and_not_of_what_happened(
    home: Path, tmux: str | None, begins: bytes
) -> None:
    run = begin(telling())
    ask(run, cmd.Hold("before anybody looked"))
    attach = [sys.executable, "-m", "cockpit", "attach", run.id, "--observe", "--notify", "bell,osc9"]
    with Terminal(attach, env={"TMUX": tmux, "PYTHONPATH": str(ROOT)}) as terminal:
        terminal.until("before anybody looked", 30)
        terminal.quiet(0.5)
        assert OSC9 not in terminal.bytes_since()
        ask(run, cmd.Release("while somebody looks"))
        terminal.until_gone("before anybody looked", 20)
        terminal.quiet(0.5)
        written = terminal.bytes_since()
        assert written.count(OSC9) == 1
        assert b"\a" + begins in written
        assert b"released the hold: while somebody looks." in written
        terminal.send("q")
        terminal.send("q")


def test_nothing_is_written_when_nothing_is_wanted(home: Path) -> None:
    run = begin(telling())
    attach = [sys.executable, "-m", "cockpit", "attach", run.id, "--observe"]
    with Terminal(attach, env={"PYTHONPATH": str(ROOT), "COCKPIT_NOTIFY": None}) as terminal:
        terminal.until("Test", 30)
        ask(run, cmd.Hold("look here"))
        terminal.until("look here", 20)
        terminal.quiet(0.5)
        assert OSC9 not in terminal.bytes_since()
        terminal.send("q")
        terminal.send("q")


def test_line_by_line_it_rings_too_while_nothing_is_typed(home: Path) -> None:
    run = begin(telling())
    attach = [sys.executable, "-m", "cockpit", "attach", run.id, "--observe", "--plain", "--notify", "bell"]
    with Terminal(attach, env={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.until("cockpit>", 30)
        terminal.quiet(0.5)
        mark = terminal.mark
        ask(run, cmd.Hold("look here"))
        ends = terminal.now + 30
        while b"\a" not in terminal.bytes_since(mark) and terminal.now < ends:
            terminal.quiet(0.2)
        assert terminal.bytes_since(mark) == b"\a"
        terminal.send("news\r")
        terminal.until("put the run in hold: look here", 20)
        terminal.send("quit\r")
        assert terminal.wait(20) == 0
