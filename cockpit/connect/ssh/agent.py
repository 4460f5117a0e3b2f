"""An SSH agent: the keys that it holds, and what it signs with them (draft-miller-ssh-agent)."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

REQUEST_IDENTITIES, IDENTITIES, SIGN_REQUEST, SIGNED = 11, 12, 13, 14

ANSWERS_WITHIN = 30.0
"""Seconds that an agent may take; it may have to wait for somebody to touch a token."""

_FLAGS = {"rsa-sha2-256": 2, "rsa-sha2-512": 4}
_LONGEST = 256 * 1024


class AgentFailed(Exception):
    """The agent cannot be asked. The message says why."""


@dataclass(frozen=True)
class Held:
    """A key, or a certificate with its key, that an agent holds."""

    blob: bytes
    comment: str


class Agent:
    """A connection to an agent. What it is asked blocks: for threads. `close` ends what they wait for."""

    def __init__(self, path: str, within: float = ANSWERS_WITHIN) -> None:
        """Connect to the agent that listens at `path`, which waits for nobody. Raises AgentFailed.

        Each answer may take `within` seconds.
        """
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.setblocking(False)
        try:
            self._socket.connect(path)
            self._socket.settimeout(within)
        except OSError as error:
            self._socket.close()
            raise AgentFailed(f"no agent answers at {path}: {error.strerror or error}") from None

    def held(self) -> list[Held]:
        """The keys that it holds. Raises AgentFailed."""
        kind, body = self._ask(bytes([REQUEST_IDENTITIES]))
        if kind != IDENTITIES:
            raise AgentFailed("the agent does not say which keys it holds")
        try:
            strings = _strings(body[4:])
            return [Held(next(strings), next(strings).decode("utf-8", "replace")) for _ in range(_number(body))]
        except StopIteration:
            raise AgentFailed("the agent's answer cannot be read") from None

    def sign(self, blob: bytes, data: bytes, algorithm: str) -> bytes:
        """A signature of `data` by the key of `blob`. Raises AgentFailed."""
        flags = _FLAGS.get(algorithm.partition("-cert-v01@")[0], 0)
        kind, body = self._ask(bytes([SIGN_REQUEST]) + _string(blob) + _string(data) + struct.pack(">I", flags))
        signature = next(_strings(body), b"")
        if kind != SIGNED or not signature:
            raise AgentFailed("the agent refuses to sign")
        return signature

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _ask(self, message: bytes) -> tuple[int, bytes]:
        try:
            self._socket.sendall(_string(message))
            length = _number(self._read(4))
            if not 0 < length <= _LONGEST:
                raise AgentFailed("the agent's answer cannot be read")
            answer = self._read(length)
        except TimeoutError:
            raise AgentFailed(f"the agent has not answered within {ANSWERS_WITHIN:g} s") from None
        except OSError as error:
            raise AgentFailed(f"the agent hung up: {error.strerror or error}") from None
        return answer[0], answer[1:]

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise AgentFailed("the agent hung up")
            data += piece
        return data


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _number(data: bytes) -> int:
    return int.from_bytes(data[:4])


def _strings(data: bytes) -> Iterator[bytes]:
    while len(data) >= 4:
        length = _number(data)
        yield data[4 : 4 + length]
        data = data[4 + length :]
