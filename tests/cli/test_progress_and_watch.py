"""What is seen while a checklist is measured, once or again and again; and how that ends early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.cli.exits import Exit
from tests.support.terminal import Terminal

pytestmark = pytest.mark.usefixtures("path")

CHECKLIST = """\
cockpit: 1
name: Two
variables:
  base_url: {about: Where it answers.}
  stuck_url: {about: Where nothing answers., default: ""}
parts:
  - id: part
    title: Part
    items:
      - {id: bad, title: Bad, check: {http: {url: "${base_url}/version"}, expect: ["body.version == '2.4.0'"]}}
      - {id: good, title: Good, check: {http: {url: "${base_url}/health"}, expect: ["body.status == 'ok'"]}}
      - {id: stuck, title: Stuck, check: {http: {url: "${stuck_url}/"}, timeout: 50s}}
"""


@pytest.fixture
def command(tmp_path: Path, base_url: str, black_hole: int) -> list[str]:
    """The call that measures one item that fails, one that passes, and one that hangs."""
    path = tmp_path / "two.yaml"
    path.write_text(CHECKLIST.replace(', default: ""', ""))
    stuck = f"stuck_url=http://127.0.0.1:{black_hole}"
    return ["cockpit", "check", str(path), "--var", f"base_url={base_url}", "--var", stuck]


@pytest.fixture
def start(command: list[str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the call with more arguments, its output in pipes."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [*command, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        )
        return started[-1]

    yield begin
    for program in started:
        program.kill()
        program.communicate()


def test_on_a_terminal_what_fails_and_what_is_under_way_stand_there_at_once(command: list[str]) -> None:
    with Terminal(command) as terminal:
        terminal.until("2 of 3 measured, 1 not good; measuring stuck")
        assert any(line.startswith("FAIL     bad  200 in ") for line in terminal.text())
        terminal.press("ctrl+c")
        assert terminal.wait() == Exit.INTERRUPTED
        shown = terminal.text()
        assert any(line.endswith("INTERRUPTED: 1 not measured") for line in shown)
        assert not any("measuring" in line for line in shown), "the progress is gone"
        assert sum("FAIL     bad" in line for line in shown) == 1


def test_progress_moves_nothing_and_takes_few_bytes(command: list[str]) -> None:
    with Terminal(command, columns=40) as terminal:
        terminal.until("2 of 3 measured")
        terminal.quiet(0.5)
        drawn = terminal.bytes_since()
        assert len(drawn) < 1500
        assert b"\x1b[2J" not in drawn, "the screen is never cleared"
        assert b"\x1b[5m" not in drawn, "nothing blinks"
        assert max(map(len, terminal.text())) < 40


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "TERM=dumb"])
def test_colours_and_redrawing_can_be_done_without(command: list[str], setting: dict[str, str]) -> None:
    with Terminal(command, env=setting, term=setting.get("TERM", "xterm-256color")) as terminal:
        terminal.until("FAIL     bad")
        terminal.press("ctrl+c")
        assert terminal.wait() == Exit.INTERRUPTED
        written = terminal.bytes_since()
        assert b"m" not in {sequence[-1:] for sequence in written.split(b"\x1b[")[1:]}
        assert b"31m" not in written
        if "TERM" in setting:
            assert b"\x1b" not in written


def test_a_terminal_shows_results_in_colour_and_in_words(command: list[str]) -> None:
    with Terminal([*command, "good", "bad"]) as terminal:
        terminal.until("1 PASS, 1 FAIL in ")
        assert terminal.style("FAIL     bad").fg == "red"
        assert terminal.style("PASS     good").fg == "green"
        assert terminal.wait() == Exit.NO


def test_without_a_terminal_a_failure_is_a_line_and_an_interruption_keeps_what_there_is(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    program = start("--format", "json")
    assert program.stderr.readline().startswith("FAIL     bad  200 in ")
    time.sleep(0.5)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=20)
    found = json.loads(out)
    assert program.returncode == Exit.INTERRUPTED
    assert found["interrupted"] == 1
    assert [result["item"] for result in found["results"]] == ["bad", "good"]
    assert "Traceback" not in err
    assert "\x1b" not in err


def test_an_interrupted_capture_keeps_nothing(command: list[str], tmp_path: Path) -> None:
    place = tmp_path / "before.json"
    arguments = ["cockpit", "capture", *command[2:], "-o", str(place)]
    program = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stderr.readline().startswith("FAIL     bad")
    program.send_signal(signal.SIGINT)
    out, err = program.communicate(timeout=20)
    assert (program.returncode, out) == (Exit.INTERRUPTED, "")
    assert "nothing was kept" in err
    assert not place.exists()


def test_watching_without_a_terminal_tells_each_change_in_a_line(
    start: Callable[..., subprocess.Popen[str]], answers: dict[str, str]
) -> None:
    program = start("good", "bad", "--watch", "--every", "100ms")
    first = sorted(program.stdout.readline().split()[1:3] for _ in range(2))
    assert first == [["FAIL", "bad"], ["PASS", "good"]]
    answers["/version"] = '{"version": "2.4.0"}'
    changed = program.stdout.readline()
    assert changed.rstrip().endswith("(was FAIL)")
    assert "  PASS     bad  200 in " in changed
    program.send_signal(signal.SIGTERM)
    out, err = program.communicate(timeout=20)
    assert (program.returncode, out) == (Exit.GOOD, ""), "nothing is told but changes; the last state is good"
    assert err == ""


def test_watching_as_json_is_an_object_a_line(
    start: Callable[..., subprocess.Popen[str]], answers: dict[str, str]
) -> None:
    program = start("good", "--watch", "--every", "100ms", "--format", "json")
    assert json.loads(program.stdout.readline())["before"] is None
    answers["/health"] = '{"status": "down"}'
    changed = json.loads(program.stdout.readline())
    assert (changed["item"], changed["before"], changed["result"]) == ("good", "PASS", "FAIL")
    assert changed["findings"][0]["found"] == {"body.status": "down"}
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=20)
    assert program.returncode == Exit.NO


def test_watching_stops_when_nobody_reads_any_more(start: Callable[..., subprocess.Popen[str]]) -> None:
    program = start("good", "bad", "--watch", "--every", "100ms")
    program.stdout.readline()
    program.stdout.readline()
    program.stdout.close()
    program.send_signal(signal.SIGTERM)
    assert "Traceback" not in program.stderr.read()
    program.wait(timeout=20)


def test_watching_only_what_fails_is_silent_on_what_is_good(
    start: Callable[..., subprocess.Popen[str]], answers: dict[str, str]
) -> None:
    program = start("good", "bad", "--watch", "--every", "100ms", "--only", "failed")
    assert "FAIL     bad" in program.stdout.readline()
    answers["/version"] = '{"version": "2.4.0"}'
    assert "PASS     bad" in program.stdout.readline(), "that it is good again is worth a line"
    program.send_signal(signal.SIGTERM)
    assert program.communicate(timeout=20)[0] == ""


def test_on_a_terminal_the_watched_table_is_drawn_in_place_with_changes_marked(
    command: list[str], answers: dict[str, str]
) -> None:
    with Terminal([*command, "--watch", "--every", "200ms"]) as terminal:
        terminal.until("1 PASS, 1 FAIL, 1 not measured yet; Ctrl-C ends")
        assert any(line.startswith("FAIL      bad    since ") for line in terminal.text())
        answers["/version"] = '{"version": "2.4.0"}'
        terminal.until("was FAIL")
        lines = [line for line in terminal.text() if line]
        assert len(lines) == 3, "two items and the counts: nothing scrolls"
        assert lines[0].startswith("PASS    * bad    since ")
        assert lines[1].startswith("PASS      good   since ")
        assert max(map(len, lines)) < 80
        terminal.press("ctrl+c")
        assert terminal.wait() == Exit.UNDONE
        assert terminal.text()[2] == "2 PASS, 1 not measured yet"
        assert b"Traceback" not in terminal.bytes_since()


def test_a_watched_table_that_is_too_long_shows_what_is_not_good(tmp_path: Path, base_url: str) -> None:
    items = "".join(
        f"      - {{id: i{number}, title: I, check: {{http: {{url: '{base_url}/health'}}, expect: [status == {status}]}}}}\n"
        for number, status in enumerate([200] * 30 + [201])
    )
    path = tmp_path / "long.yaml"
    path.write_text(f"cockpit: 1\nname: Long\nparts:\n  - id: part\n    title: Part\n    items:\n{items}")
    with Terminal(["cockpit", "check", path, "--watch"], rows=12) as terminal:
        terminal.until("30 PASS, 1 FAIL; Ctrl-C ends")
        assert [line.split()[:2] for line in terminal.text() if line][:2] == [["FAIL", "i30"], ["30", "more"]]
