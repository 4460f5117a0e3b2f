"""`cockpit capture`, and what is compared with what it kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.cli.exits import Exit
from cockpit.journal import baseline, folder
from cockpit.journal.event import BaselineTaken
from cockpit.journal.reader import read
from cockpit.run import difference

Said = tuple[int, str, str]


@pytest.fixture
def call(checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Call a command on the checklist, with its back end; latencies of a busy machine make no difference."""
    monkeypatch.setattr(difference, "JITTER", 30.0)

    def called(command: str, *arguments: str) -> Said:
        status = main([command, str(checklist), "--var", f"base_url={base_url}", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return called


def test_a_baseline_of_everything_is_kept_under_the_name_of_the_checklist(call) -> None:
    status, out, err = call("capture")
    path = baseline.kept("launch-of-the-bot")
    assert (status, out) == (Exit.GOOD, f"{path}\n"), "a failing item is a value like any other"
    assert "captured 2 items, " in err
    taken = baseline.read(path)
    assert (taken.checklist, set(taken.items)) == ("Launch of the bot", {"healthy", "version"})
    assert taken.items["version"].result == "FAIL"
    assert taken.items["version"].found["body.version"] == "2.3.9"
    assert taken.items["version"].named == {"body.version": "2.3.9"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_capture_takes_items_and_sections_and_a_place_as_check_does(call, tmp_path: Path) -> None:
    place = str(tmp_path / "before.json")
    assert call("capture", "healthy", "--output", place)[:2] == (Exit.GOOD, f"{place}\n")
    assert set(baseline.read(Path(place)).items) == {"healthy"}
    assert call("capture", "--section", "health", "--name", "health")[0] == Exit.GOOD
    assert set(baseline.read(baseline.kept("health")).items) == {"healthy", "version"}


def test_a_baseline_is_replaced_by_a_newer_one_and_any_other_file_is_left_alone(call, tmp_path: Path) -> None:
    place = tmp_path / "before.json"
    call("capture", "--output", str(place))
    status, _, err = call("capture", "healthy", "-o", str(place))
    assert status == Exit.GOOD
    assert "is replaced" in err
    place.write_text("precious")
    status, out, err = call("capture", "-o", str(place))
    assert (status, out, place.read_text()) == (Exit.REFUSED, "", "precious")
    assert "it is left alone" in err


def test_what_cannot_be_measured_is_told_and_the_rest_is_kept(checklist: Path, capsys: pytest.CaptureFixture) -> None:
    status = main(["capture", str(checklist), "--var", "base_url=http://127.0.0.1:1"])
    assert status == Exit.UNDONE
    assert "could not be measured: healthy, version" in capsys.readouterr().err
    assert baseline.read(baseline.kept("launch-of-the-bot")).items["version"].result == "BLOCKED"


def test_a_secret_is_not_in_a_baseline(
    checklist: Path, base_url: str, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", "correct-horse-battery")
    answers["/private"] = json.dumps({"echo": "correct-horse-battery", "nested": ["correct-horse-battery"]})
    assert main(["capture", str(checklist), "authorised", "--var", f"base_url={base_url}"]) == Exit.GOOD
    text = baseline.kept("launch-of-the-bot").read_text()
    assert "***token***" in text
    assert "correct-horse" not in text


def test_what_is_as_in_the_baseline_says_nothing(call) -> None:
    call("capture")
    status, out, err = call("check", "--baseline", "launch-of-the-bot")
    assert status == Exit.NO
    assert "differs" not in out
    assert "0 differ from launch-of-the-bot of " in err
    status, out, err = call("check", "--changed-since", "launch-of-the-bot")
    assert (status, out) == (Exit.GOOD, "")
    assert err.splitlines()[-1].startswith("nothing in ")


def test_only_what_differs_is_shown_and_decides(call, answers: dict[str, str]) -> None:
    call("capture")
    answers["/health"] = '{"status": "ok", "since": 3}'
    status, out, _ = call("check", "--changed-since", "launch-of-the-bot")
    assert status == Exit.GOOD, "what fails now failed then"
    assert [line.split()[1] for line in out.splitlines() if not line.startswith(" ")] == ["healthy"]
    assert "         differs   body.since: nothing -> 3" in out.splitlines()
    answers["/version"] = '{"version": "2.3.10"}'
    status, out, _ = call("check", "--changed-since", "launch-of-the-bot")
    assert status == Exit.NO
    assert "differs   body.version: 2.3.9 -> 2.3.10" in out


def test_a_result_that_differs_is_told_in_json(call, answers: dict[str, str]) -> None:
    call("capture")
    answers["/version"] = '{"version": "2.4.0"}'
    status, out, _ = call("check", "--baseline", "launch-of-the-bot", "--format", "json")
    found = json.loads(out)
    assert status == Exit.GOOD
    assert found["baseline"]["name"] == "launch-of-the-bot"
    assert found["baseline"]["same_checklist"] is True
    healthy, version = found["results"]
    assert healthy["differences"] == []
    assert version["differences"][:2] == [
        {"name": "result", "before": "FAIL", "now": "PASS", "percent": None},
        {"name": "body.version", "before": "2.3.9", "now": "2.4.0", "percent": None},
    ]


def test_an_item_that_is_new_differs(call) -> None:
    call("capture", "healthy")
    _, out, _ = call("check", "--changed-since", "launch-of-the-bot")
    assert "differs   it is not in the baseline" in out
    assert "version" in out


def test_a_baseline_of_another_checklist_is_told(call, checklist: Path) -> None:
    call("capture")
    checklist.write_text(checklist.read_text().replace("Who is on call tonight?", "Who is on call?"))
    _, _, err = call("check", "--baseline", "launch-of-the-bot")
    assert "is not of this very checklist" in err


def test_a_run_is_opened_on_a_baseline_and_its_journal_has_it(call, base_url: str) -> None:
    call("capture")
    status, out, _ = call("open", "--release", "2.4.0", "--baseline", "launch-of-the-bot")
    assert status == Exit.GOOD
    run = folder.find(out.strip())
    try:
        events = list(read(run.journal))
        assert [event.kind for event in events[:2]] == ["run.opened", "baseline.taken"]
        data = events[1].data
        assert isinstance(data, BaselineTaken)
        assert data.items["version"].found == {"body.version": "2.3.9"}
        status, _, err = call("open", "--release", "2.4.0", "--baseline", "launch-of-the-bot")
        assert status == Exit.WRONG
        assert "a baseline is given when a run begins" in err
    finally:
        main(["close", run.id])


def test_a_baseline_that_is_not_there_opens_no_run(call) -> None:
    status, out, err = call("open", "--baseline", "nix")
    assert (status, out) == (Exit.WRONG, "")
    assert "there is no baseline 'nix'" in err
    assert folder.runs() == []
