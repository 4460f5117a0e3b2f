"""Stands in for Grafana, Loki and GitHub, which can't be had here: the few addresses that the checks ask, and no more.

The log lines are the containers' own, read from Docker as Promtail would; the CI result is the repository's own file.
"""

from __future__ import annotations

import json
import os
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import containers

GRAFANA_TOKEN = os.environ["GRAFANA_TOKEN"]
GITHUB_TOKEN = os.environ["GITHUB_TOKEN"]


class Answers(BaseHTTPRequestHandler):
    """All three on one port, each under its own path."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        asked = urlsplit(self.path)
        bearer = self.headers.get("Authorization", "")
        match asked.path:
            case "/grafana/api/health":
                self._answer({"database": "ok", "version": "stand-in"})
            case "/grafana/api/search" if bearer == f"Bearer {GRAFANA_TOKEN}":
                self._answer([{"uid": "trading-bot", "title": "Trading bot", "type": "dash-db"}])
            case "/loki/ready":
                self._answer("ready")
            case "/loki/config":
                self._answer("compactor:\n  retention_enabled: true\nlimits_config:\n  retention_period: 744h\n")
            case "/loki/loki/api/v1/labels":
                self._answer({"status": "success", "data": ["container"]})
            case "/loki/loki/api/v1/query_range":
                self._answer(_logs(parse_qs(asked.query)))
            case "/repos/acme/trading-bot/commits/release/check-runs" if bearer == f"Bearer {GITHUB_TOKEN}":
                runs = json.loads(Path("/repository/ci/result.json").read_text())["runs"]
                self._answer({"total_count": len(runs), "check_runs": runs})
            case path:
                refused = path.startswith(("/grafana", "/repos"))
                self._answer({"message": "Bad credentials" if refused else "not found"}, 401 if refused else 404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: object, status: int = 200) -> None:
        text = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _logs(query: dict[str, list[str]]) -> dict[str, object]:
    wanted = re.search(r'container="([^"]+)"', query.get("query", [""])[0])
    limit = int(query.get("limit", ["100"])[0])
    result = []
    for each in containers.mine():
        name = each["Names"][0].lstrip("/")
        if wanted and name == wanted[1]:
            text = containers.get_bytes(f"/containers/{each['Id']}/logs?stdout=1&stderr=1&tail={limit}")
            lines = re.findall(rb"\{[^\n]*", text)
            at = str(time.time_ns())
            values = [[at, line.decode(errors="replace")] for line in lines]
            result = [{"stream": {"container": name}, "values": values}] if values else []
    return {"status": "success", "data": {"resultType": "streams", "result": result}}


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Answers).serve_forever()
