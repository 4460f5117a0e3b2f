"""Which host keys are to be trusted: `known_hosts` files, as sshd(8) describes them, and what they say of a host.

A line that cannot be read is skipped and noted; it never takes the others down. Nothing is ever added to a file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

PATTERNS_LONGEST = 8192
"""Characters of a list of patterns; a longer one is a line that cannot be read."""

CERTIFICATE = "-cert-v01@openssh.com"
"""How the name of a type of key ends when it is a certificate for one."""


@dataclass(frozen=True)
class Entry:
    """One line."""

    hosts: str
    """Patterns with commas between them, or `|1|SALT|HASH`."""
    key_type: str
    key: bytes
    file: str
    line: int
    marker: Literal["", "revoked", "cert-authority"] = ""

    @property
    def place(self) -> str:
        """`/home/ada/.ssh/known_hosts:12`."""
        return f"{self.file}:{self.line}"

    def names(self, host: str) -> bool:
        """Whether it is about `host`, a name, an address, or `[NAME]:PORT` when the port is not 22."""
        if self.hosts.startswith("|"):
            return _hashes(self.hosts, host)
        return _matches(self.hosts.lower(), host.lower())


@dataclass(frozen=True)
class Note:
    """A line that was skipped."""

    file: str
    line: int
    problem: str


def parse(text: str, file: str) -> tuple[list[Entry], list[Note]]:
    """The entries of a file's text, and what was skipped."""
    entries, notes = [], []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split(None, 4)
        if not words or words[0].startswith("#"):
            continue
        try:
            entries.append(_entry(words, file, number))
        except ValueError as error:
            notes.append(Note(file, number, str(error)))
    return entries, notes


def about(entries: Iterable[Entry], host: str, port: int, alias: str = "") -> tuple[Entry, ...]:
    """The entries that are about a host: by its alias, or by its name with the port when that is not 22."""
    name = alias or (host if port == 22 else f"[{host}]:{port}")
    return tuple(entry for entry in entries if entry.names(name))


def without_port(entries: Iterable[Entry], host: str) -> tuple[Entry, ...]:
    """The keys known for `host` at the usual port: as ssh does, one of them is also believed at another port."""
    return tuple(entry for entry in entries if not entry.marker and entry.names(host))


def fingerprint(key: bytes) -> str:
    """`SHA256:...`, as ssh-keygen says it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def type_of(key: bytes) -> str:
    """The type of key that a blob (RFC 4253, section 6.6) calls itself; nothing when it is none."""
    length = int.from_bytes(key[:4])
    name = key[4 : 4 + length]
    return name.decode("ascii", "replace") if 0 < length <= 64 and len(name) == length else ""


def _entry(words: list[str], file: str, number: int) -> Entry:
    marker: Literal["", "revoked", "cert-authority"] = ""
    if words[0].startswith("@"):
        found = words.pop(0)[1:]
        if found not in ("revoked", "cert-authority"):
            raise ValueError(f"there is no marker @{found}")
        marker = found  # type: ignore[assignment]
    if len(words) < 3:
        raise ValueError("it has no hosts, type and key")
    hosts, key_type, encoded = words[:3]
    if len(hosts) > PATTERNS_LONGEST:
        raise ValueError("its list of hosts is too long")
    if hosts.startswith("|"):
        _salted(hosts)
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError("its key is not base64") from None
    if type_of(key) != key_type:
        raise ValueError(f"its key is not of the type {key_type}")
    return Entry(hosts, key_type, key, file, number, marker)


def _salted(hosts: str) -> tuple[bytes, bytes]:
    """Salt and hash. Raises ValueError."""
    parts = hosts.split("|")
    if len(parts) != 4 or parts[1] != "1":
        raise ValueError("its hashed host cannot be read")
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in parts[2:])
    except binascii.Error:
        raise ValueError("its hashed host cannot be read") from None
    if len(salt) != 20 or len(digest) != 20:
        raise ValueError("its hashed host has a wrong length")
    return salt, digest


def _hashes(hosts: str, host: str) -> bool:
    salt, digest = _salted(hosts)
    return hmac.compare_digest(hmac.digest(salt, host.lower().encode(), "sha1"), digest)


def _matches(patterns: str, host: str) -> bool:
    """Whether one pattern matches and none that is negated does."""
    found = False
    for pattern in patterns.split(","):
        if _like(pattern.removeprefix("!"), host):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _like(pattern: str, host: str) -> bool:
    """Whether `host` is like `pattern`, in which `*` stands for anything and `?` for one character."""
    if "*" not in pattern and "?" not in pattern:
        return pattern == host
    pieces = (_piece(part) for part in re.split(r"\*+", pattern))
    # Each piece is found at the first place where it fits and never moved again: no pattern can make this slow.
    first, *others = pieces
    if not others:
        return re.fullmatch(first, host, re.DOTALL) is not None
    *middle, last = others
    match = re.match(first, host, re.DOTALL)
    position = match.end() if match else -1
    for piece in middle:
        match = re.compile(piece, re.DOTALL).search(host, position) if position >= 0 else None
        position = match.end() if match else -1
    if position < 0:
        return False
    match = re.search(f"(?:{last})\\Z", host, re.DOTALL)
    return match is not None and match.start() >= position


def _piece(text: str) -> str:
    return "".join("." if sign == "?" else re.escape(sign) for sign in text)


def key_types(entries: Iterable[Entry]) -> Iterator[str]:
    """The types of the keys that are known, of which the server should show one."""
    yield from dict.fromkeys(entry.key_type for entry in entries if not entry.marker)
