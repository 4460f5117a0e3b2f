"""The hosts of a checklist, and those that the SSH configuration puts before them: one connection to each."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cockpit.checklist.hosts import Destination, destination
from cockpit.checklist.model import Host
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route
from cockpit.connect.ssh import settings
from cockpit.connect.ssh.connection import Connection, Hop, Way
from cockpit.connect.ssh.identities import Keyring
from cockpit.connect.ssh.route import SshRoute
from cockpit.connect.ssh.settings import Settings
from cockpit.connect.thread import Stuck, in_thread
from cockpit.connect.values import ValueMissing, Values

if TYPE_CHECKING:
    from cockpit.connect.ssh.openssh import OpenSsh


class SshHosts:
    """Routes to hosts, and the connections that they share."""

    def __init__(
        self, hosts: Iterable[Host], values: Values | None = None, passphrases: Mapping[str, str] | None = None
    ) -> None:
        """Know `hosts`; `values` fill what was written of them, `passphrases` decrypt keys, by path."""
        self._hosts = {host.name: host for host in hosts}
        self._values = values
        self._keyring = Keyring(passphrases)
        self._connections: dict[tuple[str, ...], Connection] = {}
        self._routes: dict[str, SshRoute | OpenSsh] = {}

    def route(self, name: str) -> Route:
        """The route to a host. Raises Unreachable when there is none of that name."""
        return self._route(name)

    async def settings(self, name: str) -> list[Settings]:
        """What the configuration says of a host, and of those that it puts before it. Raises Unreachable."""
        connection: Way | None = self._connection(self._hosts[name])
        found: list[Settings] = []
        while isinstance(connection, Connection):
            hop = await connection.hop()
            found.append(hop.settings)
            connection = hop.way if not self._hosts[name].via else None
        return found

    async def close(self) -> None:
        """End all connections; those that lie behind others first."""
        await asyncio.gather(*(route.close() for route in self._routes.values()))
        for connection in reversed(self._connections.values()):
            await connection.close()

    def _route(self, name: str) -> SshRoute | OpenSsh:
        host = self._hosts.get(name)
        if host is None:
            raise Unreachable(f"there is no host {name} in this checklist")
        if name not in self._routes:
            self._routes[name] = self._made(host)
        return self._routes[name]

    def _made(self, host: Host) -> SshRoute | OpenSsh:
        if host.client == "openssh":
            from cockpit.connect.ssh.openssh import OpenSsh  # noqa: PLC0415 - seldom used

            return OpenSsh(host, self._words(host), self.filled, self._hosts)
        return SshRoute(host.name, self._words(host), self._connection(host))

    def _words(self, host: Host) -> str:
        """` on app1 (deploy@10.0.0.5, through bastion)`."""
        written = self._values.show(host.ssh) if self._values is not None else host.ssh
        details = [written] if written != host.name else []
        details += [f"through {host.via}"] if host.via else []
        return f" on {host.name}" + (f" ({', '.join(details)})" if details else "")

    def _connection(self, host: Host) -> Connection:
        """The connection to a host of the checklist."""
        key = ("host", host.name)
        if key not in self._connections:
            made = Connection(host.name, functools.partial(self._look_up, host), self._keyring)
            self._connections[key] = made
        return self._connections[key]

    async def _look_up(self, host: Host) -> Hop:
        """How a host of the checklist is reached. Raises Unreachable."""
        asked, config = await self.filled(host)
        found = await settings.ask(asked, config)
        if host.via:
            return Hop(found, self._way(host.via))
        return Hop(found, self._jump(found.jumps, config, ()))

    def _way(self, name: str) -> Way:
        """Another host of the checklist, as what one is reached through."""
        route = self._route(name)
        return self._connection(self._hosts[name]) if isinstance(route, SshRoute) else route

    def _jump(self, jumps: tuple[str, ...], config: str, before: tuple[tuple[str, ...], ...]) -> Connection | None:
        """The last of the hosts that a ProxyJump leads through, for those `before` whose jump it is.

        Raises Unreachable when the way never ends.
        """
        if not jumps:
            return None
        if jumps in before:
            circle = " > ".join(each[-1] for each in (*before[before.index(jumps) :], jumps))
            raise Unreachable(f"ProxyJump of the SSH configuration goes round in a circle: {circle}")
        key = ("jump", config, *jumps)
        if key not in self._connections:
            look_up = functools.partial(self._look_up_jump, jumps, config, (*before, jumps))
            self._connections[key] = Connection(settings.jump(jumps[-1]).host, look_up, self._keyring)
        return self._connections[key]

    async def _look_up_jump(self, jumps: tuple[str, ...], config: str, before: tuple[tuple[str, ...], ...]) -> Hop:
        """How a host of a ProxyJump is reached: through the one before it, or as the configuration says."""
        found = await settings.ask(settings.jump(jumps[-1]), config)
        return Hop(found, self._jump(jumps[:-1] or found.jumps, config, before))

    async def filled(self, host: Host) -> tuple[Destination, str]:
        """Whom a host's `ssh` means, and its configuration file. Raises Unreachable."""
        written = {"ssh": host.ssh, "config": host.config}
        try:
            if self._values is not None and self._values.at_hand(written):
                written = self._values.fill(written)
            elif self._values is not None:
                written = await in_thread(f"variables of {host.name}", functools.partial(self._values.fill, written))
            return destination(str(written["ssh"])), str(written["config"])
        except (ValueMissing, Stuck) as error:
            raise Unreachable(f"host {host.name}: {error}") from None
        except ValueError as error:
            raise Unreachable(f"host {host.name}: `ssh` {error}, not {written['ssh']!r}") from None
