"""The worker: follows prices, carries orders out at the exchange, compares what both have, and sends mail."""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from typing import Any

import logs
import mail
import redis
import store

SYMBOLS = ("BTCUSDT", "ETHUSDT")
log = logs.logger("bot.worker")
_ending = False


def main() -> None:
    """Work until SIGTERM; an order that was taken is carried out first."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    log.info("started")
    seen = 0.0
    while not _ending:
        try:
            if time.monotonic() - seen > 1:
                seen = time.monotonic()
                _follow()
                _compare()
            _work()
        except (OSError, redis.RedisError, store.psycopg2.Error) as problem:
            log.warning("waiting", extra={"problem": type(problem).__name__})
            time.sleep(1)
    log.info("ended")


def _end(*_: object) -> None:
    global _ending  # noqa: PLW0603 - a signal has no other way to say it
    _ending = True


def _follow() -> None:
    for symbol in SYMBOLS:
        price = _get(f"/api/v3/ticker/price?symbol={symbol}")["price"]
        store.CACHE.set(f"price:{symbol}", price, ex=30)
        store.CACHE.publish("prices", json.dumps({"symbol": symbol, "price": float(price)}))
    store.CACHE.set("worker:seen", int(time.time()), ex=30)
    for symbol in SYMBOLS:
        store.price(symbol)


def _compare() -> None:
    """Count the trades that the exchange has filled and the database does not have as filled."""
    orders = [each for symbol in store.symbols() for each in _get(f"/api/v3/allOrders?symbol={symbol}")]
    there = [int(each["clientOrderId"]) for each in orders if each["status"] == "FILLED"]
    store.CACHE.set(store.MISSING, len(there) - store.filled(there), ex=30)


def _work() -> None:
    taken = store.CACHE.blpop([store.ORDERS, mail.MAILS], timeout=1)
    if taken is None:
        return
    queue, what = taken
    if queue == mail.MAILS:
        mail.send(what)
        log.info("mailed")
    else:
        _carry_out(int(what))


def _carry_out(number: int) -> None:
    with store.cursor() as db:
        db.execute(
            "SELECT t.symbol, side, amount, user_id FROM trades t JOIN bots b ON b.id = bot_id "
            "WHERE t.id = %s AND state = 'ordered' FOR UPDATE OF t",
            (number,),
        )
        row = db.fetchone()
        if row is None:
            return
        order = f"symbol={row['symbol']}&side={row['side']}&quantity={row['amount']}&newClientOrderId={number}"
        done = _get(f"/api/v3/order?{order}", method="POST")
        db.execute("UPDATE trades SET state = 'filled', price = %s WHERE id = %s", (done["price"], number))
        store.audit(row["user_id"], f"filled trade {number}", db)
    log.info("filled", extra={"trade": number, "price": done["price"]})


def _get(path: str, method: str = "GET") -> Any:
    request = urllib.request.Request(store.EXCHANGE + path, method=method)
    with urllib.request.urlopen(request, timeout=3) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
