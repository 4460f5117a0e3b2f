"""What the parts of the stack serve HTTP with: a request in, a reply out, and an end that lets requests finish.

The listening socket comes from the supervisor as a file descriptor: the port is known, and connections queue, before
the part that answers them is up.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cockpit.demo.ending import Ending, say

BODY_LIMIT = 64 * 1024
"""Bytes a request may carry; a longer one is answered 413."""

DRAIN = 2.0
"""Seconds that requests in flight get to finish when a part is told to end."""


@dataclass(frozen=True)
class Request:
    """One HTTP request."""

    method: str
    target: str
    """Path and query as they were sent."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query; of one given twice, the last."""
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty one. Raises ValueError when it is something else."""
        try:
            read = json.loads(self.body or b"{}")
        except RecursionError:
            raise ValueError("the body is nested too deeply") from None
        if not isinstance(read, dict):
            raise ValueError("the body is not a JSON object")
        return read


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(status: int, data: Mapping[str, Any]) -> Reply:
    """`data` as a JSON answer."""
    return Reply(status, json.dumps(data).encode() + b"\n", {"Content-Type": "application/json"})


def text_reply(text: str) -> Reply:
    """`text` in the form in which Prometheus reads metrics."""
    return Reply(200, text.encode(), {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


class Server(ThreadingHTTPServer):
    """Answers each request on a listening socket with `answer`, one thread a connection."""

    daemon_threads = True

    def __init__(self, listening: socket.socket, answer: Callable[[Request], Reply]) -> None:
        """Serve on `listening`, which belongs to this server from here on."""
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.answer = answer
        self.draining = False
        self._in_flight = 0
        self._changed = threading.Condition()

    def serve_until_told(self, ending: Ending) -> str:
        """Answer until `ending` says so, let what is in flight finish, and return why it ended."""
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()
        while not (reason := ending.wait()):
            pass
        self.drain(DRAIN)
        return reason

    def drain(self, seconds: float) -> bool:
        """Take no new connection, and wait for the requests in flight. False: some had not finished in `seconds`."""
        self.draining = True
        self.shutdown()
        self.server_close()
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_flight, seconds)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - as the base class has it
        """Note in one line that a connection was lost, or what else went wrong on it."""
        say(f"connection ended: {sys.exc_info()[1]!r}")

    def begin(self) -> None:
        """A request has come in."""
        with self._changed:
            self._in_flight += 1

    def end(self) -> None:
        """A request has been answered."""
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "trading-bot"
    sys_version = ""
    timeout = 60
    # One segment an answer: headers and body apart would wait for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def respond(self) -> None:
        self.server.begin()
        try:
            self._send(self._reply())
        finally:
            self.server.end()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 - the base class finds them by these

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: each part writes its own log."""

    def _reply(self) -> Reply:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
            return json_reply(411, {"error": "send the body with a Content-Length"})
        if int(length) > BODY_LIMIT:
            self.close_connection = True
            return json_reply(413, {"error": f"the body is longer than {BODY_LIMIT} bytes"})
        body = self.rfile.read(int(length))
        return self.server.answer(Request(self.command, self.path, dict(self.headers.items()), body))

    def _send(self, reply: Reply) -> None:
        self.close_connection = self.close_connection or self.server.draining
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        # Flushed while it still counts as in flight.
        self.wfile.flush()


class Uptime:
    """How long this part has been up."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds, to the millisecond."""
        return round(time.monotonic() - self._since, 3)
