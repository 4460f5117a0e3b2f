"""How gunicorn serves the back end."""

import os

import settings  # noqa: F401 - where one is missing, the server ends at once, not each of its workers

# Flask 2.2 writes a line about this variable that is no JSON; the settings say production anyway.
os.environ.pop("FLASK_ENV", None)

bind = "0.0.0.0:8000"
workers = 1
threads = 8
worker_class = "gthread"
worker_tmp_dir = "/dev/shm"  # noqa: S108 - memory, as gunicorn's own manual advises in containers
graceful_timeout = 8
"""Seconds that requests in flight have to end after SIGTERM."""

logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "logs.Lines"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["out"], "level": "INFO"},
    "loggers": {
        "gunicorn.error": {"handlers": ["out"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": [], "level": "ERROR", "propagate": False},
    },
}
