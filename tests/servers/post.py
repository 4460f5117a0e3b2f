"""Where notifications arrive: a receiver of webhooks and a mail server, each as bad as a test wants it."""

from __future__ import annotations

import asyncio
import contextlib
import email
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from aiosmtpd.smtp import SMTP


@dataclass
class Receiver:
    """A receiver of webhooks. What it answers may be changed at any time."""

    port: int = 0
    answer: int = 200
    """The status that it answers with; 0: none, it hangs until it is let go."""
    got: list[dict[str, Any]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """As a checklist writes it."""
        return f"json://127.0.0.1:{self.port}/hook"

    def told(self, within: float = 15.0, least: int = 1) -> list[str]:
        """The sentences that came, once there are so many."""
        deadline = time.monotonic() + within
        while len(self.got) < least and time.monotonic() < deadline:
            time.sleep(0.02)
        return [each["message"] for each in self.got]


@contextlib.contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver of webhooks, on a free port unless one is given."""
    made = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if made.answer == 0:
                made.let_go.wait(30)
                self.close_connection = True
                return
            self.send_response(made.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    made.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield made
    finally:
        made.let_go.set()
        server.shutdown()
        server.server_close()
        serving.join()


@dataclass
class Mailbox:
    """A mail server that keeps what it gets."""

    port: int = 0
    refuses: str = ""
    """What it answers to every recipient instead of taking it: `550 no such user`."""
    got: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        """As a checklist writes it."""
        return f"mailto://127.0.0.1:{self.port}/?from=cockpit@shop.example&to=team@shop.example&mode=insecure"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - named so by the library
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        self.got.append(email.message_from_bytes(envelope.content))
        return "250 taken"


@contextlib.contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server on a free port."""
    made, loop = Mailbox(), asyncio.new_event_loop()
    serving = threading.Thread(target=loop.run_forever, daemon=True)
    serving.start()

    async def listen() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(made, hostname="127.0.0.1", loop=loop), "127.0.0.1", 0)

    async def close() -> None:
        server.close()
        for connection in asyncio.all_tasks(loop) - {asyncio.current_task(loop)}:
            connection.cancel()
        await asyncio.sleep(0)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        serving.join()
        loop.close()
