"""MariaDB: a primary with TLS, and its replica, in folders of their own, on loopback."""

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
from typing import Any

import pymysql
import pytest

from tests.servers.certificates import Authority
from tests.servers.need import missing

PASSWORD = "a-good/password"


@dataclass(frozen=True)
class MariaDB:
    """A server that runs. Superuser `admin` with PASSWORD."""

    folder: Path
    port: int
    process: int

    def url(self, database: str = "", user: str = "admin", password: str = "a-good%2Fpassword") -> str:
        return f"mysql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, **options: Any) -> pymysql.Connection[Any]:
        """A connection of the superuser."""
        given = {"user": "admin", "password": PASSWORD, "autocommit": True, "ssl_disabled": True, **options}
        return pymysql.connect(unix_socket=str(self.folder / "socket"), **given)

    def run(self, *statements: str) -> Any:
        """Carry statements out as the superuser; the rows of the last one."""
        with self.connect() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()


@pytest.fixture(scope="session")
def mariadb_server(authority: Authority) -> Iterator[MariaDB]:
    """A primary with TLS for `localhost`, and whatever tests add to it."""
    with _running(authority, "--log-bin", "--server-id=1") as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_replica(mariadb_server: MariaDB, authority: Authority) -> Iterator[MariaDB]:
    """A replica of `mariadb_server`."""
    mariadb_server.run(
        f"CREATE OR REPLACE USER follower IDENTIFIED BY '{PASSWORD}'", "GRANT REPLICATION SLAVE ON *.* TO follower"
    )
    with _running(authority, "--server-id=2", "--read-only") as server:
        server.run(
            f"CHANGE MASTER TO master_host = '127.0.0.1', master_port = {mariadb_server.port}, master_user = 'follower',"
            f" master_password = '{PASSWORD}', master_use_gtid = slave_pos",
            "START SLAVE",
        )
        yield server


@pytest.fixture
def mariadb_spare(authority: Authority) -> Iterator[MariaDB]:
    """A server that a test may freeze or kill."""
    with _running(authority) as server:
        yield server


@contextlib.contextmanager
def _running(authority: Authority, *options: str) -> Iterator[MariaDB]:
    """Run a server as our child, which ends with us even when we are killed."""
    if shutil.which("mariadb-install-db") is None:
        missing("MariaDB", "install the package mariadb-server")
    with tempfile.TemporaryDirectory(prefix="ck-maria-", ignore_cleanup_errors=True) as name:
        folder, port = Path(name), _free_port()
        certificate = folder / "tls.pem"
        shutil.copy(authority.sign("mariadb", "localhost"), certificate)
        shutil.copy(authority.file, folder / "authority.pem")
        user: list[str] = []
        if os.geteuid() == 0:
            user = ["--user=mysql"]
            for path in (folder, certificate):
                shutil.chown(path, "mysql")
        small = ["--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", "--innodb-flush-method=nosync"]
        made = subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={folder}/data", *user, *small, "--skip-test-db",
             "--auth-root-authentication-method=normal", "--skip-name-resolve"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout.decode()
        (folder / "init.sql").write_text(
            "SET sql_log_bin = 0;\n"  # each server has its own: a replica must not make it anew while it is used
            f"CREATE OR REPLACE USER admin IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO admin WITH GRANT OPTION;\n"
        )
        command = [
            "setpriv", "--pdeathsig=KILL", "--", "mariadbd", "--no-defaults", f"--datadir={folder}/data", *user, *small,
            f"--socket={folder}/socket", f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder}/pid",
            f"--init-file={folder}/init.sql", "--max-connections=30", "--skip-name-resolve", "--sync-binlog=0",
            f"--ssl-cert={certificate}", f"--ssl-key={certificate}", f"--ssl-ca={folder}/authority.pem",
            "--innodb-flush-log-at-trx-commit=0", *options,
        ]  # fmt: skip
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        server = MariaDB(folder, port, process.pid)
        try:
            ends = time.monotonic() + 30
            while not _accepts(server):
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < ends, "the server does not start"
                time.sleep(0.02)
            yield server
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)


def _accepts(server: MariaDB) -> bool:
    with socket.socket(socket.AF_UNIX) as door:  # the library leaves its own open when nobody answers
        if door.connect_ex(str(server.folder / "socket")):
            return False
    server.run("SELECT 1")
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
