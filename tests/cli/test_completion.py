"""The completion scripts work in the real shells."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.recorded import RUN, closed

pytestmark = pytest.mark.usefixtures("path")


def run_in(shell: str, script: str, folder: Path) -> list[str]:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    ended = subprocess.run(
        [shell, *options, "-c", script], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split()


def complete_in_bash(line: str, folder: Path) -> list[str]:
    script = f"""
        source <(cockpit completion bash)
        COMP_LINE="{line}"; COMP_POINT=${{#COMP_LINE}}; COMP_TYPE=9; COMP_KEY=9
        read -ra COMP_WORDS <<< "$COMP_LINE"; COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        "$(complete -p cockpit | sed 's/.*-F \\([^ ]*\\).*/\\1/')" cockpit
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return run_in("bash", script, folder)


def test_bash_completes_commands(tmp_path: Path) -> None:
    assert complete_in_bash("cockpit jou", tmp_path) == ["journal"]
    assert complete_in_bash("cockpit re", tmp_path) == ["release", "replay", "report", "recycle"]


def test_bash_completes_options(tmp_path: Path) -> None:
    assert complete_in_bash("cockpit waive r i --bec", tmp_path) == ["--because"]


def test_bash_completes_baselines_that_are_kept_and_files(tmp_path: Path, state_home: Path) -> None:
    (state_home / "baselines").mkdir()
    (state_home / "baselines" / "launch.json").touch()
    (tmp_path / "before.json").touch()
    for option in ("--baseline", "--changed-since"):
        assert set(complete_in_bash(f"cockpit check x.yaml {option} ", tmp_path)) == {"launch", "before.json"}
    assert complete_in_bash("cockpit open x.yaml --baseline be", tmp_path) == ["before.json"]
    assert complete_in_bash("cockpit cap", tmp_path) == ["capture"]


def test_bash_completes_checklists_by_their_files(tmp_path: Path) -> None:
    (tmp_path / "launch.yaml").touch()
    (tmp_path / "launch.txt").touch()
    (tmp_path / "launches").mkdir()
    assert complete_in_bash("cockpit lint laun", tmp_path) == ["launch.yaml", "launches/"]


def test_bash_offers_nothing_where_nothing_can_be_read(tmp_path: Path) -> None:
    assert complete_in_bash("cockpit explain missing.yaml fla", tmp_path) == []


def test_bash_completes_runs_and_their_items(tmp_path: Path) -> None:
    closed()
    assert complete_in_bash("cockpit status 2026", tmp_path) == [RUN]
    assert complete_in_bash("cockpit journal show 2026", tmp_path) == [RUN]
    assert complete_in_bash(f"cockpit confirm {RUN} back", tmp_path) == ["backup-tested"]


def test_bash_completes_the_items_of_a_checklist_and_the_shipped_ones_by_name(checklist: Path, tmp_path: Path) -> None:
    assert complete_in_bash(f"cockpit explain {checklist.name} heal", tmp_path) == ["healthy"]
    assert complete_in_bash("cockpit show prod", tmp_path) == ["production"]
    assert complete_in_bash("cockpit kinds ht", tmp_path) == ["http"]
    assert complete_in_bash("cockpit actions sw", tmp_path) == ["swarm"]


def test_fish_completes_commands(tmp_path: Path) -> None:
    script = "cockpit completion fish | source; complete --do-complete 'cockpit jou'"
    assert run_in("fish", script, tmp_path) == ["journal"]


def test_zsh_takes_the_script(tmp_path: Path) -> None:
    script = f"""
        autoload -U compinit; compinit -u -d {tmp_path}/dump
        source <(cockpit completion zsh)
        print ${{_comps[cockpit]}}
    """
    assert run_in("zsh", script, tmp_path) == ["_python_argcomplete"]
