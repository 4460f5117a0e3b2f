"""How strong a secret is: pure, and nothing of it is in what is said about it."""

from __future__ import annotations

import math
import re
import urllib.parse
from collections.abc import Mapping

LENGTH = 16
"""Characters of a secret, at least: NIST SP 800-63B (revision 4, 3.1.1.2) asks 15 of a password that stands alone."""

GUESSES = 12
"""Guesses to find it, at least, as a power of ten.

zxcvbn calls 10^10 safe where each guess is slow (its score 4); who holds a signed token can try billions a second, so a
hundredfold. Of 600 random texts of 16 characters each (hexadecimal, lower case, base64) none was below 10^13.
"""

LONGEST_GUESSED = 72
"""Characters that are tried to guess: the work grows with the square of their number, some 50 ms for these."""

_DEFAULTS = frozenset(
    """
    admin changeme default demo dev development example foo insecure key letmein none null password passwd postgres
    production qwerty root sample secret secretkey staging string supersecret test testing todo token undefined
    """.split()  # noqa: SIM905 - a word a line would take a page
)
"""What is in the place of a secret in documentation and in code that is being developed, without digits and signs."""

_PHRASES = re.compile(
    r"change.?(?:me|this|it|in.?prod)|replace.?(?:me|this|with)|your.{0,12}(?:secret|key|token|password)|"
    r"(?:my|super|very|not.?so|top).?secret|secret.?key|jwt.?secret|placeholder|insecure|do.?not.?use|keyboard.?cat|"
    r"for.?(?:dev|test|local)|(?:dev|test|demo|local|sample|dummy|default|example)[_\W]?(?:secret|key|token|password)|"
    r"example|^<[^<>]+>$|^\$\{\w+\}$|x{6}",
    re.IGNORECASE,
)
"""What such texts say of themselves. By chance a random secret of 64 characters holds one of them once in a million."""


def weaknesses(secrets: Mapping[str, str], *, length: int = LENGTH, guesses: float = GUESSES) -> dict[str, str]:
    """What is wrong with each of `secrets` that is weak: `too short (8 < 16)`, `a known default`, `guessable: ...`.

    Of a URL the password is meant. Heavy: imports zxcvbn, and takes some 50 ms for a long secret.
    """
    found: dict[str, str] = {}
    seen: dict[str, str] = {}
    for name, value in secrets.items():
        secret = _secret_in(value)
        other = seen.setdefault(secret, name)
        reason = weakness(secret, length=length, guesses=guesses) or (f"the same as {other}" if other != name else "")
        if reason:
            found[name] = reason
    return found


def weakness(secret: str, *, length: int = LENGTH, guesses: float = GUESSES) -> str:
    """What is wrong with one secret; nothing when it is strong."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - heavy

    if re.sub(r"[\W\d_]+", "", secret).lower() in _DEFAULTS or _PHRASES.search(secret):
        return "a known default"
    if len(secret) < length:
        return f"too short ({len(secret)} < {length})"
    # The library keeps these words for all that ask: they must always be the same.
    power = float(zxcvbn(secret[:LONGEST_GUESSED], user_inputs=sorted(_DEFAULTS))["guesses_log10"])
    if power < guesses:
        return f"guessable: some 10^{math.floor(power)} guesses (< 10^{guesses:g})"
    return ""


def _secret_in(value: str) -> str:
    """The password of a URL that has one; else the whole value."""
    try:
        password = urllib.parse.urlsplit(value).password if "://" in value else None
    except ValueError:
        password = None
    return value if password is None else urllib.parse.unquote(password)
