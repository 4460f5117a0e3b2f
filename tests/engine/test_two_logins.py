"""A roll call answered from two logins over SSH, by two users: one on a screen, one from a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.journal import event as ev
from cockpit.journal.reader import read
from tests.servers.logins import GROUP, USERS, Logins
from tests.support.engines import kill_engines, the_run

PATIENCE = 60.0
PLAN = """\
cockpit: 1
name: Two of us
positions: {operations: [ck-olu], security: [ck-grace], management: [ada]}
parts: [{id: p, title: P, items: [{id: owner, title: Owner}]}]
golive:
  steps:
    - id: go-no-go
      title: Go or no-go
      gate: {poll: {positions: [operations, security], need: 2, veto: [security]}}
    - {id: announce, title: Announce it, run: {manual: Post it.}}
"""
SLOW = """\
cockpit: 1
name: Slow
commands:
  - {id: restart, title: Restart, run: echo restarting; sleep 60, changes: true}
parts: [{id: p, title: P, items: [{id: owner, title: Owner}]}]
golive:
  steps:
    - {id: migrate, title: Migrate, run: {command: "echo table 1 of 9; sleep 60"}}
"""

pytestmark = pytest.mark.server


@pytest.fixture
def run_id(logins: Logins, tmp_path: Path) -> Iterator[str]:
    """A run that root has opened for the group."""
    checklist = tmp_path / "launch.yaml"
    checklist.write_text(PLAN)
    opened = logins.run("root", "open", str(checklist), "--release", "1.5.0", "--environment", "test", "--group", GROUP)
    assert opened.returncode == 0, opened.stderr
    yield opened.stdout.strip()
    kill_engines(logins.home)


def test_each_position_answers_from_its_own_login_and_nobody_for_another(logins: Logins, run_id: str) -> None:
    assert logins.run("root", "poll", run_id, "go-no-go").returncode == 0
    not_hers = logins.run("ck-grace", "answer", run_id, "--as", "operations", "GO", "--because", "for Olu")
    assert (not_hers.returncode, "ck-grace does not hold the position operations" in not_hers.stderr) == (4, True)
    nobodys = logins.run("root", "answer", run_id, "--as", "security", "GO", "--because", "for Grace")
    assert (nobodys.returncode, "root does not hold the position security" in nobodys.stderr) == (4, True)
    pushed = logins.run("ck-grace", "step", run_id, "go-no-go", "go")
    assert (pushed.returncode, "is captain since" in pushed.stderr) == (4, True)
    with logins.terminal("ck-grace", "attach", run_id, "--as", "security") as terminal:
        terminal.until("security", PATIENCE)
        terminal.until("leave", PATIENCE)
        terminal.press("s")
        terminal.until("GO 0/2", PATIENCE)
        answered = logins.run("ck-olu", "answer", run_id, "--as", "operations", "GO", "--because", "on call is there")
        assert answered.returncode == 0, answered.stderr
        terminal.until("GO 1/2", PATIENCE)  # she sees it come in
        terminal.until("ck-olu", PATIENCE)
        terminal.press("A")
        terminal.until("enter record it", PATIENCE)
        for words in ("GO", "keys rotated"):
            terminal.press("tab")
            terminal.quiet(0.5)
            terminal.send(words)
            terminal.until(f" {words}", PATIENCE)
        terminal.press("enter")
        terminal.until("GO 2/2", PATIENCE)
        roll_call = "\n".join(terminal.text())
    for name, reason in (("ck-olu", "on call is there"), ("ck-grace", "keys rotated")):
        assert name in roll_call
        assert reason in roll_call
    assert logins.run("root", "step", run_id, "go-no-go", "go").returncode == 0
    status = json.loads(logins.run("ck-olu", "status", run_id, "--json").stdout)
    assert status["run"] == run_id
    events = list(read(the_run(logins.home).journal))
    voices = {event.data.position: event.by for event in events if isinstance(event.data, ev.PollAnswered)}
    assert {name: by.uid for name, by in voices.items()} == {
        "operations": USERS["ck-olu"][0],
        "security": USERS["ck-grace"][0],
    }
    opened = next(event.data for event in events if isinstance(event.data, ev.GateOpened))
    assert opened.go == {"operations": "ck-olu", "security": "ck-grace"}


def test_a_member_who_looks_on_sees_what_a_step_and_a_quick_command_print(logins: Logins, tmp_path: Path) -> None:
    checklist = tmp_path / "slow.yaml"
    checklist.write_text(SLOW)
    words = ("open", str(checklist), "--release", "1.5.0", "--environment", "test", "--group", GROUP)
    opened = logins.run("root", *words)
    assert opened.returncode == 0, opened.stderr
    run = opened.stdout.strip()
    try:
        with logins.terminal("root", "command", run, "restart", "--yes") as captain:
            captain.until("restarting", PATIENCE)
            begun = logins.run("root", "step", run, "migrate", "go")
            assert begun.returncode == 0, begun.stderr
            with logins.terminal("ck-grace", "attach", run, "--observe") as terminal:
                terminal.until("leave", PATIENCE)
                terminal.press("s")
                terminal.until("table 1 of 9", PATIENCE)
                terminal.press("!")
                terminal.until("restarting", PATIENCE)
        folder = the_run(logins.home)
        outputs = [*folder.steps.glob("*/output"), *folder.commands.glob("*/output")]
        assert {path.stat().st_mode & 0o777 for path in outputs} == {0o640}
        assert {path.parent.stat().st_mode & 0o777 for path in outputs} == {0o750}
        assert {path.stat().st_gid for path in outputs} == {64100}
    finally:
        kill_engines(logins.home)


def test_who_is_no_member_of_the_group_reaches_nothing(logins: Logins, tmp_path: Path) -> None:
    checklist = tmp_path / "launch.yaml"
    checklist.write_text(PLAN)
    words = ("open", str(checklist), "--release", "1.5.0", "--environment", "test", "--group", "root")
    opened = logins.run("root", *words)
    assert opened.returncode == 0, opened.stderr
    try:
        answered = logins.run(
            "ck-olu", "answer", opened.stdout.strip(), "--as", "operations", "GO", "--because", "let me"
        )
        assert answered.returncode != 0
        assert "belongs to user 0, not to you" in answered.stderr
    finally:
        kill_engines(logins.home)
