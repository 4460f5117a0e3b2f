"""The process that sends one notification: a letter on standard input, how it ended on standard output.

Only here the library is imported. What it logs may hold the URL, with its token: nothing of that leaves this process.
"""

from __future__ import annotations

import logging
import signal
import sys

import msgspec

from cockpit.notify.deliver import Letter
from cockpit.notify.outcome import Outcome, judged


def main() -> None:
    """Read, send, answer."""
    letter = msgspec.json.decode(sys.stdin.buffer.read(), type=Letter)
    signal.alarm(max(1, round(letter.within)))
    sys.stdout.buffer.write(msgspec.json.encode(_sent(letter)) + b"\n")


def _sent(letter: Letter) -> Outcome:
    try:
        import apprise  # noqa: PLC0415 - half a second and 30 MB, in this process alone
    except ImportError:
        return Outcome("impossible", "the library for notifications is missing: install `apprise`")
    logged = _Logged()
    library = logging.getLogger("apprise")
    library.addHandler(logged)
    library.setLevel(logging.DEBUG)
    library.propagate = False
    to = apprise.Apprise(
        asset=apprise.AppriseAsset(app_id="Cockpit", app_desc="Cockpit", app_url="", image_url_mask="")
    )
    if not to.add(letter.url):
        return Outcome("impossible", "its URL is none that is understood")
    taken = to.notify(body=letter.sentence, title=letter.heading, body_format=apprise.NotifyFormat.TEXT)
    return judged(taken=bool(taken), logged=logged.lines)


class _Logged(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one message."""
        self.lines.append(record.getMessage())


if __name__ == "__main__":
    main()
