"""Line by line on a real terminal, with a real engine: every pane that the screen has, from the first item to the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import kill_engines
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
CHECKLIST = """
cockpit: 1
name: A launch
positions: {operations: [], security: []}
contacts:
  - {name: Grace, position: security, phone: "+1 555 0100"}
logs: [{id: api, title: The API, file: FOLDER/api.log}]
commands:
  - {id: say, title: Say hello, run: echo hello there}
  - {id: touch, title: Touch a file, run: touch FOLDER/touched && echo touched it, changes: true}
watch:
  - {id: alive, title: It is alive, check: {command: {run: "true"}, every: 1s}}
parts:
  - id: before
    title: Before
    items:
      - {id: keys, title: Keys are encrypted, confirm: {ask: Which key encrypts them?}}
      - {id: spare, title: A spare is there, confirm: {ask: Which one?}}
      - {id: shell, title: The shell works, check: {command: {run: "true"}}}
golive:
  steps:
    - {id: go-no-go, title: Go or no-go, gate: {poll: {need: 1, positions: [security]}}}
    - {id: switch, title: Switch over, run: {command: echo switched to green}, undo: {run: {command: echo back to blue}}}
"""


@pytest.fixture
def checklist(tmp_path: Path, state_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "api.log").write_text("2026-01-02T10:00:00Z ERROR the broker is gone\n2026-01-02T10:00:01Z INFO back\n")
    path = tmp_path / "launch.yaml"
    path.write_text(CHECKLIST.replace("FOLDER", str(tmp_path)))
    yield path
    kill_engines(state_home)


@pytest.fixture
def talk(checklist: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "cockpit", "open", checklist, "--plain", "--run", "r1", "--release", "1.2"]
    with Terminal(command, columns=120, rows=200) as terminal:
        terminal.until("cockpit>", 60)
        yield terminal


def say(terminal: Terminal, line: str, *wanted: str) -> None:
    """Type a line, and wait for what is to be said after it, in this order."""
    mark = terminal.mark
    terminal.send(f"{line}\r")
    ends = terminal.now + 30
    for each in wanted:
        while each.encode() not in (said := terminal.bytes_since(mark)):
            assert terminal.now < ends, f"after {line!r} no {each!r}: {said.decode(errors='replace')}"
            terminal.quiet(0.05)
        mark += said.index(each.encode()) + len(each)


def until_said(terminal: Terminal, line: str, wanted: str) -> None:
    """Type a line again and again until it is answered so: what runs takes its time."""
    ends = terminal.now + 30
    while True:
        mark = terminal.mark
        say(terminal, line, "cockpit>")
        if wanted.encode() in terminal.bytes_since(mark):
            return
        assert terminal.now < ends, f"{line!r} never says {wanted!r}"


def test_every_pane_is_there_line_by_line(talk: Terminal, tmp_path: Path) -> None:
    say(talk, "list", "Keys are encrypted", "A spare is there")
    say(talk, "list nowhere", "Nothing is found by 'nowhere'.")
    say(talk, "show shell", "The shell works", "pass")
    say(talk, "back keys", "Not now: nothing was said")
    say(talk, "", "2 to confirm", "Which key encrypts them?", "what did you see")
    say(talk, "arn:aws:kms:1", "recorded as event", "confirmed")
    say(talk, "waive spare", "why is it accepted")
    say(talk, "one is enough", "until when")
    say(talk, "", "recorded as event")
    say(talk, "note keys", "note:")
    say(talk, "seen twice", "recorded as event")
    say(talk, "watches", "It is alive")
    say(talk, "contacts nobody", "Nobody is found by 'nobody'.")
    say(talk, "contacts", "Grace", "+1 555 0100")
    say(talk, "call grace", "+1 555 0100", ":")
    say(talk, "she is on her way", "recorded as event")
    say(talk, "commands", "say", "Say hello", "touch", "Touch a file")
    say(talk, "run say", "hello there")
    say(talk, "run touch", "touched it", "type run")
    say(talk, "run", "recorded as event", "touched it")
    assert (tmp_path / "touched").exists()
    say(talk, "logs", "api", "the broker is gone", "back")
    say(talk, "logs error", "the broker is gone")
    say(talk, "mark all good", "recorded as event")
    say(talk, "timeline about:keys", "arn:aws:kms:1")
    say(talk, "timeline nothing-like-it", "Nothing that happened is found by 'nothing-like-it'.")
    say(talk, "planned", "Go or no-go", "Switch over")
    say(talk, "quit")
    assert talk.wait(30) == 0


def test_a_launch_goes_to_its_end_line_by_line_and_what_cannot_be_done_yet_says_why(talk: Terminal) -> None:
    say(talk, "steps", "Go or no-go", "Switch over")
    say(talk, "go switch", "Not now: ")
    say(talk, "answer", "Not now: no roll call is open")
    say(talk, "rollback", "Not now: ")
    say(talk, "help", "Commands", "Not now: ", "answer", "no roll call is open")
    say(talk, "take", "Not now: you are captain.")
    for item in ("keys", "spare"):
        say(talk, f"confirm {item} it is", "note (empty: none)")
        say(talk, "", "evidence")
        say(talk, "", "recorded as event")
    say(talk, "poll", "yes")
    say(talk, "yes", "recorded as event")
    say(talk, "answer", "Asked: security", "position")
    say(talk, "security", ":")
    say(talk, "go", ":")
    say(talk, "all is well", ":")
    say(talk, "ada", "recorded as event")
    say(talk, "step", "Go or no-go")
    say(talk, "go", ":")
    say(talk, "yes", "recorded as event")
    say(talk, "go", "echo switched to green", ":")
    say(talk, "yes", "recorded as event")
    until_said(talk, "output switch", "switched to green")
    say(talk, "wayback", "echo back to blue")
    say(talk, "hold look here", "recorded as event")
    say(talk, "hold", "Not now: ")
    say(talk, "release", "recorded as event")
    say(talk, "close", "type `1.2` to close the run")
    say(talk, "1.2", "remark")
    say(talk, "", "recorded as event")
    say(talk, "note", "Not now: the run was closed")
    say(talk, "quit")
    assert talk.wait(30) == 0
