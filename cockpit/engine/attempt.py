"""Waiting for an action that a runner carries out, whoever started it."""

from __future__ import annotations

import asyncio
import time

from cockpit.actions.folder import AttemptFolder, Progress

LOOK_EVERY = 0.1
"""Seconds between two looks at how an action stands."""

LOST_AFTER = 5.0
"""Seconds for which a runner must be gone without a word before nothing is known of its action: it may be starting."""

LOST = "its runner is gone, and left no word of how it ended"


async def over(folder: AttemptFolder) -> Progress:
    """How an action ended; `lost` when that cannot be known."""
    lost_since = 0.0
    while True:
        progress = await asyncio.to_thread(folder.progress)
        if progress.state == "ended" and progress.ended is not None:
            return progress
        if progress.state == "running":
            lost_since = 0.0
        else:
            lost_since = lost_since or time.monotonic()
            if time.monotonic() - lost_since > LOST_AFTER:
                return progress
        await asyncio.sleep(LOOK_EVERY)
