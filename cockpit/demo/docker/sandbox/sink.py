"""Where mail and webhooks of the sandbox end: SMTP on 2525, webhooks on 8000.

`GET /messages` gives all that came; `DELETE` forgets it.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_messages: list[dict[str, Any]] = []


class Webhooks(BaseHTTPRequestHandler):
    """Keeps what is posted, whatever it is."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep it."""
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(text)
        except ValueError:
            body = text.decode(errors="replace")
        _keep("webhook", path=self.path, body=body)
        self._answer(
            {"status": "success", "message": "kept", "dedup_key": "kept"}, 202 if "enqueue" in self.path else 200
        )

    def do_GET(self) -> None:
        """What was kept."""
        self._answer(list(_messages))

    def do_DELETE(self) -> None:
        """Forget it."""
        _messages.clear()
        self._answer({})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: object, status: int = 200) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


async def mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take mail, as far as Alertmanager and smtplib need it."""
    writer.write(b"220 sandbox ESMTP\r\n")
    sender, receivers = "", []
    while line := await reader.readline():
        word, _, rest = line.decode(errors="replace").strip().partition(" ")
        reply = "250 ok"
        match word.upper():
            case "EHLO":
                reply = "250-sandbox\r\n250 8BITMIME"
            case "MAIL":
                sender = rest.partition(":")[2].strip("<> ")
            case "RCPT":
                receivers.append(rest.partition(":")[2].strip("<> "))
            case "DATA":
                writer.write(b"354 go on\r\n")
                text = b""
                while (line := await reader.readline()) not in {b".\r\n", b""}:
                    text += line
                message = email.message_from_bytes(text, policy=email.policy.default)
                _keep("mail", sender=sender, receivers=receivers, subject=str(message["subject"]))
                sender, receivers = "", []
            case "QUIT":
                reply = "221 bye"
        writer.write(f"{reply}\r\n".encode())
        await writer.drain()
        if word.upper() == "QUIT":
            break
    writer.close()


async def main() -> None:
    """Serve both."""
    threading.Thread(target=ThreadingHTTPServer(("", 8000), Webhooks).serve_forever, daemon=True).start()
    async with await asyncio.start_server(mail, "", 2525) as server:
        await server.serve_forever()


def _keep(kind: str, **what: object) -> None:
    _messages.append({"at": time.time(), "kind": kind, **what})
    del _messages[:-1000]


if __name__ == "__main__":
    asyncio.run(main())
