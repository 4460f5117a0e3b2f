"""Stands in for cAdvisor, which can't be had here: says in its words what the checks ask of the containers.

Reads Docker's socket; `GET /metrics` for Prometheus.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PROJECT = os.environ["PROJECT"]

_seen = ""


class Metrics(BaseHTTPRequestHandler):
    """Answers Prometheus."""

    def do_GET(self) -> None:
        """One line for each metric of each container."""
        text = _seen.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Docker(http.client.HTTPConnection):
    """HTTP over Docker's socket."""

    def connect(self) -> None:
        """Connect to it."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect("/var/run/docker.sock")


def get(path: str) -> Any:
    """What Docker answers, as JSON."""
    return json.loads(get_bytes(path))


def get_bytes(path: str) -> bytes:
    """What Docker answers."""
    connection = Docker("docker")
    try:
        connection.request("GET", f"/v1.41{path}")
        return connection.getresponse().read()
    finally:
        connection.close()


def mine() -> list[dict[str, Any]]:
    """The containers of this project that run."""
    label = json.dumps({"label": [f"com.docker.compose.project={PROJECT}"]})
    return list(get("/containers/json?filters=" + label.replace('"', "%22").replace(" ", "")))


def _lines() -> list[str]:
    lines = []
    for each in mine():
        name = each["Names"][0].lstrip("/")
        host = _host_config(each["Id"])
        seen = get(f"/containers/{each['Id']}/stats?stream=0&one-shot=1")
        memory = seen.get("memory_stats", {})
        files = memory.get("stats", {}).get("total_inactive_file", memory.get("stats", {}).get("inactive_file", 0))
        figures = {
            "container_memory_working_set_bytes": memory.get("usage", 0) - files,
            "container_spec_memory_limit_bytes": host["Memory"],
            "container_cpu_usage_seconds_total": seen["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
            "container_spec_cpu_quota": host["NanoCpus"] / 1e4,
            "container_spec_cpu_period": 100000,
            "container_last_seen": time.time(),
        }
        lines += [f'{metric}{{name="{name}"}} {value}' for metric, value in figures.items()]
    return lines


@functools.cache
def _host_config(container: str) -> dict[str, Any]:
    return dict(get(f"/containers/{container}/json")["HostConfig"])


def _look() -> None:
    """Look again and again: dozens of containers take longer than Prometheus would wait."""
    global _seen  # noqa: PLW0603 - one text a process
    while True:
        with contextlib.suppress(OSError, KeyError, ValueError):
            _seen = "".join(f"{line}\n" for line in _lines())
        time.sleep(2)


if __name__ == "__main__":
    threading.Thread(target=_look, daemon=True).start()
    ThreadingHTTPServer(("", 8000), Metrics).serve_forever()
