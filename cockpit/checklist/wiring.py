"""Live when wired, manual otherwise: what was written as a check becomes a measurement, or says what it waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from cockpit.checklist import conditions, file, model, shell, variables
from cockpit.checklist.actions import DocumentedAction
from cockpit.checklist.condition_names import with_values
from cockpit.checklist.form import known_keys, leave_alone, read_form
from cockpit.checklist.hosts import used_by
from cockpit.checklist.kinds import DocumentedKind, Field, Meaning, goes_through_hosts, keys_that_are
from cockpit.checklist.model import Host, Variable
from cockpit.checklist.node import Node, copy, plain
from cockpit.checklist.problem import Problem, problem_at, suggest
from cockpit.checklist.source import Source
from cockpit.checklist.uses import USE, names_in


class Wired(NamedTuple):
    """What became of a check: a measurement, or the variables that it still needs."""

    check: model.Check | None
    unwired: tuple[str, ...] = ()


def wire(
    form: file.Check,
    node: Node,
    kinds: Mapping[str, DocumentedKind],
    known: Mapping[str, Variable],
    hosts: Mapping[str, Host],
) -> tuple[Wired, list[Problem]]:
    """Wire one check, and say everything that is wrong with it."""
    problems: list[Problem] = []
    name = _kind(node, kinds, problems)
    if name is None:
        return Wired(None), problems
    kind, spec = kinds[name], copy(node.entries()[name])
    leave_alone(kind.spec, spec)
    problems.extend(check_uses(kind, spec, known))
    problems.extend(_check_spec(kind, spec, known))
    named = _named_hosts(kind, spec, known, hosts, problems)
    expect = _conditions(node, "expect", kind.fields, known, problems)
    warn = _conditions(node, "warn", kind.fields, known, problems)
    figure = _figure(node, kind.fields, known, problems)
    if not expect and not kind.implied and not _was_wrong(node, "expect"):
        hint = "write under `expect` what must hold; see `cockpit kinds " + name + "`"
        problems.append(problem_at(spec.place, "this check cannot fail: it has no condition", hint))
    problems.extend(_check_times(form, node))
    problems.extend(_check_via(form, node, kind, hosts))
    reached = [name for host in (form.via, *named) for name in used_by(host, hosts)]
    used = dict.fromkeys([*names_in([plain(spec), form.expect, form.warn, form.figure]), *reached])
    unwired = tuple(name for name in used if name in known and not known[name].is_set)
    if unwired or problems:
        return Wired(None, unwired), problems
    check = model.Check(
        kind=name,
        spec=plain(spec),
        expect=expect,
        warn=warn,
        figure=figure,
        timeout=form.timeout,
        retry_for=form.retry.for_ if form.retry else 0.0,
        retry_every=form.retry.every if form.retry else 2.0,
        deadline=form.deadline,
        every=form.every,
        max_age=form.max_age,
        needs=tuple(form.needs),
        advisory=form.advisory,
        on_demand=form.on_demand,
        via=form.via,
    )
    return Wired(check), problems


def check_condition(
    node: Node,
    fields: Iterable[Field],
    text: str | None = None,
    *,
    compiled: Callable[[str, Iterable[Field]], conditions.Condition] = conditions.compile_condition,
) -> tuple[conditions.Condition | None, list[Problem]]:
    """Compile the condition written at `node`; the place of what is wrong is that of the character, where it can be."""
    written = str(node.value)
    try:
        return compiled(written if text is None else text, fields), []
    except conditions.ConditionError as error:
        at = node.source
        hint = error.hint
        if node.literal >= 0 and text in (None, written):
            at = Source(at.file, at.line, at.column + node.literal + error.column - 1)
        else:
            line = f"line {error.line}, " if error.line > 1 else ""
            hint = f"at {line}column {error.column} of the condition" + (f"; {hint}" if hint else "")
        return None, [problem_at(at, error.message, hint)]


def judged(node: Node, fields: Iterable[Field], known: Mapping[str, Variable], problems: list[Problem]) -> str:
    """A condition with `${name}` filled in; what is wrong with it goes to `problems`."""
    text = str(node.value)
    if "${" not in text or len(text) > conditions.LONGEST:
        problems.extend(check_condition(node, fields)[1])
        return text
    wrong, text = _with_variables(node, tuple(fields), known)
    problems.extend(wrong)
    return text


def _kind(node: Node, kinds: Mapping[str, DocumentedKind], problems: list[Problem]) -> str | None:
    """The one kind that a check names."""
    known = known_keys(file.Check)
    named = []
    for key, child in node.entries().items():
        if key in known:
            continue
        if key not in kinds:
            said = f"`{key}` is neither a kind of check nor a key of one"
            problems.append(problem_at(child.place, said, suggest(key, [*kinds, *known])))
        else:
            named.append(key)
    if len(named) > 1:
        said = f"a check measures one thing; this one names {' and '.join(f'`{key}`' for key in named)}"
        problems.append(problem_at(node.place, said, "make two items of it"))
        return None
    if not named:
        if not problems:
            hint = "one of: " + ", ".join(kinds)
            problems.append(problem_at(node.place, "this check does not say what it measures", hint))
        return None
    return named[0]


def check_uses(kind: DocumentedKind | DocumentedAction, spec: Node, known: Mapping[str, Variable]) -> list[Problem]:
    """The uses of variables, which must be declared, and in a command must be quotable and no secrets."""
    texts = keys_that_are(kind.spec, Meaning.SHELL)
    listed = keys_that_are(kind.spec, Meaning.ARGUMENTS)
    problems = []
    for key, node in spec.entries().items():
        problems += variables.check_uses(node, known, strict=key not in texts)
        if key in texts:
            problems += _check_shell(node)
        if key in (*texts, *listed):
            for name in dict.fromkeys(names_in(plain(node))):
                if name in known and known[name].secret:
                    said = f"`{name}` is a secret, and a command line can be read by everyone on the machine (`ps`)"
                    problems.append(problem_at(node.source, said, "give it by `environment:` or `input:`"))
    if not isinstance(spec.value, dict):
        problems += variables.check_uses(spec, known, strict=True)
    return problems


def _check_shell(node: Node) -> list[Problem]:
    uses = shell.uses_in(node.value) if isinstance(node.value, str) else ()
    return [
        problem_at(
            variables.inside(node, use.start), f"`${{{use.name}}}` {use.trouble}: it cannot be quoted", shell.ADVICE
        )
        for use in uses
        if use.trouble
    ]


def _named_hosts(
    kind: DocumentedKind,
    spec: Node,
    known: Mapping[str, Variable],
    hosts: Mapping[str, Host],
    problems: list[Problem],
) -> list[str]:
    """The hosts that keys of the spec name; those that there are not go to `problems`."""
    named = []
    for key in keys_that_are(kind.spec, Meaning.HOST):
        node = spec.entries().get(key)
        name = variables.fill(node.value, known) if node is not None else ""
        if node is None or not isinstance(name, str) or "${" in name:
            continue
        if name in hosts:
            named.append(name)
        else:
            problems.append(_no_host(name, node, hosts))
    return named


def _no_host(name: str, node: Node, hosts: Mapping[str, Host]) -> Problem:
    hint = suggest(name, list(hosts), none="declare it under `hosts`")
    return problem_at(node.source, f"there is no host `{name}`", hint)


def _check_spec(kind: DocumentedKind, spec: Node, known: Mapping[str, Variable]) -> list[Problem]:
    """Check what the kind needs to know, with the values that are known; what is not known yet is not judged."""
    if not isinstance(spec.value, dict):
        hint = f"see `cockpit kinds {kind.name}`"
        return [problem_at(spec.source, f"`{kind.name}` must be a mapping of keys to values", hint)]
    return read_form(kind.spec, filled(spec, known))[2]


def filled(node: Node, known: Mapping[str, Variable]) -> Node:
    """A copy with the variables filled in whose values are known."""
    if isinstance(node.value, dict):
        children = {key: filled(child, known) for key, child in node.value.items()}
        return Node(children, node.source, node.key, open=any(child.open for child in children.values()))
    if isinstance(node.value, list):
        elements = [filled(child, known) for child in node.value]
        return Node(elements, node.source, node.key, open=any(child.open for child in elements))
    value = variables.fill(node.value, known)
    if isinstance(value, list):
        return Node([Node(each, node.source) for each in value], node.source, node.key)
    return Node(value, node.source, node.key, open=isinstance(value, str) and "${" in value)


def _was_wrong(node: Node, key: str) -> bool:
    return key in node.lost or bool(node.at((key,)).lost)


def _conditions(
    node: Node, key: str, fields: tuple[Field, ...], known: Mapping[str, Variable], problems: list[Problem]
) -> tuple[str, ...]:
    """The conditions under `key`, compiled to see that they can be used."""
    written = node.entries().get(key)
    if written is None:
        return ()
    each = written.elements() if isinstance(written.value, list) else [written]
    return tuple(judged(node, fields, known, problems) for node in each)


def _figure(node: Node, fields: tuple[Field, ...], known: Mapping[str, Variable], problems: list[Problem]) -> str:
    """The expression for the number to plot, compiled to see that it can be used; empty when none is written."""
    written = node.entries().get("figure")
    if written is None or not str(written.value):
        return ""
    wrong, text = _with_variables(written, fields, known, compiled=conditions.compile_figure)
    problems.extend(wrong)
    return text


def _with_variables(
    node: Node,
    fields: tuple[Field, ...],
    known: Mapping[str, Variable],
    *,
    compiled: Callable[[str, Iterable[Field]], conditions.Condition] = conditions.compile_condition,
) -> tuple[list[Problem], str]:
    """The condition with `${name}` filled in; one that is not set may be anything: only its use is judged."""
    text = str(node.value)
    wrong = variables.check_uses(node, known, strict=True)
    if wrong:
        return wrong, text
    used = [known[name] for name in names_in(text)]
    for variable in used:
        if variable.secret or variables.read_later(variable):
            said = f"a condition cannot use `{variable.name}`: it is read only when a check asks for it"
            return [problem_at(node.source, said)], text
    text = with_values(text, {each.name: each.value for each in used if each.is_set})
    open_names = [Field(f"not_set_{each.name}", "dyn", "") for each in used if not each.is_set]
    trial = USE.sub(r"not_set_\1", text)
    return check_condition(node, (*fields, *open_names), trial, compiled=compiled)[1], text


def _check_via(form: file.Check, node: Node, kind: DocumentedKind, hosts: Mapping[str, Host]) -> list[Problem]:
    """The host that it is measured from: there must be one, and the kind must be able to."""
    if not form.via:
        return []
    at = node.at(("via",))
    if form.via not in hosts:
        return [_no_host(form.via, at, hosts)]
    if keys_that_are(kind.spec, Meaning.HOST):
        hint = "write `via` at that host, under `hosts`"
        return [
            problem_at(at.source, f"`{kind.name}` names the host that it goes to: it has no `via` of its own", hint)
        ]
    if not goes_through_hosts(kind):
        hint = "measure it with `command` on that host"
        return [
            problem_at(at.source, f"`{kind.name}` is measured on this machine only: it cannot go `via` a host", hint)
        ]
    return []


def _check_times(form: file.Check, node: Node) -> list[Problem]:
    """Times that contradict each other."""
    problems = []
    if form.timeout <= 0:
        problems.append(problem_at(node.at(("timeout",)).place, "`timeout` must be longer than nothing"))
    if form.deadline and form.deadline < form.timeout:
        said = "`deadline`, the limit of all tries, is shorter than `timeout`, the limit of one"
        problems.append(problem_at(node.at(("deadline",)).place, said))
    if form.max_age and form.every and form.max_age < form.every:
        said = "`max_age` is shorter than `every`: the result would be stale before it is measured again"
        problems.append(problem_at(node.at(("max_age",)).place, said))
    if form.on_demand and form.every:
        said = "`every` measures by itself, and `on_demand` only when asked: leave one of them out"
        problems.append(problem_at(node.at(("every",)).place, said))
    return problems
