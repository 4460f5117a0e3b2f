"""The threads of this process, as far as they are of interest."""

from __future__ import annotations

import threading


def busy() -> list[str]:
    """The names of those that run, without those that only wait a while for more work."""
    return [thread.name for thread in threading.enumerate() if thread.name not in ("cockpit", "cockpit idle")]
