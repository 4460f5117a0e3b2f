"""Redis: a primary with a password, users and TLS, and its replica, on loopback."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis as client

from tests.servers.certificates import Authority
from tests.servers.need import missing

PASSWORD = "a-good/password"
SETTINGS = """
bind 127.0.0.1
port {port}
tls-port {tls_port}
tls-cert-file {certificate}
tls-key-file {certificate}
tls-ca-cert-file {authority}
tls-auth-clients no
unixsocket {folder}/redis.sock
dir {folder}
save ""
repl-diskless-sync-delay 0
repl-ping-replica-period 1
maxclients 40
maxmemory 64mb
maxmemory-policy noeviction
requirepass {password}
masterauth {password}
user looker on >{password} ~* +@read +info +ping
user nobody on >{password} +ping
"""


@dataclass(frozen=True)
class Redis:
    """A server that runs."""

    folder: Path
    port: int
    tls_port: int
    process: int

    def url(self, user: str = "", password: str = "a-good%2Fpassword", database: int = 0) -> str:
        return f"redis://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, *commands: str) -> list[object]:
        """Carry commands out, words divided by spaces, as the user who may do anything."""
        with client.Redis(port=self.port, password=PASSWORD, decode_responses=True) as connection:
            return [connection.execute_command(*command.split(" ")) for command in commands]


@pytest.fixture(scope="session")
def redis_server(authority: Authority) -> Iterator[Redis]:
    """A primary: PASSWORD for everybody, user `looker` who may read, user `nobody` who may not; TLS for `localhost`."""
    with running(authority) as server:
        yield server


@pytest.fixture(scope="session")
def redis_replica(redis_server: Redis, authority: Authority) -> Iterator[Redis]:
    """A replica of `redis_server`."""
    with running(authority, f"replicaof 127.0.0.1 {redis_server.port}\n") as server:
        yield server


@pytest.fixture
def redis_spare(authority: Authority) -> Iterator[Redis]:
    """A server that a test may freeze, spoil or kill."""
    with running(authority) as server:
        yield server


@contextlib.contextmanager
def running(authority: Authority, settings: str = "") -> Iterator[Redis]:
    """Run a server as our child, which ends with us even when we are killed."""
    if shutil.which("redis-server") is None:
        missing("Redis", "install the package redis-server")
    with tempfile.TemporaryDirectory(prefix="ck-redis-", ignore_cleanup_errors=True) as name:
        folder, port, tls_port = Path(name), _free_port(), _free_port()
        text = SETTINGS.format(
            port=port,
            tls_port=tls_port,
            folder=folder,
            certificate=authority.sign("redis", "localhost"),
            authority=authority.file,
            password=PASSWORD,
        )
        (folder / "redis.conf").write_text(text + settings)
        with (folder / "log").open("wb") as log:
            command = ["setpriv", "--pdeathsig=KILL", "--", "redis-server", folder / "redis.conf"]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server = Redis(folder, port, tls_port, process.pid)
        try:
            ends = time.monotonic() + 30
            while not _accepts(server):
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < ends, "the server does not start"
                time.sleep(0.01)
            yield server
        finally:
            process.kill()
            process.wait(timeout=30)


def _accepts(server: Redis) -> bool:
    try:
        server.run("PING")
    except client.ConnectionError:
        return False
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
