"""`cockpit journal`: showing, proving and following the record."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.cli.exits import Exit
from cockpit.journal.event import HoldStarted, RunClosed
from cockpit.journal.folder import RunFolder
from tests.support.recorded import RUN, begin, closed
from tests.support.runs import ADA


@pytest.fixture
def run() -> RunFolder:
    return closed()


def journal(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["journal", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_show_tells_every_event_in_a_line_for_people(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = journal(capsys, "show", RUN)
    lines = out.splitlines()
    assert status == Exit.GOOD
    assert [line.split()[0] for line in lines] == ["0", "1", "2", "3", "4"]
    assert "database is slow" in lines[1]
    assert "ada" in lines[1]
    assert "Backup-Tested" in lines[3], "items go by their titles"
    assert "\x1b" not in out


def test_show_gives_programs_the_lines_as_they_are(run: RunFolder, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["journal", "show", RUN, "--json"]) == Exit.GOOD
    assert capfdbinary.readouterr().out == run.journal.read_bytes()


@pytest.mark.parametrize("name", [RUN, RUN[:9], "{folder}", "{journal}"])
def test_a_record_is_named_by_run_beginning_folder_or_file(
    run: RunFolder, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = journal(capsys, "verify", name.format(folder=run.path, journal=run.journal))
    assert status == Exit.GOOD
    assert "the chain holds over 5 events" in out


def test_a_journal_copied_elsewhere_is_as_good(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(run.journal.read_bytes())
    status, out, _ = journal(capsys, "verify", str(copy), "--json")
    found = json.loads(out)
    assert status == Exit.GOOD
    assert found["format"] == 1
    assert (found["ok"], found["events"], found["problem"], found["torn"]) == (True, 5, None, None)
    assert found["head"] == json.loads(copy.read_bytes().splitlines()[-1])["h"]
    assert found["bytes"] == copy.stat().st_size


def test_an_edited_journal_is_named_by_its_first_bad_line(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    run.journal.write_bytes(run.journal.read_bytes().replace(b"41 minutes", b"14 minutes"))
    status, out, _ = journal(capsys, "verify", RUN)
    assert status == Exit.NO
    assert "damaged at line 4" in out
    status, out, _ = journal(capsys, "verify", RUN, "--json")
    assert status == Exit.NO
    assert (json.loads(out)["ok"], json.loads(out)["problem"]["line"]) == (False, 4)


def test_show_of_an_edited_journal_shows_what_stands_before_the_damage(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    run.journal.write_bytes(run.journal.read_bytes().replace(b"41 minutes", b"14 minutes"))
    status, out, err = journal(capsys, "show", RUN)
    assert status == Exit.NO
    assert len(out.splitlines()) == 3
    assert "line 4" in err


def test_a_journal_cut_within_a_line_still_holds_and_says_what_does_not_count(
    run: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    os.truncate(run.journal, run.journal.stat().st_size - 10)
    status, out, _ = journal(capsys, "verify", RUN)
    assert status == Exit.GOOD
    assert "the chain holds over 4 events" in out
    assert "unfinished last line" in out


@pytest.mark.parametrize(
    ("command", "content"),
    [
        ("show", b""),
        ("verify", b""),
        *((each, b"hello\n") for each in ("show", "verify", "follow")),
        ("verify", b"{}\n"),
    ],
)
def test_what_is_no_journal_is_a_wrong_file(
    command: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(content)
    status, _, err = journal(capsys, command, str(path))
    assert status == Exit.WRONG
    assert str(path) in err


def test_a_missing_journal_file_is_a_wrong_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = journal(capsys, "verify", str(tmp_path / "journal.jsonl"))
    assert status == Exit.WRONG
    assert "no such file" in err


def test_an_unknown_run_is_told_the_near_ones(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = journal(capsys, "show", "20261201-2130-2.4.1")
    assert status == Exit.WRONG
    assert RUN in err


def test_follow_ends_when_the_run_is_closed(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = journal(capsys, "follow", RUN)
    assert status == Exit.GOOD
    assert len(out.splitlines()) == 5


def test_follow_prints_what_is_recorded_meanwhile(path: str) -> None:
    run, writer = begin()
    with subprocess.Popen(["cockpit", "journal", "follow", RUN, "--json"], stdout=subprocess.PIPE) as following:
        assert following.stdout is not None
        assert json.loads(following.stdout.readline())["kind"] == "run.opened"
        writer.append([(ADA, HoldStarted("wait"))]).result()
        assert json.loads(following.stdout.readline())["data"]["reason"] == "wait"
        writer.append([(ADA, RunClosed("NOT GOOD"))]).result()
        assert following.stdout.read() == run.journal.read_bytes().splitlines(keepends=True)[-1]
    writer.close()
    assert following.returncode == Exit.GOOD
