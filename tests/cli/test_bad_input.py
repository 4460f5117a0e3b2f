"""What bad input, a bad terminal and a bad moment get: one clear message, a documented exit status, nothing lost."""

from __future__ import annotations

import os
import pty
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.cli.exits import Exit

Cockpit = Callable[..., subprocess.CompletedProcess[str]]

READS_A_CHECKLIST = (["lint"], ["show"], ["show", "--json"], ["check"], ["explain", "healthy"], ["open"])


def said_once(ended: subprocess.CompletedProcess[str], status: Exit, *words: str) -> None:
    """The process ended with `status` and said `words`; whatever it said, it was no traceback."""
    said = ended.stdout + ended.stderr
    assert ended.returncode == status, said
    assert "Traceback" not in said
    for word in words:
        assert word in said


@pytest.mark.parametrize("command", READS_A_CHECKLIST, ids=" ".join)
def test_wrong_yaml_is_named_by_line_and_column_by_every_command(
    cockpit: Cockpit, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "bad.yaml").write_text("cockpit: 1\nname: [unclosed\nparts: []\n")
    said_once(cockpit(command[0], "bad.yaml", *command[1:]), Exit.WRONG, "bad.yaml:3:")


@pytest.mark.parametrize("command", READS_A_CHECKLIST, ids=" ".join)
def test_a_missing_file_is_named_by_every_command(cockpit: Cockpit, command: list[str]) -> None:
    said_once(cockpit(command[0], "missing.yaml", *command[1:]), Exit.WRONG, "missing.yaml", "no such file")


@pytest.mark.parametrize("command", READS_A_CHECKLIST, ids=" ".join)
@pytest.mark.parametrize("there", [True, False], ids=["there", "missing"])
def test_control_characters_in_the_name_of_a_file_are_shown_and_not_passed_on(
    cockpit: Cockpit, tmp_path: Path, command: list[str], *, there: bool
) -> None:
    name = "\x1b[2J\x9b31m.yaml"
    if there:
        (tmp_path / name).write_text("cockpit: 1\nname: x\n")
    ended = cockpit(command[0], name, *command[1:])
    said_once(ended, Exit.WRONG, "[2J")
    assert not {"\x1b", "\x9b"} & set(ended.stdout + ended.stderr)


def test_a_folder_without_a_checklist_says_so(cockpit: Cockpit, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said_once(cockpit("lint", "empty"), Exit.WRONG, "empty")


def test_a_file_that_is_no_text_says_so(cockpit: Cockpit, tmp_path: Path) -> None:
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\r")
    said_once(cockpit("lint", "picture.yaml"), Exit.WRONG, "picture.yaml")


def test_an_unset_environment_variable_makes_an_item_manual_and_is_named(cockpit: Cockpit, checklist: Path) -> None:
    ended = cockpit("check", checklist.name, "authorised", "--var", "base_url=http://127.0.0.1:1")
    said_once(ended, Exit.UNDONE, "variable token is not set")


@pytest.mark.parametrize(
    "command",
    [["status"], ["attach"], ["replay"], ["journal", "show"], ["journal", "verify"], ["journal", "follow"], ["close"]],
    ids=" ".join,
)
def test_an_unknown_run_is_named_by_every_command(cockpit: Cockpit, command: list[str]) -> None:
    said_once(cockpit(*command, "no-such-run"), Exit.WRONG, "no-such-run")


@pytest.mark.parametrize("home", ["/dev/null/cockpit", "/proc/cockpit"])
def test_a_state_folder_that_cannot_be_written_is_named(cockpit: Cockpit, checklist: Path, home: str) -> None:
    said_once(cockpit("open", checklist.name, COCKPIT_HOME=home), Exit.UNDONE, home)


def test_a_terminal_is_asked_for_where_there_is_none(cockpit: Cockpit, checklist: Path) -> None:
    opened = cockpit("open", checklist.name, "--release", "2.4.0")
    said_once(opened, Exit.GOOD)
    run = opened.stdout.strip()
    try:
        said_once(cockpit("attach", run), Exit.WRONG, "terminal")
    finally:
        cockpit("close", run)


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("command", [["show"], ["explain", "on-call"], ["show", "--json"]], ids=" ".join)
def test_an_encoding_without_a_character_gets_a_plain_one(
    cockpit: Cockpit, checklist: Path, command: list[str]
) -> None:
    ended = cockpit(command[0], checklist.name, *command[1:], **ASCII)
    said_once(ended, Exit.GOOD)
    assert ended.stdout.isascii()
    assert "fruh und spat ..." in ended.stdout or "fr\\u00fch und sp\\u00e4t" in ended.stdout


@pytest.mark.parametrize(("locale", "shown"), [("C", b"fruh und spat ..."), ("C.UTF-8", "früh und spät …".encode())])
def test_a_terminal_is_only_sent_what_its_locale_can_show(
    path: str, checklist: Path, locale: str, shown: bytes
) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PATH": path, "LC_ALL": locale}
    with subprocess.Popen(
        ["cockpit", "show", str(checklist)], env=environment, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        received = b""
        while block := _read(ours):
            received += block
    os.close(ours)
    assert process.returncode == Exit.GOOD
    assert shown in received


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other side has closed
        return b""


def test_a_reader_that_stops_reading_ends_a_command_quietly(path: str, checklist: Path) -> None:
    environment = {**os.environ, "PATH": path}
    ours, theirs = os.pipe()
    with subprocess.Popen(
        ["cockpit", "show", str(checklist)], env=environment, stdout=theirs, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(theirs)
        os.close(ours)
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == Exit.PIPE_CLOSED


def test_output_that_cannot_be_written_is_told(path: str, checklist: Path) -> None:
    environment = {**os.environ, "PATH": path}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            ["cockpit", "show", str(checklist)],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == Exit.UNDONE
    assert ended.stderr == "cockpit: No space left on device\n"


WAITING = """
import sys, time
import cockpit.cli.kinds as kinds
from cockpit.cli import main

def kinds_that_take_long(args):
    print("waiting", flush=True)
    time.sleep(60)

kinds.kinds = kinds_that_take_long
sys.exit(main(["kinds"]))
"""


def test_ctrl_c_ends_a_command_quietly() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
    assert process.returncode == Exit.INTERRUPTED


BREAKING = """
import sys
import cockpit.cli.kinds as kinds
from cockpit.cli import main

def kinds_with_a_mistake(args):
    password = "correct-horse-" + "battery"
    return {}[len(password)]

kinds.kinds = kinds_with_a_mistake
sys.exit(main(["kinds"]))
"""


def break_down(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BREAKING], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_a_mistake_of_ours_is_one_line_and_its_details_are_kept_for_this_user_alone(state_home: Path) -> None:
    ended = break_down()
    log = state_home / "errors.log"
    assert ended.returncode == Exit.UNDONE
    assert ended.stderr == f"cockpit: something unexpected happened (KeyError); the details are in {log}\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    kept = log.read_text()
    assert "kinds_with_a_mistake" in kept
    assert "KeyError" in kept
    assert "correct-horse" not in kept


def test_details_go_elsewhere_when_the_state_folder_cannot_be_written(tmp_path: Path) -> None:
    ended = break_down(COCKPIT_HOME="/dev/null/cockpit", TMPDIR=str(tmp_path))
    (log,) = tmp_path.glob("cockpit-*.log")
    assert str(log) in ended.stderr
    assert "KeyError" in log.read_text()


def test_a_second_mistake_does_not_erase_the_first(state_home: Path) -> None:
    break_down()
    break_down()
    assert (state_home / "errors.log").read_text().count("KeyError") == 2
