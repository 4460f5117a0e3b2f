"""The file of a drill: what is wrong with it is told with its place, all at once."""

from __future__ import annotations

import textwrap
from pathlib import Path

import msgspec
import pytest

from cockpit.actions.registry import kinds as actions
from cockpit.checklist import shipped
from cockpit.checklist.drill import Fault, read_drill
from cockpit.checklist.load import load
from cockpit.checklist.model import Document, Host
from cockpit.checklist.plan import Gate, Plan, Step
from cockpit.checklist.problem import ChecklistError
from cockpit.checks.registry import kinds
from tests.support.plans import by_hand, step
from tests.support.runs import HERE, document, live, manual

OF = msgspec.structs.replace(
    document(live("health"), manual("owner"), watch=(live("errors"),)),
    plan=Plan((by_hand("freeze"), Step("gate", "Gate", HERE, gate=Gate(("health",))), step("migrate"), step("drop", undo=None))),
    hosts=(Host("app1", "deploy@app1"),),
)  # fmt: skip


def faults(tmp_path: Path, text: str, of: Document = OF) -> tuple[Fault, ...]:
    path = tmp_path / "drill.yaml"
    path.write_text(textwrap.dedent(text))
    return read_drill(path, of)


def wrong(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ChecklistError) as caught:
        faults(tmp_path, text)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_a_drill_is_read(tmp_path: Path) -> None:
    step_fault, host, check = faults(
        tmp_path,
        """\
        x-mine: left alone
        faults:
          - {step: migrate, ends: timed out, summary: the disk is full}
          - {host: app1, unreachable: true, after: 1m}
          - {check: errors, turns: FAIL, after: 2m, for: 1m, since: migrate}
        """,
    )
    assert (step_fault.step, step_fault.ends, step_fault.times) == ("migrate", "timed out", 1)
    assert (host.host, host.after) == ("app1", 60.0)
    assert (check.check, check.after, check.for_, check.since) == ("errors", 120.0, 60.0, "migrate")


def test_everything_that_is_wrong_is_told_with_its_place(tmp_path: Path) -> None:
    assert wrong(
        tmp_path,
        """\
        faults:
          - {step: migrat, ends: failed}
          - {step: migrate, ends: badly}
          - {step: migrate}
          - {host: app1}
          - {host: app2, unreachable: true}
          - {check: health}
          - {check: healt, turns: FAIL}
          - {check: owner, turns: FAIL}
          - {step: migrate, ends: failed, turns: FAIL}
          - {step: migrate, host: app1}
          - {after: 1m}
          - {step: gate, ends: failed}
          - {step: freeze, ends: failed}
          - {step: drop, undo: true, ends: failed}
          - {check: health, turns: FAIL, since: migrat, afterr: 1m}
          - {check: health, turns: FAIL, times: 2}
        """,
    ) == [
        "drill.yaml:2:12: there is no step `migrat`; did you mean `migrate`?",
        "drill.yaml:3:27: `ends` must be 'failed', 'unknown' or 'timed out', not `badly`",
        "drill.yaml:4:5: this does not say what happens to the step; write `ends: failed`",
        "drill.yaml:5:5: this does not say what happens to the host; write `unreachable: true`",
        "drill.yaml:6:12: there is no host `app2`; did you mean `app1`?",
        "drill.yaml:7:5: this does not say what happens to the check; write `turns: FAIL`",
        "drill.yaml:8:13: there is no item or watch `healt`; did you mean `health`?",
        "drill.yaml:9:13: `owner` is not measured: a person is asked; `cockpit explain FILE owner` says what is missing",
        "drill.yaml:10:35: `turns` does not go with `step`",
        "drill.yaml:11:5: a fault is in one thing: `step`, `host` or `check`; this one has `step` and `host`",
        "drill.yaml:12:5: a fault is in one thing: `step`, `host` or `check`",
        "drill.yaml:13:12: `gate` has no action that the engine carries out: nothing can go wrong with it on purpose",
        "drill.yaml:14:12: `freeze` has no action that the engine carries out: nothing can go wrong with it on purpose",
        "drill.yaml:15:12: the plan says nothing of how `drop` is undone",
        "drill.yaml:16:41: there is no step `migrat`; did you mean `migrate`?",
        "drill.yaml:16:49: `afterr` is not a key of a fault; did you mean `after`?",
        "drill.yaml:17:34: `times` does not go with `check`",
    ]


@pytest.mark.parametrize("text", ["", "faults: []", "faults:", "- a", "faults: {a: b}", "cockpit: 1", "faults: [x]"])
def test_a_file_that_is_no_drill_is_refused(tmp_path: Path, text: str) -> None:
    assert wrong(tmp_path, text)


def test_the_shipped_drill_fits_the_demo_and_is_no_checklist() -> None:
    urls = dict.fromkeys(("base_url", "router_url", "blue_url", "green_url"), "http://127.0.0.1:1")
    demo = load(shipped.resolve("demo"), kinds=kinds(), actions=actions(), given=urls, environ={}).document
    assert len(read_drill(shipped.resolve_drill("demo-drill"), demo)) >= 3
    assert "demo-drill" not in [path.stem for path in shipped.shipped()]
    with pytest.raises(ChecklistError, match="there is no such file"):
        read_drill(shipped.resolve_drill("nothing"), demo)
