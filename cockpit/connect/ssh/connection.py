"""The connection to one host: opened once however many ask, shared, kept alive, opened anew when it broke."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cockpit.connect import dial
from cockpit.connect.deadline import awaited
from cockpit.connect.dial import Unreachable
from cockpit.connect.here import HERE
from cockpit.connect.ssh import known_hosts
from cockpit.connect.ssh.agent import Agent
from cockpit.connect.ssh.host_key import HostKeys, host_keys
from cockpit.connect.ssh.identities import Identities, Keyring, connected
from cockpit.connect.ssh.places import Places
from cockpit.connect.ssh.proxy_command import ProxyCommand
from cockpit.connect.ssh.settings import Settings
from cockpit.connect.ssh.wire import Wire
from cockpit.connect.thread import Stuck, imported, in_thread

if TYPE_CHECKING:
    from cockpit.connect.ssh.channel import Channel, NotOpened
    from cockpit.connect.ssh.transport import Transport

PHASE_SECONDS = 10.0
"""How long each phase of opening a connection may take, when ConnectTimeout says nothing."""

LOGIN_SECONDS = 30.0
"""How long logging in may take: somebody may have to touch a token."""

ALIVE_INTERVAL, ALIVE_COUNT = 3.0, 3
"""After how many seconds of silence a server is asked whether it is there, and how many such times make it dead, when
ServerAliveInterval says nothing."""

SESSIONS = 8
"""Programs that run at once over one connection; sshd's own limit, MaxSessions, is 10 unless it was changed."""

HANGS_UP_WITHIN = 1.0
"""Seconds for a connection to end by itself when it is closed."""


class Way(Protocol):
    """What a host is reached through."""

    @property
    def name(self) -> str:
        """The bastion."""

    def stands(self) -> str:
        """What is waited for while it is being opened; nothing when it is open."""

    async def tcp(self, host: str, port: int) -> socket.socket:
        """A socket that is connected to `host`, as seen from there. Raises Unreachable."""

    @property
    def loss(self) -> str:
        """Why the last connection ended; nothing while it stands."""


@dataclass(frozen=True)
class Hop:
    """How one host is reached."""

    settings: Settings
    way: Way | None


class Connection:
    """A connection to a host, through a bastion or not. For one event loop."""

    def __init__(self, name: str, look_up: Callable[[], Awaitable[Hop]], keyring: Keyring) -> None:
        """Connect to the host called `name`; `look_up` finds out how, when that is first needed."""
        self.name = name
        self.loss = ""
        self.has_timeout: bool | None = None
        """Whether the host can end programs by itself; None: nobody has looked."""
        self.sessions = Places(SESSIONS)
        self._look_up = look_up
        self._keyring = keyring
        self._hop: Hop | None = None
        self._opening: asyncio.Task[Transport] | None = None
        self._transport: Transport | None = None
        self._watching: asyncio.Task[None] | None = None
        self._phase: Callable[[], str] = lambda: f"looking up {name}"
        self._proxy: ProxyCommand | None = None
        self._closed = False

    @property
    def where(self) -> str:
        """`app1 (10.0.0.5:22, through bastion)`."""
        if self._hop is None:
            return self.name
        settings, way = self._hop.settings, self._hop.way
        through = f", through {way.name}" if way is not None else ""
        return f"{self.name} ({dial.at(settings.host, settings.port)}{through})"

    def stands(self) -> str:
        """What is waited for while it is being opened: `in the SSH key exchange with app1 (10.0.0.5:22)`."""
        return self._phase()

    async def hop(self) -> Hop:
        """How the host is reached; found out once. Raises Unreachable."""
        if self._hop is None:
            self._hop = await self._look_up()
        return self._hop

    async def ready(self) -> Transport:
        """The open connection; opened first, once for all who ask. Raises Unreachable."""
        if self._transport is not None and self._transport.is_authenticated() and not self._transport.ended.done():
            return self._transport
        if self._closed:
            raise Unreachable(f"the connections of this checklist are closed: {self.name} is not reached any more")
        if self._opening is None or self._opening.done():
            # Nobody's own deadline: it is opened for all who ask.
            self._opening = asyncio.create_task(self._open(), context=contextvars.Context())
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            return await awaited(asyncio.shield(self._opening), self.stands)
        except Unreachable as error:
            raise Unreachable(str(error)) from None

    async def channel(self, kind: str, *details: str | int, what: str) -> Channel:
        """An open channel; `what` it is for is told when it takes too long. Raises Unreachable, NotOpened."""
        transport = await self.ready()
        from cockpit.connect.ssh.channel import Channel, Lost  # noqa: PLC0415 - heavy, and there by now

        channel = Channel(transport)
        try:
            await awaited(channel.open(kind, *details), lambda: f"{what} {self.where}", PHASE_SECONDS)
        except Lost:
            raise Unreachable(self.loss) from None
        except BaseException:
            channel.close()
            raise
        return channel

    async def tcp(self, host: str, port: int) -> socket.socket:
        """A socket that is connected to a port, as seen from the host. Raises Unreachable."""
        place = dial.at(host, port)
        return await self._forwarded("direct-tcpip", (host, port, "127.0.0.1", 0), place)

    async def unix(self, path: str) -> socket.socket:
        """A socket that is connected to a Unix socket of the host. Raises Unreachable."""
        return await self._forwarded("direct-streamlocal@openssh.com", (path, "", 0), path)

    async def session(self) -> Channel:
        """A channel to run a program in; it waits when too many run already. Raises Unreachable."""
        await self.ready()
        from cockpit.connect.ssh.channel import NotOpened  # noqa: PLC0415 - heavy, and there by now

        while True:
            await self.ready()
            places = self.sessions
            await awaited(places.take(), self._crowded)
            try:
                channel = await self.channel("session", what="opening a session on")
            except NotOpened as refusal:
                if not places.shrink():
                    places.give()
                    raise Unreachable(f"{self.where} opens no session: {refusal.said or 'no reason given'}") from None
                places.give()
            except BaseException:
                places.give()
                raise
            else:
                channel.freed = places.give
                return channel

    async def close(self) -> None:
        """End it. Raises nothing."""
        self._closed = True
        for task in (self._opening, self._watching):
            if task is not None:
                task.cancel()
        if self._opening is not None:
            await asyncio.wait({self._opening}, timeout=HANGS_UP_WITHIN)
        if self._transport is not None:
            self.loss = self.loss or f"the connection to {self.where} was closed"
            self._transport.end()
            await asyncio.wait({self._transport.ended}, timeout=HANGS_UP_WITHIN)
        if self._proxy is not None:
            self._proxy.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HANGS_UP_WITHIN):
                    await self._proxy.ended()

    def _crowded(self) -> str:
        return f"waiting for one of {self.sessions.limit} sessions on {self.where}"

    async def _forwarded(self, kind: str, details: tuple[str | int, ...], place: str) -> socket.socket:
        await self.ready()
        from cockpit.connect.ssh.bridge import bridged  # noqa: PLC0415 - heavy, and there by now
        from cockpit.connect.ssh.channel import NotOpened  # noqa: PLC0415

        try:
            return bridged(await self.channel(kind, *details, what=f"connecting to {place} from"))
        except NotOpened as refusal:
            raise dial.refused_beyond(_not_forwarded(refusal, place, self.where), refusal.said) from None

    async def _open(self) -> Transport:
        """Go through all phases, each within its time. Raises Unreachable."""
        self._phase = lambda: f"reading the SSH configuration of {self.name}"
        hop = await self.hop()
        settings = hop.settings
        if settings.unsupported:
            raise Unreachable(
                f"the SSH configuration of {self.where} has {settings.unsupported}, which only OpenSSH can follow:"
                f" write `client: openssh` at {self.name}"
            )
        limit = settings.connect_timeout or PHASE_SECONDS
        self._phase = lambda: f"getting ready to connect to {self.where}"
        await imported("cockpit.connect.ssh.transport")
        try:
            known = await in_thread("reading known_hosts", functools.partial(_known, settings, self.where))
        except Stuck as error:
            raise Unreachable(str(error)) from None
        transport = self._begin(await self._carrier(hop, limit), settings, known)
        try:
            await self._phase_of(f"waiting for the SSH banner of {self.where}", transport, transport.greeted, limit)
            await self._phase_of(f"in the SSH key exchange with {self.where}", transport, transport.keyed, limit)
            await self._login(transport, settings)
        except BaseException:
            transport.end()
            self._let_go()
            await asyncio.wait({transport.ended}, timeout=HANGS_UP_WITHIN)
            raise
        transport.over = lambda: self._lost(transport)
        self.loss, self.has_timeout, self.sessions = "", None, Places(SESSIONS)
        self._phase = lambda: ""
        self._transport = transport
        self._watching = asyncio.create_task(self._watch(transport, settings))
        return transport

    def _begin(self, carrier: socket.socket, settings: Settings, known: HostKeys) -> Transport:
        from cockpit.connect.ssh.transport import Transport  # noqa: PLC0415 - heavy

        transport = Transport(
            Wire(carrier, asyncio.get_running_loop()),
            host_key_algorithms=known.algorithms,
            judge=known.judge,
            allowed=settings.algorithms,
        )
        transport.begin()
        return transport

    async def _carrier(self, hop: Hop, limit: float) -> socket.socket:
        """A socket that leads to the host's SSH server. Raises Unreachable."""
        settings, way = hop.settings, hop.way
        self._phase = lambda: (way.stands() if way is not None else "") or f"connecting to {self.where}"
        if way is not None:
            return await way.tcp(settings.host, settings.port)
        if settings.proxy_command:
            self._proxy = await ProxyCommand.start(settings.proxy_command, self.where)
            return self._proxy.carrier
        return await awaited(HERE.connect(settings.host, settings.port), self.stands, limit)

    def _let_go(self) -> None:
        if self._proxy is not None:
            self._proxy.kill()

    async def _phase_of(self, what: str, transport: Transport, done: asyncio.Future[None], limit: float) -> None:
        """Wait for the end of a phase. Raises Unreachable."""
        self._phase = lambda: what
        await awaited(asyncio.wait({done, transport.ended}, return_when=asyncio.FIRST_COMPLETED), self.stands, limit)
        if transport.distrust is not None:
            raise Unreachable(str(transport.distrust))
        if not done.done():
            if self._proxy is not None:
                await self._proxy.heard_out()
            raise Unreachable(self._ending(transport, what))

    async def _login(self, transport: Transport, settings: Settings) -> None:
        what = f"in the SSH authentication with {self.where}"
        self._phase = lambda: what
        missing: list[str] = []
        agent = connected(settings.agent, missing)
        try:
            await awaited(self._authenticate(transport, settings, agent, missing), self.stands, LOGIN_SECONDS)
        except Stuck as error:
            raise Unreachable(str(error)) from None
        finally:
            if agent is not None:
                agent.close()  # and so ends what a thread waits for

    async def _authenticate(
        self, transport: Transport, settings: Settings, agent: Agent | None, missing: list[str]
    ) -> None:
        find = functools.partial(self._keyring.identities, settings, agent)
        found = await in_thread(f"reading keys for {self.name}", find)
        found.missing[:0] = missing
        await self._offer(transport, settings, found)

    async def _offer(self, transport: Transport, settings: Settings, found: Identities) -> None:
        """Offer one key after the other until one is good. Raises Unreachable."""
        tried = []
        for identity in found.offered:
            tried.append(str(identity))
            if await transport.login(settings.user, identity):
                return
            if transport.ended.done() or transport.others_wanted:
                break
        user = f"{settings.user}@{self.name}"
        words = [f"{self.where} does not let {settings.user} in"]
        words.append(f"tried {', '.join(tried)}" if tried else f"there is no key to offer for {user}")
        if transport.others_wanted:
            words.append(f"it wants {' or '.join(transport.others_wanted)}, which Cockpit does not do")
        if transport.farewell or (transport.ended.done() and tried):
            words.append(f"it hung up: {transport.farewell or 'without a word'}")
        words += found.missing
        raise Unreachable("; ".join(words))

    def _ending(self, transport: Transport, when: str) -> str:
        """Why a connection ended before it was open."""
        if self._hop is not None and self._hop.way is not None and self._hop.way.loss:
            return self._hop.way.loss
        said = f" (the ProxyCommand says: {self._proxy.said})" if self._proxy is not None and self._proxy.said else ""
        return f"{transport.complaint} {when}{said}"

    def _lost(self, transport: Transport) -> None:
        """Take note that an open connection has ended."""
        self._let_go()
        if self._watching is not None:
            self._watching.cancel()
        if self.loss:
            return
        way = self._hop.way if self._hop is not None else None
        if way is not None and way.loss:
            self.loss = way.loss
        else:
            self.loss = f"the connection to {self.where} was lost: {transport.farewell or transport.complaint}"

    async def _watch(self, transport: Transport, settings: Settings) -> None:
        """Ask a silent server whether it is there, and give the connection up when it does not answer."""
        interval = settings.alive_interval or ALIVE_INTERVAL
        silence = interval * (settings.alive_count if settings.alive_interval else ALIVE_COUNT)
        while True:
            quiet = time.monotonic() - transport.heard
            if quiet < interval:
                await asyncio.sleep(interval - quiet)
                continue
            try:
                async with asyncio.timeout(max(interval, silence - quiet)):
                    await transport.ping()
            except TimeoutError:
                quiet = time.monotonic() - transport.heard
                if quiet < interval:
                    continue
                self.loss = f"{self.where} has not answered for {quiet:.1f} s: the connection was given up"
                transport.end()
                return


def _known(settings: Settings, where: str) -> HostKeys:
    """What the known_hosts files say of a host. Blocks."""
    entries: list[known_hosts.Entry] = []
    skipped: list[str] = []
    for path in settings.known_hosts:
        with contextlib.suppress(OSError):
            about = Path(path).stat()
            found, notes = _parsed(path, about.st_mtime_ns, about.st_size)
            entries += found
            skipped += [f"{note.file}:{note.line} ({note.problem})" for note in notes]
    return host_keys(
        entries,
        settings.host,
        settings.port,
        where,
        alias=settings.alias,
        files=settings.known_hosts,
        skipped=skipped,
    )


@functools.lru_cache(maxsize=16)
def _parsed(path: str, _changed: int, _size: int) -> tuple[list[known_hosts.Entry], list[known_hosts.Note]]:
    return known_hosts.parse(Path(path).read_bytes().decode("utf-8", "backslashreplace"), path)


def _not_forwarded(refusal: NotOpened, place: str, where: str) -> str:
    """Why a connection from a host to elsewhere was not made."""
    from cockpit.connect.ssh import channel  # noqa: PLC0415 - heavy

    if place.startswith("/"):  # sshd tells no reason for those
        return (
            f"{place} cannot be reached from {where} ({refusal.said.lower() or 'no reason given'}): it is not there, it"
            " is not for this user, or AllowStreamLocalForwarding is off"
        )
    if refusal.code == channel.ADMINISTRATIVELY_PROHIBITED:
        return f"{where} forbids connections to {place} through it: see AllowTcpForwarding and PermitOpen there"
    return f"{place} cannot be reached from {where}: {refusal.said.lower() or 'no reason given'}"
