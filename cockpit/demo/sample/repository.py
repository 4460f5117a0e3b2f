"""The bot's Git repository: two releases of its source, tagged, with what continuous integration said of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "docker"
RELEASES = ("1.0.0", "1.1.0")
ONLY_LATER = {"1.0.0": ("backend/migrations/versions/0003_bot_notes.py",)}
"""Files that a release does not have yet."""

_WHO = {"GIT_AUTHOR_NAME": "Ada Lovelace", "GIT_AUTHOR_EMAIL": "ada@trading-bot.test",
        "GIT_COMMITTER_NAME": "Ada Lovelace", "GIT_COMMITTER_EMAIL": "ada@trading-bot.test",
        "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}  # fmt: skip


def make(folder: Path) -> None:
    """Write the repository, with the newest release checked out."""
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    for release in RELEASES:
        shutil.copytree(SOURCE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        for path in ONLY_LATER.get(release, ()):
            (folder / path).unlink()
        (folder / "VERSION").write_text(release + "\n")
        (folder / "ci").mkdir(exist_ok=True)
        (folder / "ci" / "result.json").write_text(json.dumps(_ci_result(release), indent=2) + "\n")
        (folder / "ci" / "coverage.json").write_text(json.dumps({"totals": {"percent_covered": 87.4}}) + "\n")
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--message", f"Release {release}")
        _git(folder, "tag", "--annotate", f"v{release}", "--message", f"Release {release}")


def archive(folder: Path, version: str, part: str) -> bytes:
    """A part of the source as a release has it, packed by tar; a version without a tag is made from the newest."""
    release = version if version in RELEASES else RELEASES[-1]
    return _git(folder, "archive", "--format=tar", f"v{release}:{part}")


def _ci_result(release: str) -> dict[str, object]:
    names = ("tests", "lint", "security (bandit)", "image scan (trivy)", "deploy (staging)")
    runs = [{"name": name, "status": "completed", "conclusion": "success"} for name in names]
    return {"release": release, "coverage": 87.4, "runs": runs}


def _git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, env={**os.environ, **_WHO}).stdout
