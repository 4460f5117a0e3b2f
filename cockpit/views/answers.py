"""Whether what a person saw is what was expected: said before it is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.checklist.model import Confirm


@dataclass(frozen=True)
class Judgement:
    """How a value stands to what is expected."""

    holds: bool
    why: str = ""
    """Which condition fails, in a sentence; empty when it holds."""


def judge(asked: Confirm, value: str) -> Judgement:
    """Decide whether `value` satisfies what the item expects."""
    if not asked.expect:
        return Judgement(holds=True)
    from cockpit.checklist.conditions import answer_condition  # noqa: PLC0415 - heavy; needed when somebody answers

    decided = answer_condition(asked.expect).decide({"value": value})
    if decided.holds:
        return Judgement(holds=True)
    reason = f" ({decided.problem})" if decided.problem else ""
    return Judgement(holds=False, why=f"{value!r} is not what is expected: {asked.expect} does not hold{reason}")
