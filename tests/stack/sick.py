"""What a sick system says of itself: figures for Prometheus on 8000, and on 8001 the answers of its observability.

Run in a container of the sandbox's image, by `sabotages.yaml`. `python3 sick.py NAME` where NAME is the back end's
container; `sick.py answers empty|failing`; `sick.py forward HOST PORT`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEGAN = time.monotonic()
EMPTY = {
    "/grafana/api/health": (200, {"database": "ok"}),
    "/grafana/api/search": (200, []),
    "/loki/ready": (200, "ready"),
    "/loki/config": (200, "compactor:\n  retention_enabled: false\nlimits_config:\n  retention_period: 744h\n"),
    "/loki/loki/api/v1/labels": (200, {"status": "success", "data": []}),
    "/loki/loki/api/v1/query_range": (200, {"status": "success", "data": {"result": []}}),
}
FAILING = {"/grafana/api/health": (200, {"database": "failing"}), "/loki/ready": (503, "ingester not ready")}
ANSWERS = {"empty": EMPTY, "failing": FAILING}


class Figures(BaseHTTPRequestHandler):
    """Everything that can be wrong, for Prometheus."""

    def do_GET(self) -> None:
        """All of it; on `/app` only what every back end of that kind has."""
        lines = figures(sys.argv[1]).splitlines(keepends=True)
        if self.path == "/app":
            lines = [line for line in lines if line.startswith(("flask_", "process_"))]
        _send(self, 200, "".join(lines).encode(), "text/plain; version=0.0.4")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Answers(BaseHTTPRequestHandler):
    """Grafana and Loki that answer, and not as they should."""

    def do_GET(self) -> None:
        """Answer."""
        status, body = ANSWERS[sys.argv[2]].get(self.path.partition("?")[0], (404, {"message": "not found"}))
        text = body if isinstance(body, str) else json.dumps(body)
        _send(self, status, text.encode(), "text/plain" if isinstance(body, str) else "application/json")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Slow(BaseHTTPRequestHandler):
    """Takes its time, and does not wait for it when it is to end."""

    def do_GET(self) -> None:
        """Answer after three seconds."""
        time.sleep(3)
        _send(self, 200, b"{}", "application/json")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def figures(backend: str) -> str:
    """Requests that take long and fail, a process that grows and is busy, a full disk, a cache that misses, ..."""
    gone = time.monotonic() - BEGAN + 1
    slow = "flask_http_request_duration_seconds_bucket"
    lines = {
        f'{slow}{{le="1"}}': 0,
        f'{slow}{{le="8"}}': gone,
        f'{slow}{{le="+Inf"}}': gone,
        'flask_http_request_total{status="200"}': gone,
        'flask_http_request_total{status="500"}': gone,
        "process_resident_memory_bytes": 1e8 + gone * 1e8,
        "process_cpu_seconds_total": gone * 100,
        'node_filesystem_avail_bytes{fstype="ext4"}': 5,
        'node_filesystem_size_bytes{fstype="ext4"}': 100,
        "redis_keyspace_hits_total": 7,
        "redis_keyspace_misses_total": gone * 10,
        "pg_up": 0,
        "probe_success": 0,
        f'container_memory_working_set_bytes{{name="{backend}"}}': 97,
        f'container_spec_memory_limit_bytes{{name="{backend}"}}': 100,
        f'container_cpu_usage_seconds_total{{name="{backend}"}}': gone * 100,
        f'container_spec_cpu_quota{{name="{backend}"}}': 80000,
        f'container_spec_cpu_period{{name="{backend}"}}': 100000,
        "backup_last_success_timestamp_seconds": time.time() - 30 * 3600,
        "restore_last_success_timestamp_seconds": time.time() - 90 * 86400,
    }
    for way in ("email", "slack", "pagerduty"):
        lines[f'alertmanager_notifications_total{{integration="{way}"}}'] = 3
        lines[f'alertmanager_notifications_failed_total{{integration="{way}"}}'] = 3
    return "".join(f"{name} {value}\n" for name, value in lines.items())


async def forward(host: str, port: int) -> None:
    """Pass connections to 9090 on."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(65536):
            writer.write(block)
            await writer.drain()
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to = await asyncio.open_connection(host, port)
        await asyncio.gather(pipe(reader, to), pipe(there, writer))

    async with await asyncio.start_server(take, "", 9090) as server:
        await server.serve_forever()


def _send(request: BaseHTTPRequestHandler, status: int, body: bytes, kind: str) -> None:
    request.send_response(status)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


if __name__ == "__main__":
    if sys.argv[1] == "abrupt":
        ThreadingHTTPServer(("", 8000), Slow).serve_forever()
    elif sys.argv[1] == "forward":
        asyncio.run(forward(sys.argv[2], int(sys.argv[3])))
    elif sys.argv[1] == "answers":
        ThreadingHTTPServer(("", 8000), Answers).serve_forever()
    else:
        ThreadingHTTPServer(("", 8000), Figures).serve_forever()
