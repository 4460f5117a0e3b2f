"""A checklist says what is run: one that anyone may change is not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cockpit.checklist.load import load
from cockpit.checklist.problem import ChecklistError

TEXT = "cockpit: 1\nname: x\nparts: []\n"


def refused(path: Path) -> str:
    with pytest.raises(ChecklistError) as reason:
        load(path, kinds={}, environ={})
    return str(reason.value.problems[0])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "checklists" / "launch.yaml"
    path.parent.mkdir(mode=0o755)
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_what_its_owner_or_its_group_may_change_is_trusted(file: Path, mode: int) -> None:
    file.chmod(mode)
    load(file, kinds={}, environ={})


def test_what_everyone_may_change_is_refused_with_what_to_do(file: Path) -> None:
    file.chmod(0o666)
    assert f"{file}: everyone on this machine may change what it says is run" in refused(file)
    assert f"`chmod o-w {file}`" in refused(file)


def test_a_folder_where_everyone_may_replace_it_is_refused_too(file: Path) -> None:
    file.parent.chmod(0o777)
    for path in (file, file.parent):
        assert f"`chmod o-w {file.parent}`" in refused(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a file away")
def test_in_a_folder_for_all_only_ones_own_files_are_trusted(file: Path) -> None:
    file.parent.chmod(0o1777)
    load(file, kinds={}, environ={})
    os.chown(file, 65534, 65534)
    assert "it belongs to user 65534, in a folder where everyone may put files" in refused(file)
