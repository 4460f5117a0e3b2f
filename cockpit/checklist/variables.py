"""Variables of a checklist: which are set, from where, and `${name}` filled in as far as that is known at load.

Nothing is read or run to find out: a variable from a file or a command counts as set, and is read when it is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cockpit.checklist import file
from cockpit.checklist.model import Variable
from cockpit.checklist.node import Node
from cockpit.checklist.problem import Problem, problem_at, suggest
from cockpit.checklist.source import Source
from cockpit.checklist.uses import SHAPE_OF_VARIABLE, USE, names_in, words
from cockpit.text import safe

LONGEST = 1 << 16
"""Characters in a text once its variables are filled in: texts made of each other grow fast."""

MOST_USES = 100
"""Names in one text that are looked up; more are no text that anybody wrote."""

_DEEPEST = 20
_ANY_USE = re.compile(r"\$\{([^}]*)\}")


def resolve(
    written: Mapping[str, file.Variable], nodes: Node, given: Mapping[str, str], environ: Mapping[str, str]
) -> tuple[dict[str, Variable], list[Problem]]:
    """All variables as they stand: `given` (`--var`) comes before what the checklist says."""
    problems: list[Problem] = []
    variables: dict[str, Variable] = {}
    for name, form in written.items():
        node = nodes.entries()[name]
        problems.extend(_misuse(name, form, node))
        variables[name] = _as_written(name, form, node.at(("file",)).source, environ)
    for name, text in given.items():
        variable = variables.get(name)
        option = f"--var {name}"
        if variable is None:
            none = "the checklist declares no variables"
            problems.append(
                Problem(option, 0, 0, f"there is no variable `{name}`", suggest(name, [*written], none=none))
            )
        elif variable.secret:
            hint = "set it the way the checklist says"
            problems.append(Problem(option, 0, 0, f"`{name}` is a secret; a command line is seen by others", hint))
        else:
            try:
                value = _like(text, written[name].value)
            except ValueError as error:
                problems.append(Problem(option, 0, 0, str(error), f"declared at {nodes.entries()[name].place}"))
                continue
            variables[name] = _plain_value(variable, value, "--var")
    expansion = _Expansion(variables, nodes, problems)
    for name in variables:
        expansion.expand(name)
    return variables, problems


def fill(value: Any, variables: Mapping[str, Variable]) -> Any:
    """`value` with every variable filled in whose value is known; a text that is `${name}` alone takes its type."""
    if isinstance(value, str):
        alone = USE.fullmatch(value)
        if alone:
            known = variables.get(alone[1])
            return known.value if known is not None and known.value is not None else value
        if _length(value, variables) > LONGEST:
            return value
        return USE.sub(lambda match: _in_text(match, variables), value)
    if isinstance(value, Mapping):
        return {key: fill(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [words(filled) if isinstance(filled := fill(item, variables), list) else filled for item in value]
    return value


def check_uses(node: Node, variables: Mapping[str, Variable], *, strict: bool = False) -> list[Problem]:
    """Uses of variables that are not declared, anywhere under `node`.

    `strict` also refuses `${...}` around something that is no name; otherwise that is left to the shell.
    """
    problems = []
    for each in node.walk():
        if not isinstance(each.value, str) or "${" not in each.value:
            continue
        if _length(each.value, variables) > LONGEST:
            said = f"with its variables filled in this is longer than {LONGEST} characters"
            problems.append(problem_at(each.source, said))
        uses = {match[1]: match for match in reversed(list(_ANY_USE.finditer(each.value)))}
        for name, match in list(uses.items())[:MOST_USES]:
            at = inside(each, match.start())
            if re.fullmatch(SHAPE_OF_VARIABLE, name):
                if name not in variables:
                    hint = suggest(name, list(variables), none="declare it under `variables`")
                    hint += "" if strict else f"; one of the shell's own is written `${name}`"
                    problems.append(problem_at(at, f"the variable `{name}` is not declared", hint))
            elif strict:
                hint = suggest(name.replace("-", "_"), list(variables), none="letters, digits and `_`")
                problems.append(problem_at(at, f"`{name}` is no name of a variable", hint))
    return problems


def _as_written(name: str, form: file.Variable, source: Source, environ: Mapping[str, str]) -> Variable:
    variable = Variable(
        name,
        secret=form.secret,
        env=form.env,
        file=_beside(form.file, source),
        command=form.command,
        about=safe(form.about),
        example=safe(form.example),
    )
    if form.env:
        there = bool(environ.get(form.env))
        value = None if form.secret or not there else environ[form.env]
        origin = f"environment variable {form.env}" + ("" if there else " (not set)")
        return msgspec.structs.replace(variable, value=value, is_set=there, origin=origin)
    if form.file:
        return msgspec.structs.replace(variable, is_set=True, origin=f"file {variable.file}")
    if form.command:
        return msgspec.structs.replace(variable, is_set=True, origin=f"command {form.command}")
    if form.value is None:
        return variable
    return _plain_value(variable, form.value, "default")


def _plain_value(variable: Variable, value: Any, origin: str) -> Variable:
    return msgspec.structs.replace(
        variable, value=None if variable.secret else value, is_set=True, origin=origin, env="", file="", command=""
    )


def _misuse(name: str, form: file.Variable, node: Node) -> Iterator[Problem]:
    if not re.fullmatch(SHAPE_OF_VARIABLE, name):
        yield problem_at(node.place, f"`{name}` is no name of a variable", "letters, digits and `_`, as in `base_url`")
    origins = [key for key in file.ORIGINS if key in node.entries()]
    if len(origins) > 1:
        said = " and ".join(f"`{key}`" for key in origins)
        yield problem_at(node.place, f"`{name}` has {said}", "say once where it comes from")
    if form.secret and form.value is not None:
        hint = "read it with `env`, `file` or `command`, and change the secret: it has been written down"
        yield problem_at(
            node.at(("value",)).place, f"`{name}` is a secret; a secret is never written in a checklist", hint
        )


def _beside(path: str, source: Source) -> str:
    """A relative path is meant from where it was written, not from where Cockpit is started."""
    if not path or path.startswith(("/", "~", "$")):
        return path
    return str((Path(source.file).parent / path).absolute())


def _like(text: str, example: Any) -> Any:
    """What was given as text, in the type of what the checklist says. Raises ValueError when it is of another."""
    if isinstance(example, list):
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return [_like(part, example[0]) for part in parts] if example else parts
    if isinstance(example, bool):
        if text not in ("true", "false"):
            raise ValueError(f"must be true or false, not `{text}`")
        return text == "true"
    for kind, what in ((int, "a whole number"), (float, "a number")):
        if isinstance(example, kind):
            try:
                return kind(text)
            except ValueError:
                raise ValueError(f"must be {what}, not `{text}`") from None
    return text


class _Expansion(msgspec.Struct):
    """Filling variables into the values of others; one that needs one that is not set is not set either."""

    variables: dict[str, Variable]
    nodes: Node
    problems: list[Problem]
    _done: set[str] = set()

    def expand(self, name: str, above: tuple[str, ...] = ()) -> None:
        variable = self.variables[name]
        if name in self._done or isinstance(variable.value, int | float):
            return
        used = dict.fromkeys(names_in(variable.value))
        for other in used:
            self._use(name, other, above)
        self._done.add(name)
        missing = [other for other in used if other in self.variables and not self.variables[other].is_set]
        if missing:
            origin = f"made of {', '.join(missing)} (not set)"
            variable = msgspec.structs.replace(variable, value=None, is_set=False, origin=origin)
        elif used:
            self.problems.extend(check_uses(self.nodes.entries()[name], self.variables))
            variable = msgspec.structs.replace(variable, value=fill(variable.value, self.variables))
        self.variables[name] = variable

    def _use(self, name: str, other: str, above: tuple[str, ...]) -> None:
        at = self.nodes.entries()[name].place
        chain = (*above, name)
        if other in chain:
            said = " > ".join([*chain[chain.index(other) :], other])
            self.problems.append(problem_at(at, f"variables are made of each other in a circle: {said}"))
        elif len(chain) > _DEEPEST:
            self.problems.append(problem_at(at, f"more than {_DEEPEST} variables are made of each other"))
        elif other in self.variables:
            self.expand(other, chain)
            if read_later(self.variables[other]):
                said = f"`{name}` is made of `{other}`, which is read only when it is used"
                self.problems.append(problem_at(at, said, f"use `{other}` in the check itself"))


def read_later(variable: Variable) -> bool:
    """Whether its value is not known at load, although it is set: a secret, a file, a command."""
    return variable.is_set and variable.value is None


def _in_text(match: re.Match[str], variables: Mapping[str, Variable]) -> str:
    known = variables.get(match[1])
    return words(known.value) if known is not None and known.value is not None else match[0]


def _length(text: str, variables: Mapping[str, Variable]) -> int:
    known = [variables[name].value for name in USE.findall(text) if name in variables]
    return len(text) + sum(len(words(value)) for value in known if value is not None)


def inside(node: Node, offset: int) -> Source:
    """Where a character of a text stands, when the text stands in the file as it is."""
    at = node.source
    return Source(at.file, at.line, at.column + node.literal + offset) if node.literal >= 0 else at
