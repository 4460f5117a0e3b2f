"""SSH: servers on loopback as whoever runs the tests, and as root hosts behind bastions in network namespaces.

All keys, known hosts and client configurations stand in a temporary folder; `~/.ssh` is never looked at. A test gets
a `model.Host` for a checklist from `ssh_host`, `Sshd.host(...)` or `bastions.host("app1")`, whose `config` leads to
everything that is needed to log in.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
from tests.servers.frozen import frozen
from tests.servers.need import missing

PASSPHRASE = "correct-horse-battery"
"""Of the key `encrypted`."""

SERVER = """
ListenAddress {address}:{port}
AuthorizedKeysFile {keys}/authorized
TrustedUserCAKeys {keys}/user-ca.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
PidFile none
MaxStartups 1000
LoginGraceTime 20
LogLevel VERBOSE
"""

CLIENT = {
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "GlobalKnownHostsFile": "/dev/null",
    "HashKnownHosts": "no",
}


@dataclass(frozen=True)
class Keys:
    """Private keys by name in a folder, each with its `.pub`.

    `user` (ed25519), `user-rsa`, `user-ecdsa` and `encrypted` may log in; `stranger` may not; `certified` may by its
    certificate, `outdated` has one that expired. `host`, `host-rsa`, `host-ecdsa` are a server's, `changed` those that
    it shows when it was changed. `user-ca` and `host-ca` sign certificates; a host's stands beside `certified-host`.
    """

    folder: Path

    def __getitem__(self, name: str) -> Path:
        return self.folder / name

    def public(self, name: str) -> str:
        """The public half as `TYPE BASE64`."""
        return " ".join(self[f"{name}.pub"].read_text().split()[:2])

    def fingerprint(self, name: str) -> str:
        """`SHA256:...`, as ssh-keygen says it."""
        return _printed("ssh-keygen", "-l", "-f", self[f"{name}.pub"]).split()[1]

    def certify_host(self, *principals: str, since: str = "-1h", until: str = "+52w", name: str = "host") -> Path:
        """A key pair for a server, with a certificate for `principals` signed by `host-ca`; the private key."""
        made = Path(tempfile.mkdtemp(dir=self.folder)) / "certified-host"
        for end in ("", ".pub"):
            shutil.copy(self[name + end], f"{made}{end}")
        who = ",".join(principals)
        _printed(
            "ssh-keygen", "-q", "-s", self["host-ca"], "-h", "-I", "host", "-n", who, "-V", f"{since}:{until}",
            f"{made}.pub",
        )  # fmt: skip
        return made


@dataclass
class Sshd:
    """A server that runs, and how to get to it."""

    name: str
    address: str
    port: int
    keys: Keys
    folder: Path
    process: subprocess.Popen[bytes]
    host_key: str = "host"
    via: str = ""
    namespace: int = 0
    """A process whose network is the server's; 0: ours."""

    @property
    def known_hosts(self) -> str:
        """The line that vouches for it."""
        return f"{at(self.address, self.port)} {self.keys.public(self.host_key)}"

    @property
    def log(self) -> str:
        """What the server has logged."""
        return (self.folder / "log").read_text("utf-8", "replace")

    def config(self, known_hosts: str | None = None, **options: object) -> Path:
        """A client's configuration file with `options` (`User="x"`, `ServerAliveInterval=1`) for every host."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        known = folder / "known_hosts"
        known.write_text((self.known_hosts if known_hosts is None else known_hosts) + "\n")
        chosen = {"UserKnownHostsFile": known, "IdentityFile": self.keys["user"], **CLIENT, **options}
        lines = (f"  {name} {value}" for name, value in chosen.items() if value is not None)
        (folder / "config").write_text("\n".join(["Host *", *lines, ""]))
        return folder / "config"

    def host(self, name: str = "", known_hosts: str | None = None, **options: object) -> Host:
        """The host of a checklist that leads to it; `client="openssh"` and `via="..."` are the host's own."""
        own = {key: options.pop(key) for key in ("client", "via", "ssh") if key in options}
        written = f"{getpass.getuser()}@{at(self.address, self.port, plain=True)}"
        config = str(self.config(known_hosts, **options))
        return Host(name or self.name, **{"ssh": written, "via": self.via, **own}, config=config)

    def sessions(self) -> list[int]:
        """The processes that serve connections, and what was started over them."""
        return list(_descendants(self.process.pid))

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the server with all that it serves, as a machine that hangs would, and let it go on afterwards."""
        with frozen(self.process.pid, *self.sessions()):
            yield

    @contextlib.contextmanager
    def dropped(self) -> Iterator[None]:
        """Throw away every packet to the server, as a broken firewall would; only in a namespace of its own."""
        rule = ("INPUT", "-p", "tcp", "--dport", self.port, "-j", "DROP")
        self.inside("iptables", "-w", "-I", *rule)
        try:
            yield
        finally:
            self.inside("iptables", "-w", "-D", *rule)

    def inside(self, *command: object) -> str:
        """What a command prints that is run in the server's network."""
        assert self.namespace, "this server shares our network"
        return _printed("nsenter", f"--net=/proc/{self.namespace}/ns/net", *command)

    def cut(self) -> None:
        """End every connection at once, as a restart does."""
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass(frozen=True)
class Bastions:
    """Hosts by name: `app1` and `app2` lie behind `bastion`, `deep` behind `inner`, which lies behind `bastion`."""

    servers: dict[str, Sshd]

    def __getitem__(self, name: str) -> Sshd:
        return self.servers[name]

    def host(self, name: str, **options: object) -> Host:
        """A host of a checklist, with its `via`; `options` as for Sshd.host."""
        return self[name].host(known_hosts=self.known_hosts, **options)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """All of them, as a checklist has them."""
        return tuple(self.host(name) for name in self.servers)

    @property
    def known_hosts(self) -> str:
        """The lines that vouch for all of them."""
        return "\n".join(each.known_hosts for each in self.servers.values())


StartSshd = Callable[..., Sshd]


@pytest.fixture(scope="session")
def ssh_keys() -> Iterator[Keys]:
    """Keys and certificates, made once."""
    with keys() as made:
        yield made


@pytest.fixture(scope="session")
def ssh_server(ssh_keys: Keys) -> Iterator[Sshd]:
    """A plain server on loopback, for whoever runs the tests."""
    with sshd(ssh_keys) as server:
        yield server


@pytest.fixture(scope="session")
def ssh_host(ssh_server: Sshd) -> Host:
    """The host of a checklist that leads to `ssh_server`."""
    return ssh_server.host()


@pytest.fixture
def start_sshd(ssh_keys: Keys) -> Iterator[StartSshd]:
    """Start a server of one's own: `start_sshd("MaxSessions 2", host_key="host-rsa")`; ended with the test."""
    with contextlib.ExitStack() as running:
        yield lambda *lines, **options: running.enter_context(sshd(ssh_keys, *lines, **options))


@pytest.fixture(scope="session")
def bastions(ssh_keys: Keys) -> Iterator[Bastions]:
    """Hosts behind one and two bastions; needs root."""
    with behind_bastions(ssh_keys) as made:
        yield made


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port of loopback that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@contextlib.contextmanager
def keys() -> Iterator[Keys]:
    """Make all keys and certificates in a folder of their own."""
    if shutil.which("ssh-keygen") is None:
        missing("ssh-keygen", "install the package openssh-client")
    with tempfile.TemporaryDirectory(prefix="ck-keys-", ignore_cleanup_errors=True) as name:
        made = Keys(Path(name))
        ed25519 = ("user", "encrypted", "stranger", "certified", "outdated", "host", "changed", "user-ca", "host-ca")
        kinds = dict.fromkeys(ed25519, "ed25519")
        kinds |= {"user-rsa": "rsa", "host-rsa": "rsa", "user-ecdsa": "ecdsa", "host-ecdsa": "ecdsa"}
        making = []
        for key, kind in kinds.items():
            secret = PASSPHRASE if key == "encrypted" else ""
            bits = ("-b", "2048") if kind == "rsa" else ()
            command = ("ssh-keygen", "-q", "-t", kind, *bits, "-N", secret, "-C", f"{key}@test", "-f", made[key])
            making.append(subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL))
        assert not any(process.wait(timeout=60) for process in making)
        who = getpass.getuser()
        for key, when in (("certified", "-1h:+52w"), ("outdated", "-2d:-1d")):
            _printed("ssh-keygen", "-q", "-s", made["user-ca"], "-I", key, "-n", who, "-V", when, made[f"{key}.pub"])
        allowed = ("user", "user-rsa", "user-ecdsa", "encrypted")
        made["authorized"].write_text("".join(made[f"{key}.pub"].read_text() for key in allowed))
        yield made


@contextlib.contextmanager
def sshd(
    keys: Keys,
    *lines: str,
    host_key: str | Path = "host",
    name: str = "app",
    address: str = "127.0.0.1",
    port: int = 0,
    via: str = "",
    namespace: int = 0,
    mounts: int = 0,
) -> Iterator[Sshd]:
    """Run a server with further `lines` of configuration; those before the usual ones win, as sshd has it.

    `namespace` and `mounts` are processes whose network, and whose view of the files, are the server's.
    """
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        missing("sshd", "install the package openssh-server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd, started by root, locks unprivileged code in
    with tempfile.TemporaryDirectory(prefix="ck-sshd-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        secret = host_key if isinstance(host_key, Path) else keys[host_key]
        certificate = Path(f"{secret}-cert.pub")
        home = folder / "home"  # whoever logs in does not meet the settings of their own shell
        home.mkdir()
        always = [
            f"SetEnv HOME={home}",
            f"HostKey {secret}",
            *([f"HostCertificate {certificate}"] if certificate.exists() else []),
        ]
        for _ in range(20):
            number = port or _free_port()
            text = [*lines, *always, SERVER.format(address=at(address, plain=True), port=number, keys=keys.folder)]
            (folder / "sshd_config").write_text("\n".join(text))
            inside = ("nsenter", f"--net=/proc/{namespace}/ns/net") if namespace else ()
            inside += ("nsenter", f"--mount=/proc/{mounts}/ns/mnt") if mounts else ()
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    [*inside, "setpriv", "--pdeathsig=KILL", "--", program, "-D", "-e", "-f", folder / "sshd_config"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
                )
            server = Sshd(name, address, number, keys, folder, process, via=via, namespace=namespace)
            server.host_key = host_key if isinstance(host_key, str) else "host"
            if _started(server):
                break
        try:
            yield server
        finally:
            ended = [process.pid, *server.sessions()]
            for pid in ended:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(timeout=30)


@contextlib.contextmanager
def behind_bastions(keys: Keys) -> Iterator[Bastions]:
    """Hosts in network namespaces, which end with the processes that hold them open."""
    if os.geteuid() != 0:
        missing("the right to make network namespaces", "run the tests as root")
    if shutil.which("ip") is None or shutil.which("iptables") is None:
        missing("ip or iptables", "install the packages iproute2 and iptables")
    with contextlib.ExitStack() as running:
        spaces = {name: running.enter_context(_namespace()) for name in ("bastion", "inner", "app1", "app2", "deep")}
        outside = running.enter_context(_linked_to_us(spaces["bastion"]))
        addresses = {"bastion": outside}
        ways = {"app1": "bastion", "app2": "bastion", "inner": "bastion", "deep": "inner"}
        for number, (name, through) in enumerate(ways.items()):
            addresses[name] = f"198.19.{number}.2"
            _link(spaces[through], f"198.19.{number}.1", spaces[name], addresses[name])
        servers = {
            name: running.enter_context(
                sshd(keys, name=name, address=address, port=22, via=ways.get(name, ""), namespace=spaces[name])
            )
            for name, address in addresses.items()
        }
        yield Bastions(servers)


def at(address: str, port: int = 22, *, plain: bool = False) -> str:
    """An address with its port as known_hosts has it, `[ADDRESS]:PORT`; `plain`: as a destination has it."""
    if port == 22:
        return address
    return f"{address}:{port}" if plain and ":" not in address else f"[{address}]:{port}"


def wait_until(holds: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until something is so."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


@dataclass
class Agent:
    """An agent that runs."""

    socket: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def add(self, key: Path) -> None:
        """Let it hold a key that is not encrypted, with its certificate when it has one."""
        _printed("ssh-add", "-q", key, environment={"SSH_AUTH_SOCK": str(self.socket)})

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop it, as one that waits for a person would seem to be."""
        with frozen(self.process.pid):
            yield


@pytest.fixture
def ssh_agent() -> Iterator[Agent]:
    """An agent that holds no key yet."""
    if shutil.which("ssh-agent") is None:
        missing("ssh-agent", "install the package openssh-client")
    with tempfile.TemporaryDirectory(prefix="ck-agent-", ignore_cleanup_errors=True) as folder:
        door = Path(folder) / "agent"
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", "--", "ssh-agent", "-D", "-a", str(door)], stdout=subprocess.DEVNULL
        )
        try:
            wait_until(door.exists, "the agent listens")
            yield Agent(door, process)
        finally:
            process.kill()
            process.wait(timeout=30)


def _started(server: Sshd) -> bool:
    """Whether it listens; not when somebody else took the port before it could."""
    ends = time.monotonic() + 30
    while "Server listening on" not in server.log:
        if server.process.poll() is not None:
            assert "Address already in use" in server.log, server.log
            return False
        assert time.monotonic() < ends, f"the server does not start: {server.log}"
        time.sleep(0.01)
    return True


@contextlib.contextmanager
def _namespace() -> Iterator[int]:
    """A network of its own; the process that holds it open."""
    holder = subprocess.Popen(
        ["unshare", "--net", "--", "setpriv", "--pdeathsig=KILL", "--", "sh", "-c", "echo; exec sleep infinity"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        if not holder.stdout.readline():
            missing("the right to make network namespaces", "run the tests as root, outside of a container")
        _in(holder.pid, "link", "set", "lo", "up")
        yield holder.pid
    finally:
        holder.kill()
        holder.wait(timeout=30)
        assert holder.stdout is not None
        holder.stdout.close()


@contextlib.contextmanager
def _linked_to_us(space: int) -> Iterator[str]:
    """Link a namespace to our network; its address. The range is free: RFC 2544 sets it aside for such uses."""
    with Path(tempfile.gettempdir(), "ck-ssh-addresses").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        taken = _printed("ip", "-o", "-4", "address")
        number = next(n for n in range(os.getpid(), os.getpid() + 16384) if f" {_outside(n, 1)}/" not in taken)
        ours = f"ck{os.getpid()}-{number % 16384}"[:15]
        _printed("ip", "link", "add", ours, "type", "veth", "peer", "name", ours, "netns", space)
        _printed("ip", "address", "add", f"{_outside(number, 1)}/30", "dev", ours)
        _printed("ip", "link", "set", ours, "up")
    try:
        _in(space, "address", "add", f"{_outside(number, 2)}/30", "dev", ours)
        _in(space, "link", "set", ours, "up")
        yield _outside(number, 2)
    finally:
        with contextlib.suppress(AssertionError):  # it goes with the namespace, perhaps before us
            _printed("ip", "link", "delete", ours)


def _outside(number: int, end: int) -> str:
    """One of the two addresses of the network with this number, of 16,384."""
    number %= 16384
    return f"198.18.{number // 64}.{number % 64 * 4 + end}"


def _link(one: int, one_address: str, other: int, other_address: str) -> None:
    names = (f"to{other}", f"to{one}")
    _in(one, "link", "add", names[0], "type", "veth", "peer", "name", names[1], "netns", other)
    for space, address, name in ((one, one_address, names[0]), (other, other_address, names[1])):
        _in(space, "address", "add", f"{address}/30", "dev", name)
        _in(space, "link", "set", name, "up")


def _in(space: int, *arguments: object) -> None:
    _printed("nsenter", f"--net=/proc/{space}/ns/net", "ip", *arguments)


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)


def _printed(*command: object, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
    return done.stdout.decode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
