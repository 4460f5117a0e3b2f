"""Actions on hosts, in turn; over both SSH clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.actions.folder import HostEnded
from cockpit.actions.start import start, stop
from cockpit.checklist.model import Host
from tests.servers.ssh import Sshd
from tests.support.attempts import act, attempt_in, carried_out, ended, shell, until

pytestmark = pytest.mark.server

LOSE_THE_CONNECTION = """
pid=$$
until grep -q sshd /proc/$pid/comm; do read -r _ _ _ pid _ < /proc/$pid/stat; done
touch {0}; kill -9 $pid; sleep 5
"""


@pytest.fixture(params=["paramiko", "openssh"])
def host(request: pytest.FixtureRequest, ssh_server: Sshd) -> Host:
    return ssh_server.host("app1", client=request.param)


@pytest.fixture
def hosts(ssh_server: Sshd, refusing_port: int) -> tuple[Host, ...]:
    """Three that are the same, and one that cannot be reached, `away`."""
    good = [ssh_server.host(name) for name in ("app1", "app2", "app3")]
    return (*good, Host("away", ssh=f"nobody@127.0.0.1:{refusing_port}"))


def test_a_command_on_a_host(host: Host, tmp_path: Path) -> None:
    how, output = carried_out(
        shell('echo out; echo err >&2; echo "$NAME"; exit 3', environment={"NAME": "s3cret-t0ken"}, hosts=("app1",),
              known=(host,), secrets=(("name", "s3cret-t0ken"),)), tmp_path)  # fmt: skip
    assert output == "out\nerr\n***name***\n"
    assert (how.done, how.status) == (False, 3)
    assert how.summary.startswith("app1: exit status 3 after ")


def test_output_of_a_host_is_there_while_the_action_runs(host: Host, tmp_path: Path) -> None:
    attempt, gate = attempt_in(tmp_path), tmp_path / "gate"
    run = f"echo first; until [ -e {gate} ]; do sleep 0.02; done; seq 200000; echo last"
    start(attempt, shell(run, hosts=("app1",), known=(host,)))
    until(lambda: attempt.tail() == "first\n", "the first line")
    gate.touch()
    assert ended(attempt).done
    assert attempt.output.read_text().endswith("\n200000\nlast\n")


def test_a_connection_that_is_lost_leaves_it_unknown(host: Host, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    how, _ = carried_out(shell(LOSE_THE_CONNECTION.format(begun), hosts=("app1",), known=(host,)), tmp_path)
    assert begun.exists()
    assert (how.done, how.unknown, how.nothing) == (False, True, False)


def test_stopping_ends_it_on_the_host_too(host: Host, tmp_path: Path) -> None:
    attempt, beat = attempt_in(tmp_path), tmp_path / "beat"
    start(attempt, shell(f"while :; do date +%N > {beat}; sleep 0.05; done", hosts=("app1",), known=(host,)))
    until(beat.exists, "its begin")
    stop(attempt)
    how = ended(attempt)
    assert how.unknown
    assert how.hosts == (HostEnded("app1", False, "it may or may not have happened", True),)
    beat.unlink(missing_ok=True)
    last = beat.read_text() if beat.exists() else ""
    until(lambda: not beat.exists() or beat.read_text() == last, "silence")


def test_hosts_are_taken_in_turn_and_their_lines_marked(hosts: tuple[Host, ...], tmp_path: Path) -> None:
    order = tmp_path / "order"
    run = f"echo begin >> {order}; sleep 0.1; echo end >> {order}; echo done here"
    how, output = carried_out(shell(run, hosts=("app1", "app2", "app3"), known=hosts), tmp_path)
    assert order.read_text().split() == ["begin", "end"] * 3
    assert output.splitlines() == ["app1: done here", "app2: done here", "app3: done here"]
    assert (how.done, how.summary) == (True, "done on app1, app2, app3")
    assert [(each.host, each.done) for each in how.hosts] == [("app1", True), ("app2", True), ("app3", True)]


def test_a_batch_is_carried_out_at_the_same_time(hosts: tuple[Host, ...], tmp_path: Path) -> None:
    order, both = tmp_path / "order", "[ $(wc -l < {0}) -ge 2 ]"
    run = f"echo here >> {order}; until {both.format(order)}; do sleep 0.02; done"
    how, _ = carried_out(shell(run, hosts=("app1", "app2"), batch=2, known=hosts), tmp_path)
    assert how.done


def test_the_first_batch_that_fails_is_the_last(hosts: tuple[Host, ...], tmp_path: Path) -> None:
    count = tmp_path / "count"
    how, _ = carried_out(shell(f"echo x >> {count}", hosts=("app1", "away", "app3"), known=hosts), tmp_path)
    assert count.read_text() == "x\n"
    assert (how.done, how.unknown, how.nothing) == (False, False, False)
    assert how.summary.startswith("away: ")
    assert how.summary.endswith("; done on app1; not begun on app3")
    assert [(each.host, each.done) for each in how.hosts] == [("app1", True), ("away", False)]


def test_when_the_first_host_cannot_be_reached_nothing_has_happened(hosts: tuple[Host, ...], tmp_path: Path) -> None:
    how, _ = carried_out(shell("true", hosts=("away", "app1"), known=hosts), tmp_path)
    assert (how.done, how.nothing, how.unknown) == (False, True, False)
    how, _ = carried_out(shell("true", hosts=("unheard-of",), known=hosts), tmp_path)
    assert (how.nothing, how.summary) == (True, "unheard-of: there is no host unheard-of in this checklist")


def test_what_is_stopped_between_hosts_says_which_were_done(hosts: tuple[Host, ...], tmp_path: Path) -> None:
    attempt, once = attempt_in(tmp_path), tmp_path / "once"
    run = f"[ -e {once} ] || {{ touch {once}; exit 0; }}; echo waiting; sleep 60"
    start(attempt, shell(run, hosts=("app1", "app2", "app3"), known=hosts))
    until(lambda: attempt.tail() == "app2: waiting\n", "the second host")
    stop(attempt)
    how = ended(attempt)
    assert how.summary == (
        "ended on the captain's word; it may or may not have happened; done on app1; not begun on app3"
    )
    assert [(each.host, each.done, each.unknown) for each in how.hosts] == [
        ("app1", True, False),
        ("app2", False, True),
    ]


def test_ssh_is_a_command_on_a_host(host: Host) -> None:
    assert act("ssh", {"run": "echo hello"}, host).output == "hello\n"
    away = act("ssh", {"run": "echo hello"})
    assert (away.outcome.nothing, away.outcome.summary) == (True, "`ssh` needs a host, and the step names none")


def test_a_folder_that_is_not_there_and_a_program_that_is_not_there(host: Host) -> None:
    lost = act("command", {"run": "true", "folder": "/nowhere"}, host).outcome
    assert (lost.done, lost.nothing) == (False, True)
    gone = act("command", {"argv": ["no-such-program"]}, host).outcome
    assert (gone.done, gone.status) == (False, 127)
