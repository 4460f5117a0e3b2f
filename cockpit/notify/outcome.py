"""What became of a notification: delivered, certainly not, or not known. Pure.

The library says yes or no, and logs why. Whether nothing can have arrived stands only in what it logs: a connection
that was refused, a service that answered no. All else, a service that took the request and said nothing above all, may
have arrived, and is never sent again. A log may hold the URL with its token, so a reason is always in words of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one attempt ended."""

    state: Literal["delivered", "refused", "impossible", "unknown"]
    """`refused`: nothing arrived, another attempt may; `impossible`: none ever will; `unknown`: it may have arrived."""
    reason: str = ""


_ANSWER = re.compile(r"\berror=([1-5][0-9][0-9])\b|\(([45][0-9][0-9]), b['\"]")
_NEVER_CONNECTED = (
    ("connection refused", "connection refused"),
    ("name or service not known", "the name of its host is not known"),
    ("failed to resolve", "the name of its host cannot be looked up"),
    ("temporary failure in name resolution", "the name of its host cannot be looked up"),
    ("no address associated with", "the name of its host has no address"),
    ("no route to host", "no route to its host"),
    ("network is unreachable", "its network is unreachable"),
    ("connecttimeout", "its host did not take the connection in time"),
    ("connect timeout", "its host did not take the connection in time"),
    ("certificate_verify_failed", "its TLS certificate is not trusted"),
    ("certificate verify failed", "its TLS certificate is not trusted"),
    ("wrong_version_number", "it does not speak TLS"),
    ("handshake failure", "TLS could not be agreed on"),
    ("unable to connect to proxy", "the proxy cannot be reached"),
)
_PASSING = frozenset({408, 425, 429, *range(500, 600)})
"""Answers after which another attempt may go better."""
_PASSED_ON = frozenset({502, 504})
"""Answers of a gateway that may have passed it on."""


def judged(*, taken: bool, logged: Iterable[str]) -> Outcome:
    """What an attempt came to: whether the library says that it was taken, and what it logged on the way."""
    if taken:
        return Outcome("delivered")
    lines = list(logged)
    if any(line.startswith("Sent ") for line in lines):
        return Outcome("unknown", "it was taken for some of those that its URL names, and not for all")
    text = "\n".join(lines)
    answer = _ANSWER.search(text)
    if answer is not None:
        return _answered(int(answer[1] or answer[2]), mail=answer[1] is None)
    low = text.lower()
    for sign, reason in _NEVER_CONNECTED:
        if sign in low:
            return Outcome("refused", reason)
    if "timed out" in low or "timeout" in low:
        return Outcome("unknown", "it was sent, and no answer came in time")
    return Outcome("unknown", "it was sent, and the service did not say that it took it")


def _answered(status: int, *, mail: bool) -> Outcome:
    reason = f"the service answered {status}"
    if mail:
        return Outcome("refused" if status < 500 else "impossible", reason)
    if status in _PASSED_ON:
        return Outcome("unknown", reason)
    return Outcome("refused" if status in _PASSING else "impossible", reason)
