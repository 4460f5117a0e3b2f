"""Programs that stand in for those that a test cannot have: fakes, which print what the real ones were heard to print."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Answer:
    """What a stand-in prints, and how it ends."""

    output: str = ""
    errors: str = ""
    status: int = 0
    after: float = 0.0
    """Seconds that it takes."""


@dataclass(frozen=True)
class StandIn:
    """A program on the PATH that answers by what it is asked, and notes down what that was."""

    folder: Path
    name: str

    @property
    def calls(self) -> list[str]:
        """Its command lines, in the order in which they came."""
        noted = self.folder / "calls"
        return noted.read_text().splitlines() if noted.exists() else []

    def environment(self) -> dict[str, str]:
        """What it found in its environment when it was last called."""
        lines = (self.folder / "environment").read_text().splitlines()
        return {name: value for name, _, value in (line.partition("=") for line in lines)}


def stand_in(
    name: str, answers: Mapping[str, Answer], folder: Path, monkeypatch: pytest.MonkeyPatch, path: str = "/usr/bin:/bin"
) -> StandIn:
    """Put a program of this name first on the PATH. It gives the first answer whose text is in its command line."""
    here = folder / f"stand-in-{name}"
    here.mkdir()
    cases = []
    for number, (asked, answer) in enumerate(answers.items()):
        (here / f"{number}.out").write_text(answer.output)
        (here / f"{number}.err").write_text(answer.errors)
        waiting = f"sleep {answer.after}; " if answer.after else ""
        pattern = f"*{shlex.quote(asked)}*" if asked else "*"
        cases.append(
            f"{pattern}) {waiting}cat {here}/{number}.out; cat {here}/{number}.err >&2; exit {answer.status};;"
        )
    lines = [f'echo "$*" >> {here}/calls', f"env > {here}/environment", 'case "$*" in', *cases, "esac", "exit 99"]
    program = here / name
    program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{here}:{path}")
    return StandIn(here, name)
