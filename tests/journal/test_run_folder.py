"""Where runs are kept."""

import datetime as dt
import os
import stat
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.journal import folder
from cockpit.journal.disk import UnsafePath

NOW = dt.datetime(2026, 11, 24, 22, 1, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_cockpit_home_moves_the_state_and_xdg_places_it(tmp_path, monkeypatch):
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "a"))
    assert folder.state_home() == tmp_path / "a"
    monkeypatch.delenv("COCKPIT_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "b"))
    assert folder.state_home() == tmp_path / "b" / "cockpit"


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("v1.4.2", "20261124-2201-v1.4.2-a1b2"),
        ("Trading Bot/2.0", "20261124-2201-trading-bot-2.0-a1b2"),
        ("../../etc", "20261124-2201-etc-a1b2"),
        ("🚀", "20261124-2201-release-a1b2"),
    ],
)
def test_an_id_says_when_and_which_release(release, expected):
    assert folder.new_run_id(release, NOW, "a1b2") == expected


@given(st.text())
def test_every_release_gives_an_id_that_can_be_a_folder(release):
    run_id = folder.new_run_id(release, NOW, "a1b2")
    assert len(run_id) < 70
    assert set(run_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert ".." not in run_id.split("-")


def test_a_run_is_its_owners_alone_whatever_the_umask(home):
    before = os.umask(0)
    try:
        run = folder.create("20261124-2201-v1-a1b2")
    finally:
        os.umask(before)
    for place in (run.path, run.path.parent, home):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert run.path == home / "runs" / "20261124-2201-v1-a1b2"
    assert {run.journal.name, run.lock.name, run.socket.name, run.steps.name, run.engine_log.name} == {
        "journal.jsonl",
        "lock",
        "engine.sock",
        "steps",
        "engine.log",
    }


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a\nb", "x" * 200])
def test_an_id_that_could_lead_elsewhere_is_refused(home, name):
    with pytest.raises(ValueError, match="cannot be the id of a run"):
        folder.create(name)


def test_a_run_is_made_once(home):
    folder.create("a")
    with pytest.raises(ValueError, match="there is a run a already"):
        folder.create("a")


def test_the_newest_run_comes_first_also_within_a_minute(home):
    for run_id, first in (
        ("20261124-2201-v2-ffff", "2026-11-24T22:01:10.000000Z"),
        ("20261124-2201-v2-0000", "2026-11-24T22:01:50.000000Z"),
        ("20261124-2200-v9-aaaa", "2026-11-24T22:00:59.000000Z"),
        ("20261125-0000-v1-bbbb", None),
    ):
        run = folder.create(run_id)
        if first:
            run.journal.write_text('{"at":"' + first + '"')
    assert [run.id[9:] for run in folder.runs()] == ["0000-v1-bbbb", "2201-v2-0000", "2201-v2-ffff", "2200-v9-aaaa"]


def test_without_any_run_there_is_none(home):
    assert folder.runs() == []
    with pytest.raises(folder.NoSuchRun, match="no run 'x'; there is none in"):
        folder.find("x")


def test_a_run_is_found_by_its_id_or_a_beginning_that_is_its_own(home):
    for run_id in ("20261124-2201-v1-a1b2", "20261124-2201-v2-c3d4", "20261124", "demo"):
        folder.create(run_id)
    assert folder.find("20261124-2201-v1-a1b2").id == "20261124-2201-v1-a1b2"
    assert folder.find("20261124-2201-v2").id == "20261124-2201-v2-c3d4"
    assert folder.find("20261124").id == "20261124"
    with pytest.raises(folder.NoSuchRun, match=r"could be 20261124-2201-v2-c3d4 or 20261124-2201-v1-a1b2: give more"):
        folder.find("20261124-2")
    with pytest.raises(folder.NoSuchRun, match="no run 'dmeo'; there is demo"):
        folder.find("dmeo")
    for nothing in ("", "../runs/demo", "de\x1bmo"):
        with pytest.raises(folder.NoSuchRun) as refusal:
            folder.find(nothing)
        assert "\x1b" not in str(refusal.value)


def test_a_run_folder_that_is_a_link_or_another_users_is_refused(home, tmp_path, monkeypatch):
    folder.create("mine")
    (tmp_path / "elsewhere").mkdir()
    (home / "runs" / "linked").symlink_to(tmp_path / "elsewhere")
    (home / "runs" / "file").touch()
    assert [run.id for run in folder.runs()] == ["mine"]
    with pytest.raises(UnsafePath, match="linked is a symbolic link"):
        folder.find("linked")
    with pytest.raises(UnsafePath, match="file is not a folder"):
        folder.find("file")
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(UnsafePath, match=f"belongs to user {os.getuid()}, not to you"):
        folder.find("mine")


@pytest.mark.parametrize("place", ["", "home", "home/runs"])
def test_a_file_in_the_way_is_said_in_one_sentence(tmp_path, monkeypatch, place):
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "in" / "home"))
    way = tmp_path / "in" / place
    way.parent.mkdir(parents=True, exist_ok=True)
    way.touch()
    with pytest.raises(folder.StateHomeUnusable, match="a file is in the way; set COCKPIT_HOME"):
        folder.create("a")


def test_a_state_home_that_anyone_can_write_to_is_refused(home):
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(folder.StateHomeUnusable, match="is writable for everyone"):
        folder.create("a")


def test_a_read_only_state_home_is_said_in_one_sentence(tmp_path, monkeypatch):
    place = tmp_path / "place"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0:
        place.chmod(0o500)
        expected = "Permission denied"
    elif subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a read-only file system needs root")
    else:
        expected = "Read-only file system"
    monkeypatch.setenv("COCKPIT_HOME", str(place / "home"))
    try:
        with pytest.raises(folder.StateHomeUnusable, match=f"{expected}; set COCKPIT_HOME"):
            folder.create("a")
        assert folder.runs() == []
    finally:
        subprocess.run(["umount", str(place)], check=False, capture_output=True)
