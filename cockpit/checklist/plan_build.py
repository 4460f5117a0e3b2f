"""From what was written of the plan to the plan: actions, and names of items and steps, which only the whole judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from cockpit.checklist import file, plan_file
from cockpit.checklist.actions import DocumentedAction, needs_host
from cockpit.checklist.form import known_keys, read_form
from cockpit.checklist.hosts import used_by
from cockpit.checklist.model import Branch, Host, Item, Variable
from cockpit.checklist.node import Node, copy, plain
from cockpit.checklist.plan import Action, Gate, Plan, Poll, Soak, Step, Undo, Window
from cockpit.checklist.problem import Problem, problem_at, suggest
from cockpit.checklist.uses import names_in
from cockpit.checklist.wiring import check_uses, filled
from cockpit.text import safe, safe_line

Build = Callable[[file.Item, Node], Item]
"""Builds an item that is written, or made of what is written, in the plan."""


class PlanBuilding(msgspec.Struct):
    """One pass over the plan: what it becomes, and on the way what is wrong with it."""

    item: Build
    actions: Mapping[str, DocumentedAction]
    variables: Mapping[str, Variable]
    hosts: Mapping[str, Host]
    positions: Iterable[str]
    known: Mapping[str, Item]
    """Items and watches that a step may name."""
    branches: Mapping[str, Branch]
    problems: list[Problem]
    nodes: dict[str, Node]
    """What was written for each step is added, by its id."""
    checks: dict[str, Item] = {}
    """The plan's own checks, by id."""

    def plan(
        self, golive: plan_file.GoLive, node: Node, rollback: plan_file.Rollback, rollback_node: Node
    ) -> Plan | None:
        """The plan; None when there are no steps."""
        for form, at in zip(golive.checks, node.below("checks"), strict=True):
            self.checks[form.id] = self.item(form, at)
        steps = tuple(self._step(form, at) for form, at in zip(golive.steps, node.below("steps"), strict=True))
        first = tuple(
            self._step(form, at) for form, at in zip(rollback.steps, rollback_node.below("steps"), strict=True)
        )
        if not steps:
            if first:
                said = "there is a way back, and no way there: write what is done under `golive: {steps: ...}`"
                self.problems.append(problem_at(rollback_node.place, said))
            return None
        self._check_order(steps, [*node.below("steps")])
        window = golive.window
        planned = Window(window.start, window.end, window.zone, window.date) if window is not None else None
        return Plan(steps, first, planned, golive.rehearsed)

    def _step(self, form: plan_file.Step, node: Node) -> Step:
        self.nodes.setdefault(form.id, node)
        self._one_of(form, node)
        kind = self._kind(form.run, node.entries().get("run"))
        reversible = form.reversible
        return Step(
            id=form.id,
            title=safe_line(form.title),
            source=node.source,
            note=safe(form.note),
            action=self._action(form.run, node.entries().get("run")),
            gate=self._gate(form.gate, node.entries().get("gate")),
            hold=safe_line(form.hold),
            before=self._shown(form, "before", form.before, node),
            probe=next(iter(self._shown(form, "probe", [form.probe], node)), ""),
            verify=self._shown(form, "verify", form.verify, node),
            within=form.within,
            soak=self._soak(form, node),
            undo=self._undo(form, node),
            irreversible=reversible == "no",
            reversible_until=reversible.removeprefix("until ").strip() if reversible.startswith("until ") else "",
            required=form.required,
            auto=form.auto,
            rehearse=self._action(form.rehearse, node.entries().get("rehearse")),
            changes=form.changes if form.changes is not None else kind is not None and kind.changes,
            takes=form.takes,
            second=self._position(form.second, node.at(("second",))),
        )

    def _one_of(self, form: plan_file.Step, node: Node) -> None:
        written = [key for key in plan_file.STEP_ONLY if key in node]
        if len(written) != 1:
            said = "a step has either `run`, `gate` or `hold`"
            told = f"; this one has {' and '.join(f'`{key}`' for key in written)}" if written else ""
            self.problems.append(problem_at(node.at(("id",)).source, said + told))
        if form.run is None:
            for key in ("undo", "probe", "rehearse", "reversible"):
                if key in node:
                    said = f"`{key}` belongs to a step that does something (`run`)"
                    self.problems.append(problem_at(node.at((key,)).place, said))
        if form.auto and (form.gate is not None or form.hold):
            self.problems.append(problem_at(node.at(("auto",)).place, "nothing goes past a gate or a hold by itself"))

    # --- actions

    def _kind(self, form: plan_file.Action | None, node: Node | None) -> DocumentedAction | None:
        """The one kind of action that `run` names; what is wrong with it is said by `_action`."""
        named = [] if form is None or node is None else self._named(node)
        return self.actions[named[0]] if len(named) == 1 else None

    def _named(self, node: Node) -> list[str]:
        return [key for key in node.entries() if key in self.actions]

    def _action(self, form: plan_file.Action | None, node: Node | None) -> Action | None:
        if form is None or node is None:
            return None
        for key, child in node.entries().items():
            if key not in self.actions and key not in known_keys(plan_file.Action):
                said = f"`{key}` is neither a kind of action nor a key of one"
                hint = suggest(key, [*self.actions, *known_keys(plan_file.Action)])
                self.problems.append(problem_at(child.place, said, hint))
        named = self._named(node)
        if len(named) != 1:
            said = "an action does one thing" if named else "this does not say what is done"
            self.problems.append(problem_at(node.place, said, "one of: " + ", ".join(self.actions)))
            return None
        kind, spec = self.actions[named[0]], copy(node.entries()[named[0]])
        if isinstance(spec.value, str) and kind.alone:
            spec = Node({kind.alone: Node(spec.value, spec.source, None, spec.literal)}, spec.source, spec.key)
        self.problems.extend(check_uses(kind, spec, self.variables))
        if not isinstance(spec.value, dict):
            hint = f"see `cockpit actions {kind.name}`"
            self.problems.append(problem_at(spec.source, f"`{kind.name}` must be a mapping of keys to values", hint))
            return None
        self.problems.extend(read_form(kind.spec, filled(spec, self.variables), "this action")[2])
        hosts = self._hosts(form, node, kind)
        self._must_be_set([plain(spec), *(each for host in hosts for each in self._uses(host))], node)
        return Action(kind.name, plain(spec), hosts, form.batch, form.timeout)

    def _hosts(self, form: plan_file.Action, node: Node, kind: DocumentedAction) -> tuple[str, ...]:
        if form.host and form.hosts:
            self.problems.append(problem_at(node.at(("hosts",)).place, "write either `host` or `hosts`"))
        names = tuple(form.hosts or ([form.host] if form.host else []))
        at = node.at(("hosts",) if form.hosts else ("host",))
        for name in names:
            if name not in self.hosts:
                hint = suggest(name, list(self.hosts), none="declare it under `hosts`")
                self.problems.append(problem_at(at.source, f"there is no host `{name}`", hint))
        if names and not kind.on_hosts:
            self.problems.append(problem_at(at.source, f"`{kind.name}` is carried out here only: it takes no host"))
        if not names and needs_host(kind):
            said = f"`{kind.name}` is carried out on hosts only, and none is named"
            self.problems.append(problem_at(node.place, said, "write `host: NAME` or `hosts: [...]` beside it"))
        return names

    def _uses(self, host: str) -> Iterator[str]:
        return (f"${{{name}}}" for name in used_by(host, self.hosts))

    def _must_be_set(self, values: Any, node: Node) -> None:
        """What is carried out must be known whole: a plan is no place for what is not set yet."""
        for name in dict.fromkeys(names_in(values)):
            if name in self.variables and not self.variables[name].is_set:
                said = f"the variable `{name}` is not set: what is done must be known"
                self.problems.append(problem_at(node.place, said, f"give it with --var {name}=VALUE"))

    # --- what must be good

    def _shown(
        self, step: plan_file.Step, role: str, written: list[str | plan_file.Shows], node: Node
    ) -> tuple[str, ...]:
        """Ids of the items that are named, or made of the checks that are written in place."""
        at = node.entries().get(role)
        if at is None:
            return ()
        nodes = at.elements() if isinstance(at.value, list) else [at]
        ids = []
        for number, (each, where) in enumerate(zip(written, nodes, strict=True), 1):
            if isinstance(each, str):
                self._find(each, where)
                ids.append(each)
            else:
                ids.append(self._made(step, role, number, each, where))
            if role == "probe":
                self._measures_by_itself(ids[-1], "a probe", where)
        return tuple(ids)

    def _measures_by_itself(self, name: str, what: str, at: Node) -> None:
        """What is measured again and again, with nobody asking, must change nothing."""
        item = self.checks.get(name) or self.known.get(name)
        if item is not None and item.check is not None and item.check.on_demand:
            said = f"`{name}` changes something and is measured only when asked: {what} is measured by itself"
            self.problems.append(problem_at(at.source, said, "name a check that only looks"))

    def _made(self, step: plan_file.Step, role: str, number: int, form: plan_file.Shows, at: Node) -> str:
        name = f"{step.id}-{role}" + (f"-{number}" if number > 1 else "")
        item = file.Item(id=name, title=form.title or f"{step.title} ({role})", check=form.check)
        node = Node({**at.entries(), "id": Node(name, at.source), "title": Node(item.title, at.source)}, at.source)
        if name in self.checks or name in self.known:
            said = f"this check would be called `{name}`, and so is something else"
            self.problems.append(problem_at(at.source, said, "write it under `checks` with an id of its own"))
        self.checks[name] = self.item(item, node)
        return name

    def _find(self, name: str, at: Node) -> None:
        if name not in self.known and name not in self.checks:
            hint = suggest(name, [*self.known, *self.checks])
            self.problems.append(problem_at(at.source, f"there is no item `{name}`", hint))

    def _soak(self, form: plan_file.Step, node: Node) -> Soak | None:
        if form.soak is None:
            return None
        at = node.at(("soak", "watch"))
        for name in form.soak.watch:
            self._find(name, at)
            self._measures_by_itself(name, "a soak's watch", at)
        if not (form.soak.watch or form.verify):
            said = "a soak needs something that must stay good: `watch`, or the step's `verify`"
            self.problems.append(problem_at(node.at(("soak",)).place, said))
        return Soak(form.soak.for_, tuple(form.soak.watch))

    def _undo(self, form: plan_file.Step, node: Node) -> Undo | None:
        if form.undo is None:
            return None
        at = node.entries()["undo"]
        action = self._action(form.undo.run, at.entries().get("run"))
        if action is None:
            return None
        named = form.model_copy(update={"id": f"{form.id}-undo", "title": f"{form.title}: undone"})
        verify = self._shown(named, "verify", form.undo.verify, at)
        return Undo(action, verify, form.undo.within, form.undo.takes)

    # --- gates

    def _gate(self, form: plan_file.Gate | None, node: Node | None) -> Gate | None:
        if form is None or node is None:
            return None
        items = [item.id for name in form.parts for item in self._under(name, node.at(("parts",)))]
        for name in form.items:
            self._find(name, node.at(("items",)))
        poll = self._poll(form.poll, node.at(("poll",))) if form.poll is not None else None
        if not items and not form.items and poll is None and all(name in self.branches for name in form.parts):
            said = "this gate is always open: give it `parts`, `items` or a `poll`"
            self.problems.append(problem_at(node.place, said))
        return Gate(tuple(dict.fromkeys([*items, *form.items])), poll, form.max_age)

    def _under(self, name: str, at: Node) -> Iterator[Item]:
        branch = self.branches.get(name)
        if branch is None:
            said = f"there is no part, section or group `{name}`"
            self.problems.append(problem_at(at.source, said, suggest(name, list(self.branches))))
            return
        yield from branch.items()

    def _poll(self, form: plan_file.Poll, node: Node) -> Poll:
        asked = tuple(form.positions) or tuple(self.positions)
        for key in ("positions", "veto"):
            for name in getattr(form, key):
                self._position(name, node.at((key,)))
        for name in form.veto:
            if name not in asked and name in self.positions:
                self.problems.append(problem_at(node.at(("veto",)).source, f"`{name}` is not asked in this poll"))
        if not asked:
            self.problems.append(problem_at(node.place, "nobody is asked: declare `positions` in the checklist"))
        need = form.need if form.need is not None else len(asked)
        if need > len(asked):
            said = f"{need} must say GO, and only {len(asked)} are asked"
            self.problems.append(problem_at(node.at(("need",)).source, said))
        return Poll(asked, need, tuple(form.veto), form.answer_within, form.captain)

    def _position(self, name: str, at: Node) -> str:
        if name and name not in self.positions:
            hint = suggest(name, list(self.positions), none="declare it under `positions`")
            self.problems.append(problem_at(at.source, f"the position `{name}` is not known", hint))
        return name

    def _check_order(self, steps: tuple[Step, ...], nodes: list[Node]) -> None:
        places = {step.id: number for number, step in enumerate(steps)}
        for number, (step, node) in enumerate(zip(steps, nodes, strict=True)):
            until = step.reversible_until
            if not until:
                continue
            at = node.at(("reversible",)).source
            if until not in places:
                self.problems.append(problem_at(at, f"there is no step `{until}`", suggest(until, list(places))))
            elif places[until] <= number:
                self.problems.append(problem_at(at, f"`{until}` is not after this step"))
