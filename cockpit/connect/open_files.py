"""How many files this process may have open: each measurement needs a few."""

from __future__ import annotations

import contextlib
import resource

WANTED = 16_384


def allow_many() -> None:
    """Raise our own limit as far as the system allows, up to WANTED; what we start inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
