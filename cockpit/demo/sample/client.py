"""Docker's own client, and that of Compose, as programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

COMPOSE = (("docker", "compose"), ("docker-compose",))
"""What may be there, the better first."""


class Failed(RuntimeError):
    """A command failed. The message says which, and what it printed."""


def docker(host: str, *arguments: str | Path, given: bytes = b"", timeout: float = 180) -> str:
    """What a command of Docker's client prints, at the daemon of `host`. Raises Failed."""
    # The classic builder is there with every client; BuildKit is a package of its own.
    return run(["docker", "--host", host, *arguments], {"DOCKER_BUILDKIT": "0"}, given, timeout)


def run(
    command: Sequence[str | Path], environment: dict[str, str] | None = None, given: bytes = b"", timeout: float = 180
) -> str:
    """What a command prints. `timeout` is in seconds. Raises Failed with the end of what it complains of."""
    environ = {**os.environ, **(environment or {})}
    shown = " ".join(map(str, command[:6]))
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=timeout, check=False, env=environ)
    except subprocess.TimeoutExpired:
        raise Failed(f"{shown}: no answer in {timeout:g} s") from None
    except OSError as problem:
        raise Failed(f"{shown}: {problem.strerror}") from None
    if done.returncode != 0:
        raise Failed(f"{shown}: {done.stderr.decode(errors='replace').strip()[-2000:]}")
    return done.stdout.decode(errors="replace").strip()


def compose_program() -> tuple[str, ...] | None:
    """The program that carries Compose out here; None when there is none."""
    for program in COMPOSE:
        try:
            run([*program, "version"], timeout=20)
        except Failed:
            continue
        return program
    return None
