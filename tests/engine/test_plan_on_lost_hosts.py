"""A host that is lost in the middle of an action: cut off, gone, or frozen. What is not known is in doubt."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.checklist.plan import Action, Plan, Step, Undo
from cockpit.engine.client import start_engine
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from tests.servers.ssh import Sshd, StartSshd
from tests.support.attempts import until as wait_until
from tests.support.engines import answers, ask, doing_of, kill_engine, stands, state_of, until
from tests.support.runs import HERE, document, manual

RELEASE = "1.5.0"

pytestmark = pytest.mark.server

Launch = Callable[..., RunFolder]


@pytest.fixture
def server(start_sshd: StartSshd) -> Sshd:
    """A host of the test's own: it is going to be lost."""
    return start_sshd()


@pytest.fixture
def launch(state_home: Path, tmp_path: Path, server: Sshd) -> Iterator[Launch]:
    """Opens a run of one step on two hosts in turn, of which the second waits for a gate."""
    runs: list[RunFolder] = []

    def begin(client: str = "paramiko", timeout: float = 60.0) -> RunFolder:
        wait = f"until [ -e {tmp_path}/gate ]; do sleep 0.05; done"
        first = f"test $(wc -l < {tmp_path}/log) = 1 && exit 0"
        does = f"echo here >> {tmp_path}/log; {first}; echo waiting $((40+2)); {wait}; echo there >> {tmp_path}/log"
        hosts = tuple(
            server.host(name, client=client, ServerAliveInterval=1, ServerAliveCountMax=2) for name in ("app1", "app2")
        )
        action = Action("command", {"run": does}, hosts=("app1", "app2"), timeout=timeout)
        undo = Undo(Action("command", {"run": f"echo undone >> {tmp_path}/log"}))
        of = msgspec.structs.replace(
            document(manual("owner")), hosts=hosts, plan=Plan((Step("one", "One", HERE, action=action, undo=undo),))
        )
        run = open_run(of, release=RELEASE, environment="production", run_kind="live")
        runs.append(run)
        start_engine(run)
        return run

    yield begin
    for run in runs:
        kill_engine(run)


def under_way(run: RunFolder, log: Path) -> None:
    """Begin the step, and wait until its second host is at it."""
    ask(run, cmd.Go("one"))
    output = run.steps / "one-go-1" / "output"
    wait_until(lambda: output.exists() and "app2: waiting 42" in output.read_text(), "the second host")
    assert log.read_text().split() == ["here", "here"]


def cut(server: Sshd) -> None:
    """Its connections end, as with a restart of its server: what they carried goes with them."""
    server.cut()


def gone(server: Sshd) -> None:
    """It is gone for good, and so is what it served: known before it dies, for nobody's children can be told then."""
    for pid in (*server.sessions(), server.process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
@pytest.mark.parametrize("lose", [cut, gone])
def test_a_host_that_is_lost_leaves_its_step_in_doubt_and_says_where_it_was_done(
    launch: Launch, server: Sshd, tmp_path: Path, lose: Callable[[Sshd], None], client: str
) -> None:
    run = launch(client)
    under_way(run, tmp_path / "log")
    lose(server)
    state = until(run, stands("one", Phase.DOUBT))
    doing = doing_of(state, "one")
    assert doing is not None
    assert doing.attempt == 1
    assert doing.summary.startswith("app2: ")
    assert doing.summary.endswith("; done on app1")
    assert "app2: waiting 42" in doing.output
    assert "is in doubt: say first whether it happened" in answers(run, cmd.RollBack(RELEASE, "a test"))[0]
    assert (tmp_path / "log").read_text().split()[:2] == ["here", "here"]
    ask(run, cmd.Settle("one", False, "app2 was not there"))
    until(run, stands("one", Phase.FAILED))


@pytest.mark.parametrize("client", ["paramiko", "openssh"])
def test_a_host_that_freezes_is_noticed_and_its_action_is_never_done_again_by_itself(
    launch: Launch, server: Sshd, tmp_path: Path, client: str
) -> None:
    run = launch(client, timeout=6.0)
    under_way(run, tmp_path / "log")
    with server.frozen():
        state = until(run, lambda state: not stands("one", Phase.RUNNING)(state))
        doing = doing_of(state, "one")
        assert doing is not None
        assert doing.phase is Phase.DOUBT
        assert doing.summary.endswith("; done on app1")
    assert stands("one", Phase.DOUBT)(state_of(run))
    assert (tmp_path / "log").read_text().split() == ["here", "here"]
    (tmp_path / "gate").touch()
    ask(run, cmd.Settle("one", True, "it went on there"), cmd.RollBack(RELEASE, "all the same"))
    until(run, lambda state: state.phase == "rolled back")
    assert (tmp_path / "log").read_text().split().count("here") == 2


def test_a_step_on_a_host_that_freezes_can_be_ended_by_the_captain(
    launch: Launch, server: Sshd, tmp_path: Path
) -> None:
    run = launch()
    under_way(run, tmp_path / "log")
    with server.frozen():
        ask(run, cmd.Stop("one", "it hangs"))
        until(run, stands("one", Phase.DOUBT))
    assert (tmp_path / "log").read_text().split().count("here") == 2
