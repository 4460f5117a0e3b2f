"""The program as its users call it: `cockpit` on the path, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def program_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `cockpit` in it, to be put on the path."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "cockpit"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m cockpit "$@"\n')
    script.chmod(0o755)
    return folder


@pytest.fixture
def path(program_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The search path with `cockpit` first on it, and set so."""
    searched = f"{program_folder}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", searched)
    return searched


@pytest.fixture
def cockpit(path: str, tmp_path: Path) -> Run:
    """Call `cockpit` in `tmp_path`, with more environment variables if wanted, and get what it printed and returned."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["cockpit", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PATH": path, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return call
