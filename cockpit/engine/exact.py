"""Exactly what an action, or a check, does: as it is shown before it is done and recorded when it begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.actions.kind import ActionKind
from cockpit.checklist.kinds import Meaning, keys_that_are
from cockpit.checklist.model import Check, Variable
from cockpit.checklist.plan import Action
from cockpit.checks.kind import Kind
from cockpit.connect.values import Values
from cockpit.text import safe, safe_line


def exact(what: Action | Check | None, kinds: Mapping[str, ActionKind] | Mapping[str, Kind], values: Values) -> str:
    """What an action or a check does: secrets hidden, all else filled in; empty when there is none."""
    if what is None:
        return ""
    kind = kinds.get(what.kind)
    if kind is None:
        return safe_line(f"{what.kind}: there is no such kind here", width=300)
    try:
        shown = values.shown(what.spec, keys_that_are(kind.spec, Meaning.SHELL))
        return safe(kind.request(kind.spec.model_validate(shown)))
    except ValueError as problem:
        return safe_line(f"{what.kind}: {problem}", width=300)


def exact_in(variables: Iterable[Variable], what: Action | Check | None) -> str:
    """The same for a viewer, which knows the checklist alone and reads no secret."""
    values = Values(variables, {})
    if what is None:
        return ""
    # One kind alone: to read in all of them would hold up the screen that is being drawn.
    if isinstance(what, Check):
        from cockpit.checks.registry import find  # noqa: PLC0415 - heavy; needed where a check changes something

        kind = find(what.kind)
        return exact(what, {} if kind is None else {what.kind: kind}, values)
    from cockpit.actions.registry import find as find_action  # noqa: PLC0415 - heavy; needed where there is a plan

    action = find_action(what.kind)
    return exact(what, {} if action is None else {what.kind: action}, values)
