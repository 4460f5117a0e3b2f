"""PostgreSQL: a primary and its replica, in a folder of their own, on loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers.certificates import Authority
from tests.servers.frozen import frozen
from tests.servers.need import missing

PASSWORD = "a-good-password"
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 30
max_wal_senders = 4
wal_level = replica
hot_standby = on
"""


@dataclass(frozen=True)
class Postgres:
    """A server that runs."""

    folder: Path
    port: int

    def dsn(self, database: str = "postgres", role: str = "postgres", password: str = PASSWORD) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    @property
    def process(self) -> int:
        """The server's process."""
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Carry statements out as the superuser; the rows of the last one."""
        rows: list[tuple[object, ...]] = []
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                rows = cursor.fetchall() if cursor.description else []
        return rows

    @contextlib.contextmanager
    def frozen(self, application: str) -> Iterator[None]:
        """Stop the backends that serve `application`, as a hung disk would, and let them go on afterwards."""
        query = f"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}'"
        backends = [int(str(pid)) for (pid,) in self.run(query)]
        assert backends, f"nobody calls itself {application}"
        with frozen(*backends):
            yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A primary: superuser `postgres` with PASSWORD, and whatever tests add to it."""
    with primary() as server:
        yield server


@pytest.fixture
def postgres_spare() -> Iterator[Postgres]:
    """A server that a test may freeze, stop or kill."""
    with primary() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_replica(postgres_server: Postgres, authority: Authority) -> Iterator[Postgres]:
    """A streaming replica of `postgres_server`, with TLS for `localhost`, which role `tls_only` has to use."""
    folder = postgres_server.folder.parent / "replica"
    _run("pg_basebackup", "-d", postgres_server.dsn(), "-D", folder, "-R", "-X", "stream", "-c", "fast", "--no-sync")
    server = Postgres(folder, _free_port())
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write(f"port = {server.port}\nssl = on\nssl_cert_file = 'tls.pem'\nssl_key_file = 'tls.pem'\n")
    rules = folder / "pg_hba.conf"
    rules.write_text(f"hostnossl all tls_only all reject\n{rules.read_text()}")
    certificate = folder / "tls.pem"
    certificate.write_bytes(authority.sign("postgres", "localhost").read_bytes())
    certificate.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(certificate, "postgres")
    with _running(server):
        yield server


@contextlib.contextmanager
def primary() -> Iterator[Postgres]:
    """A server of one's own."""
    with _folder() as folder, _made(folder / "primary") as server:
        yield server


def programs() -> Path:
    """The folder of the server's programs, the newest version; Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        missing("PostgreSQL's server", "install the package postgresql")
    return Path(on_path).parent


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ck-pg-", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            shutil.chown(name, "postgres")
        yield Path(name)


@contextlib.contextmanager
def _made(folder: Path) -> Iterator[Postgres]:
    programs()
    secret = folder.parent / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    server = Postgres(folder, _free_port())
    _run(
        "initdb", "-D", folder, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
        "--no-locale", "--no-sync",
    )  # fmt: skip
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write(SETTINGS.format(port=server.port, folder=folder.parent))
    with (folder / "pg_hba.conf").open("a") as rules:
        rules.write("host replication all 127.0.0.1/32 scram-sha-256\n")
    with _running(server):
        yield server


@contextlib.contextmanager
def _running(server: Postgres) -> Iterator[None]:
    """Run the server as our child, which ends with us even when we are killed."""
    with server.folder.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            _as_its_user(programs() / "postgres", "-D", server.folder),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        ends = time.monotonic() + 30
        while not _accepts(server):
            assert process.poll() is None, server.folder.with_suffix(".log").read_text()
            assert time.monotonic() < ends, "the server does not start"
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def _accepts(server: Postgres) -> bool:
    try:
        psycopg.connect(server.dsn(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _run(program: str, *arguments: object) -> None:
    """Run a program of the server to its end."""
    done = subprocess.run(
        _as_its_user(programs() / program, *arguments),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def _as_its_user(*command: object) -> list[str]:
    """A command as a user that the server accepts, which root is not, and that is ended when we are."""
    change = ("--reuid=postgres", "--regid=postgres", "--init-groups") if os.geteuid() == 0 else ()
    return ["setpriv", *change, "--pdeathsig=QUIT", "--", *map(str, command)]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
