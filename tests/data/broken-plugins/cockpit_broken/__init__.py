"""Kinds that cannot be used, each in another way."""

from __future__ import annotations

from types import SimpleNamespace

from cockpit.checklist.kinds import Field, Spec


async def _read(*_: object) -> None:
    return None


def _kind(**more: object) -> SimpleNamespace:
    whole = {"about": "", "spec": Spec, "fields": (Field("a", "int", "A."),), "implied": "", "example": ""}
    return SimpleNamespace(**{**whole, "request": str, "read": _read, **more})


UNFINISHED = SimpleNamespace(name="unfinished", about="Nothing.")
MISNAMED = _kind(name="something-else")
WRONG_SPEC = _kind(name="wrong-spec", spec=dict)
WRONG_FIELDS = _kind(name="wrong-fields", fields=("a",))
TAKEN = _kind(name="http")


class Unmade:
    """A class where an object belongs."""

    name = "unmade"
