"""Baselines: kept whole, for their owner alone, and read with care."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import msgspec
import pytest

from cockpit.journal import baseline
from cockpit.journal.baseline import Baseline, ItemBaseline, NoBaseline
from cockpit.journal.chain import LONGEST
from cockpit.journal.event import Remembered
from cockpit.journal.line import canonical

AT = dt.datetime(2026, 11, 24, 7, 0, tzinfo=dt.UTC)


def taken(items: int = 2) -> Baseline:
    found = {"status": 200, "body.version": "2.3.9", "latency": 0.12, "ready": True, "gone": None}
    named = {"status": 200, "headers['server']": "nginx", "latency": 0.12}
    one = ItemBaseline("PASS", "200 in 120 ms", 0.12, found, named, ("latency", "timing.dns", "figure"))
    return Baseline("Launch", "d" * 64, AT, 0.5, "bastion", "0.1.0", {f"item-{number}": one for number in range(items)})


def test_it_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    baseline.write(path, taken())
    assert baseline.read(path) == taken()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["before.json"]


def test_the_file_is_one_line_of_canonical_json_that_says_its_version(tmp_path: Path) -> None:
    baseline.write(tmp_path / "before.json", taken())
    text = (tmp_path / "before.json").read_bytes()
    assert text.count(b"\n") == 1
    assert text.isascii()
    assert json.loads(text)["baseline"] == 1
    assert canonical(json.loads(text)) + b"\n" == text


def test_keys_of_a_later_version_of_the_same_format_are_no_hindrance(tmp_path: Path) -> None:
    data = msgspec.to_builtins(taken()) | {"signed": "by somebody"}
    (tmp_path / "new.json").write_text(json.dumps(data))
    assert baseline.read(tmp_path / "new.json") == taken()


def test_what_is_kept_is_found_by_its_name_or_by_its_path(tmp_path: Path, state_home: Path) -> None:
    path = baseline.kept("launch")
    baseline.write(path, taken())
    assert path == state_home / "baselines" / "launch.json"
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert baseline.names() == ["launch"]
    assert baseline.find("launch") == path
    assert baseline.find(str(path)) == path
    with pytest.raises(NoBaseline, match="no baseline 'lunch'; there is launch: `cockpit capture` takes one"):
        baseline.find("lunch")


def test_a_name_cannot_lead_elsewhere() -> None:
    for name in ("../../etc/passwd", "", ".hidden", "a/b", "x" * 101):
        with pytest.raises(NoBaseline, match="cannot be the name of a baseline"):
            baseline.kept(name)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not a baseline"),
        (b"{}", "it does not say that it is one"),
        (b"[1, 2]", "it does not say that it is one"),
        (b'{"baseline": "1"}', "it does not say that it is one"),
        (b'{"baseline": 1, "items": {}}', "is not a baseline: Object missing required field"),
        (b'{"baseline": 2}', "is of format 2: this Cockpit reads up to 1"),
        (b'{"baseline": 1, "at": "' + b"[" * 100_000, "is not a baseline"),
        (b"[" * 100_000, "is not a baseline"),
    ],
)
def test_what_is_no_baseline_is_said_to_be_none(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(NoBaseline, match=why):
        baseline.read(path)


def test_texts_of_a_file_that_somebody_changed_are_harmless(tmp_path: Path) -> None:
    data = msgspec.to_builtins(taken(1))
    data["host"] = "\x1b[2Jhost"
    data["items"]["item-0"]["found"] = {"a\x1b": "\x07bell"}
    (tmp_path / "x.json").write_text(json.dumps(data))
    read = baseline.read(tmp_path / "x.json")
    assert read.host == "␛[2Jhost"
    assert read.items["item-0"].found == {"a␛": "␇bell"}


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "before.json"
    baseline.write(path, taken(1))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        baseline.write(path, taken(2))
    monkeypatch.undo()
    assert baseline.read(path) == taken(1)
    assert [each.name for each in tmp_path.iterdir()] == ["before.json"]


def test_a_journal_gets_what_it_needs_in_as_many_events_as_lines_can_hold() -> None:
    (event,) = baseline.events(taken(1), "launch")
    assert event.items == {
        "item-0": Remembered(
            "PASS", 0.12, {"status": 200, "headers['server']": "nginx", "latency": 0.12}, ("latency", "figure")
        )
    }
    assert (event.name, event.at, event.host, event.digest, event.more) == ("launch", AT, "bastion", "d" * 64, False)
    many = list(baseline.events(taken(2000), "launch"))
    assert [each.more for each in many] == [False] + [True] * (len(many) - 1)
    assert len(many) > 1
    assert max(len(canonical(each)) for each in many) < LONGEST - 1000
    assert sum(len(each.items) for each in many) == 2000


def test_a_baseline_of_nothing_is_an_event_too() -> None:
    (event,) = baseline.events(taken(0), "launch")
    assert event.items == {}


@pytest.mark.parametrize(
    ("checklist", "name"), [("Launch of the bot", "launch-of-the-bot"), ("Ünï", "n"), ("../..", "checklist")]
)
def test_a_baseline_is_named_after_its_checklist(checklist: str, name: str) -> None:
    assert baseline.name_for(checklist) == name
    baseline.kept(name)
