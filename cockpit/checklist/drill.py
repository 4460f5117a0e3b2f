"""The file of a drill: what goes wrong on purpose, as people write it, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from cockpit.checklist.file import Duration, Written
from cockpit.checklist.form import read_form
from cockpit.checklist.model import Document
from cockpit.checklist.node import Node
from cockpit.checklist.plan import Plan
from cockpit.checklist.problem import ChecklistError, Problem, problem_at, suggest
from cockpit.checklist.read import read_text
from cockpit.checklist.yaml_nodes import read_yaml

WHAT = ("step", "host", "check")
"""A fault is in exactly one of these."""


class Fault(Written):
    """What goes wrong on purpose: the action of a step, a host, or a check."""

    step: str = Field("", description="The step whose action ends otherwise than it should.")
    ends: Literal["failed", "unknown", "timed out"] | None = Field(None, description="How its action ends.")
    undo: bool = Field(False, description="It is the compensation of the step that ends so.")
    times: int = Field(1, ge=1, description="In how many attempts; the next one goes well.")
    host: str = Field("", description="A host, one of `hosts`: what is done on it, or asked through it, fails.")
    unreachable: bool = Field(False, description="Write `true`: it cannot be reached.")
    check: str = Field("", description="The item or watch whose measurements come out otherwise.")
    turns: Literal["FAIL", "WARN", "ERROR"] | None = Field(None, description="What they come out as.")
    summary: str = Field("", description="What is said of it, in words.")
    after: Duration = Field(0.0, description="How long until it begins.")
    for_: Duration = Field(0.0, alias="for", description="How long it lasts; else to the end.")
    since: str = Field("", description="The step from whose beginning `after` counts; else the opening of the run.")


class Drill(Written):
    """A drill."""

    note: str = Field("", description="What is practised.")
    faults: list[Fault] = Field(description="What goes wrong.")


def read_drill(path: Path, document: Document) -> tuple[Fault, ...]:
    """The faults in the file at `path`, for a run of `document`. Raises ChecklistError with all that is wrong."""
    _, text = read_text(path)
    root, problems = read_yaml(text, str(path))
    form, node, wrong = read_form(Drill, root)
    problems = [*problems, *wrong]
    if form is not None:
        for fault, at in zip(form.faults, node.below("faults"), strict=True):
            problems.extend(_wrong(fault, at, document))
        if not form.faults and not problems:
            problems.append(problem_at(node.at(("faults",)).place, "this drill puts no fault in"))
    if problems or form is None:
        raise ChecklistError(sorted(problems))
    return tuple(form.faults)


def _wrong(fault: Fault, at: Node, document: Document) -> Iterator[Problem]:
    written = [key for key in WHAT if key in at]
    if len(written) != 1:
        told = f"; this one has {' and '.join(f'`{key}`' for key in written)}" if written else ""
        yield problem_at(at.source, "a fault is in one thing: `step`, `host` or `check`" + told)
        return
    plan = document.plan or Plan(())
    yield from _incomplete(fault, at, written[0])
    if fault.step:
        yield from _step(fault, at, plan)
    elif fault.host and fault.host not in (hosts := [each.name for each in document.hosts]):
        hint = suggest(fault.host, hosts, none="this checklist has no hosts")
        yield problem_at(at.at(("host",)).source, f"there is no host `{fault.host}`", hint)
    elif fault.check:
        yield from _check(fault, at, document)
    if fault.since and plan.find(fault.since) is None:
        yield _no_step(fault.since, at.at(("since",)), plan)


_COMPANIONS = {"step": "ends", "host": "unreachable", "check": "turns"}


def _incomplete(fault: Fault, at: Node, what: str) -> Iterator[Problem]:
    needed = _COMPANIONS[what]
    if not getattr(fault, needed) and needed not in at.lost:
        example = {"ends": "`ends: failed`", "unreachable": "`unreachable: true`", "turns": "`turns: FAIL`"}[needed]
        yield problem_at(at.source, f"this does not say what happens to the {what}", f"write {example}")
    for other in (*(each for each in _COMPANIONS.values() if each != needed), *(("undo", "times") * (what != "step"))):
        if other in at:
            yield problem_at(at.at((other,)).place, f"`{other}` does not go with `{what}`")


def _step(fault: Fault, at: Node, plan: Plan) -> Iterator[Problem]:
    place = at.at(("step",))
    step = plan.find(fault.step)
    if step is None:
        yield _no_step(fault.step, place, plan)
    elif fault.undo and step.undo is None:
        yield problem_at(place.source, f"the plan says nothing of how `{step.id}` is undone")
    elif not fault.undo and (step.action is None or (step.action.kind == "manual" and step.rehearse is None)):
        said = f"`{step.id}` has no action that the engine carries out: nothing can go wrong with it on purpose"
        yield problem_at(place.source, said)


def _check(fault: Fault, at: Node, document: Document) -> Iterator[Problem]:
    place = at.at(("check",)).source
    item = document.find(fault.check)
    if item is None:
        hint = suggest(fault.check, [each.id for each in document.checkable()])
        yield problem_at(place, f"there is no item or watch `{fault.check}`", hint)
    elif item.check is None:
        said = f"`{item.id}` is not measured: a person is asked"
        yield problem_at(place, said, f"`cockpit explain FILE {item.id}` says what is missing")


def _no_step(name: str, at: Node, plan: Plan) -> Problem:
    known = [step.id for step in plan.every()]
    return problem_at(at.source, f"there is no step `{name}`", suggest(name, known, none="this checklist has no plan"))
