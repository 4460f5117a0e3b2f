"""What is kept: PostgreSQL through a pool of connections, and Redis beside it."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Iterator
from typing import Any

import psycopg2
import redis
import settings
from psycopg2.extras import RealDictCursor
from psycopg2.pool import ThreadedConnectionPool

CACHE = redis.Redis.from_url(settings.get("REDIS_URL"), socket_timeout=2, decode_responses=True)
EXCHANGE = settings.get("EXCHANGE_URL")
ORDERS = "orders"
"""The list in Redis that the worker takes orders from."""
MISSING = "trades:missing"
"""Where the worker writes down how many trades the exchange has and the database has not."""

_pool: ThreadedConnectionPool | None = None


@contextlib.contextmanager
def cursor() -> Iterator[RealDictCursor]:
    """A cursor in a transaction of its own."""
    global _pool  # noqa: PLW0603 - opened when first used, after the server has forked
    if _pool is None:
        _pool = ThreadedConnectionPool(2, 10, settings.get("DATABASE_URL"), connect_timeout=3, application_name="bot")
    connection = _pool.getconn()
    try:
        with connection, connection.cursor(cursor_factory=RealDictCursor) as opened:
            yield opened
    finally:
        _pool.putconn(connection, close=bool(connection.closed))


def reachable() -> dict[str, bool]:
    """Which of the things that the bot needs can be reached."""
    return {"database": _try(_database), "cache": _try(CACHE.ping), "exchange": _try(_exchange)}


def user(email: str) -> dict[str, Any] | None:
    """An account, by its e-mail."""
    return _one("SELECT id, password_hash FROM users WHERE email = %s", email)


def new_user(email: str, password_hash: str) -> int | None:
    """Keep an account; None when the e-mail is taken."""
    with cursor() as db:
        db.execute(
            "INSERT INTO users (email, password_hash) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id",
            (email, password_hash),
        )
        row = db.fetchone()
        if row:
            audit(row["id"], "registered", db)
    return row["id"] if row else None


def users() -> int:
    """How many accounts there are."""
    row = _one("SELECT count(*) AS users FROM users")
    return row["users"] if row else 0


def set_password(user: int, password_hash: str) -> None:
    """Keep another password."""
    with cursor() as db:
        db.execute("UPDATE users SET password_hash = %s WHERE id = %s", (password_hash, user))
        audit(user, "password set", db)


def bots(owner: int) -> list[dict[str, Any]]:
    """A user's bots."""
    return _all("SELECT id, name, symbol FROM bots WHERE user_id = %s ORDER BY id", owner)


def bot(owner: int, number: int) -> dict[str, Any] | None:
    """A bot, when it belongs to that user."""
    return _one("SELECT id, name, symbol FROM bots WHERE user_id = %s AND id = %s", owner, number)


def new_bot(owner: int, name: str, symbol: str) -> int:
    """Keep a bot."""
    with cursor() as db:
        db.execute("INSERT INTO bots (user_id, name, symbol) VALUES (%s, %s, %s) RETURNING id", (owner, name, symbol))
        number: int = db.fetchone()["id"]
        audit(owner, f"made bot {number}", db)
    return number


def new_trade(owner: int, bot_id: int, symbol: str, side: str, amount: float) -> int:
    """Keep an order and queue it for the worker."""
    with cursor() as db:
        db.execute(
            "INSERT INTO trades (bot_id, symbol, side, amount) VALUES (%s, %s, %s, %s) RETURNING id",
            (bot_id, symbol, side, amount),
        )
        number: int = db.fetchone()["id"]
        audit(owner, f"ordered trade {number}", db)
    CACHE.rpush(ORDERS, number)
    return number


def trades(bot_id: int) -> list[dict[str, Any]]:
    """A bot's trades, the newest first."""
    return _all(
        "SELECT id, symbol, side, amount::float8 AS amount, price::float8 AS price, state "
        "FROM trades WHERE bot_id = %s ORDER BY id DESC LIMIT 100",
        bot_id,
    )


def price(symbol: str) -> str | None:
    """The last price seen, from the cache."""
    return CACHE.get(f"price:{symbol}")


def symbols() -> list[str]:
    """What bots trade."""
    return [row["symbol"] for row in _all("SELECT DISTINCT symbol FROM bots")]


def filled(numbers: list[int]) -> int:
    """How many of these trades are there, and filled."""
    row = _one("SELECT count(*) AS filled FROM trades WHERE state = 'filled' AND id = ANY(%s)", numbers)
    return row["filled"] if row else 0


def missing() -> int | None:
    """How many trades the exchange has and the database has not; None when the worker has not looked lately."""
    found = CACHE.get(MISSING)
    return None if found is None else int(found)


def audit(who: int | None, what: str, db: RealDictCursor | None = None) -> None:
    """Keep a record of who did what, in the transaction that does it where there is one."""
    with cursor() if db is None else contextlib.nullcontext(db) as writing:
        writing.execute("INSERT INTO audit_log (user_id, action) VALUES (%s, %s)", (who, what))


def _one(query: str, *values: object) -> dict[str, Any] | None:
    with cursor() as db:
        db.execute(query, values)
        row = db.fetchone()
    return dict(row) if row else None


def _all(query: str, *values: object) -> list[dict[str, Any]]:
    with cursor() as db:
        db.execute(query, values)
        return [dict(row) for row in db.fetchall()]


def _try(reach: Any) -> bool:
    try:
        reach()
    except (psycopg2.Error, redis.RedisError, OSError):
        return False
    return True


def _database() -> None:
    with cursor() as db:
        db.execute("SELECT 1")


def _exchange() -> None:
    with urllib.request.urlopen(f"{EXCHANGE}/api/v3/time", timeout=2):
        pass
