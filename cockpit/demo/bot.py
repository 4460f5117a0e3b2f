"""The trading bot's back end in one colour.

    python -m cockpit.demo.bot --colour blue --version 1.4.2 --database bot.db --log blue.log --listen FD

`/health`, `/version`, `/metrics`, `/api/bots`, `/api/trades`, and the fault switch `/_fault`.
"""

from __future__ import annotations

import argparse
import socket
import sqlite3
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cockpit.demo.database import SCHEMA, SCHEMA_OF_FEES, Database
from cockpit.demo.ending import Ending
from cockpit.demo.faults import FaultSwitch
from cockpit.demo.log import Log
from cockpit.demo.metrics import Metrics
from cockpit.demo.serving import Reply, Request, Server, Uptime, json_reply, text_reply

TRADES_SHOWN = 20
"""Trades that `/api/trades` shows when it is not told a limit."""

_COUNTED = {
    "requests_total": "Requests answered.",
    "errors_total": "Requests answered with a status of 500 or more.",
    "trades_total": "Trades recorded.",
}

Answer = Callable[[Request], Reply]


class Bot:
    """Answers the requests to one back end."""

    def __init__(self, colour: str, version: str, database: Database, log: Log) -> None:
        """Be the back end `version` in `colour`."""
        self.colour = colour
        self.version = version
        self._database = database
        self._log = log
        self._faults = FaultSwitch()
        self._uptime = Uptime()
        self._metrics = Metrics("bot", _COUNTED, colour=colour, version=version)
        self._metrics.count("errors_total", 0)
        self._metrics.count("trades_total", 0)
        self._answers: dict[str, dict[str, Answer]] = {
            "/health": {"GET": self._health},
            "/version": {"GET": self._tell_version},
            "/metrics": {"GET": self._tell_metrics},
            "/api/bots": {"GET": self._list_bots, "POST": self._add_bot},
            "/api/trades": {"GET": self._list_trades, "POST": self._add_trade},
            "/_fault": {"GET": self._tell_faults, "POST": self._put_in_faults, "DELETE": self._mend},
        }

    def answer(self, request: Request) -> Reply:
        """The reply to `request`: counted, timed and logged."""
        began = time.perf_counter()
        reply = self._on_purpose(request) or self._honest(request)
        seconds = time.perf_counter() - began
        self._record(request, reply, seconds)
        return Reply(reply.status, reply.body, {**reply.headers, **self._headers()})

    def _on_purpose(self, request: Request) -> Reply | None:
        """What a fault makes of the request; None when none does."""
        if request.path == "/_fault":
            return None
        faults = self._faults.faults
        if faults.slow_ms:
            time.sleep(faults.slow_ms / 1000)
        if faults.down:
            return json_reply(503, {"status": "down", "colour": self.colour, "error": "down on purpose"})
        if request.path.startswith("/api/") and self._faults.fails():
            return json_reply(500, {"error": "failed on purpose"})
        return None

    def _honest(self, request: Request) -> Reply:
        answers = self._answers.get(request.path)
        if answers is None:
            return json_reply(404, {"error": f"there is no {request.path}"})
        method = "GET" if request.method == "HEAD" else request.method
        if method not in answers:
            return json_reply(405, {"error": f"{request.path} does not take {request.method}"})
        try:
            return answers[method](request)
        except sqlite3.IntegrityError as problem:
            return json_reply(422, {"error": f"the database refuses it: {problem}"})
        except sqlite3.Error as problem:
            return json_reply(503, {"error": f"the database does not answer: {problem}"})
        except (ValueError, OverflowError) as problem:
            return json_reply(400, {"error": str(problem)})

    def _record(self, request: Request, reply: Reply, seconds: float) -> None:
        path = request.path if request.path in self._answers else "other"
        self._metrics.count("requests_total", path=path, method=request.method, status=str(reply.status))
        self._metrics.observe(seconds)
        write = self._log.info
        if reply.status >= 500:
            self._metrics.count("errors_total")
            write = self._log.error
        write(
            "request",
            method=request.method,
            path=request.path,
            status=reply.status,
            ms=round(seconds * 1000, 2),
            request=request.headers.get("X-Request-Id", ""),
        )

    def _headers(self) -> dict[str, str]:
        return {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Version": self.version}

    def _health(self, _request: Request) -> Reply:
        database: dict[str, Any]
        try:
            settings = self._database.settings()
            needed = SCHEMA_OF_FEES if self._database.fees else SCHEMA
            current = settings["schema"] >= needed
            database = {"status": "ok" if current else f"schema {needed} is needed", **settings}
        except sqlite3.Error as problem:
            database = {"status": str(problem)}
        good = database["status"] == "ok"
        return json_reply(
            200 if good else 503,
            {
                "status": "ok" if good else "degraded",
                "colour": self.colour,
                "version": self.version,
                "fees": self._database.fees,
                "database": database,
                "uptime": self._uptime.seconds,
            },
        )

    def _tell_version(self, _request: Request) -> Reply:
        return json_reply(200, {"version": self.version, "colour": self.colour})

    def _tell_metrics(self, _request: Request) -> Reply:
        return text_reply(self._metrics.text(self._uptime.seconds))

    def _list_bots(self, _request: Request) -> Reply:
        return json_reply(200, {"bots": self._database.bots()})

    def _add_bot(self, request: Request) -> Reply:
        wanted = request.json()
        number = self._database.add_bot(_text(wanted, "name"), _text(wanted, "pair"))
        return json_reply(201, {"id": number})

    def _list_trades(self, request: Request) -> Reply:
        limit = request.query.get("limit", str(TRADES_SHOWN))
        if not limit.isdecimal() or not 1 <= int(limit) <= 500:
            raise ValueError("limit is a number from 1 to 500")
        return json_reply(200, {"trades": self._database.trades(int(limit))})

    def _add_trade(self, request: Request) -> Reply:
        wanted = request.json()
        number = self._database.add_trade(
            int(_number(wanted, "bot")),
            _text(wanted, "side"),
            _number(wanted, "quantity"),
            _number(wanted, "price"),
            self.colour,
        )
        self._metrics.count("trades_total")
        return json_reply(201, {"id": number, "colour": self.colour})

    def _tell_faults(self, _request: Request) -> Reply:
        return json_reply(200, asdict(self._faults.faults))

    def _put_in_faults(self, request: Request) -> Reply:
        faults = asdict(self._faults.put_in(request.json()))
        self._log.info("fault", **faults)
        return json_reply(200, faults)

    def _mend(self, _request: Request) -> Reply:
        self._log.info("mended")
        return json_reply(200, asdict(self._faults.mend()))


def _text(wanted: dict[str, Any], name: str) -> str:
    value = wanted.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} is missing, or is not a text")
    return value


def _number(wanted: dict[str, Any], name: str) -> float:
    value = wanted.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is missing, or is not a number")
    return value


def main() -> None:
    """Serve until told to end."""
    ending = Ending()
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.bot", description="The trading bot in one colour.")
    parser.add_argument("--colour", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--database", required=True, type=Path)
    parser.add_argument("--log", required=True, type=Path)
    parser.add_argument("--listen", required=True, type=int, help="file descriptor of the listening socket")
    parser.add_argument("--fees", action="store_true", help="record what each trade costs; needs the schema for it")
    wanted = parser.parse_args()
    log = Log(wanted.log, colour=wanted.colour, version=wanted.version)
    database = Database(wanted.database, fees=wanted.fees)
    server = Server(socket.socket(fileno=wanted.listen), Bot(wanted.colour, wanted.version, database, log).answer)
    log.info("started", listen=server.server_address[1], database=str(wanted.database), fees=wanted.fees)
    log.info("ended", reason=server.serve_until_told(ending))
    database.close()
    log.close()


if __name__ == "__main__":
    main()
