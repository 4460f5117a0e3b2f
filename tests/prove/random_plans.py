"""Plans made by chance: any length, any mix of what a plan can say."""

from __future__ import annotations

import random

import msgspec

from cockpit.checklist.model import Document
from cockpit.checklist.plan import Abort, Criterion, Gate, Plan, Poll, Soak, Step
from tests.support.plans import by_hand, command, step
from tests.support.runs import HERE, document, live, manual

POSITIONS = {"operations": ("ada",), "security": ("grace",), "development": ("bob",)}
ITEMS = ("health", "owner", "schema")


def random_plan(dice: random.Random) -> Document:
    """A checklist with a plan of one to eight steps."""
    names = [f"s{number}" for number in range(dice.randint(1, 8))]
    steps = [_step(dice, name) for name in names]
    for number, each in enumerate(steps):
        later = [one.id for one in steps[number + 1 :] if one.action is not None]
        if each.undo is not None and later and dice.random() < 0.3:
            steps[number] = msgspec.structs.replace(each, reversible_until=dice.choice(later))
    rollback = (step("banner", undo=None, required=False),) if dice.random() < 0.4 else ()
    bad = dice.randint(1, 3)
    abort = Abort(
        Criterion(of=dice.randint(bad, 4), bad=bad),
        errors=dice.choice([None, Criterion(of=2, bad=2)]),
        action=dice.choice(["advise", "hold", "rollback"]),
        grace=dice.choice([0.0, 3.0]),
    )
    watch = msgspec.structs.replace(live("errors", every=1.0), abort=abort)
    of = document(live("health", max_age=dice.choice([1e6, 30.0])), manual("owner"), watch=(watch,))
    return msgspec.structs.replace(
        of, positions=POSITIONS, plan=Plan(tuple(steps), rollback), plan_checks=(live("schema"),)
    )


def _step(dice: random.Random, name: str) -> Step:
    kind = dice.random()
    if kind < 0.2:
        positions = tuple(dice.sample(sorted(POSITIONS), dice.randint(1, 3)))
        veto = (dice.choice(positions),) if dice.random() < 0.5 else ()
        poll = Poll(positions, dice.randint(1, len(positions)), veto, dice.choice([0.0, 60.0]))
        gate = Gate(
            tuple(dice.sample(ITEMS[:2], dice.randint(0, 2))), dice.choice([None, poll, poll]), dice.choice([0.0, 20.0])
        )
        return Step(name, name, HERE, gate=gate, changes=False)
    if kind < 0.3:
        return Step(name, name, HERE, hold="as planned", changes=False)
    if kind < 0.4:
        return by_hand(name, required=dice.random() < 0.7)
    made = step(
        name,
        required=dice.random() < 0.7,
        auto=dice.random() < 0.3,
        before=("health",) if dice.random() < 0.3 else (),
        verify=("schema",) if dice.random() < 0.4 else (),
        within=dice.choice([0.0, 3.0]),
        soak=Soak(dice.choice([2.0, 5.0]), ("errors",)) if dice.random() < 0.3 else None,
        irreversible=dice.random() < 0.1,
        second=dice.choice(["security", "development"]) if dice.random() < 0.1 else "",
        rehearse=command(f"./{name} --dry") if dice.random() < 0.3 else None,
    )
    return msgspec.structs.replace(made, undo=None) if made.irreversible or dice.random() < 0.2 else made
