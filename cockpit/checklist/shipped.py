"""The checklists that come with Cockpit, and what a name or a path stands for."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.checklist.problem import ChecklistError, Problem, suggest

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = (_PACKAGE / "shipped", _PACKAGE.parent / "checklists")
"""In an installed package; in the source tree."""

_OF_A_DRILL = "-drill"
"""How the names of shipped files end that are no checklists, but put faults into the run of one."""


def shipped() -> list[Path]:
    """The shipped checklists by name; empty when the installation has none."""
    return [path for path in _files() if not path.stem.endswith(_OF_A_DRILL)]


def resolve_drill(name_or_path: str) -> Path:
    """The file of a drill that is meant: one that exists, else a shipped one of that name, else the path as it is."""
    path = Path(os.path.expanduser(name_or_path))  # noqa: PTH111 - as in `resolve`
    drills = {each.stem: each for each in _files() if each.stem.endswith(_OF_A_DRILL)}
    return path if exists(path) else drills.get(name_or_path, path)


def _files() -> list[Path]:
    home = next((place for place in _PLACES if place.is_dir()), None)
    if home is None:
        return []
    found = [path for path in home.iterdir() if not path.name.startswith(".")]
    return sorted(
        (path for path in found if path.is_dir() or path.suffix in (".yaml", ".yml")), key=lambda path: path.stem
    )


def resolve(name_or_path: str) -> Path:
    """The path meant: one that exists, else a shipped checklist of that name.

    Raises ChecklistError with the nearest shipped name when there is neither.
    """
    path = Path(os.path.expanduser(name_or_path))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    if exists(path):
        return path
    names = {each.stem: each for each in shipped()}
    if name_or_path in names:
        return names[name_or_path]
    message = "there is no such file, folder or shipped checklist"
    raise ChecklistError([Problem(name_or_path, 0, 0, message, suggest(path.stem, list(names)))])


def exists(path: Path) -> bool:
    """Whether something is there. A name that no file can have is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
