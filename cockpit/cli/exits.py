"""How a command ends: exit statuses that scripts can rely on, and the exception that ends one early."""

from __future__ import annotations

import enum


class Exit(enum.IntEnum):
    """The exit status of every command."""

    GOOD = 0
    NO = 1
    """The answer is no: a check fails, a chain is broken, a run did not end well."""
    WRONG = 2
    """The call or a file is wrong."""
    UNDONE = 3
    """Something could not be measured or done."""
    REFUSED = 4
    """Refused: somebody else is captain, it is not allowed now, or it would overwrite something."""
    INTERRUPTED = 130
    """Ctrl-C, as shells report it."""
    PIPE_CLOSED = 141
    """Whoever read the output stopped reading, as shells report it."""


EXPLAINED = """\
exit status:
  0  good
  1  the answer is no: a check fails, a chain is broken, a run did not end well
  2  the call or a file is wrong
  3  something could not be measured or done
  4  refused: somebody else is captain, it is not allowed now, it would overwrite something
  130 after Ctrl-C, 141 when whoever reads the output stops reading"""
"""The same for people, as the help shows it."""


class Ended(Exception):
    """A command ended before its work was done. The message is one sentence for the person who called it."""

    def __init__(self, status: Exit, message: str) -> None:
        super().__init__(message)
        self.status = status
