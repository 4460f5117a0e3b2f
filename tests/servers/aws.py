"""AWS: moto's server, which emulates it, and the real `aws` command line in front of it.

Both weigh half a gigabyte, so that they are no dependency of the suite: where the environment variable
COCKPIT_TEST_AWS names no folder, these tests are left out, in continuous integration too. It names a virtual
environment that has them, or a folder that is not there yet, in which the suite then makes one.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLE = "COCKPIT_TEST_AWS"
PACKAGES = ("moto[server]==5.2.5", "awscli==1.46.3")


@dataclass(frozen=True)
class Aws:
    """An account in an emulated cloud."""

    programs: Path
    """The folder of `aws`."""
    environment: dict[str, str]
    """What leads `aws` to the emulated cloud."""

    def aws(self, *arguments: str) -> str:
        """What a command of `aws` prints."""
        done = subprocess.run(
            [self.programs / "aws", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"aws {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account in a cloud of this suite's own."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        pytest.skip(f"there is no emulated AWS here: {VARIABLE} names no virtual environment with moto and awscli")
    programs = _programs(Path(given).absolute())
    log = tmp_path_factory.mktemp("moto") / "log"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = ["setpriv", "--pdeathsig=KILL", "--", programs / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        ends = time.monotonic() + 60
        while not _answers(address):
            if server.poll() is not None or time.monotonic() > ends:
                pytest.fail(f"moto's server does not start: {log.read_text()[-500:]}", pytrace=False)
            time.sleep(0.1)
        yield Aws(programs, _environment(address))
    finally:
        server.kill()
        server.wait()


def _programs(folder: Path) -> Path:
    """Where the programs are, put there first when the folder is new."""
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
    found = folder / "bin"
    if missing := [name for name in ("aws", "moto_server") if not (found / name).exists()]:
        pytest.fail(f"{VARIABLE} is set, but there is no {missing[0]} in {found}", pytrace=False)
    return found


def _environment(address: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-2",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
    }


def _answers(address: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/moto-api/", timeout=5):
        return True
    return False
