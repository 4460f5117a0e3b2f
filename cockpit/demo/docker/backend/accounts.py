"""Accounts: salted hashes of passwords, and tokens that end."""

from __future__ import annotations

import time

import jwt
import mail
import settings
import store
from werkzeug.security import check_password_hash, generate_password_hash

LIFETIME = int(settings.get("JWT_ACCESS_TOKEN_EXPIRES"))
"""Seconds that a token is valid."""

RESET_WITHIN = 900
"""Seconds in which another password can be set after it was asked for."""

_KEY = settings.get("JWT_SECRET_KEY")
_NOBODY = generate_password_hash("nobody")


def register(email: str, password: str) -> int | None:
    """Open an account, and its number; None when there is one."""
    return store.new_user(email, generate_password_hash(password))


def login(email: str, password: str) -> str | None:
    """A token; None for a wrong e-mail as for a wrong password, and after the same time."""
    found = store.user(email)
    good = check_password_hash(found["password_hash"] if found else _NOBODY, password)
    store.audit(found["id"] if found else None, "login" if found and good else "login refused")
    if not (found and good):
        return None
    now = int(time.time())
    return jwt.encode({"sub": str(found["id"]), "iat": now, "exp": now + LIFETIME}, _KEY, algorithm="HS256")


def forgotten(email: str) -> None:
    """Mail what sets another password to the account's address, if there is such an account."""
    found = store.user(email)
    store.audit(found["id"] if found else None, "reset asked for")
    if found:
        claims = {"sub": str(found["id"]), "aud": "reset", "exp": int(time.time()) + RESET_WITHIN}
        token = jwt.encode(claims, _KEY + found["password_hash"], algorithm="HS256")
        mail.queue(
            email, "Another password", f"Within {RESET_WITHIN // 60} minutes, this sets another one:\n\n{token}\n"
        )


def reset(email: str, token: str, password: str) -> bool:
    """Set another password; False when the token is not for this account, too old, or was used."""
    found = store.user(email)
    try:
        key = _KEY + found["password_hash"] if found else _KEY
        owner = jwt.decode(token, key, algorithms=["HS256"], audience="reset", options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError:
        return False
    if not found or owner["sub"] != str(found["id"]):
        return False
    store.set_password(found["id"], generate_password_hash(password))
    return True


def whose(token: str) -> int | None:
    """The account that a token belongs to; None when it is not valid."""
    try:
        return int(jwt.decode(token, _KEY, algorithms=["HS256"], options={"require": ["exp", "sub"]})["sub"])
    except (jwt.InvalidTokenError, ValueError):
        return None
