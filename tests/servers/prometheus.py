"""A real Prometheus, which scrapes itself and a small program of ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.need import missing
from tests.servers.web import serving

CONFIGURATION = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms}}
scrape_configs:
- job_name: {job}
  static_configs: [{{targets: ["127.0.0.1:{metrics}"]}}]
"""
METRICS = """
orders_open{exchange="kraken"} 3
orders_open{exchange="bitstamp"} 7
requests_total 1000
nothing_at_all NaN
endless +Inf
"""


@dataclass(frozen=True)
class Prometheus:
    """A server that has scraped METRICS more than once, and `old_news`, which is 90 seconds old."""

    url: str

    def ask(self, query: str) -> list[object]:
        """The series that a query finds."""
        asked = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return list(json.load(answer)["data"]["result"])


@pytest.fixture(scope="session")
def prometheus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus on loopback."""
    folder = tmp_path_factory.mktemp("prometheus")
    with serving(_metrics) as metrics, scraping(folder, "bot", metrics) as server:
        yield server


@contextlib.contextmanager
def scraping(folder: Path, job: str, port: int) -> Iterator[Prometheus]:
    """A Prometheus that has scraped a program on this port, as `job`, more than once."""
    program = shutil.which("prometheus")
    if program is None:
        missing("Prometheus", "install the package prometheus")
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(job=job, metrics=port))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        own = taken.getsockname()[1]
    command = ["setpriv", "--pdeathsig=KILL", "--", program, f"--config.file={folder}/prometheus.yml"]
    command += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{own}", "--log.level=warn"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    server = Prometheus(f"http://127.0.0.1:{own}")
    try:
        ends = time.monotonic() + 60
        while not _has_scraped(server, job):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < ends, "Prometheus does not scrape"
            time.sleep(0.05)
        yield server
    finally:
        process.kill()
        process.wait(timeout=30)


def _has_scraped(server: Prometheus, job: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        return bool(server.ask(f'sum_over_time(up{{job="{job}"}}[1m]) > 2'))
    return False


async def _metrics(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while re.match(rb"GET /metrics ", await reader.readuntil(b"\r\n\r\n")):
            body = f"{METRICS}old_news 5 {int(time.time() - 90) * 1000}\n".encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
    writer.close()
