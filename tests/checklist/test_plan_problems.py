"""What is wrong in a plan is said in plain words, at its place."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cockpit.actions.registry import kinds as kinds_of_action
from cockpit.checklist.kinds import DocumentedKind
from cockpit.checklist.load import load
from cockpit.checklist.problem import ChecklistError

HEAD = """\
cockpit: 1
name: Test
variables: {unset: , set: x}
hosts: {app1: {ssh: app1.example}, app2: {ssh: "${unset}"}}
positions: [operations, security]
parts:
  - id: part
    title: Part
    items:
      - {id: door-shut, title: The door is shut, check: {box: {name: door}}}
"""

Wrong = Callable[[str], list[str]]


@pytest.fixture
def wrong(write: Callable[..., Path], kinds: Mapping[str, DocumentedKind]) -> Wrong:
    """What is wrong with a plan (YAML: `golive`, `rollback`, `watch`), as `line:column: words`; lines of the plan alone."""

    def of_plan(plan: str) -> list[str]:
        file = write(HEAD + textwrap.dedent(plan))
        try:
            load(file, kinds=kinds, actions=kinds_of_action(), given={}, environ={})
        except ChecklistError as error:
            above = HEAD.count("\n")
            return [
                f"{each.line - above}:{each.column}: {each.message}" + (f"; {each.hint}" if each.hint else "")
                for each in error.problems
            ]
        return []

    return of_plan


@pytest.fixture
def in_a_step(wrong: Wrong) -> Wrong:
    """What is wrong with one step, given without its id and title; without the place."""

    def of_step(step: str) -> list[str]:
        found = wrong(
            f"golive: {{steps: [{{id: a, title: A, {step}}}, {{id: z, title: Z, run: {{manual: do it}}}}]}}\n"
        )
        return [each.split(": ", 1)[1] for each in found]

    return of_step


def test_every_mistake_of_a_plan_is_named_at_once_each_at_its_place(wrong: Wrong) -> None:
    plan = """\
        golive:
          window: {start: "25:00", zone: Mars}
          steps:
            - {id: first, title: First, run: {comand: ./switch}}
            - id: second
              title: Second
              run: {command: ./switch, host: app3}
              verify: [door-shut, dor-shut]
              reversible: until first
            - {id: second, title: Third, hold: wait}
        rollback:
          steps:
            - {id: back, title: Back, gate: {}}
        """
    assert wrong(plan) == [
        "2:19: `start` must be a time of day such as `22:00`, not `25:00`",
        "2:34: `zone` `Mars` is no time zone: write one as in `Europe/London` or `UTC`",
        "4:33: this does not say what is done; one of: command, compose, docker, http, manual, sql, ssh, swarm",
        "4:39: `comand` is neither a kind of action nor a key of one; did you mean `command`?",
        "7:38: there is no host `app3`; did you mean `app2`?",
        "8:27: there is no item `dor-shut`; did you mean `door-shut`?",
        "9:19: `first` is not after this step",
        "10:12: the id `second` is used twice; the first is at list.yaml:15:11",
        "13:31: this gate is always open: give it `parts`, `items` or a `poll`",
    ]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("note: x", "a step has either `run`, `gate` or `hold`"),
        ("run: {manual: x}, hold: y", "a step has either `run`, `gate` or `hold`; this one has `hold` and `run`"),
        ("hold: y, undo: {run: {manual: x}}", "`undo` belongs to a step that does something (`run`)"),
        ("hold: y, auto: true", "nothing goes past a gate or a hold by itself"),
        ("run: {manual: x, command: y}", "an action does one thing; one of: command, "),
        ("run: {http: [x]}", "`http` must be a mapping of keys to values; see `cockpit actions http`"),
        ("run: {http: {url: http://x, methd: GET}}", "`methd` is not a key of this action; did you mean `method`?"),
        ("run: {http: {method: GET}}", "`url` is missing: this action needs it"),
        ("run: {command: x, host: app1, hosts: [app1]}", "write either `host` or `hosts`"),
        ("run: {manual: x, host: app1}", "`manual` is carried out here only: it takes no host"),
        ("run: {ssh: x}", "`ssh` is carried out on hosts only, and none is named; write `host: NAME`"),
        (
            "run: {command: 'echo ${unset}'}",
            "the variable `unset` is not set: what is done must be known; give it with",
        ),
        ("run: {command: x, host: app2}", "the variable `unset` is not set: what is done must be known; give it with"),
        ("run: {command: 'echo ${sett}'}", "the variable `sett` is not declared; did you mean `set`?"),
        ("run: {manual: x}, probe: ''", "there is no item ``"),
        ("run: {manual: x}, probe: ", "`probe` has no value: write one, or remove the key"),
        (
            "run: {manual: x}, probe: {check: {box: {name: x}, on_demand: true}}",
            "`a-probe` changes something and is measured only when asked: a probe is measured by itself",
        ),
        ("run: {manual: x}, undo: ", "`undo` has no value: write one, or remove the key"),
        ("run: {manual: x}, undo: {verify: [door-shut]}", "`run` is missing: `undo` needs it"),
        ("run: {manual: x}, before: nowhere", "there is no item `nowhere`"),
        ("run: {manual: x}, soak: {for: 5m}", "a soak needs something that must stay good: `watch`, or the step's"),
        ("run: {manual: x}, soak: {for: 5m, watch: [x]}", "there is no item `x`"),
        ("run: {manual: x}, soak: {watch: [door-shut]}", "`for` is missing: `soak` needs it"),
        ("run: {manual: x}, reversible: until never", "there is no step `never`"),
        ("run: {manual: x}, reversible: until a", "`a` is not after this step"),
        ("run: {manual: x}, reversible: perhaps", "`reversible` must be `yes`, `no` or `until STEP`, not `perhaps`"),
        ("run: {manual: x}, second: nobody", "the position `nobody` is not known"),
        ("run: {manual: x}, within: 5", "`within` must be a time with its unit"),
        ("gate: {parts: [prat]}", "there is no part, section or group `prat`; did you mean `part`?"),
        ("gate: {items: [x]}", "there is no item `x`"),
        ("gate: {poll: {positions: [nobody]}}", "the position `nobody` is not known"),
        ("gate: {poll: {need: 3}}", "3 must say GO, and only 2 are asked"),
        ("gate: {poll: {need: 0}}", "`need` "),
        ("gate: {poll: {positions: [operations], veto: [security]}}", "`security` is not asked in this poll"),
    ],
)
def test_a_mistake_in_a_step_is_said_in_plain_words(in_a_step: Wrong, step: str, said: str) -> None:
    found = in_a_step(step)
    assert len(found) == 1, found
    assert found[0].startswith(said)


def test_a_way_back_without_a_way_there_is_a_mistake(wrong: Wrong) -> None:
    found = wrong("rollback: {steps: [{id: a, title: A, run: {manual: do it}}]}\n")
    assert found == ["1:1: there is a way back, and no way there: write what is done under `golive: {steps: ...}`"]


def test_a_plan_that_is_right_is_taken(in_a_step: Wrong) -> None:
    step = """run: {command: './go ${set}', hosts: [app1], batch: 2}, before: door-shut, probe: {check: {box: {name: x}}},
        verify: [door-shut, {check: {box: {name: y}}, title: Y}], within: 1m, soak: {for: 5m},
        undo: {run: {manual: back}, verify: door-shut}, reversible: until z, second: security, takes: 10s"""
    assert in_a_step(step) == []
