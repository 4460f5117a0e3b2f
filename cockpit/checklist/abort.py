"""Abort criteria as they are written."""

from __future__ import annotations

import re
from typing import Literal

from cockpit.checklist.file import seconds
from cockpit.checklist.plan import Abort, Criterion

MOST = 20
"""Measurements that a criterion may look back on."""


def criteria(when: str, errors: str, action: Literal["advise", "hold", "rollback"], grace: float) -> Abort:
    """The criteria as written. Raises ValueError."""
    return Abort(criterion(when), criterion(errors) if errors else None, action, grace)


def criterion(written: str) -> Criterion:
    """`3 of 5`, `for 2m`. Raises ValueError."""
    if match := re.fullmatch(r"([0-9]+) of ([0-9]+)", written.strip()):
        bad, of = int(match[1]), int(match[2])
        if not 1 <= bad <= of <= MOST:
            raise ValueError(f"`{written}` must be some of at most {MOST} measurements")
        return Criterion(of, bad)
    if match := re.fullmatch(r"for (.+)", written.strip()):
        return Criterion(seconds=seconds(match[1]))
    raise ValueError(f"must be as in `3 of 5` or `for 2m`, not `{written}`")
