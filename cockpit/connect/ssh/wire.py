"""A connected socket that a thread reads from and that anybody may write to without ever waiting."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable

LOOK_UP_EVERY = 1.0
"""Seconds after which the reading thread is told that nothing came; it looks whether new keys are due then."""

CLOGGED = 256 * 1024
"""Bytes waiting to be sent from which on bulk data should wait."""


class Wire:
    """What SSH packets go over. The reader's thread calls `recv`, everybody `send`, the event loop all else.

    It has the methods that paramiko wants of a socket.
    """

    def __init__(self, carrier: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        """Take over `carrier`, which must be non-blocking."""
        self.heard = time.monotonic()
        """When something last came in."""
        self.drained: Callable[[], None] = lambda: None
        """Called in the loop when all that waited has been sent."""
        self._carrier = carrier
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting = bytearray()
        self._watched = False
        self._closed = False
        self._poll = select.poll()
        self._poll.register(carrier, select.POLLIN)

    @property
    def clogged(self) -> bool:
        """Whether the far end is slower than we are."""
        return len(self._waiting) > CLOGGED

    def recv(self, size: int) -> bytes:
        """Wait for something. Raises TimeoutError when nothing comes for LOOK_UP_EVERY."""
        if not self._poll.poll(LOOK_UP_EVERY * 1000):
            raise TimeoutError
        try:
            data = self._carrier.recv(size)
        except BlockingIOError:
            raise TimeoutError from None
        self.heard = time.monotonic()
        return data

    def send(self, data: bytes) -> int:
        """Send `data`, now or when there is room; all of it. Raises OSError."""
        with self._lock:
            if self._closed:
                raise ConnectionResetError("the connection is closed")
            sent = 0
            if not self._waiting:
                with contextlib.suppress(BlockingIOError):
                    sent = self._carrier.send(data)
            self._waiting += data[sent:]
            if self._waiting and not self._watched:
                self._watched = True
                self._loop.call_soon_threadsafe(self._watch)
        return len(data)

    def settimeout(self, _seconds: float | None) -> None:
        """Times are our own."""

    def shut(self) -> None:
        """Let the reader see the end, at once."""
        with contextlib.suppress(OSError):
            self._carrier.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it; from any thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self.shut()
        try:
            self._loop.call_soon_threadsafe(self._release)
        except RuntimeError:  # the loop is closed, and watches nothing any more
            self._carrier.close()

    def _release(self) -> None:
        self._loop.remove_writer(self._carrier)
        self._carrier.close()

    def _watch(self) -> None:
        if not self._closed:
            self._loop.add_writer(self._carrier, self._send_on)

    def _send_on(self) -> None:
        try:
            with self._lock:
                sent = self._carrier.send(self._waiting[:CLOGGED])
                del self._waiting[:sent]
                left = bool(self._waiting)
                self._watched = left
        except BlockingIOError:
            return
        except OSError:
            self._loop.remove_writer(self._carrier)
            self.shut()
            return
        if not left:
            self._loop.remove_writer(self._carrier)
            self.drained()
