"""Whether a file that says what to run is only its owner's to change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cockpit.checklist.problem import ChecklistError, Problem


def check_trusted(path: Path) -> None:
    """Refuse a file, or a folder, that anyone on this machine may change, or could have put there.

    It holds commands that are run in the name of whoever opens it. Raises ChecklistError.
    """
    try:
        real = path.resolve(strict=True)
        changeable = next((each for each in (real, *real.parents) if _is_everybodys(each)), None)
        owner, beside = real.stat().st_uid, real.parent.stat().st_mode & stat.S_IWOTH
    except (OSError, ValueError):
        return  # whoever reads it says why it cannot be
    if changeable is not None:
        said = "everyone on this machine may change what it says is run"
        if changeable != real:
            said += f": {changeable} is writable for all"
        raise ChecklistError([Problem(str(path), 0, 0, said, f"take that right away: `chmod o-w {changeable}`")])
    if beside and owner not in (0, os.geteuid()):
        said = f"it belongs to user {owner}, in a folder where everyone may put files"
        raise ChecklistError([Problem(str(path), 0, 0, said, "copy it to a folder of yours, and read it")])


def _is_everybodys(path: Path) -> bool:
    """Writable for all; in a folder with the sticky bit, names belong to those who made them."""
    mode = path.stat().st_mode
    return bool(mode & stat.S_IWOTH) and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX)
