"""The router: one port in front of two colours, sending every request to one of them.

    python -m cockpit.demo.router --to blue --blue URL --green URL --log router.log --listen FD

`POST /_router/switch?to=green` changes the colour for every request that comes in after it; those under way end where
they began, so that no request is lost. `/_router/status` tells where traffic goes and how it fares, `/_router/metrics`
the same for Prometheus. All of it is reachable on loopback alone, because that is where the socket is bound.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import socket
import threading
import time
import urllib.parse
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cockpit.demo.ending import Ending
from cockpit.demo.log import Log
from cockpit.demo.metrics import Metrics
from cockpit.demo.serving import Reply, Request, Server, Uptime, json_reply, text_reply

COLOURS = ("blue", "green")

UPSTREAM_TIMEOUT = 10.0
"""Seconds a back end gets to answer; then the router answers 504."""

HEALTH_TIMEOUT = 0.5
"""Seconds a back end gets to answer the health question that `/_router/status` asks."""

RECENT = 60.0
"""Seconds that the recent figures look back."""

_COUNTED = {
    "requests_total": "Requests answered, by colour.",
    "errors_total": "Requests answered with a status of 500 or more, by colour.",
    "switches_total": "Times that traffic was sent to another colour.",
}
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "date", "server"}
)


@dataclass(frozen=True)
class Figures:
    """How the requests of the last `seconds` fared."""

    seconds: float
    requests: int
    errors: int
    error_rate: float
    """Share of the requests, 0 to 1; 0 when there were none."""
    p50_ms: float
    p95_ms: float


class Recent:
    """The requests of the last minute. Safe to use from many threads."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float, bool]] = deque(maxlen=20_000)
        self._lock = threading.Lock()

    def add(self, at: float, seconds: float, error: bool) -> None:
        """Remember a request that ended at `at` (monotonic seconds) and took `seconds`."""
        with self._lock:
            self._seen.append((at, seconds, error))

    def figures(self, now: float) -> Figures:
        """How the requests since `now - RECENT` fared."""
        with self._lock:
            while self._seen and self._seen[0][0] < now - RECENT:
                self._seen.popleft()
            seen = list(self._seen)
        took = sorted(seconds * 1000 for _, seconds, _ in seen)
        errors = sum(error for _, _, error in seen)
        return Figures(
            RECENT, len(seen), errors, errors / len(seen) if seen else 0.0, _quantile(took, 0.5), _quantile(took, 0.95)
        )


@dataclass
class Tally:
    """What one colour has answered since the router started."""

    requests: int = 0
    errors: int = 0


@dataclass(frozen=True)
class Target:
    """A colour, and where it is reached."""

    colour: str
    host: str
    port: int
    tally: Tally = field(default_factory=Tally)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{self.host}:{self.port}"

    def ask(self, request: Request, timeout: float) -> Reply:
        """Pass `request` on and return the answer. Raises OSError or http.client.HTTPException."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
            connection.request(request.method, request.target, request.body or None, headers)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            return Reply(answer.status, answer.read(), kept)
        finally:
            connection.close()


class Router:
    """Sends each request to the colour that has the traffic."""

    def __init__(self, targets: Mapping[str, Target], to: str, log: Log) -> None:
        """Begin with the traffic at the colour `to`."""
        self._targets = targets
        self._to = targets[to]
        self._log = log
        self._lock = threading.Lock()
        self._switches = 0
        self._uptime = Uptime()
        self._recent = Recent()
        self._numbers = itertools.count(1)
        self._metrics = Metrics("router", _COUNTED)
        self._metrics.count("switches_total", 0)
        for colour in targets:
            self._metrics.count("requests_total", 0, colour=colour)
            self._metrics.count("errors_total", 0, colour=colour)

    def answer(self, request: Request) -> Reply:
        """The reply to `request`."""
        match request.method, request.path:
            case "GET", "/_router/status":
                return json_reply(200, self.status())
            case "GET", "/_router/metrics":
                return text_reply(self._metrics.text(self._uptime.seconds))
            case "POST", "/_router/switch":
                return self._switch(request.query.get("to", ""))
            case _, path if path.startswith("/_router/"):
                return json_reply(404, {"error": f"the router has no {request.method} {path}"})
        return self._pass_on(request, self._to)

    def status(self) -> dict[str, Any]:
        """Where traffic goes, how it fares, and how each colour is at this moment."""
        return {
            "to": self._to.colour,
            "switches": self._switches,
            "uptime": self._uptime.seconds,
            "recent": asdict(self._recent.figures(time.monotonic())),
            "colours": {target.colour: _state(target) for target in self._targets.values()},
        }

    def _switch(self, to: str) -> Reply:
        if to not in self._targets:
            return json_reply(400, {"error": f"there is no colour {to!r}; say to={' or to='.join(self._targets)}"})
        with self._lock:
            before, self._to = self._to.colour, self._targets[to]
            if before != to:
                self._switches += 1
                self._metrics.count("switches_total")
        self._log.info("switch", before=before, to=to)
        return json_reply(200, {"to": to, "before": before})

    def _pass_on(self, request: Request, target: Target) -> Reply:
        began = time.monotonic()
        number = f"r{next(self._numbers)}"
        forwarded = Request(request.method, request.target, {**request.headers, "X-Request-Id": number}, request.body)
        try:
            reply = target.ask(forwarded, UPSTREAM_TIMEOUT)
        except TimeoutError:
            reply = json_reply(504, {"error": f"{target.colour} did not answer in {UPSTREAM_TIMEOUT:g} s"})
        except (http.client.InvalidURL, ValueError) as problem:
            reply = json_reply(400, {"error": f"the request cannot be passed on: {problem}"})
        except (OSError, http.client.HTTPException) as problem:
            reply = json_reply(502, {"error": f"{target.colour} cannot be reached: {problem}"})
        self._record(request, target, reply, began, number)
        return Reply(reply.status, reply.body, {**reply.headers, "X-Colour": target.colour})

    def _record(self, request: Request, target: Target, reply: Reply, began: float, number: str) -> None:
        ended = time.monotonic()
        error = reply.status >= 500
        with self._lock:
            target.tally.requests += 1
            target.tally.errors += error
        self._recent.add(ended, ended - began, error)
        self._metrics.observe(ended - began)
        self._metrics.count("requests_total", colour=target.colour)
        self._metrics.count("errors_total", int(error), colour=target.colour)
        write = self._log.error if error else self._log.info
        write(
            "request",
            method=request.method,
            path=request.path,
            status=reply.status,
            ms=round((ended - began) * 1000, 2),
            colour=target.colour,
            request=number,
        )


def _state(target: Target) -> dict[str, Any]:
    """How a colour is at this moment: by its own word, or why it gives none."""
    told: dict[str, Any] = {"status": "", "version": ""}
    try:
        health = json.loads(target.ask(Request("GET", "/health"), HEALTH_TIMEOUT).body)
        told = {name: str(health.get(name, "")) for name in told}
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as problem:
        told["status"] = f"no answer: {problem}"
    return {"url": target.url, "up": told["status"] == "ok", **told, **asdict(target.tally)}


def _quantile(ordered: list[float], share: float) -> float:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2) if ordered else 0.0


def _target(colour: str, url: str) -> Target:
    parts = urllib.parse.urlsplit(url)
    return Target(colour, parts.hostname or "127.0.0.1", parts.port or 80)


def main() -> None:
    """Route until told to end."""
    ending = Ending()
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.router", description="The router of the sandbox.")
    parser.add_argument("--to", required=True, choices=COLOURS)
    for colour in COLOURS:
        parser.add_argument(f"--{colour}", required=True, metavar="URL")
    parser.add_argument("--log", required=True, type=Path)
    parser.add_argument("--listen", required=True, type=int, help="file descriptor of the listening socket")
    wanted = parser.parse_args()
    targets = {colour: _target(colour, getattr(wanted, colour)) for colour in COLOURS}
    log = Log(wanted.log)
    server = Server(socket.socket(fileno=wanted.listen), Router(targets, wanted.to, log).answer)
    log.info("started", listen=server.server_address[1], to=wanted.to)
    log.info("ended", reason=server.serve_until_told(ending))


if __name__ == "__main__":
    main()
