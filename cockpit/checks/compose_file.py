"""What the files of a Compose project want: which services, and how many containers of each. Pure.

Only what says so is read (https://github.com/compose-spec/compose-spec): `services`, their `profiles`, `scale`,
`deploy.replicas`, `extends`, and which others wait for their end. Where a number cannot be known without Compose, this
says so: a guess could pass for good.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import yaml


@dataclass(frozen=True)
class Wanted:
    """What a project should consist of."""

    services: Mapping[str, int] = field(default_factory=dict)
    """Each service to its number of containers."""
    jobs: frozenset[str] = frozenset()
    """Services that run to their end: others wait for it."""
    name: str = ""
    """What the files call the project."""


class Unclear(Exception):
    """A file cannot be read, or does not say what is wanted. The message says which and why."""


def wanted(files: Sequence[tuple[str, bytes]], profiles: Iterable[str], known: Container[str] = ()) -> Wanted:
    """What files (name and content) want together, the later ones over the earlier. Raises Unclear.

    How many there should be of the services in `known` is said elsewhere, and not looked for.
    """
    name, services = "", dict[str, _Service]()
    for file, content in files:
        document = _document(file, content)
        if document.get("include"):
            raise Unclear(f"{file} has an `include`, which is not followed: list those files under `files`, too")
        name = str(document.get("name") or name)
        defined = _mapping(document.get("services"))
        for service in defined:
            services[service] = _later(services.get(service), _read(_File(file, defined, known), service))
    active = frozenset(profiles)
    chosen = {name: each for name, each in services.items() if each.is_in(active)}
    return Wanted(
        {service: 1 if each.count is None else each.count for service, each in chosen.items()},
        frozenset(service for each in chosen.values() for service in each.waits_for if service in chosen),
        name,
    )


def default_name(folder: str) -> str:
    """What Compose calls a project whose files lie in `folder`, when nothing says otherwise."""
    return re.sub(r"[^-_a-z0-9]", "", folder.lower()).lstrip("-_")


@dataclass(frozen=True)
class _Service:
    count: int | None = None
    profiles: tuple[str, ...] = ()
    waits_for: frozenset[str] = frozenset()

    def is_in(self, active: frozenset[str]) -> bool:
        return not self.profiles or "*" in active or not active.isdisjoint(self.profiles)


@dataclass(frozen=True)
class _File:
    name: str
    services: Mapping[str, Any]
    known: Container[str]


def _later(before: _Service | None, after: _Service) -> _Service:
    if before is None:
        return after
    return _Service(
        before.count if after.count is None else after.count,
        (*before.profiles, *after.profiles),
        before.waits_for | after.waits_for,
    )


def _read(file: _File, name: str, *extending: str) -> _Service:
    written = _mapping(file.services.get(name))
    service = _Service(
        None if name in file.known else _number(file, name, written),
        tuple(map(str, written.get("profiles") or ())),
        frozenset(
            other
            for other, how in _mapping(written.get("depends_on")).items()
            if _mapping(how).get("condition") == "service_completed_successfully"
        ),
    )
    base = written.get("extends")
    if service.count is not None or not base or name in extending or name in file.known:
        return service
    extended = base if isinstance(base, str) else _mapping(base).get("service")
    if _mapping(base).get("file") or extended not in file.services:
        raise Unclear(f"{file.name}: {name} extends a service of another file: say how many there should be (`wanted`)")
    return replace(service, count=_read(file, str(extended), name, *extending).count)


def _number(file: _File, name: str, service: Mapping[str, Any]) -> int | None:
    replicas = _mapping(service.get("deploy")).get("replicas")
    written = service.get("scale") if replicas is None else replicas
    if written is None or (isinstance(written, int) and not isinstance(written, bool)):
        return written
    if isinstance(written, str) and written.isdecimal():
        return int(written)
    raise Unclear(f"{file.name}: how many containers of {name} there should be is `{written}`: say it under `wanted`")


def _document(file: str, content: bytes) -> Mapping[str, Any]:
    try:
        return _mapping(yaml.load(content, _Loader))  # noqa: S506 - it is a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise Unclear(f"{file}{where} is not YAML: {getattr(error, 'problem', None) or error}") from None
    except (RecursionError, ValueError) as error:
        raise Unclear(f"{file} cannot be read as YAML: {type(error).__name__}") from None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


class _Loader(yaml.CSafeLoader):
    """A safe loader that lets the tags of Compose pass (`!reset`, `!override`)."""


def _tagged(loader: _Loader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node) or None
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else None


_Loader.add_multi_constructor("!", _tagged)
