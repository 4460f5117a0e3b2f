"""Talking to a Docker daemon in blocking calls with a time limit, and in words when it does not answer.

Import this only where a daemon is about to be asked: the SDK is heavy. Use a `Daemon` in one thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import docker
import docker.errors
import docker.utils
import requests
import urllib3

from cockpit.connect import dial
from cockpit.connect.dial import Unreachable

LINE_LIMIT = 1024 * 1024
"""Bytes of a line of a log; a longer one is taken in pieces."""

_CHUNK = 64 * 1024
_FRAME_HEADER = struct.Struct(">BxxxL")


class Daemon:
    """One daemon, for one measurement: a context manager. All methods raise Unreachable."""

    def __init__(self, host: str, timeout: float) -> None:
        """`host` is where it listens (`unix://...`, `tcp://...`), `timeout` the seconds for everything together."""
        self._timeout = timeout
        self._ends = time.monotonic() + timeout
        settings: dict[str, Any] = {**docker.utils.kwargs_from_env()}
        self.host = host or settings.get("base_url") or default_host()
        with self._in_words():
            _knock(self.host)
            self._client: Any = docker.APIClient(**{**settings, "base_url": self.host, "timeout": timeout})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def container(self, name: str) -> dict[str, Any] | None:
        """What `docker inspect` says of a container; None when there is none of this name."""
        with self._in_words():
            try:
                found: dict[str, Any] = self._client.inspect_container(name)
            except docker.errors.NotFound:
                return None
            return found

    def digests(self, image: str) -> list[str]:
        """The digests under which a registry knows an image (`sha256:...`); none for one that was built here."""
        with self._in_words():
            try:
                known = self._client.inspect_image(image).get("RepoDigests") or []
            except docker.errors.NotFound:
                return []
            return [digest.partition("@")[2] for digest in known]

    def names(self) -> list[str]:
        """The names of all containers, running or not."""
        with self._in_words():
            listed = self._client.containers(all=True)
        return sorted(name.lstrip("/") for container in listed for name in (container.get("Names") or [])[:1])

    def log(self, container: dict[str, Any], *, since: float | None, tail: int | None) -> Iterator[bytes]:
        """The lines of a container's log, oldest first, both streams.

        Only those since a moment (Unix time), only the last `tail`. The SDK's own reader takes the time limit off its
        socket, so the stream is read here.
        """
        parameters: dict[str, Any] = {"stdout": 1, "stderr": 1, "tail": "all" if tail is None else tail}
        if since is not None:
            parameters["since"] = f"{since:.6f}"
        url = f"{self._client.base_url}/v{self._client.api_version}/containers/{container['Id']}/logs"
        with self._in_words():
            answer = self._client.get(url, params=parameters, stream=True, timeout=self._left())
            with contextlib.closing(answer):
                if not answer.ok:
                    driver = container["HostConfig"]["LogConfig"]["Type"]
                    raise Unreachable(f"its log cannot be read (log driver `{driver}`): {_message(answer)}")
                chunks = self._in_time(answer.iter_content(_CHUNK))
                yield from _lines(chunks if container["Config"]["Tty"] else _payloads(chunks))

    def _in_time(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._left()
            yield chunk

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise requests.Timeout
        return left

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            if hasattr(self, "_client"):
                self._client.timeout = self._left()
            yield
        except docker.errors.APIError as error:
            raise Unreachable(f"the Docker daemon refused: {error.explanation or error}") from None
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise Unreachable(self._words(error)) from None

    def _words(self, error: BaseException) -> str:
        causes = list(dial.causes(error))
        words = dial.why(error, f"Docker's socket {self.host}")
        if words:
            number = next(cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno)
            return words + _HINTS.get(number, "")
        if any(
            isinstance(cause, requests.Timeout | TimeoutError | urllib3.exceptions.TimeoutError) for cause in causes
        ):
            return f"timed out waiting for the Docker daemon at {self.host} after {self._timeout:.1f} s"
        return f"cannot talk to the Docker daemon at {self.host}: {error}"


_HINTS = {
    errno.ENOENT: ": is Docker installed and running?",
    errno.ECONNREFUSED: ": its daemon does not run",
    errno.EACCES: ": put this user into the group that owns it (`docker`)",
}


def default_host() -> str:
    """Where the daemon listens when nothing is said: `DOCKER_HOST`, else the system's socket."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _knock(host: str) -> None:
    """See that a Unix socket lets us in: the SDK leaves its own open when it does not. Raises OSError."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(1)
            door.connect(host.removeprefix("unix://"))


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"


def _payloads(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The pieces of the two streams that the daemon sends over one connection, in frames (Docker API, "attach")."""
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _FRAME_HEADER.size:
            stream, size = _FRAME_HEADER.unpack_from(buffer)
            if len(buffer) < _FRAME_HEADER.size + size:
                break
            yield stream, bytes(buffer[_FRAME_HEADER.size : _FRAME_HEADER.size + size])
            del buffer[: _FRAME_HEADER.size + size]


def _lines(pieces: Iterable[bytes | tuple[int, bytes]]) -> Iterator[bytes]:
    """Whole lines, each of its own stream: a long line comes in several pieces, with those of the other between."""
    begun: defaultdict[int, bytes] = defaultdict(bytes)
    for piece in pieces:
        stream, data = piece if isinstance(piece, tuple) else (0, piece)
        *whole, rest = (begun[stream] + data).split(b"\n")
        yield from whole
        if len(rest) > LINE_LIMIT:
            yield rest
            rest = b""
        begun[stream] = rest
    yield from (rest for rest in begun.values() if rest)
