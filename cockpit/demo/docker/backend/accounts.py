"""Accounts: salted hashes of passwords, and tokens that end."""

from __future__ import annotations

import os
import time

import jwt
import store
from werkzeug.security import check_password_hash, generate_password_hash

LIFETIME = int(os.environ["JWT_ACCESS_TOKEN_EXPIRES"])
"""Seconds that a token is valid."""

_KEY = os.environ["JWT_SECRET_KEY"]
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


def whose(token: str) -> int | None:
    """The account that a token belongs to; None when it is not valid."""
    try:
        return int(jwt.decode(token, _KEY, algorithms=["HS256"], options={"require": ["exp", "sub"]})["sub"])
    except (jwt.InvalidTokenError, ValueError):
        return None
