"""Exactly what an action does, as it is shown before it is done and recorded when it begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.actions.kind import ActionKind
from cockpit.checklist.kinds import Meaning, keys_that_are
from cockpit.checklist.model import Variable
from cockpit.checklist.plan import Action
from cockpit.connect.values import Values
from cockpit.text import safe, safe_line


def exact(action: Action | None, kinds: Mapping[str, ActionKind], values: Values) -> str:
    """What `action` does: secrets hidden, all else filled in; empty when there is no action."""
    if action is None:
        return ""
    kind = kinds.get(action.kind)
    if kind is None:
        return safe_line(f"{action.kind}: there is no such kind of action here", width=300)
    try:
        shown = values.shown(action.spec, keys_that_are(kind.spec, Meaning.SHELL))
        return safe(kind.request(kind.spec.model_validate(shown)))
    except ValueError as problem:
        return safe_line(f"{action.kind}: {problem}", width=300)


def exact_in(variables: Iterable[Variable], action: Action | None) -> str:
    """The same for a viewer, which knows the checklist alone and reads no secret."""
    from cockpit.actions.registry import find  # noqa: PLC0415 - heavy; needed where there is a plan

    kind = find(action.kind) if action is not None else None  # of a screen that is being drawn, all would be too much
    return exact(action, {} if kind is None else {kind.name: kind}, Values(variables, {}))
