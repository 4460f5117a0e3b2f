"""What is counted, for Prometheus."""

from __future__ import annotations

import functools
from collections.abc import Callable

import settings
import store
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

REQUESTS = Counter("flask_http_request", "Requests answered.", ["method", "status"])
DURATION = Histogram("flask_http_request_duration_seconds", "How long answers took.", ["method"])
TRADES = Counter("trades", "Trades ordered.", ["side"])
USERS = Gauge("registered_users", "Accounts.")
MISSING = Gauge("trades_missing", "Trades that the exchange has filled and the database does not have.")
BUILD = Gauge("bot_build_info", "What runs.", ["version", "colour"])


def requested(method: str, status: int, seconds: float) -> None:
    """Count an answer."""
    REQUESTS.labels(method, str(status)).inc()
    DURATION.labels(method).observe(seconds)


def exposition() -> bytes:
    """All metrics, as text."""
    return generate_latest(REGISTRY)


def _found(figure: Callable[[], float | None]) -> float:
    try:
        found = figure()
    except Exception:  # noqa: BLE001 - a database that is away must not hide the other metrics
        found = None
    return float("nan") if found is None else float(found)


BUILD.labels(settings.get("APP_VERSION"), settings.get("APP_COLOUR")).set(1)
REQUESTS.labels("GET", "500")
USERS.set_function(functools.partial(_found, store.users))
MISSING.set_function(functools.partial(_found, store.missing))
