"""What is known of a machine, for judging. None: it could not be found out."""

from __future__ import annotations

import msgspec


class Terminal(msgspec.Struct, frozen=True):
    """The terminal, and what stands between it and us."""

    is_one: bool = True
    term: str = "xterm-256color"
    locale: str = "C.UTF-8"
    utf8: bool = True
    columns: int = 80
    rows: int = 24
    colours: str = "256 colours"
    inside: str = ""
    """`tmux` or `screen`."""
    options: dict[str, str] | None = None
    """Of tmux: `escape-time`, `set-clipboard`, `focus-events`, `allow-passthrough`. None: it did not say."""
    notify: str = ""
    """What COCKPIT_NOTIFY says."""


class Ssh(msgspec.Struct, frozen=True):
    """What connections to hosts rest on."""

    client: bool = True
    """There is a program `ssh`, which reads the configuration."""
    config: str = ""
    """Why the configuration cannot be read."""
    agent: str = ""
    """Where SSH_AUTH_SOCK says that an agent listens."""
    agent_problem: str = ""
    keys: int = 0
    forwarded: bool = False
    """The agent is that of the machine one came from: it goes when one leaves."""
    known: int = 0
    """Entries of known_hosts."""
    unread: tuple[str, ...] = ()
    """Lines or files of known_hosts that cannot be used, and why."""


class Docker(msgspec.Struct, frozen=True):
    """The Docker daemon of this machine."""

    host: str = ""
    """What DOCKER_HOST says; empty: the socket."""
    socket: str = "/var/run/docker.sock"
    exists: bool = True
    version: str = ""
    """Of its API."""
    problem: str = ""


class Home(msgspec.Struct, frozen=True):
    """Where runs are kept."""

    path: str
    problem: str = ""
    """Why it cannot be written to."""
    others: str = ""
    """Why others could change what is in it."""
    network: str = ""
    """The kind of file system when it is one whose locks and flushes are not to be relied on."""
    free: int = 1 << 40
    """Bytes."""
    flush: float | None = 0.001
    """Seconds that a flush takes, the median of several."""
    slowest: float = 0.001
    locks: bool | None = True
    """A second lock on a file is refused."""


class Clock(msgspec.Struct, frozen=True):
    """The clocks."""

    synchronised: bool | None = True
    error: float | None = None
    """Seconds by which the kernel holds it may be wrong, at most."""
    boot: bool = True
    """The boot clock goes on, and the boot has an id."""


class Login(msgspec.Struct, frozen=True):
    """What becomes of an engine when its user logs out."""

    systemd: bool = True
    kills: bool | None = False
    """systemd-logind ends what is left of a session."""
    excluded: bool = False
    """But not of this user."""
    in_session: bool = True
    """We run in a session's scope, and an engine would too."""
    lingers: bool = False


class Engine(msgspec.Struct, frozen=True):
    """A run that is not closed."""

    run: str
    alive: bool
    problem: str = ""


class Facts(msgspec.Struct, frozen=True):
    """All that is judged."""

    home: Home
    python: tuple[int, int, int] = (3, 11, 0)
    terminal: Terminal = Terminal()
    ssh: Ssh = Ssh()
    docker: Docker = Docker()
    clock: Clock = Clock()
    login: Login = Login()
    files: int = 16384
    """How many files a process may have open at most."""
    noexec: str = ""
    """The folder for temporary files, when no program in it can be run."""
    engines: tuple[Engine, ...] = ()
