"""A channel as a socket: whatever can use a connected socket can so use a channel."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket

from cockpit.connect.ssh.channel import Channel

PIECE = 64 * 1024
"""Bytes read from the socket at a time."""

LOOK_AFTER = 0.5
"""Seconds between two looks whether a socket that has nothing more to send is still there to be sent to."""


def bridged(channel: Channel) -> socket.socket:
    """A non-blocking socket whose other end is `channel`; closing it closes the channel, and the other way round.

    The end of one direction is passed on as such. Either end is read only as fast as the other one takes it in.
    """
    theirs, ours = socket.socketpair()
    theirs.setblocking(False)
    ours.setblocking(False)
    _Bridge(channel, ours)
    return theirs


class _Bridge:
    """The two directions between a channel and our end of a pair of sockets."""

    def __init__(self, channel: Channel, end: socket.socket) -> None:
        self._channel = channel
        self._end = end
        self._loop = asyncio.get_running_loop()
        self._out = b""
        """From the socket, too much for the channel's window."""
        self._in = bytearray()
        """From the channel, not yet taken by the socket."""
        self._reading = False
        self._sent_all = False
        self._got_all = False
        self._closed = False
        self._watched = False
        self._lingers = False
        """The socket is closed, and what it left is given a moment to be sent."""
        channel.data, channel.eof, channel.over = self._data, self._eof, self._over
        channel.errors = lambda data: channel.consumed(len(data))
        channel.writable = self._send
        self._read()
        channel.begin()

    def _read(self) -> None:
        """Read on when what was read is sent."""
        if not (self._reading or self._sent_all or self._closed):
            self._reading = True
            self._loop.add_reader(self._end, self._readable)

    def _readable(self) -> None:
        try:
            data = self._end.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            self._close()
            return
        if data:
            self._out += data
            self._send()
        else:
            self._sent_all = True
            self._stop_reading()
            self._send()

    def _send(self) -> None:
        while self._out and (room := self._channel.room):
            self._channel.send(self._out[:room])
            self._out = self._out[room:]
        if self._out:
            self._stop_reading()
        elif self._sent_all:
            self._channel.send_eof()
            self._finish()
        else:
            self._read()

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._end)
            if not (self._watched or self._closed):
                self._watch()

    def _data(self, data: bytes) -> None:
        held_up = bool(self._in)
        self._in += data
        if not held_up:
            self._deliver()
            if self._in and not self._closed:
                self._loop.add_writer(self._end, self._deliver)

    def _deliver(self) -> None:
        try:
            sent = self._end.send(self._in)
        except BlockingIOError:
            return
        except OSError:
            self._close()
            return
        del self._in[:sent]
        self._channel.consumed(sent)
        if not self._in:
            self._loop.remove_writer(self._end)
            self._finish()

    def _eof(self) -> None:
        self._got_all = True
        self._finish()

    def _over(self) -> None:
        self._got_all = self._sent_all = True
        self._out = b""
        self._stop_reading()
        self._finish()

    def _finish(self) -> None:
        """Pass the end of the far end's data on, when all of it was delivered."""
        if self._in or not self._got_all or self._closed:
            return
        if self._channel.closed:
            self._close()
            return
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)
        if self._sent_all and not self._out:
            self._close()

    def _watch(self) -> None:
        """While nothing is read, look whether the one who uses the socket has closed it: nothing else tells."""
        self._watched = not (self._reading or self._closed)
        if not self._watched:
            return
        poll = select.poll()
        poll.register(self._end, 0)
        if any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0)):
            if not self._out or self._lingers:
                self._close()
                return
            self._lingers = True
        self._loop.call_later(LOOK_AFTER, self._watch)

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._stop_reading()
            self._loop.remove_writer(self._end)
            self._end.close()
            self._channel.close()
