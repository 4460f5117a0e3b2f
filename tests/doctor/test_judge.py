"""What each fact means, one at a time, on a machine on which all else is well."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.doctor.facts import Clock, Docker, Engine, Facts, Home, Login, Ssh, Terminal
from cockpit.doctor.judge import judge

WELL = Facts(Home("/home/ada/.local/state/cockpit"))
TMUX = Terminal(term="tmux-256color", inside="tmux", options={"escape-time": "10", "set-clipboard": "on"})


def with_home(**changes: object) -> Facts:
    """A machine whose state home is not as it should be."""
    return msgspec.structs.replace(WELL, home=msgspec.structs.replace(WELL.home, **changes))


def in_tmux(**options: str) -> Facts:
    """A terminal inside tmux with other options."""
    settings = {name.replace("_", "-"): value for name, value in options.items()}
    return msgspec.structs.replace(WELL, terminal=msgspec.structs.replace(TMUX, options={**TMUX.options, **settings}))


def on(**parts: object) -> Facts:
    """A machine one part of which is not as it should be."""
    return msgspec.structs.replace(WELL, **parts)


HURTS = [
    (on(python=(3, 10, 4)), "Python", "This is Python 3.10.4", "3.11"),
    (on(terminal=Terminal(utf8=False, locale="C")), "locale", "no UTF-8 locale", "LC_ALL"),
    (on(terminal=Terminal(term="dumb")), "terminal", "without a screen", "TERM="),
    (on(terminal=Terminal(columns=72)), "size", "72 x 24", "Enlarge"),
    (in_tmux(escape_time="500"), "tmux", "waits 500 ms", "escape-time 10"),
    (in_tmux(set_clipboard="external"), "tmux", "does not reach", "set-clipboard on"),
    (on(terminal=msgspec.structs.replace(TMUX, term="xterm-256color")), "tmux", "TERM is xterm", "default-terminal"),
    (
        on(terminal=msgspec.structs.replace(TMUX, notify="osc9", options={"allow-passthrough": "off"})),
        "tmux",
        "desktop notifications",
        "allow-passthrough on",
    ),
    (with_home(problem="/home/ada cannot be written to"), "state home", "cannot be kept", "COCKPIT_HOME"),
    (with_home(others="/srv is writable for everyone"), "state home", "Others could change", "chmod o-w"),
    (with_home(network="nfs4"), "state home", "nfs4", "a disk of this machine"),
    (with_home(free=5 << 20), "state home", "5 MB left", "Make room"),
    (with_home(locks=False), "state home", "two engines", "a disk of this machine"),
    (with_home(flush=0.35), "state home", "takes 350 ms", "quicker"),
    (on(clock=Clock(synchronised=False)), "clock", "not synchronised", "chrony"),
    (on(clock=Clock(error=4.2)), "clock", "wrong by 4.2 s", "chrony"),
    (on(clock=Clock(boot=False)), "clock", "boot clock", "/proc"),
    (on(login=Login(kills=True)), "logging out", "the engine dies", "systemd-run --user"),
    (on(login=Login(kills=True, lingers=True)), "logging out", "the engine dies", "systemd-run --user"),
    (on(files=256), "open files", "256 files", "nofile"),
    (on(noexec="/tmp"), "temporary files", "noexec", "TMPDIR"),
    (on(ssh=Ssh(client=False)), "ssh", "no program `ssh`", "openssh-client"),
    (on(ssh=Ssh(config="bad option")), "ssh", "bad option", "ssh -G"),
    (on(ssh=Ssh(agent="/run/a", agent_problem="refused")), "ssh agent", "does not answer", "ssh-agent"),
    (on(ssh=Ssh(agent="/tmp/ssh-x/agent.1", keys=2, forwarded=True)), "ssh agent", "when you log out", "stays here"),
    (on(ssh=Ssh(agent="/run/a")), "ssh agent", "holds no key", "ssh-add"),
    (on(ssh=Ssh(unread=("known_hosts:3: not base64",))), "known hosts", "known_hosts:3", "Mend"),
    (on(docker=Docker(problem="permission denied")), "Docker", "permission denied", "usermod"),
    (on(docker=Docker(problem="connection refused")), "Docker", "connection refused", "docker info"),
    (on(engines=(Engine("run-1", alive=False),)), "runs", "no engine", "cockpit attach run-1"),
    (on(engines=(Engine("run-1", alive=False, problem="torn"),)), "runs", "torn", "journal verify run-1"),
]


@pytest.mark.parametrize(("facts", "about", "what", "mend"), HURTS)
def test_what_hurts_is_named_with_how_to_mend_it(facts: Facts, about: str, what: str, mend: str) -> None:
    hurting = [each for each in judge(facts) if each.state != "OK"]
    assert [(each.about, each.state) for each in hurting] == [(about, "hurts")]
    assert what in hurting[0].what
    assert mend in hurting[0].mend


@pytest.mark.parametrize(
    ("facts", "about"),
    [
        (on(clock=Clock(synchronised=None)), "clock"),
        (on(login=Login(kills=None)), "logging out"),
        (with_home(flush=None), "state home"),
        (on(terminal=msgspec.structs.replace(TMUX, options=None)), "tmux"),
    ],
)
def test_what_could_not_be_found_out_is_said_and_not_guessed(facts: Facts, about: str) -> None:
    assert [each.about for each in judge(facts) if each.state == "cannot tell"] == [about]


@pytest.mark.parametrize(
    "facts",
    [
        WELL,
        in_tmux(),
        on(terminal=Terminal(is_one=False, columns=10)),
        on(login=Login(systemd=False, kills=None)),
        on(login=Login(kills=True, excluded=True)),
        on(login=Login(kills=True, in_session=False, lingers=True)),
        on(docker=Docker(exists=False)),
        on(docker=Docker(host="tcp://10.0.0.1:2376")),
        on(ssh=Ssh(agent="/run/a", keys=1)),
        on(engines=(Engine("run-1", alive=True),)),
    ],
)
def test_what_is_well_does_not_hurt(facts: Facts) -> None:
    assert {each.state for each in judge(facts)} == {"OK"}


def test_every_finding_is_a_sentence() -> None:
    for facts, *_ in HURTS:
        for each in judge(facts):
            assert each.what.endswith(".")
            assert bool(each.mend) == (each.state != "OK")
