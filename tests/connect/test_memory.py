"""A process that knows secrets dies without leaving its memory behind."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import cockpit

DIES = """
import os, resource, sys
from cockpit.connect.memory import keep_private
if sys.argv[1] == "private":
    keep_private()
most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))  # as if no limit were heeded
os.abort()
"""


def left_behind(work: Path, how: str) -> bool:
    """Whether a core was written of a process that died."""
    environment = {**os.environ, "PYTHONPATH": str(Path(cockpit.__file__).parents[1])}
    died = subprocess.Popen(
        [sys.executable, "-c", DIES, how],
        cwd=work,
        env=environment,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    _, status = os.waitpid(died.pid, 0)
    died.returncode = os.waitstatus_to_exitcode(status)
    return os.WCOREDUMP(status)


def test_no_core_is_written_even_where_its_limit_is_not_heeded(tmp_path: Path) -> None:
    if not resource.getrlimit(resource.RLIMIT_CORE)[1] or not left_behind(tmp_path, "open"):
        pytest.skip("this machine writes no cores")
    assert not left_behind(tmp_path, "private")
