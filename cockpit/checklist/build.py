"""From what was written to the document: ids, variables, conditions and needs, which only the whole can judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from cockpit.checklist import file, log_file, model, plan_file, variables
from cockpit.checklist.abort import criteria
from cockpit.checklist.actions import DocumentedAction
from cockpit.checklist.condition_names import names, tokens
from cockpit.checklist.conditions import ANSWER
from cockpit.checklist.hosts import build_hosts
from cockpit.checklist.kinds import DocumentedKind, Field
from cockpit.checklist.logs import build_log
from cockpit.checklist.merge import LISTS_OF_BRANCHES
from cockpit.checklist.model import Document, Variable
from cockpit.checklist.node import Node
from cockpit.checklist.notify import build_notify
from cockpit.checklist.plan import Plan
from cockpit.checklist.plan_build import PlanBuilding
from cockpit.checklist.problem import Problem, problem_at, suggest
from cockpit.checklist.source import Source
from cockpit.checklist.uses import words
from cockpit.checklist.whole_file import Checklist
from cockpit.checklist.wiring import check_condition, judged, wire
from cockpit.text import safe, safe_line

_LEVELS: dict[str, Literal["part", "section", "group"]] = {"parts": "part", "sections": "section", "groups": "group"}


def build(
    form: Checklist,
    node: Node,
    *,
    whole: Node,
    files: tuple[model.File, ...],
    kinds: Mapping[str, DocumentedKind],
    given: Mapping[str, str],
    environ: Mapping[str, str],
    actions: Mapping[str, DocumentedAction],
) -> tuple[Document, dict[str, Node], list[Problem]]:
    """The document, the node of each item, branch and watch by id, and what is wrong.

    `node` is what `form` was made of; `whole` also holds what was taken out because it was wrong.
    """
    absent = Node({}, node.source)
    known, problems = variables.resolve(form.variables, node.entries().get("variables", absent), given, environ)
    problems.extend(_check_ids(whole))
    hosts, wrong = build_hosts(form.hosts, node.entries().get("hosts", absent), known)
    problems.extend(wrong)
    told, wrong = build_notify(form.notify, list(node.below("notify")), known, form.positions)
    problems.extend(wrong)
    building = _Building(form, kinds, actions, known, hosts, problems)
    parts = tuple(building.branch(each, at, "parts", "") for each, at in _pairs(form.parts, node, "parts"))
    watch = tuple(building.watch(each, at) for each, at in _pairs(form.watch, node, "watch"))
    plan, plan_checks = _plan(building, form, node, parts, watch)
    document = Document(
        name=safe_line(form.name),
        parts=parts,
        files=files,
        variables=tuple(known.values()),
        hosts=tuple(hosts.values()),
        positions=dict(form.positions),
        contacts=tuple(building.contact(each, at) for each, at in _pairs(form.contacts, node, "contacts")),
        commands=tuple(building.command(each, at) for each, at in _pairs(form.commands, node, "commands")),
        logs=tuple(building.log(each, at) for each, at in _pairs(form.logs, node, "logs")),
        notify=told,
        watch=watch,
        plan=plan,
        plan_checks=plan_checks,
        note=safe(form.note),
    )
    if not parts and "parts" not in node:
        problems.append(problem_at(node.source, "the checklist has no parts", "write what must be true under `parts`"))
    problems.extend(_check_needs(building.needs, _written_ids(whole)))
    return _with_needs_that_count(document), building.nodes, problems


def _pairs(forms: list[Any], node: Node, key: str) -> Iterator[tuple[Any, Node]]:
    return zip(forms, node.below(key), strict=True)


class _Building(msgspec.Struct):
    """One pass over everything that was written: what it becomes, and on the way what is wrong with it."""

    form: Checklist
    kinds: Mapping[str, DocumentedKind]
    actions: Mapping[str, DocumentedAction]
    variables: Mapping[str, Variable]
    hosts: Mapping[str, model.Host]
    problems: list[Problem]
    """What is wrong so far."""
    nodes: dict[str, Node] = {}
    """What was written for each branch, item and step, by its id."""
    needs: dict[str, Node] = {}
    """The `needs` of each item that has a check, by its id."""

    def branch(self, form: file.Branch, node: Node, key: str, excluded: str) -> model.Branch:
        self.nodes.setdefault(form.id, node)
        self._texts(node, "title", "note")
        own = self._excluded(form.when, node)
        children = tuple(self._children(form, node, excluded or own))
        show = tuple(form.show) if isinstance(form, file.Part) else ()
        if not children and not show and not _has_children(node):
            said = f"the {_LEVELS[key]} `{form.id}` is empty"
            self.problems.append(problem_at(node.source, said, "write items under it, or remove it"))
        return model.Branch(
            level=_LEVELS[key],
            id=form.id,
            title=safe_line(form.title),
            source=node.source,
            children=children,
            note=safe(form.note),
            excluded=excluded or own,
            show=show,
        )

    def _children(self, form: file.Branch, node: Node, excluded: str) -> Iterator[model.Branch | model.Item]:
        """What stands below, in the order of the keys that it is written under."""
        for key in node.entries():
            if key == "items":
                yield from (self.item(each, at, excluded) for each, at in _pairs(getattr(form, key), node, key))
            elif key in file.CHILDREN:
                yield from (self.branch(each, at, key, excluded) for each, at in _pairs(getattr(form, key), node, key))

    def item(self, form: file.Item, node: Node, excluded: str) -> model.Item:
        self.nodes.setdefault(form.id, node)
        self._texts(node, "title", "note", "target")
        own = self._excluded(form.when, node)
        check: model.Check | None = None
        unwired: tuple[str, ...] = ()
        if form.check is not None:
            check_node = node.entries()["check"]
            wired, wrong = wire(form.check, check_node, self.kinds, self.variables, self.hosts)
            check, unwired = wired.check, wired.unwired
            self.problems.extend(wrong)
            if "needs" in check_node.entries():
                self.needs[form.id] = check_node.entries()["needs"]
        title = safe_line(form.title)
        confirm = self._confirm(form.confirm, node.entries().get("confirm"), title)
        if check is None and confirm is None:
            confirm = model.Confirm(ask=question(title))
        return model.Item(
            id=form.id,
            title=title,
            source=node.source,
            check=check,
            confirm=confirm,
            unwired=unwired,
            required=form.required,
            note=safe(form.note),
            target=safe_line(form.target),
            excluded=excluded or own,
        )

    def watch(self, form: plan_file.Watch, node: Node) -> model.Item:
        item = self.item(form, node, "")
        if form.abort is None:
            return item
        try:
            abort = criteria(form.abort.when, form.abort.errors, form.abort.action, form.abort.grace)
        except ValueError as error:
            self.problems.append(problem_at(node.at(("abort",)).place, f"`abort`: {error}"))
            return item
        return msgspec.structs.replace(item, abort=abort)

    def contact(self, form: file.Contact, node: Node) -> model.Contact:
        self._position(form.position, node)
        self._texts(node, *node.entries())
        return model.Contact(**{name: safe_line(value) for name, value in form.model_dump().items()})

    def command(self, form: file.Command, node: Node) -> model.Command:
        run, at = form.run, node.entries()["run"]
        self.problems.extend(variables.check_uses(at, self.variables))
        if bool(run.command.strip()) == (run.docker_logs is not None):
            said = "`run` holds either `command` or `docker_logs`"
            self.problems.append(problem_at(at.place, said))
        text = _docker_logs(run.docker_logs) if run.docker_logs else run.command
        if form.host and form.host not in self.hosts:
            hint = suggest(form.host, list(self.hosts), none="declare it under `hosts`")
            self.problems.append(problem_at(node.at(("host",)).source, f"there is no host `{form.host}`", hint))
        return model.Command(
            id=form.id,
            title=safe_line(form.title),
            run=self._filled(text),
            changes=form.changes,
            source=node.source,
            host=form.host,
            timeout=form.timeout,
        )

    def log(self, form: log_file.LogSource, node: Node) -> model.LogSource:
        built, wrong = build_log(form, node, self.variables, self.hosts)
        self.problems.extend(wrong)
        return msgspec.structs.replace(built, excluded=self._excluded(form.when, node))

    def _confirm(self, form: file.Confirm | None, node: Node | None, title: str) -> model.Confirm | None:
        if form is None or node is None:
            return None
        self._texts(node, "ask", "look")
        self._position(form.position, node)
        expect = judged(node.entries()["expect"], ANSWER, self.variables, self.problems) if form.expect else ""
        ask = safe(self._filled(form.ask)) if form.ask.strip() else question(title)
        return model.Confirm(ask, safe(self._filled(form.look)), expect, form.position, form.always)

    def _filled(self, text: str) -> str:
        """`text` with the variables whose values are known; a secret, or one that is not set, stays `${name}`."""
        return words(variables.fill(text, self.variables))

    def _texts(self, node: Node, *keys: str) -> None:
        """Check the variables in texts that people read: those under `keys`, or a text that stands for all of them."""
        texts = (
            [node] if isinstance(node.value, str) else [node.entries()[key] for key in keys if key in node.entries()]
        )
        for text in texts:
            self.problems.extend(variables.check_uses(text, self.variables))

    def _position(self, position: str, node: Node) -> None:
        if position and position not in self.form.positions:
            known = list(self.form.positions)
            hint = suggest(position, known, none="declare it under `positions`")
            self.problems.append(
                problem_at(node.at(("position",)).source, f"the position `{position}` is not known", hint)
            )

    def _excluded(self, when: str, node: Node) -> str:
        """Why a branch or item does not count in this run; empty when it counts."""
        if not when:
            return ""
        at = node.entries()["when"]
        usable = {
            each.name: each for each in self.variables.values() if not (each.secret or variables.read_later(each))
        }
        condition, wrong = check_condition(at, [_variable_field(each) for each in usable.values()])
        later = names(list(tokens(when)), self.variables.keys() - usable.keys())
        if wrong and later:
            said = f"`when` cannot use `{later[0].root}`: it is read only when it is used"
            wrong = [problem_at(at.source, said, "use a variable whose value is written out")]
        self.problems.extend(wrong)
        if condition is None or any(not usable[name].is_set for name in condition.roots):
            return ""
        decision = condition.decide({name: each.value for name, each in usable.items() if each.is_set})
        if decision.problem:
            self.problems.append(problem_at(at.source, f"`when` cannot be decided: {decision.problem}"))
        if decision.holds or decision.problem:
            return ""
        return "not for this run: " + ", ".join(f"{name} is {value}" for name, value in decision.found.items())


def _plan(
    building: _Building, form: Checklist, node: Node, parts: tuple[model.Branch, ...], watch: tuple[model.Item, ...]
) -> tuple[Plan | None, tuple[model.Item, ...]]:
    """The plan, and the checks that are its own."""
    items = {item.id: item for part in parts for item in part.items()} | {item.id: item for item in watch}
    planning = PlanBuilding(
        item=lambda written, at: building.item(written, at, ""),
        actions=building.actions,
        variables=building.variables,
        hosts=building.hosts,
        positions=form.positions,
        known=items,
        branches={branch.id: branch for part in parts for branch in part.branches()},
        problems=building.problems,
        nodes=building.nodes,
    )
    absent = Node({}, node.source)
    plan = planning.plan(
        form.golive or plan_file.GoLive(),
        node.entries().get("golive", absent),
        form.rollback or plan_file.Rollback(),
        node.entries().get("rollback", absent),
    )
    return plan, tuple(planning.checks.values())


def question(title: str) -> str:
    """What to ask about an item that has no question of its own."""
    return f"{title}: what did you see that shows it?"


def _has_children(node: Node) -> bool:
    """Whether something was written below, even when all of it was taken out as wrong."""
    written = (node.entries().get(key) for key in (*file.CHILDREN, "show") if key not in node.lost)
    lost = any(key in node.lost for key in (*file.CHILDREN, "show"))
    return lost or any(child is not None and (child.elements() or child.lost) for child in written)


def _docker_logs(logs: file.DockerLogs) -> str:
    follow = " --follow" if logs.follow else ""
    return f"docker logs --tail {logs.tail}{follow} {logs.container}"


def _variable_field(variable: Variable) -> Field:
    match variable.value:
        case bool():
            return Field(variable.name, "bool", variable.about)
        case int():
            return Field(variable.name, "int", variable.about)
        case float():
            return Field(variable.name, "double", variable.about)
        case str():
            return Field(variable.name, "string", variable.about)
        case list():
            return Field(variable.name, "list", variable.about)
        case _:
            return Field(variable.name, "dyn", variable.about)


# --- ids and needs


def _ids(node: Node, keys: Iterable[str]) -> Iterator[tuple[str, Node]]:
    for key in keys:
        for child in node.below(key):
            if child.text("id"):
                yield child.text("id"), child
            yield from _ids(child, LISTS_OF_BRANCHES)


def _written_ids(whole: Node) -> dict[str, Node]:
    """Everything with an id that can be needed, right or wrong."""
    return dict(_ids(whole, ("parts", "watch"))) | dict(_ids(whole.at(("golive",)), ("checks",)))


def _check_ids(whole: Node) -> Iterator[Problem]:
    golive, rollback = whole.at(("golive",)), whole.at(("rollback",))
    named = (*_ids(whole, ("parts", "watch")), *_ids(golive, ("checks", "steps")), *_ids(rollback, ("steps",)))
    for written in (named, _ids(whole, ("commands",)), _ids(whole, ("logs",))):
        first: dict[str, Source] = {}
        for id_, node in written:
            at = node.entries()["id"].source
            if id_ in first:
                yield problem_at(at, f"the id `{id_}` is used twice", f"the first is at {first[id_]}")
            first.setdefault(id_, at)


def _check_needs(needs: Mapping[str, Node], written: Mapping[str, Node]) -> Iterator[Problem]:
    measured = [id_ for id_, node in written.items() if "check" in node]
    edges: dict[str, list[str]] = {}
    for id_, node in needs.items():
        for each in node.elements():
            needed = str(each.value)
            if needed not in written:
                yield problem_at(each.source, f"there is no item `{needed}`", suggest(needed, measured))
            elif "check" not in written[needed]:
                hint = "`needs` names items that are measured"
                yield problem_at(each.source, f"`{needed}` has no check that could pass", hint)
            else:
                edges.setdefault(id_, []).append(needed)
    for circle in _circles(edges):
        yield problem_at(
            needs[circle[0]].place, "these need each other in a circle: " + " > ".join([*circle, circle[0]])
        )


def _circles(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Each circle once, found without recursion: a chain of needs may be as long as the checklist."""
    finished: set[str] = set()
    for start in edges:
        # The way from `start` to where we are, in order, each with what it still has to follow.
        way = {start: iter(edges[start])} if start not in finished else {}
        while way:
            here, rest = next(reversed(way.items()))
            following = next(rest, None)
            if following is None:
                finished.add(here)
                del way[here]
            elif following in way:
                names = list(way)
                yield names[names.index(following) :]
            elif following not in finished and following in edges:
                way[following] = iter(edges[following])


def _with_needs_that_count(document: Document) -> Document:
    """Leave out needs whose check does not run here: nobody could ever see it pass."""
    live = {item.id for item in document.checkable() if item.check is not None and not item.excluded}

    def item_of(item: model.Item) -> model.Item:
        if item.check is None or all(id_ in live for id_ in item.check.needs):
            return item
        needs = tuple(id_ for id_ in item.check.needs if id_ in live)
        return msgspec.structs.replace(item, check=msgspec.structs.replace(item.check, needs=needs))

    def branch_of(branch: model.Branch) -> model.Branch:
        children = tuple(
            item_of(child) if isinstance(child, model.Item) else branch_of(child) for child in branch.children
        )
        return msgspec.structs.replace(branch, children=children)

    parts = tuple(branch_of(part) for part in document.parts)
    return msgspec.structs.replace(document, parts=parts, watch=tuple(item_of(item) for item in document.watch))
