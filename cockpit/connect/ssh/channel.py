"""Channels of a connection (RFC 4254): opened, written within the far end's window, read within ours, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from paramiko import common
from paramiko.message import Message

if TYPE_CHECKING:
    from cockpit.connect.ssh.transport import Transport

WINDOW = 1024 * 1024
"""Bytes that the far end may send before we have taken them in."""

PACKET = 32 * 1024
"""Bytes of one message of data at most (RFC 4253, section 6.1)."""

ADMINISTRATIVELY_PROHIBITED, CONNECT_FAILED, UNKNOWN_TYPE, RESOURCE_SHORTAGE = 1, 2, 3, 4
"""Why a channel was not opened (RFC 4254, section 5.1)."""


class NotOpened(Exception):
    """The far end refused to open a channel."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code
        self.said = said


class Lost(Exception):
    """The connection ended."""


class Channel:
    """One channel. What comes in waits until somebody has set the callbacks and calls `begin`."""

    def __init__(self, transport: Transport) -> None:
        """A channel of `transport` that is not open yet."""
        self.data: Callable[[bytes], None] = lambda data: self.consumed(len(data))
        """Called with data; whoever takes it says so by `consumed`, and holds the far end up by not saying it."""
        self.errors: Callable[[bytes], None] = lambda data: self.consumed(len(data))
        """The same for the second stream."""
        self.eof: Callable[[], None] = lambda: None
        """Called when the far end has no more to send."""
        self.over: Callable[[], None] = lambda: None
        """Called once, when the channel or the connection is closed by the far end or lost."""
        self.writable: Callable[[], None] = lambda: None
        """Called when there is room again for data to send."""
        self.freed: Callable[[], None] = lambda: None
        """As `over`, but called even when we have closed it before: the far end has let go of it too."""
        self.answered: Callable[[bool], None] = lambda _granted: None
        """Called with whether what was requested was granted."""
        self.exited: Callable[[], None] = lambda: None
        """Called when the program in it has ended; what it left running may hold the streams open."""
        self.status: int | None = None
        self.signal = ""
        self.closed = False
        """The far end closed it, or it is lost."""
        self.lost = False
        """It ended with the connection."""
        self._transport = transport
        self._number = transport.add(self)
        self._theirs = 0
        self._room = 0
        self._packet = PACKET
        self._taken = 0
        self._early: list[tuple[int, Message]] | None = []
        self._eof_sent = False
        self._close_sent = False
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        transport.channels.add(self)

    async def open(self, kind: str, *details: str | int) -> None:
        """Open it. Raises NotOpened, Lost. Whoever gives up waiting calls `close`, as always."""
        message = Message()
        message.add_byte(common.cMSG_CHANNEL_OPEN)
        message.add_string(kind)
        for number in (self._number, WINDOW, PACKET):
            message.add_int(number)
        for detail in details:
            if isinstance(detail, int):
                message.add_int(detail)
            else:
                message.add_string(detail)
        self._transport.write(message)
        await self._opened

    def begin(self) -> None:
        """Hand on what has come already, and what comes from now on."""
        early, self._early = self._early or [], None
        for kind, message in early:
            _TAKEN[kind](self, message)
        if self.closed and not early:
            self.over()

    @property
    def room(self) -> int:
        """Bytes that may be sent now."""
        if self._eof_sent or self.closed or self._transport.clogged:
            return 0
        return min(self._room, self._packet)

    def send(self, data: bytes) -> None:
        """Send data, no more than there is `room` for."""
        self._room -= len(data)
        message = self._message(common.cMSG_CHANNEL_DATA)
        message.add_string(data)
        self._transport.write(message)

    def send_eof(self) -> None:
        """Say that no more will be sent."""
        if not (self._eof_sent or self._close_sent or self.closed):
            self._eof_sent = True
            self._transport.write(self._message(common.cMSG_CHANNEL_EOF))

    def request(self, kind: str, text: str | bytes, *, answer: bool = True) -> None:
        """Ask for something (`exec`, `signal`) that takes one text; when it is refused, `refused` says so."""
        message = self._message(common.cMSG_CHANNEL_REQUEST)
        message.add_string(kind)
        message.add_boolean(answer)
        message.add_string(text)
        self._transport.write(message)

    def consumed(self, size: int) -> None:
        """Let the far end send as much more."""
        self._taken += size
        if self._taken > WINDOW // 2 and not (self.closed or self._close_sent):
            message = self._message(common.cMSG_CHANNEL_WINDOW_ADJUST)
            message.add_int(self._taken)
            self._taken = 0
            self._transport.write(message)

    def close(self) -> None:
        """Close it, open or not; nothing is handed on any more. Waits for nobody."""
        self.data = self.errors = lambda data: self.consumed(len(data))
        self.eof = self.over = self.writable = lambda: None
        self.begin()
        if self._opened.done() and not self._opened.cancelled() and self._opened.exception() is None:
            self._send_close()
        elif not self._opened.done():
            self._opened.cancel()  # closed as soon as it turns out to be open

    def take(self, kind: int, message: Message) -> None:
        """Take a message that came for it."""
        if self._early is None or kind in (common.MSG_CHANNEL_OPEN_SUCCESS, common.MSG_CHANNEL_OPEN_FAILURE):
            _TAKEN[kind](self, message)
        else:
            self._early.append((kind, message))

    def lose(self) -> None:
        """Take note that the connection has ended."""
        if not self._opened.done():
            self._opened.set_exception(Lost())
            self._opened.exception()  # it may be that nobody waits
        self.lost = True
        self._end()

    def _unlink(self) -> None:
        """Paramiko's way to say `lose`, from its thread."""

    def _message(self, kind: bytes) -> Message:
        message = Message()
        message.add_byte(kind)
        message.add_int(self._theirs)
        return message

    def _send_close(self) -> None:
        if not (self._close_sent or self.closed):
            self._close_sent = True
            self._transport.write(self._message(common.cMSG_CHANNEL_CLOSE))

    def _end(self) -> None:
        if not self.closed:
            self.closed = True
            self._transport.channels.discard(self)
            self._transport.remove(self._number)
            if self._early is None:
                self.over()
            self.freed()

    def _take_opened(self, message: Message) -> None:
        self._theirs, self._room, packet = message.get_int(), message.get_int(), message.get_int()
        self._packet = max(1, min(PACKET, packet))
        if self._opened.cancelled():
            self._send_close()
        else:
            self._opened.set_result(None)

    def _take_not_opened(self, message: Message) -> None:
        code, said = message.get_int(), message.get_text()
        if not self._opened.done():
            self._opened.set_exception(NotOpened(code, said))
        self._end()

    def _take_room(self, message: Message) -> None:
        self._room += message.get_int()
        self.writable()

    def _take_data(self, message: Message) -> None:
        self.data(message.get_binary())

    def _take_errors(self, message: Message) -> None:
        message.get_int()
        self.errors(message.get_binary())

    def _take_eof(self, _message: Message) -> None:
        self.eof()

    def _take_close(self, _message: Message) -> None:
        self._send_close()
        self._end()

    def _take_request(self, message: Message) -> None:
        kind, answer = message.get_text(), message.get_boolean()
        if kind == "exit-status":
            self.status = message.get_int()
        elif kind == "exit-signal":
            self.signal = message.get_text()
        if kind in ("exit-status", "exit-signal"):
            self.exited()
        if answer:
            self._transport.write(self._message(common.cMSG_CHANNEL_FAILURE))

    def _take_failure(self, _message: Message) -> None:
        self.answered(False)

    def _take_success(self, _message: Message) -> None:
        self.answered(True)


_TAKEN: dict[int, Callable[[Channel, Message], None]] = {
    common.MSG_CHANNEL_OPEN_SUCCESS: Channel._take_opened,  # noqa: SLF001 - its own
    common.MSG_CHANNEL_OPEN_FAILURE: Channel._take_not_opened,  # noqa: SLF001
    common.MSG_CHANNEL_WINDOW_ADJUST: Channel._take_room,  # noqa: SLF001
    common.MSG_CHANNEL_DATA: Channel._take_data,  # noqa: SLF001
    common.MSG_CHANNEL_EXTENDED_DATA: Channel._take_errors,  # noqa: SLF001
    common.MSG_CHANNEL_EOF: Channel._take_eof,  # noqa: SLF001
    common.MSG_CHANNEL_CLOSE: Channel._take_close,  # noqa: SLF001
    common.MSG_CHANNEL_REQUEST: Channel._take_request,  # noqa: SLF001
    common.MSG_CHANNEL_SUCCESS: Channel._take_success,  # noqa: SLF001
    common.MSG_CHANNEL_FAILURE: Channel._take_failure,  # noqa: SLF001
}
