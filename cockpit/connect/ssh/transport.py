"""One SSH connection: paramiko's, changed so that an event loop can use it without ever waiting for it.

Paramiko's thread exchanges keys, logs in and reads; what it reads of channels it hands to the loop. The loop writes by
itself: writing never waits (see Wire). Channels, their windows and requests (RFC 4254) are our own, in channel.py.
All that depends on paramiko's inside is in this file.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko import common
from paramiko.message import Message
from paramiko.packet import Packetizer

from cockpit.connect.ssh.channel import Channel
from cockpit.connect.ssh.host_key import Distrusted
from cockpit.connect.ssh.wire import Wire

WEAK = {
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"),
    "macs": ("hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"),
}
"""What paramiko would still offer and we do not."""

_BANNER_SECONDS = 3600.0
_CHANNEL_MESSAGES = (
    common.MSG_CHANNEL_WINDOW_ADJUST,
    common.MSG_CHANNEL_DATA,
    common.MSG_CHANNEL_EXTENDED_DATA,
    common.MSG_CHANNEL_EOF,
    common.MSG_CHANNEL_CLOSE,
    common.MSG_CHANNEL_REQUEST,
    common.MSG_CHANNEL_SUCCESS,
    common.MSG_CHANNEL_FAILURE,
)
_OPEN_MESSAGES = (common.MSG_CHANNEL_OPEN_SUCCESS, common.MSG_CHANNEL_OPEN_FAILURE)


class Transport(paramiko.Transport):
    """A connection from the first byte to the last."""

    if TYPE_CHECKING:  # paramiko has these, and its types do not tell
        active: bool
        _channels: Any
        _handler_table: dict[int, Callable[[Message], None]]

    def __init__(
        self,
        wire: Wire,
        *,
        host_key_algorithms: tuple[str, ...],
        judge: Callable[[bytes], None],
        allowed: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        """Speak over `wire`; `judge` raises Distrusted when the host key is not to be trusted.

        `allowed` names algorithms by sort (`kex`, `ciphers`, `macs`, `keys`, `pubkeys`), as the configuration has them.
        """
        self._wire = wire
        self._loop = asyncio.get_running_loop()
        self._judge = judge
        self._host_key_algorithms = host_key_algorithms
        self._allowed = allowed or {}
        self.greeted = self._loop.create_future()
        """Done when the server has said which SSH it speaks."""
        self.keyed = self._loop.create_future()
        """Done when keys are exchanged and the server has proved who it is."""
        self.ended = self._loop.create_future()
        """Done when the connection is at its end and its thread too."""
        self.farewell = ""
        """What the server said when it hung up."""
        self.distrust: Distrusted | None = None
        self.channels: set[Channel] = set()
        """Those that are open, or being opened or closed."""
        self.over: Callable[[], None] = lambda: None
        """Called when it has ended, before all who wait for its channels are told."""
        self._inbox: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._outbox: deque[Message] = deque()
        self._pings: deque[asyncio.Future[None]] = deque()
        super().__init__(wire, disabled_algorithms=WEAK, packetizer_class=_Packetizer)  # type: ignore[arg-type]
        wire.drained = self._drained
        self.name = "cockpit ssh"
        self.banner_timeout = _BANNER_SECONDS
        self.packetizer.set_log(None)  # type: ignore[arg-type]
        for kind in _OPEN_MESSAGES:
            self._handler_table[kind] = self._passed_on(kind)
        for kind in (common.MSG_REQUEST_SUCCESS, common.MSG_REQUEST_FAILURE):
            self._handler_table[kind] = lambda _message: self._post(self._pong)
        self._channel_handler_table = {kind: self._passed_to_channel(kind) for kind in _CHANNEL_MESSAGES}

    def begin(self) -> None:
        """Start the thread."""
        self.start_client(event=threading.Event())

    async def login(self, user: str, key: Any) -> bool:
        """Whether the server lets `user` in with `key`. Raises nothing: a connection that broke lets nobody in."""
        answered = self._loop.create_future()
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            self.auth_publickey(user, key, _Told(lambda: self._post(_resolve, answered)))  # type: ignore[arg-type]
        await asyncio.wait({answered, self.ended}, return_when=asyncio.FIRST_COMPLETED)
        return bool(self.active and self.is_authenticated())

    @property
    def heard(self) -> float:
        """When something last came in, on the monotonic clock."""
        return self._wire.heard

    @property
    def clogged(self) -> bool:
        """Whether bulk data should wait until what was written is sent."""
        return self._wire.clogged

    @property
    def others_wanted(self) -> tuple[str, ...]:
        """By what other methods the server wants to be convinced, when keys are not enough."""
        reason = self.saved_exception
        if isinstance(reason, paramiko.BadAuthenticationType | paramiko.ssh_exception.PartialAuthentication):
            methods = tuple(str(method) for method in reason.allowed_types)
            return () if "publickey" in methods else methods
        return ()

    @property
    def complaint(self) -> str:
        """Why it ended, in words that say where it was may follow."""
        reason = self.saved_exception
        if isinstance(reason, paramiko.ssh_exception.IncompatiblePeer):
            missing = str(reason).partition("(")[2].rstrip(")")
            return f"no agreement with the server ({missing or reason}; `client: openssh` may know more)"
        if isinstance(reason, paramiko.SSHException) and str(reason).startswith("Indecipherable protocol version"):
            return f"what answers does not speak SSH ({str(reason)[32:80]})"
        if isinstance(reason, ConnectionResetError) or "Connection reset" in str(reason):
            return "the connection was reset"
        if isinstance(reason, paramiko.SSHException) and "Error reading SSH protocol banner" not in str(reason):
            return f"{reason}:"
        return "the server closed the connection"

    def write(self, message: Message) -> None:
        """Send a message; while new keys are exchanged it waits in line. Called in the loop."""
        with self.clear_to_send_lock:
            if not self.active:
                return
            if self._outbox or not self.clear_to_send.is_set():
                self._outbox.append(message)
                return
            self._write_now(message)

    def add(self, channel: Channel) -> int:
        """The number of a new channel: the lowest that is free."""
        taken = self._channels
        number = next(number for number in range(len(taken) + 1) if taken.get(number) is None)
        taken.put(number, channel)
        self.channels_seen[number] = True
        return number

    def remove(self, number: int) -> None:
        """Free a channel's number: both ends have closed it."""
        self._channels.delete(number)

    async def ping(self) -> None:
        """Wait for the server to answer that it is alive."""
        answered = self._loop.create_future()
        self._pings.append(answered)
        message = Message()
        message.add_byte(common.cMSG_GLOBAL_REQUEST)
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)
        self.write(message)
        await asyncio.wait({answered, self.ended}, return_when=asyncio.FIRST_COMPLETED)

    def end(self) -> None:
        """Hang up; `ended` is done soon after."""
        self._wire.shut()
        if not self.is_alive():
            self._wire.close()
            _resolve(self.ended)

    def run(self) -> None:
        """Read until the end; this is the thread."""
        try:
            super().run()
        finally:
            self._wire.close()
            self._post(self._over)

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """How the server may prove who it is, in the order of what it is known by."""
        allowed = self._allowed.get("keys")
        return tuple(name for name in self._host_key_algorithms if allowed is None or name in allowed)

    def _filter_algorithm(self, type_: str) -> tuple[str, ...]:
        good: tuple[str, ...] = super()._filter_algorithm(type_)  # type: ignore[misc]
        allowed = self._allowed.get(type_)
        return good if allowed is None else tuple(name for name in good if name in allowed)

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        super()._verify_key(host_key, sig)  # type: ignore[misc]
        try:
            self._judge(bytes(host_key))
        except Distrusted as distrust:
            self.distrust = distrust
            raise paramiko.SSHException("host key refused") from None

    def _check_banner(self) -> None:
        super()._check_banner()  # type: ignore[misc]
        self._post(_resolve, self.greeted)

    def _parse_newkeys(self, m: Message) -> None:
        super()._parse_newkeys(m)  # type: ignore[misc]
        self._post(self._write_on)
        self._post(_resolve, self.keyed)

    def _parse_disconnect(self, m: Message) -> None:
        m.get_int()
        self.farewell = m.get_text()

    def _log(self, *_: object) -> None:
        """What paramiko would log, `Connection` says in its own words."""

    def _post(self, call: Callable[..., None], *arguments: Any) -> None:
        """Have something done in the loop; many things at once when they come quickly. Called in the thread."""
        self._inbox.append((call, arguments))
        if len(self._inbox) == 1:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there any more
                self._loop.call_soon_threadsafe(self._take_in)

    def _take_in(self) -> None:
        for _ in range(len(self._inbox)):
            call, arguments = self._inbox[0]  # it stays till it is done, so that nobody wakes us meanwhile
            try:
                call(*arguments)
            finally:
                self._inbox.popleft()
        if self._inbox:
            self._loop.call_soon(self._take_in)

    def _passed_on(self, kind: int) -> Callable[[Message], None]:
        def hand_over(message: Message) -> None:
            channel = self._channels.get(message.get_int())
            if channel is not None:
                self._post(channel.take, kind, message)

        return hand_over

    def _passed_to_channel(self, kind: int) -> Callable[[Any, Message], None]:
        return lambda channel, message: self._post(channel.take, kind, message)

    def _drained(self) -> None:
        for channel in list(self.channels):
            channel.writable()

    def _over(self) -> None:
        self.over()
        for channel in list(self.channels):
            channel.lose()
        _resolve(self.ended)

    def _pong(self) -> None:
        if self._pings:
            _resolve(self._pings.popleft())

    def _write_on(self) -> None:
        with self.clear_to_send_lock:
            while self._outbox and self.active and self.clear_to_send.is_set():
                self._write_now(self._outbox.popleft())

    def _write_now(self, message: Message) -> None:
        with contextlib.suppress(EOFError, OSError):  # the reader sees that end too, and tells it
            self._send_message(message)  # type: ignore[attr-defined]


class _Packetizer(Packetizer):
    """Without the timer's thread that would stay for a while after a handshake that failed: deadlines are ours."""

    def start_handshake(self, timeout: float) -> None:
        pass


class _Told:
    """What paramiko takes for an event."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.set = told


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
