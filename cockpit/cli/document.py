"""A checklist named on the command line, loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.cli import output

if TYPE_CHECKING:
    from cockpit.actions.kind import ActionKind
    from cockpit.checklist.load import Loaded
    from cockpit.checks.kind import Kind


def load_named(name: str, given: Mapping[str, str]) -> Loaded:
    """Load the checklist that `name` (a path, or that of a shipped one) means, with `given` variables.

    Raises ChecklistError with everything that is wrong with it.
    """
    from cockpit.checklist.load import load
    from cockpit.checklist.shipped import resolve

    return load(resolve(name), kinds=known_kinds(), actions=known_actions(), given=given, environ=os.environ)


def known_actions() -> dict[str, ActionKind]:
    """Every kind of action."""
    from cockpit.actions.registry import kinds

    return kinds()


def known_kinds() -> dict[str, Kind]:
    """Every kind of check that can be used. Says which ones of other packages cannot."""
    from cockpit.checks.registry import kinds, problems

    for problem in problems():
        output.say(f"cockpit: {problem}")
    return kinds()
