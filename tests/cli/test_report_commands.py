"""`cockpit report` and `cockpit compare`, as their users call them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Run
from tests.support.launches import everything, plain_good, write_journal

RECORDED = ROOT / "screenshots" / "demo.jsonl"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "launch.jsonl", everything())


def test_each_format_is_written_of_a_recorded_run(cockpit: Run) -> None:
    for form, begins in (("html", "<!DOCTYPE html>"), ("markdown", "# "), ("json", "{"), ("junit", "<?xml")):
        done = cockpit("report", str(RECORDED), "--format", form)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(begins)
        assert done.stderr == ""


def test_the_status_says_that_it_was_written_and_not_what_the_verdict_is(cockpit: Run, journal: Path) -> None:
    done = cockpit("report", str(journal), "--format", "json")
    assert json.loads(done.stdout)["outcome"]["good"] is False
    assert done.returncode == 0


def test_it_is_written_to_a_file_and_one_that_exists_is_left_alone(cockpit: Run, journal: Path, tmp_path: Path) -> None:
    done = cockpit("report", str(journal), "--output", "launch.html")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "launch.html").read_text().startswith("<!DOCTYPE html>")
    before = journal.read_bytes()
    refused = cockpit("report", str(journal), "--output", str(journal))
    assert refused.returncode == 4
    assert "exists and is left alone" in refused.stderr
    assert journal.read_bytes() == before


def test_a_reader_that_stops_reading_is_noticed(path: str) -> None:
    piped = f"cockpit report {RECORDED} --format json | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", piped], env={**os.environ, "PATH": path}, capture_output=True, check=False)
    assert done.returncode == 141
    assert done.stderr == b""


def test_a_damaged_journal_is_told_up_to_the_damage_and_the_status_is_1(cockpit: Run, journal: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[60] = lines[60].replace(b'"PASS"', b'"FAIL"')
    journal.write_bytes(b"".join(lines))
    done = cockpit("report", str(journal), "--format", "json")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert "only what stands before the damage" in done.stderr
    assert told["proof"]["events"] < 61
    assert "its hash does not match" in told["proof"]["damage"]
    assert told["outcome"]["final"] is False


def test_a_torn_last_line_is_said_to_be_one(cockpit: Run, journal: Path) -> None:
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-40])
    done = cockpit("report", str(journal), "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["proof"]["torn"] > 0


def test_a_run_under_way_is_told_so_far(cockpit: Run, tmp_path: Path) -> None:
    path = write_journal(tmp_path / "begun.jsonl", everything()[:40])
    done = cockpit("report", str(path), "--format", "markdown")
    assert done.returncode == 0
    assert "so far" in done.stdout.splitlines()[2]


def test_a_signature_that_does_not_hold_is_said_not_to(cockpit: Run, journal: Path) -> None:
    (signed,) = json.loads(cockpit("report", str(journal), "--format", "json").stdout)["proof"]["checkpoints"]
    assert signed["problem"] == f"event {signed['seq']} is not the one that was signed"


def test_nothing_but_a_journal_is_taken(cockpit: Run, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("no journal")
    for name in ("other.txt", "missing.jsonl", "no-such-run"):
        done = cockpit("report", name)
        assert done.returncode == 2, done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr


def test_no_secret_of_a_check_is_in_any_report(cockpit: Run, checklist: Path, tmp_path: Path) -> None:
    home = {"COCKPIT_HOME": str(tmp_path / "home"), "BOT_TOKEN": "correct-horse-battery-staple"}
    opened = cockpit("open", "launch.yaml", "--run", "sentinel", "--var", "base_url=http://127.0.0.1:9", **home)
    assert opened.returncode == 0, opened.stderr
    try:
        noted = cockpit("note", "sentinel", "the token is correct-horse-battery-staple", **home)
        assert noted.returncode == 0, noted.stderr
    finally:
        cockpit("close", "sentinel", **home)
    for form in ("html", "markdown", "json", "junit"):
        done = cockpit("report", "sentinel", "--format", form, **home)
        assert done.returncode == 0, done.stderr
        assert "correct-horse" not in done.stdout + done.stderr
        assert form == "junit" or "token is ***" in done.stdout.replace("\\*", "*")


def test_compare_says_by_its_status_whether_two_runs_differ(cockpit: Run, journal: Path, tmp_path: Path) -> None:
    good = write_journal(tmp_path / "good.jsonl", plain_good())
    assert cockpit("compare", str(journal), str(journal)).returncode == 0
    for form in ("table", "markdown", "json", "html"):
        done = cockpit("compare", str(good), str(journal), "--format", form)
        assert done.returncode == 1, done.stderr
        assert done.stdout
    assert cockpit("compare", str(journal), "missing.jsonl").returncode == 2


def test_compare_takes_a_damaged_journal_for_no_answer(cockpit: Run, journal: Path, tmp_path: Path) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_bytes(b"".join([*lines[:50], *lines[51:]]))
    done = cockpit("compare", "cut.jsonl", str(journal))
    assert done.returncode == 1
    assert "only what stands before the damage is compared" in done.stderr
