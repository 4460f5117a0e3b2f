"""The plan as `cockpit show` prints it: what is done, in which order, and how it is undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cockpit.checklist.model import Document, Variable
from cockpit.checklist.plan import Action, Gate, Plan, Step


def plan_lines(document: Document) -> Iterator[str]:
    """The steps of going live and of the way back, each with what it does exactly; secrets are named, not told."""
    plan = document.plan
    if plan is None:
        return
    yield f"Going live{_window(plan)}"
    yield from _numbered(plan.steps, document.variables)
    yield ""
    yield "The way back: " + ("these steps, then " if plan.rollback else "") + "the undo of what was done, in reverse"
    yield from _numbered(plan.rollback, document.variables)


def plan_as_json(plan: Plan | None) -> dict[str, Any] | None:
    """The plan as plain values: `window`, `rehearsed`, `steps` and `rollback`, both lists of steps."""
    import msgspec

    if plan is None:
        return None
    window = msgspec.to_builtins(plan.window) if plan.window is not None else None
    steps, rollback = ([_plain(step) for step in which] for which in (plan.steps, plan.rollback))
    return {"window": window, "rehearsed": plan.rehearsed, "steps": steps, "rollback": rollback}


def _plain(step: Step) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(step)
    return {"id": step.id, "title": step.title} | plain | {"source": str(step.source)}


def _window(plan: Plan) -> str:
    if plan.window is None:
        return ""
    until = f" to {plan.window.end}" if plan.window.end else ""
    day = f"{plan.window.date} " if plan.window.date else ""
    return f", planned for {day}{plan.window.start}{until} {plan.window.zone}"


def _numbered(steps: Iterable[Step], variables: Iterable[Variable]) -> Iterator[str]:
    for number, step in enumerate(steps, 1):
        yield f"  {number}. {step.id}: {step.title}" + ("" if step.required else "  (optional)")
        for label, text in _facts(step, tuple(variables)):
            first, *rest = text.splitlines() or [""]
            yield f"       {label:8}{first}"
            yield from (f"       {'':8}{line}" for line in rest)


def _facts(step: Step, variables: tuple[Variable, ...]) -> Iterator[tuple[str, str]]:
    if step.gate is not None:
        yield "gate", _gate(step.gate)
    if step.hold:
        yield "hold", step.hold
    if step.before:
        yield "before", ", ".join(step.before)
    if step.action is not None:
        yield "does", _action(step.action, variables)
    if step.verify:
        yield "verify", ", ".join(step.verify)
    if step.soak is not None:
        yield "soak", f"{step.soak.seconds:g} s: {', '.join(step.soak.watch or step.verify)}"
    yield from _undone(step, variables)


def _undone(step: Step, variables: tuple[Variable, ...]) -> Iterator[tuple[str, str]]:
    if step.undo is not None:
        yield "undo", _action(step.undo.action, variables)
    elif step.action is not None and step.changes:
        yield "undo", "none is written"
    if step.irreversible:
        yield "", "point of no return: it cannot be undone"
    if step.reversible_until:
        yield "", f"can be undone until {step.reversible_until} is done"


def _action(action: Action, variables: tuple[Variable, ...]) -> str:
    from cockpit.engine.exact import exact_in

    where = f"  (on {', '.join(action.hosts)})" if action.hosts else ""
    return exact_in(variables, action) + where


def _gate(gate: Gate) -> str:
    items = f"{len(gate.items)} items are good" if len(gate.items) != 1 else f"{gate.items[0]} is good"
    wanted = [items] if gate.items else []
    if gate.poll is not None:
        veto = f", veto of {', '.join(gate.poll.veto)}" if gate.poll.veto else ""
        wanted.append(f"{gate.poll.need} of {', '.join(gate.poll.positions)} say GO{veto}")
    return "; ".join(wanted)
