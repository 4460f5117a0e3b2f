"""How many files may be open."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))
from cockpit.connect.open_files import allow_many
allow_many()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def limits(hard: int) -> str:
    program = [sys.executable, "-c", PROGRAM.format(hard=hard)]
    return subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_our_own_limit_is_raised_as_far_as_the_system_allows_and_no_further() -> None:
    assert limits(1000) == "1000 1000"
    assert limits(256) == "256 256"
