"""Settings from the environment; a program that imports this ends where one is missing that the bot needs."""

from __future__ import annotations

import os

REQUIRED = (
    "APP_VERSION",
    "SECRET_KEY",
    "JWT_SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "EXCHANGE_URL",
    "FRONTEND_ORIGIN",
)
DEFAULTS = {
    "APP_COLOUR": "",
    "APP_FAULT": "",
    "JWT_ACCESS_TOKEN_EXPIRES": "43200",
    "LOG_LEVEL": "INFO",
    "MAIL_FROM": "bot@localhost",
    "RATELIMIT_DEFAULT": "600",
    "RATELIMIT_LOGIN": "30",
    "SMTP_HOST": "localhost",
    "SMTP_PORT": "25",
}
"""What those are that need not be set. `docs/configuration.md` says what each does."""


def get(name: str) -> str:
    """A setting, or its default where it is not set or empty."""
    return os.environ.get(name) or DEFAULTS.get(name, "")


if _absent := [name for name in REQUIRED if not os.environ.get(name)]:
    raise SystemExit(f"the bot does not start: {', '.join(_absent)} must be set")
if _short := [name for name in ("SECRET_KEY", "JWT_SECRET_KEY") if len(get(name)) < 32]:
    raise SystemExit(f"the bot does not start: {' and '.join(_short)} must have 32 characters at least")
