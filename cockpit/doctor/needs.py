"""What a checklist needs of this machine: variables, programs, hosts, and whom it tells."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cockpit.checklist.kinds import Meaning, keys_that_are
from cockpit.checklist.model import Document, Variable
from cockpit.checklist.uses import names_in
from cockpit.doctor.finding import Finding, hurts, ok, unknown

MOST_NAMED = 8
"""Names in one sentence."""

_OF_KINDS = {"git": "git", "kubernetes": "kubectl"}
"""Programs that kinds of check run by themselves."""

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*")
_BUILT_IN = frozenset(
    {"[", ".", ":", "cd", "command", "echo", "exec", "exit", "export", "false", "for", "if", "printf"}
)
_BUILT_IN |= {"read", "set", "test", "true", "ulimit", "while"}


class Host(msgspec.Struct, frozen=True):
    """A host of the checklist, as far as it was looked at."""

    name: str
    where: str = ""
    """`deploy@10.0.0.5:22`, as the SSH configuration has it."""
    problem: str = ""
    """Why it cannot be reached, or its configuration not be read."""
    known: bool | None = None
    """Its key is in known_hosts; None: not looked for, as it is reached in another way."""
    connected: bool = False
    """It was logged in to."""


class Needs(msgspec.Struct, frozen=True):
    """What was found out for one checklist."""

    document: Document
    programs: Mapping[str, bool] = {}
    """The programs that are run on this machine, and whether they are there."""
    hosts: tuple[Host, ...] = ()
    can_notify: bool = True
    """The library for notifications is installed."""


def judge_needs(of: Needs) -> list[Finding]:
    """The needs of a checklist, judged. Pure."""
    return [*_variables(of.document), *_programs(of), *_hosts(of), *_notify(of)]


def programs(document: Document, meanings: Mapping[str, Any]) -> set[str]:
    """The programs that a checklist runs on this machine, as far as that can be read from it.

    `meanings` is the model of what each kind needs to know, of checks and of actions.
    """
    found: set[str] = set()
    for item in document.checkable():
        if item.check is not None and not item.excluded and not item.check.via:
            found |= _of_spec(item.check.kind, item.check.spec, meanings)
            found |= {_OF_KINDS[item.check.kind]} if item.check.kind in _OF_KINDS else set()
    for step in document.plan.every() if document.plan is not None else ():
        for action in (step.action, step.undo.action if step.undo is not None else None, step.rehearse):
            if action is not None and not action.hosts:
                found |= _of_spec(action.kind, action.spec, meanings)
    return found


def _of_spec(kind: str, spec: Mapping[str, Any], meanings: Mapping[str, Any]) -> set[str]:
    model = meanings.get(kind)
    if model is None or kind == "ssh":
        return set()
    commands = [spec.get(key) for key in keys_that_are(model, Meaning.SHELL)]
    argv = [spec.get(key) for key in keys_that_are(model, Meaning.ARGUMENTS)]
    first = {_first(command) for command in commands if isinstance(command, str)}
    first |= {str(each[0]) for each in argv if isinstance(each, list | tuple) and each}
    return {name for name in first if name and "$" not in name}


def _first(command: str) -> str:
    """The program that a shell command begins with; empty when that cannot be told."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return ""
    name = next((word for word in words if not _ASSIGNMENT.fullmatch(word)), "")
    return "" if name in _BUILT_IN or not re.fullmatch(r"[\w./+-]+", name) else name


def _variables(document: Document) -> Iterator[Finding]:
    missing = [each for each in document.variables if not each.is_set]
    if not missing:
        yield ok("variables", "All variables are set.")
        return
    manual = sum(bool(item.unwired) for item in document.checkable())
    asked = f": {_count(manual, 'item')} will be asked of people instead of measured" if manual else ""
    how = "; ".join(dict.fromkeys(_set(each) for each in missing[:MOST_NAMED]))
    said = f"{_count(len(missing), 'variable')} not set ({_named([each.name for each in missing])}){asked}."
    yield hurts("variables", said, f"{how}{'; ...' if len(missing) > MOST_NAMED else ''}")


def _set(variable: Variable) -> str:
    if variable.env:
        return f"export {variable.env}"
    return f"write `{variable.name}` as the checklist says" if variable.secret else f"--var {variable.name}=..."


def _programs(of: Needs) -> Iterator[Finding]:
    missing = sorted(name for name, there in of.programs.items() if not there)
    if missing:
        said = f"{_count(len(missing), 'program')} not found: {_named(missing)}."
        yield hurts("programs", said, "Install them, or put their folders on PATH where Cockpit starts.")
    elif of.programs:
        yield ok("programs", f"{_count(len(of.programs), 'program')} found: {_named(sorted(of.programs))}.")


def _hosts(of: Needs) -> Iterator[Finding]:
    for host in of.hosts:
        about = f"host {host.name}"
        if host.problem:
            yield hurts(about, f"{host.problem}.", "Mend that, or `hosts` in the checklist, or ~/.ssh/config.")
        elif host.connected:
            yield ok(about, f"{host.where} was logged in to.")
        elif host.known is False:
            said = f"The key of {host.where} is not in known_hosts: it will be refused."
            yield hurts(about, said, "Compare its fingerprint with whoever runs it, then `ssh` there once by hand.")
        elif host.known is None:
            yield unknown(about, f"{host.where} is reached by another program.", "`--connect` tries it.")
        else:
            yield ok(about, f"{host.where}, whose key is known; `--connect` would log in.")


def _notify(of: Needs) -> Iterator[Finding]:
    if not of.document.notify:
        return
    if not of.can_notify:
        said = "The checklist tells people, and the library for that is missing."
        yield hurts("notify", said, "Install it where Cockpit is installed: `pip install apprise`.")
    unset = {each.name for each in of.document.variables if not each.is_set}
    silent = [each.id for each in of.document.notify if unset & set(names_in(each.to))]
    if silent:
        yield hurts(
            "notify", f"Not told, as their URL is not set: {_named(silent)}.", "Set the variables of their URLs."
        )
    elif of.can_notify:
        yield ok("notify", f"Told of what happens: {_named([each.id for each in of.document.notify])}.")


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else noun + 's'}"
