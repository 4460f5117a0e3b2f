"""How to break what each item of the demo checklist is about.

A sabotage breaks the stack, or yields variables that lead to something broken, and mends it at its end.
"""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.demo.calling import call
from cockpit.demo.serving import Reply, Request, Server
from cockpit.demo.stack import Stack

Broken = AbstractContextManager[dict[str, str] | None]


def fault(colour: str, **faults: object) -> Callable[[Stack], Broken]:
    @contextmanager
    def put_in(stack: Stack) -> Iterator[None]:
        url = f"{stack.parts[colour].url}/_fault"
        assert call("POST", url, dict(faults))[0] == 200
        # Enough for it to show in what is counted.
        call("GET", f"{stack.parts['router'].url}/api/bots", timeout=5)
        call("GET", f"{stack.parts['router'].url}/api/bots", timeout=5)
        yield
        assert call("DELETE", url)[0] == 200

    return put_in


def in_database(break_it: str, mend_it: str) -> Callable[[Stack], Broken]:
    @contextmanager
    def changed(stack: Stack) -> Iterator[None]:
        for script in (break_it, mend_it):
            with closing(sqlite3.connect(stack.database, timeout=5)) as database:
                database.executescript(script)
            if script is break_it:
                yield

    return changed


def on_a_copy(break_it: Callable[[Path], object]) -> Callable[[Stack], Broken]:
    @contextmanager
    def copied(stack: Stack) -> Iterator[dict[str, str]]:
        copy = stack.folder / "copy.db"
        with closing(sqlite3.connect(stack.database)) as database, closing(sqlite3.connect(copy)) as target:
            database.backup(target)
            target.execute("pragma journal_mode = delete")
        break_it(copy)
        yield {"database_path": str(copy)}
        copy.unlink()

    return copied


def led_astray(**variables: str) -> Callable[[Stack], Broken]:
    """Variables that lead to another part than they should."""

    @contextmanager
    def astray(stack: Stack) -> Iterator[dict[str, str]]:
        yield {name: stack.parts[part].url for name, part in variables.items()}

    return astray


def unreachable(variable: str) -> Callable[[Stack], Broken]:
    @contextmanager
    def nowhere(_stack: Stack) -> Iterator[dict[str, str]]:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            yield {variable: f"http://127.0.0.1:{closed.getsockname()[1]}"}

    return nowhere


def answered_with(variable: str, change: Callable[[Reply], Reply]) -> Callable[[Stack], Broken]:
    """Something in front of what `variable` leads to, that changes its answers."""

    @contextmanager
    def in_front(stack: Stack) -> Iterator[dict[str, str]]:
        def answer(request: Request) -> Reply:
            status, headers, told = call(request.method, stack.variables[variable] + request.target, request.json())
            return change(Reply(status, json.dumps(told).encode(), headers))

        server = Server(socket.create_server(("127.0.0.1", 0)), answer)
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        yield {variable: f"http://127.0.0.1:{server.server_address[1]}"}
        server.drain(1)

    return in_front


def with_body(old: str, new: str) -> Callable[[Reply], Reply]:
    def change(reply: Reply) -> Reply:
        assert old in reply.body.decode()
        return Reply(reply.status, reply.body.decode().replace(old, new).encode(), {"Content-Type": "application/json"})

    return change


def without_headers(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body)


@contextmanager
def no_new_trades(stack: Stack) -> Iterator[None]:
    """Blue refuses trades, and those on record are of yesterday."""
    with fault("blue", down=True)(stack):
        with closing(sqlite3.connect(stack.database, timeout=5)) as database, database:
            database.execute("update trades set at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 day')")
        yield


def damaged(copy: Path) -> None:
    page = copy.read_bytes()
    # The second page is the root of a table: what is no page there is damage.
    copy.write_bytes(page[:4096] + b"\xff" * 4096 + page[8192:])


def without_foreign_key(copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as database:
        database.executescript(
            "alter table trades rename to old; create table trades as select * from old; drop table old"
        )


@dataclass(frozen=True)
class Sabotage:
    """How to break what an item is about, and what its check must then come out as."""

    put_in: Callable[[Stack], Broken]
    result: str = "FAIL"
    lasting: bool = False
    """It still shows after it was mended."""


SABOTAGE: dict[str, Sabotage] = {
    "blue-healthy": Sabotage(fault("blue", down=True)),
    "blue-version": Sabotage(led_astray(blue_url="green")),
    "blue-fast": Sabotage(fault("blue", slow_ms=1050)),
    "blue-errors": Sabotage(fault("blue", fail_rate=1), "WARN", lasting=True),
    "green-healthy": Sabotage(fault("green", down=True)),
    "green-version": Sabotage(led_astray(green_url="blue")),
    "green-reads": Sabotage(fault("green", fail_rate=1)),
    "green-fast": Sabotage(fault("green", slow_ms=600)),
    "migrations-applied": Sabotage(
        in_database(
            "delete from schema_version where version = 3",
            "insert into schema_version (version, name) values (3, 'indexes')",
        )
    ),
    "indexes": Sabotage(in_database("drop index trades_by_bot", "create index trades_by_bot on trades (bot)")),
    "schema-agreed": Sabotage(
        in_database(
            "update schema_version set version = 0 where version = 3",
            "update schema_version set version = 3 where version = 0",
        )
    ),
    "foreign-keys-declared": Sabotage(on_a_copy(without_foreign_key)),
    "foreign-keys-enforced": Sabotage(
        answered_with("base_url", with_body('"foreign_keys": true', '"foreign_keys": false'))
    ),
    "foreign-keys-clean": Sabotage(
        in_database(
            "insert into trades (bot, side, quantity, price, colour) values (99, 'buy', 1, 1, 'none')",
            "delete from trades where bot = 99",
        )
    ),
    "orphans-refused": Sabotage(answered_with("base_url", lambda _reply: Reply(201, b'{"id": 1}'))),
    "database-sound": Sabotage(on_a_copy(damaged)),
    "write-ahead": Sabotage(answered_with("base_url", with_body('"wal"', '"delete"'))),
    "router-up": Sabotage(unreachable("router_url"), "ERROR"),
    "router-serves-users": Sabotage(answered_with("base_url", with_body("1.4.2", "1.4.1"))),
    "router-sees-both": Sabotage(fault("green", down=True)),
    "no-sniffing": Sabotage(answered_with("base_url", without_headers)),
    "not-cached": Sabotage(answered_with("base_url", without_headers)),
    "bots-running": Sabotage(
        in_database("update bots set running = 0 where id = 2", "update bots set running = 1 where id = 2")
    ),
    "trades-recent": Sabotage(no_new_trades, lasting=True),
    "trades-complete": Sabotage(answered_with("base_url", lambda _reply: Reply(200, b'{"trades": []}'))),
    "metrics-labelled": Sabotage(led_astray(green_url="blue")),
    "error-rate-now": Sabotage(fault("blue", fail_rate=1), lasting=True),
    "error-rate": Sabotage(fault("blue", fail_rate=1), lasting=True),
    "response-time": Sabotage(fault("blue", slow_ms=550), lasting=True),
    "uptime": Sabotage(fault("blue", down=True)),
}
