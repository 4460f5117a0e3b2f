"""Runs from the command line: opened, commanded, told, replayed; the same rules and refusals as on the screen."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.journal import folder
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
CHECKLIST = """
cockpit: 1
name: Small
variables: {release: {about: What goes out.}}
parts:
  - id: part
    title: Part
    items:
      - {id: owner, title: Somebody owns it, confirm: "Who owns ${release}?"}
      - {id: load, title: It is quick, confirm: {ask: How many seconds?, expect: double(value) < 2.0}}
      - {id: mfa, title: MFA (optional), required: false, confirm: Which factor?}
"""

Cockpit = Callable[..., tuple[int, str, str]]


@pytest.fixture
def checklist(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(CHECKLIST)
    return path


@pytest.fixture
def cockpit(capfd: pytest.CaptureFixture[str], state_home: Path) -> Iterator[Cockpit]:
    def call(*argv: str) -> tuple[int, str, str]:
        status = main([str(word) for word in argv])
        said = capfd.readouterr()
        return status, said.out.strip(), said.err.strip()

    yield call
    for run in folder.runs():
        end(run)


def end(run: RunFolder) -> None:
    holder = holder_of(run)
    if holder is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(holder.pid, signal.SIGKILL)


def test_a_run_is_opened_commanded_told_and_closed_without_a_terminal(cockpit: Cockpit, checklist: Path) -> None:
    status, run, said = cockpit("open", checklist, "--release", "2.0", "--environment", "prod")
    assert (status, f"cockpit attach {run}" in said) == (0, True)
    assert cockpit("confirm", run, "owner", "ada", "--note", "asked her", "--link", "https://wiki.example/own")[0] == 0
    assert cockpit("confirm", run, "load", "3.5")[0] == 0
    assert cockpit("rule-out", run, "mfa")[0] == 0
    assert cockpit("hold", run, "--because", "lunch")[0] == 0
    told = json.loads(cockpit("status", run, "--json")[1])
    assert told["items"]["fail"] == 1
    assert told["standing"] == {"owner": "pass", "load": "fail", "mfa": "n/a"}
    assert (told["hold"]["reason"], told["phase"], told["engine"], told["good"]) == ("lunch", "checks", True, False)
    assert cockpit("release", run)[0] == 0
    assert cockpit("take-back", run, "load", "--because", "typo")[0] == 0
    assert cockpit("waive", run, "load", "--because", "as last time", "--until", "2h")[0] == 0
    assert cockpit("note", run, "all on the bridge")[0] == 0
    status, verdict, _ = cockpit("close", run)
    assert (status, verdict) == (0, "GOOD, with 1 waived, 1 not applicable")
    assert cockpit("note", run, "late")[0] == 4
    assert json.loads(cockpit("runs", "--json")[1])["runs"][0]["verdict"] == verdict
    assert cockpit("journal", "verify", run)[0] == 0


def test_opening_the_same_again_goes_on_with_it_and_new_opens_another(cockpit: Cockpit, checklist: Path) -> None:
    first = cockpit("open", checklist, "--release", "2.0")[1]
    status, again, said = cockpit("open", checklist, "--release", "2.0")
    assert (status, again) == (0, first)
    assert "going on with run" in said
    assert cockpit("open", checklist, "--release", "2.0", "--new")[1] != first
    assert cockpit("open", checklist, "--release", "2.1")[1] != first


def test_the_release_is_a_variable_of_the_checklist(cockpit: Cockpit, checklist: Path) -> None:
    run = cockpit("open", checklist, "--release", "2.0")[1]
    assert "Who owns 2.0?" in folder.find(run).journal.read_text()


def test_what_cannot_be_is_refused_with_its_own_exit_status(cockpit: Cockpit, checklist: Path) -> None:
    run = cockpit("open", checklist)[1]
    assert cockpit("confirm", run, "ownr", "ada")[::2] == (
        2,
        f"cockpit: there is no item 'ownr' in {run}: did you mean owner?",
    )
    status, _, said = cockpit("confirm", run, "owner", "checked")
    assert (status, "not just 'checked'" in said) == (4, True)
    assert cockpit("release", run)[0] == 4
    assert cockpit("confirm", "nosuch", "owner", "ada")[0] == 2
    assert cockpit("open", checklist, "--run", "a b")[0] == 2
    assert cockpit("open", checklist, "--new", "--group", "no-such-group")[0] == 2
    assert cockpit("attach", run)[0] == 2
    status, _, said = cockpit("attach", run, "--as", "security")
    assert (status, "nobody holds the position 'security'" in said, "no positions" in said) == (2, True, True)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="signing needs ssh-keygen")
def test_a_signed_checkpoint_is_recorded_proved_by_openssh_and_shows_a_cut(
    cockpit: Cockpit, checklist: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    run = cockpit("open", checklist)[1]
    cockpit("confirm", run, "owner", "ada")
    status, signed, said = cockpit("sign", run, "--key", key)
    assert (status, "keep this elsewhere" in said) == (0, True)
    text, _, signature = signed.partition("-----BEGIN")
    (tmp_path / "sig").write_text(f"-----BEGIN{signature}\n")
    (tmp_path / "allowed").write_text(f"ada {key.with_suffix('.pub').read_text()}")
    verify = ["ssh-keygen", "-Y", "verify", "-n", "cockpit-journal", "-I", "ada", "-s", tmp_path / "sig"]
    proved = subprocess.run(
        [*verify, "-f", tmp_path / "allowed"], input=text, text=True, capture_output=True, check=False
    )
    assert "Good" in proved.stdout
    status, told, _ = cockpit("journal", "verify", run)
    assert (status, "checkpoint at event 2" in told, told.endswith(": holds")) == (0, True, True)
    assert cockpit("sign", run, "--key", tmp_path / "nosuch")[0] == 3

    (tmp_path / "kept.txt").write_text(signed)
    held = ("journal", "verify", "--checkpoint", tmp_path / "kept.txt")
    status, told, _ = cockpit(*held, run)
    assert (status, told.endswith("the checkpoint given, at event 2: holds")) == (0, True)
    cockpit("confirm", run, "owner", "eve")
    whole = folder.find(run).journal.read_bytes()
    assert cockpit(*held, run)[0] == 0
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    status, told, _ = cockpit(*held, cut)
    assert (status, "the journal ends with event 1: its end was cut off" in told) == (1, True)
    (tmp_path / "kept.txt").write_text("no checkpoint")
    assert cockpit(*held, run)[::2] == (
        2,
        f"cockpit: {tmp_path}/kept.txt: it is no checkpoint: one is three lines (cockpit-journal/RUN, event, hash) and a signature",
    )


def test_a_script_takes_command_from_whoever_has_it(cockpit: Cockpit, checklist: Path) -> None:
    run = cockpit("open", checklist)[1]
    assert cockpit("attach", run, "--take-command")[::2] == (4, "cockpit: you are captain already")


def test_a_run_is_told_back_from_its_journal_alone(cockpit: Cockpit, checklist: Path, tmp_path: Path) -> None:
    run = cockpit("open", checklist, "--release", "2.0")[1]
    cockpit("confirm", run, "owner", "ada")
    cockpit("close", run)
    copied = tmp_path / "elsewhere.jsonl"
    copied.write_bytes(folder.find(run).journal.read_bytes())
    status, told, _ = cockpit("replay", copied)
    assert status == 0
    assert 'confirmed "Somebody owns it": ada' in told
    assert 'confirmed "Somebody owns it": ada' not in cockpit("replay", copied, "--at", "1")[1]
    assert cockpit("replay", copied, "--at", "noon")[0] == 2


def test_of_a_damaged_journal_what_stands_before_the_damage_is_played(
    cockpit: Cockpit, checklist: Path, tmp_path: Path
) -> None:
    run = cockpit("open", checklist)[1]
    cockpit("confirm", run, "owner", "ada")
    cockpit("close", run)
    damaged = tmp_path / "damaged.jsonl"
    damaged.write_bytes(folder.find(run).journal.read_bytes().replace(b'"value":"ada"', b'"value":"eve"'))
    status, told, said = cockpit("replay", damaged)
    assert (status, "took the run up" in told, "eve" in told) == (1, True, False)
    assert "damaged at line 3" in said or "line 3" in said
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(damaged.read_bytes()[:100])
    assert cockpit("journal", "verify", cut)[0] == 1
    assert cockpit("replay", cut)[0] in (1, 2)


def test_line_by_line_a_captain_does_all_that_the_screen_does(cockpit: Cockpit, checklist: Path) -> None:
    run = cockpit("open", checklist, "--release", "2.0")[1]
    with plain(run) as terminal:
        terminal.until("cockpit>")
        terminal.press("enter")
        terminal.until("Who owns 2.0?")
        terminal.send("ada\r")
        terminal.until("recorded as event 2")
        terminal.send("hold lunch\r")
        terminal.until("recorded as event 3")
        terminal.send("close\r")
        terminal.until("type `2.0` to close the run")
        terminal.send("2.0\r\r")
        terminal.until("recorded as event 4")
        terminal.send("quit\r")
        assert terminal.wait() == 0
    assert json.loads(cockpit("status", run, "--json")[1])["verdict"] == "NOT GOOD: 1 open, in hold"


def test_the_end_of_the_input_leaves_a_plain_run_and_it_goes_on(cockpit: Cockpit, checklist: Path) -> None:
    run = cockpit("open", checklist)[1]
    with plain(run) as terminal:
        terminal.until("cockpit>")
        terminal.press("ctrl+d")
        assert terminal.wait() == 0
    assert json.loads(cockpit("status", run, "--json")[1])["engine"] is True


def plain(run: str) -> Terminal:
    return Terminal([sys.executable, "-m", "cockpit", "attach", run], term="dumb", env={"PYTHONPATH": str(ROOT)})


def test_a_terminal_without_arguments_offers_the_run_under_way_and_one_key_is_back(
    cockpit: Cockpit, checklist: Path
) -> None:
    run = cockpit("open", checklist, "--release", "2.0")[1]
    with Terminal([sys.executable, "-m", "cockpit"], env={"PYTHONPATH": str(ROOT)}) as terminal:
        terminal.until("Runs under way")
        terminal.press("enter")
        terminal.until("captain")
        terminal.until(run)


def test_the_demo_without_a_terminal_is_carried_out_and_leaves_nothing_running(state_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", "demo"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "GOOD: it went live and came back, as this demo is meant to"
    told = [line.strip().rsplit(" (", 1)[0] for line in done.stdout.splitlines()]
    order = ['"Send users to green" is done', "users are served by 1.5.0", '"Send users to green" is undone']
    order += ['"Make the table for fees" is undone', "users are served by 1.4.2"]
    assert [line for line in told if line in order] == order
    deadline = time.monotonic() + 10
    while subprocess.run(["pgrep", "-f", str(state_home)], capture_output=True, check=False).stdout:
        assert time.monotonic() < deadline, "something of the demo goes on"
        time.sleep(0.1)
