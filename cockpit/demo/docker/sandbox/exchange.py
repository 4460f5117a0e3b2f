"""An exchange to practise on: prices that wander, and orders that are filled at once.

`POST /_fail?for=SECONDS` breaks it for that long.
"""

from __future__ import annotations

import json
import math
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

_fails_until = 0.0
_KEPT = Path("/tmp/orders.jsonl")  # noqa: S108 - in the container; an exchange that stops for a while forgets nothing


class Exchange(BaseHTTPRequestHandler):
    """The four addresses of Binance's interface that the bot uses."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Time and prices."""
        asked = urlsplit(self.path)
        if self._broken():
            return
        if asked.path == "/api/v3/time":
            self._answer({"serverTime": int(time.time() * 1000)})
        elif asked.path == "/api/v3/allOrders":
            symbol = parse_qs(asked.query).get("symbol", [""])[0]
            self._answer([order for order in _orders() if order["symbol"] == symbol][-500:])
        elif asked.path == "/api/v3/ticker/price":
            symbol = parse_qs(asked.query).get("symbol", ["BTCUSDT"])[0]
            self._answer({"symbol": symbol, "price": f"{_price(symbol):.2f}"})
        else:
            self._answer({"msg": "no such address"}, 404)

    def do_POST(self) -> None:
        """Orders, and the switch that breaks the exchange for a while."""
        global _fails_until  # noqa: PLW0603 - one exchange a process
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if asked.path == "/_fail":
            _fails_until = time.monotonic() + float(query.get("for", "10"))
            self._answer({"fails": True})
        elif not self._broken():
            order = {"symbol": query.get("symbol", ""), "clientOrderId": query.get("newClientOrderId", "")}
            order |= {"status": "FILLED", "price": f"{_price(order['symbol']):.2f}"}
            with _KEPT.open("a") as kept:
                kept.write(json.dumps(order) + "\n")
            self._answer(order)

    def log_message(self, *_: object) -> None:
        """Say nothing: the bot's own log tells of its orders."""

    def _broken(self) -> bool:
        if time.monotonic() < _fails_until:
            self._answer({"msg": "the exchange is down"}, 503)
            return True
        return False

    def _answer(self, body: object, status: int = 200) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _orders() -> list[dict[str, str]]:
    return [json.loads(line) for line in _KEPT.read_text().splitlines()] if _KEPT.exists() else []


def _price(symbol: str) -> float:
    base = 60000 if symbol.startswith("BTC") else 3000
    return base * (1 + 0.01 * math.sin(time.time() / 60))


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Exchange).serve_forever()
