"""The worker: follows prices, and carries orders out at the exchange."""

from __future__ import annotations

import json
import signal
import time
import urllib.request

import logs
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


def _work() -> None:
    taken = store.CACHE.blpop([store.ORDERS], timeout=1)
    if taken is None:
        return
    number = int(taken[1])
    with store.cursor() as db:
        db.execute("SELECT symbol, side, amount FROM trades WHERE id = %s AND state = 'ordered' FOR UPDATE", (number,))
        row = db.fetchone()
        if row is None:
            return
        done = _get(f"/api/v3/order?symbol={row['symbol']}&side={row['side']}&quantity={row['amount']}", method="POST")
        db.execute("UPDATE trades SET state = 'filled', price = %s WHERE id = %s", (done["price"], number))
    log.info("filled", extra={"trade": number, "price": done["price"]})


def _get(path: str, method: str = "GET") -> dict[str, str]:
    request = urllib.request.Request(store.EXCHANGE + path, method=method)
    with urllib.request.urlopen(request, timeout=3) as answer:
        return dict(json.load(answer))


if __name__ == "__main__":
    main()
