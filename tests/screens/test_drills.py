"""A drill, fault by fault: what the captain sees when it strikes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from driving import cockpit, shown

from cockpit.checklist.model import Document
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.run.way import current
from tests.screens.drills import CHECKLISTS, Drill, demo, on_hosts

Same = Callable[[str, str], None]

FAULTS = {
    "failed": '{step: migrate, ends: failed, summary: "not migrated: database is locked"}',
    "unknown": "{step: start-green, ends: unknown, summary: the connection to the supervisor was lost}",
    "timed-out": "{step: switch-traffic, ends: timed out, summary: the router did not answer in 30 s}",
    "failed-again": '{step: migrate, ends: failed, times: 2, summary: "not migrated: database is locked"}',
    "undo-failed": '{step: switch-traffic, undo: true, ends: failed, summary: "not switched: blue is down"}',
    "host-unreachable": "{host: app1, unreachable: true}",
    "second-host-unreachable": "{host: app2, unreachable: true}",
    "check-fails-later": '{check: error-rate, turns: FAIL, since: switch-traffic, after: 5s, for: 1m, summary: "4 % of all requests fail"}',
    "check-fails-at-the-gate": '{check: database-sound, turns: FAIL, after: 1s, summary: "row 12 is missing from index trades_by_time"}',
    "check-errors-at-the-gate": "{check: router-up, turns: ERROR, after: 1s, summary: connection refused}",
    "check-warns": "{check: blue-fast, turns: WARN, summary: 0.4 s}",
}


@pytest.fixture
def drill(tmp_path: Path) -> Callable[..., Drill]:
    def begin(name: str, of: Document | None = None) -> Drill:
        file = tmp_path / "faults.yaml"
        file.write_text(f"faults:\n  - {FAULTS[name]}\n")
        return Drill(of or demo(), file)

    return begin


def phase(play: Drill) -> tuple[str, Phase] | None:
    here = current(play.state)
    return (here.step.id, here.doing.phase) if here is not None else None


@pytest.mark.parametrize(
    ("name", "stands"),
    [
        ("failed", ("migrate", Phase.FAILED)),
        ("unknown", ("start-green", Phase.DOUBT)),
        ("timed-out", ("switch-traffic", Phase.DOUBT)),
    ],
)
def test_an_action_that_goes_wrong(
    same_screen: Same, drill: Callable[..., Drill], name: str, stands: tuple[str, Phase]
) -> None:
    play = drill(name)
    play.go_on()
    assert phase(play) == stands
    same_screen(shown(cockpit(play.view), "s"), f"drill-{name}-80x24")
    same_screen(shown(cockpit(play.view), "s", size=(120, 36)), f"drill-{name}-120x36")


def test_an_action_that_goes_wrong_more_than_once(same_screen: Same, drill: Callable[..., Drill]) -> None:
    play = drill("failed-again")
    play.go_on()
    assert not play.ask(cmd.Retry("migrate"))
    assert phase(play) == ("migrate", Phase.FAILED)
    same_screen(shown(cockpit(play.view), "s"), "drill-failed-again-80x24")
    assert not play.ask(cmd.Retry("migrate"))
    assert phase(play) is None


def test_a_compensation_that_fails(same_screen: Same, drill: Callable[..., Drill]) -> None:
    play = drill("undo-failed")
    play.go_on(until="say-it-is-live")
    play.roll_back()
    assert phase(play) == ("switch-traffic", Phase.FAILED)
    same_screen(shown(cockpit(play.view), "s"), "drill-undo-failed-80x24")
    same_screen(shown(cockpit(play.view), "b"), "drill-undo-failed-way-back-80x24")


@pytest.mark.parametrize("name", ["host-unreachable", "second-host-unreachable"])
def test_a_host_that_cannot_be_reached(same_screen: Same, drill: Callable[..., Drill], name: str) -> None:
    play = drill(name, on_hosts())
    play.go_on()
    assert phase(play) == ("switch", Phase.FAILED)
    same_screen(shown(cockpit(play.view), "s"), f"drill-{name}-80x24")


def test_a_watch_that_turns_bad_after_a_time(same_screen: Same, drill: Callable[..., Drill]) -> None:
    play = drill("check-fails-later")
    play.go_on(until="say-it-is-live")
    for _ in range(10):
        play.let_pass(1)
        play.measure_all()
    same_screen(shown(cockpit(play.view), "s"), "drill-check-fails-later-80x24")
    same_screen(shown(cockpit(play.view), "v"), "drill-check-fails-later-watches-80x24")
    for _ in range(70):
        play.let_pass(1)
        play.measure_all()
    measured = play.state.item("error-rate").measurement
    assert measured is not None
    assert measured.result.result == "PASS"


@pytest.mark.parametrize("name", ["check-fails-at-the-gate", "check-errors-at-the-gate"])
def test_a_check_that_keeps_the_gate_shut(same_screen: Same, drill: Callable[..., Drill], name: str) -> None:
    play = drill(name)
    play.go_on(until="migrate")
    assert current(play.state) is None
    assert play.state.procedure.step("go-no-go").go is None
    same_screen(shown(cockpit(play.view), "s"), f"drill-{name}-80x24")


def test_a_check_that_warns_stops_nothing_and_is_seen(same_screen: Same, drill: Callable[..., Drill]) -> None:
    play = drill("check-warns")
    play.go_on(until="migrate")
    assert play.state.procedure.step("go-no-go").go is not None
    same_screen(shown(cockpit(play.view), "f"), "drill-check-warns-80x24")


def test_the_drill_that_is_shipped_with_the_demo_brings_all_its_faults(tmp_path: Path) -> None:
    play = Drill(demo(), CHECKLISTS / "demo-drill.yaml")
    play.go_on()
    assert phase(play) == ("migrate", Phase.FAILED)
