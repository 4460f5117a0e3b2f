"""Which kinds of action there are: every module in this folder that has a KIND."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from cockpit import actions
from cockpit.actions.kind import ActionKind


@functools.cache
def kinds() -> dict[str, ActionKind]:
    """Every kind of action, by name."""
    modules = (
        importlib.import_module(f"{actions.__name__}.{module.name}")
        for module in pkgutil.iter_modules(actions.__path__)
        if not module.name.startswith("_")
    )
    return {module.KIND.name: module.KIND for module in modules if hasattr(module, "KIND")}


def find(name: str) -> ActionKind | None:
    """The kind of this name, without a look at the others: a kind has the name of its file."""
    if not name.isidentifier():
        return None
    try:
        module = importlib.import_module(f"{actions.__name__}.{name}")
    except ImportError:
        return None
    kind: ActionKind | None = getattr(module, "KIND", None)
    return kind if kind is not None and kind.name == name else None
