"""What a test needs that this machine may not have."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, advice: str) -> NoReturn:
    """Skip, and say what to do; in continuous integration, where nothing may be missing, fail."""
    message = f"{what} is not here: {advice}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
