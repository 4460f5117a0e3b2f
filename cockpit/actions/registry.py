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
    )
    return {module.KIND.name: module.KIND for module in modules if hasattr(module, "KIND")}
