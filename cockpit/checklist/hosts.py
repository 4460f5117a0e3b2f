"""Hosts that are reached over SSH: what is written of them, checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.checklist import file, model, variables
from cockpit.checklist.model import Host, Variable
from cockpit.checklist.node import Node
from cockpit.checklist.problem import Problem, problem_at, suggest
from cockpit.checklist.uses import names_in

_DESTINATION = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<bracketed>[^\]\s]+)\]|(?P<host>[^:@\s]+))(?::(?P<port>[0-9]{1,5}))?"
)
_ADDRESS = re.compile(r"(?:(?P<user>[^@\s]+)@)?(?P<host>[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*)")


@dataclass(frozen=True)
class Destination:
    """Whom to log in as, and where."""

    host: str
    user: str = ""
    """Empty: what the SSH configuration says."""
    port: int = 0
    """0: what the SSH configuration says."""


def destination(written: str) -> Destination:
    """What `[USER@]HOST[:PORT]` says; an IPv6 address with a port stands in brackets. Raises ValueError."""
    match = _DESTINATION.fullmatch(written) or _ADDRESS.fullmatch(written)
    if match is None:
        raise ValueError("must be HOST, USER@HOST or USER@HOST:PORT")
    found = match.groupdict()
    host, user = found.get("bracketed") or found["host"], found["user"] or ""
    if host.startswith("-") or user.startswith("-"):
        raise ValueError("must not begin with a dash")
    port = int(found.get("port") or 0)
    if port > 65535:
        raise ValueError(f"{port} is not a port")
    return Destination(host, user, port)


def chain(name: str, hosts: Mapping[str, Host]) -> tuple[Host, ...]:
    """The host called `name` and all that it is reached through, the nearest to us last; each at most once."""
    found: dict[str, Host] = {}
    while name in hosts and name not in found:
        found[name] = hosts[name]
        name = hosts[name].via
    return tuple(found.values())


def used_by(name: str, hosts: Mapping[str, Host]) -> tuple[str, ...]:
    """The variables that reaching a host takes."""
    return tuple(names_in([text for host in chain(name, hosts) for text in (host.ssh, host.config)]))


def build_hosts(
    forms: Mapping[str, file.Host], node: Node, known: Mapping[str, Variable]
) -> tuple[dict[str, Host], list[Problem]]:
    """The hosts by name, and what is wrong with them."""
    hosts, problems = {}, []
    for name, form in forms.items():
        at = node.entries()[name]
        problems.extend(variables.check_uses(at, known, strict=True))
        problems.extend(_check_destination(form, at))
        if form.via and form.via not in forms:
            hint = suggest(form.via, list(forms), none="declare it under `hosts`")
            problems.append(problem_at(at.at(("via",)).source, f"there is no host `{form.via}`", hint))
        hosts[name] = model.Host(name, form.ssh, form.via, form.client, form.config, at.source)
    for host in hosts.values():
        way = chain(host.name, hosts)
        if way[-1].via == host.name:
            circle = " > ".join([*(each.name for each in way), host.name])
            problems.append(problem_at(node.entries()[host.name].place, f"hosts are reached in a circle: {circle}"))
    return hosts, problems


def _check_destination(form: file.Host, at: Node) -> list[Problem]:
    if "${" in form.ssh:
        return []
    try:
        destination(form.ssh)
    except ValueError as error:
        written = at.at(("ssh",)) if isinstance(at.value, dict) else at
        return [problem_at(written.source, f"`ssh` {error}, not `{form.ssh}`")]
    return []
