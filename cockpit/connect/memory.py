"""The memory of a process that knows secrets is its own."""

from __future__ import annotations

import contextlib
import resource

_SET_DUMPABLE = 4
"""`PR_SET_DUMPABLE` of prctl(2)."""


def keep_private() -> None:
    """Let no core be written of this process, and no other one of this user look into its memory.

    A limit of 0 alone is not heeded where cores are piped to a program (core(5)). Where there is no prctl, it must do.
    """
    import ctypes  # noqa: PLC0415 - only a process that knows secrets needs it

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
