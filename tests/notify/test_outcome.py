"""What became of a notification, by what the library logged."""

from __future__ import annotations

import pytest

from cockpit.notify.outcome import judged

LOGGED = [
    ("Socket Exception: ... [Errno 111] Connection refused", "refused", "connection refused"),
    ("NameResolutionError: [Errno -2] Name or service not known", "refused", "not known"),
    ("ConnectTimeoutError(... connect timeout=4.0)", "refused", "did not take the connection"),
    ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "refused", "not trusted"),
    ("Failed to send JSON POST notification: Internal Server Error., error=500.", "refused", "answered 500"),
    ("Failed to send Slack notification: error=429.", "refused", "answered 429"),
    ("Failed to send JSON notification: error=404.", "impossible", "answered 404"),
    ("Failed: Bad Gateway, error=502.", "unknown", "answered 502"),
    ("Socket Exception: (450, b'try later')", "refused", "answered 450"),
    ("Socket Exception: {'a@b': (550, b'no such user')}", "impossible", "answered 550"),
    ("Socket Exception: Read timed out. (read timeout=4.0)", "unknown", "no answer came in time"),
    ("Socket Exception: ('Connection aborted.', RemoteDisconnected(...))", "unknown", "did not say"),
    ("", "unknown", "did not say"),
]


@pytest.mark.parametrize(("logged", "state", "reason"), LOGGED)
def test_only_what_certainly_did_not_arrive_may_be_sent_again(logged: str, state: str, reason: str) -> None:
    outcome = judged(taken=False, logged=["Notification: loaded", logged])
    assert outcome.state == state
    assert reason in outcome.reason


def test_what_some_of_several_took_is_not_sent_to_them_again() -> None:
    logged = ["Sent Slack notification to #ops.", "Failed to send Slack notification to #all, error=500."]
    assert judged(taken=False, logged=logged).state == "unknown"


def test_a_reason_quotes_nothing_of_the_log() -> None:
    logged = ["Max retries exceeded with url: /services/T0/B0/s3cret (Caused by ... Connection refused)"]
    assert "s3cret" not in judged(taken=False, logged=logged).reason


def test_what_was_taken_is_delivered_whatever_was_logged() -> None:
    assert judged(taken=True, logged=["a timeout, once"]).state == "delivered"
