"""Which kinds of check there are: every module in this folder that has a KIND, and what installed packages add.

Cheap to call: no kind imports what it measures with before it measures.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import pkgutil
from dataclasses import dataclass

from cockpit import checks
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind

GROUP = "cockpit.checks"
"""The entry point group in which other packages name their kinds: `NAME = "package.module:KIND"`."""


def kinds() -> dict[str, Kind]:
    """Every kind that can be used, by name."""
    return dict(_found().kinds)


def find(name: str) -> Kind | None:
    """The kind of this name; of one that is built in, without a look at the others: it has the name of its file."""
    with contextlib.suppress(ImportError):
        module = importlib.import_module(f"{checks.__name__}.{name}")
        if hasattr(module, "KIND") and module.KIND.name == name:
            built_in: Kind = module.KIND
            return built_in
    return kinds().get(name)


def problems() -> tuple[str, ...]:
    """What is wrong with installed packages whose kinds cannot be used, one sentence each."""
    return _found().problems


@dataclass(frozen=True)
class _Found:
    kinds: dict[str, Kind]
    problems: tuple[str, ...]


@functools.cache
def _found() -> _Found:
    found = _built_in()
    complaints = []
    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name):
        package = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        try:
            if point.name in found:
                raise ValueError("a kind of this name is there already")  # noqa: TRY301 - told as the others are
            found[point.name] = _usable(point.name, point.load())
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a foreign package does, Cockpit goes on
            said = str(error) or type(error).__name__
            complaints.append(f"kind of check {point.name!r} of {package} ({point.value}) cannot be used: {said}")
    return _Found(found, tuple(complaints))


def _built_in() -> dict[str, Kind]:
    modules = (
        importlib.import_module(f"{checks.__name__}.{module.name}") for module in pkgutil.iter_modules(checks.__path__)
    )
    return {module.KIND.name: module.KIND for module in modules if hasattr(module, "KIND")}


def _usable(name: str, kind: Kind) -> Kind:
    """`kind`, when it is one. Raises ValueError saying what it lacks."""
    if isinstance(kind, type):
        raise ValueError("it is a class: name an object of it")
    lacking = [word for word in ("name", "about", "spec", "fields", "implied", "example") if not hasattr(kind, word)]
    lacking += [word for word in ("request", "read") if not callable(getattr(kind, word, None))]
    if lacking:
        raise ValueError(f"it has no {', '.join(f'`{word}`' for word in lacking)}")
    if kind.name != name:
        raise ValueError(f"it calls itself {kind.name!r}")
    if not (isinstance(kind.spec, type) and issubclass(kind.spec, Spec)):
        raise ValueError("its `spec` is not a subclass of cockpit.checklist.kinds.Spec")
    if not all(isinstance(field, Field) for field in kind.fields):
        raise ValueError("its `fields` are not all cockpit.checklist.kinds.Field")
    return kind
