"""A Docker daemon's streams, read directly: the SDK's reader is slow, and cannot be ended."""

from __future__ import annotations

import json
import os
import ssl
import struct
import urllib.parse
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

from cockpit.connect.dial import CutOff, Unreachable
from cockpit.connect.docker_door import Place, Tls, authorities, place
from cockpit.connect.route import Route
from cockpit.connect.stream import Stream

PIECE = 1024 * 1024
PAUSE = 0.001
"""Seconds between two reads of less than there is room for. A Unix socket holds some three hundred lines: a daemon that
prints as fast as it can would have to wait if it were longer, and wake us for each line if there were none."""

_STAMP = len("2026-01-02T12:00:00.123456789Z")
_NEWLINE, _SPACE = b"\n"[0], b" "[0]
_HEADER = struct.Struct(">BxxxL")
_LONGEST_ANSWER = 64 * 1024 * 1024


class NotFound(Exception):
    """The daemon knows nothing of this name."""


class Lines(NamedTuple):
    """What a daemon sent at one time."""

    stamps: list[bytes]
    """When each line was printed: `2026-01-02T12:00:00.123456789Z`."""
    lines: list[bytes]


class Daemon:
    """The daemon at the far end of a route."""

    def __init__(self, host: str, route: Route, tls: Tls | None = None) -> None:
        """Ask the one that listens at `host`, secured by `tls`, each as Docker's own client would when it is nothing.

        Raises Unreachable.
        """
        self._place: Place = place(host, tls, {} if route.name else os.environ)
        self._route = route
        self.words = f"{self._place.host}{route.words}"

    async def ask(self, path: str, **query: str) -> Any:
        """What it answers, as JSON. Raises Unreachable, NotFound."""
        stream = await self._get(path, query)
        try:
            data = bytearray()
            while piece := await stream.read(PIECE):
                data += piece
                if len(data) > _LONGEST_ANSWER:
                    raise Unreachable(f"the Docker daemon at {self.words} answers without end")
            return json.loads(data)
        except OSError as error:
            raise CutOff(f"the Docker daemon at {self.words} hung up: {error.strerror or error}") from None
        except ValueError:
            raise Unreachable(f"what listens at {self.words} is no Docker daemon: it does not answer as one") from None
        finally:
            await stream.close()

    async def log(self, path: str, *, framed: bool, **query: str) -> AsyncGenerator[Lines]:
        """The lines of a log, with their times, as they come, to its end. Raises Unreachable, NotFound."""
        stream = await self._get(path, {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "1", **query})
        parts = _Parts(framed=framed)
        try:
            while piece := await stream.read(PIECE):
                found = parts.add(piece)
                if found.lines:
                    yield found
                if len(piece) < PIECE // 4:
                    await stream.gather(PAUSE)
            last = parts.rest()
            if last.lines:
                yield last
        except OSError as error:
            raise CutOff(f"the Docker daemon at {self.words} hung up: {error.strerror or error}") from None
        finally:
            await stream.close()

    async def _get(self, path: str, query: dict[str, str]) -> Stream:
        """The body of an answer. In HTTP/1.0 it comes as it is, without chunks, and ends with the connection."""
        opened = await self._place.connect(self._route)
        stream = await Stream.over(opened, limit=PIECE)
        try:
            if self._place.tls is not None:
                await stream.start_tls(_context(self._place.tls), self._place.address[0])
            target = f"{path}?{urllib.parse.urlencode(query)}" if query else path
            await stream.write(f"GET {target} HTTP/1.0\r\nHost: docker\r\nUser-Agent: cockpit\r\n\r\n".encode())
            status = await _status(stream)
            said = "" if status == 200 else _said(await stream.read(PIECE))
        except (OSError, ValueError) as error:
            await stream.close()
            raise Unreachable(f"the Docker daemon at {self.words} does not answer: {error}") from None
        except BaseException:
            await stream.close()
            raise
        if status == 200:
            return stream
        await stream.close()
        if status == 404:
            raise NotFound(said)
        if not status:
            raise Unreachable(f"what listens at {self.words} is no Docker daemon: it does not answer as one")
        raise Unreachable(f"the Docker daemon refused: {said}")


async def _status(stream: Stream) -> int:
    """The status of an answer, whose headers are read away; 0 when it is no answer of HTTP."""
    words = (await stream.reader.readline()).split()
    while (await stream.reader.readline()).strip():
        pass
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


class _Parts:
    """Puts lines together from what comes: two streams in frames (Docker API, "attach"), or one of a terminal."""

    def __init__(self, *, framed: bool) -> None:
        self._framed = framed
        self._rest = b""
        self._begun: dict[int, tuple[bytes, bytes]] = {}

    def add(self, piece: bytes) -> Lines:
        """The lines that are whole now."""
        return self._frames(self._rest + piece) if self._framed else self._plain(self._rest + piece)

    def rest(self) -> Lines:
        """At the end: the lines that were begun."""
        begun = [each for each in self._begun.values() if each[1]]
        if not self._framed and self._rest:
            stamp, _, line = self._rest.partition(b" ")
            begun.append((stamp, line))
        return Lines([stamp for stamp, _ in begun], [line for _, line in begun])

    def _plain(self, data: bytes) -> Lines:
        *whole, self._rest = data.split(b"\n")
        if len(self._rest) > PIECE:
            whole.append(self._rest)
            self._rest = b""
        parts = [each.partition(b" ") for each in whole]
        return Lines([part[0] for part in parts], [part[2].removesuffix(b"\r") for part in parts])

    def _frames(self, data: bytes) -> Lines:
        stamps: list[bytes] = []
        lines: list[bytes] = []
        at, end, begun = 0, len(data), self._begun
        unpack = _HEADER.unpack_from
        while at + 8 <= end:
            stream, size = unpack(data, at)
            after = at + 8 + size
            if after > end:
                break
            if size == 0:
                at = after
                continue
            if (
                data[after - 1] == _NEWLINE and size > _STAMP and data[at + 8 + _STAMP] == _SPACE and not begun
            ):  # nearly always
                stamps.append(data[at + 8 : at + 8 + _STAMP])
                lines.append(data[at + 9 + _STAMP : after - 1])
                at = after
                continue
            stamp, _, line = data[at + 8 : after].partition(b" ")
            at = after
            if stream in begun:  # a long line comes in several frames, and each of them with a time
                first, before = begun.pop(stream)
                stamp, line = first, before + line
            if line.endswith(b"\n"):
                stamps.append(stamp)
                lines.append(line[:-1])
            elif len(line) > PIECE:
                stamps.append(stamp)
                lines.append(line)
            else:
                begun[stream] = (stamp, line)
        self._rest = data[at:]
        return Lines(stamps, lines)


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not tls.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    elif isinstance(trusted := authorities(tls), str):
        context.load_verify_locations(trusted)
    if tls.cert:
        context.load_cert_chain(os.path.expanduser(tls.cert), os.path.expanduser(tls.key))  # noqa: PTH111
    return context


def _said(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data[:200].decode("utf-8", "replace").strip() or "it does not say why"
