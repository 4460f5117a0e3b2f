"""An engine that nobody looks at ends after its idle time, but not while a step is under way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.plan import Action, Plan, Step
from cockpit.engine.client import start_engine
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from tests.support.attempts import until as wait_until
from tests.support.engines import answers, kill_engine, stands, state_of
from tests.support.runs import HERE, document, manual


@pytest.fixture
def run(state_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunFolder]:
    monkeypatch.setenv("COCKPIT_IDLE_HOURS", str(1.0 / 3600))
    waits = Action("command", {"run": f"touch {tmp_path}/begun; sleep 3; touch {tmp_path}/over"})
    of = msgspec.structs.replace(document(manual("owner")), plan=Plan((Step("one", "One", HERE, action=waits),)))
    opened = open_run(of, release="1.5.0", environment="test", run_kind="live")
    yield opened
    kill_engine(opened)


def test_an_engine_sees_a_step_to_its_end_before_it_ends_itself(run: RunFolder, tmp_path: Path) -> None:
    start_engine(run)
    assert answers(run, cmd.Go("one")) == [""]
    wait_until(lambda: holder_of(run) is None, "the end of the engine")
    assert (tmp_path / "over").exists()
    assert stands("one", Phase.DONE)(state_of(run))
