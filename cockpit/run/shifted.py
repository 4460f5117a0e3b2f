"""What is known, told by a clock that has been set: pure.

How long something has been so must stay true when somebody sets the machine's clock in the middle of a run. So every
moment that the state holds is moved along with the clock; only what a person meant as a date stays.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar, cast

import msgspec
from immutables import Map

from cockpit.checklist.model import Document
from cockpit.journal.event import Actor, Data

Known = TypeVar("Known")


def shifted(known: Known, seconds: float) -> Known:
    """`known` with every moment in it `seconds` later."""
    return cast("Known", _shifted(known, dt.timedelta(seconds=seconds)))


def _shifted(known: Any, by: dt.timedelta) -> Any:
    match known:
        case dt.datetime():
            return known + by
        case Data() | Actor() | Document():
            return known  # as it stands in the journal, or in the checklist
        case msgspec.Struct():
            fields = {name: getattr(known, name) for name in known.__struct_fields__}
            moved = {name: now for name, was in fields.items() if (now := _shifted(was, by)) is not was}
            return msgspec.structs.replace(known, **moved) if moved else known
        case tuple() if known:
            parts = [_shifted(part, by) for part in known]
            return tuple(parts) if any(one is not two for one, two in zip(parts, known, strict=True)) else known
        case Map():
            moved = {key: now for key, was in known.items() if (now := _shifted(was, by)) is not was}
            return known.update(moved) if moved else known
        case _:
            return known
