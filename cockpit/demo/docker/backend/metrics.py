"""What is counted, for Prometheus."""

from __future__ import annotations

import os

import store
from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

REQUESTS = Counter("flask_http_request", "Requests answered.", ["method", "status"])
DURATION = Histogram("flask_http_request_duration_seconds", "How long answers took.", ["method"])
TRADES = Counter("trades", "Trades ordered.", ["side"])
USERS = Gauge("registered_users", "Accounts.")
BUILD = Gauge("bot_build_info", "What runs.", ["version", "colour"])


def requested(method: str, status: int, seconds: float) -> None:
    """Count an answer."""
    REQUESTS.labels(method, str(status)).inc()
    DURATION.labels(method).observe(seconds)


def exposition() -> bytes:
    """All metrics, as text."""
    return generate_latest(REGISTRY)


def _users() -> float:
    try:
        return float(store.users())
    except Exception:  # noqa: BLE001 - a database that is away must not hide the other metrics
        return float("nan")


BUILD.labels(os.environ["APP_VERSION"], os.environ.get("APP_COLOUR", "")).set(1)
REQUESTS.labels("GET", "500")
USERS.set_function(_users)
