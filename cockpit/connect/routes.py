"""The routes of a checklist: from here, and to each of its hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cockpit.checklist.model import Host
from cockpit.connect.dial import Unreachable
from cockpit.connect.here import HERE
from cockpit.connect.route import Route
from cockpit.connect.values import Values

if TYPE_CHECKING:
    from cockpit.connect.ssh.hosts import SshHosts


class HostRoutes:
    """Routes to hosts, made when they are first used. For one event loop."""

    def __init__(
        self,
        hosts: Iterable[Host] = (),
        values: Values | None = None,
        passphrases: Mapping[str, str] | None = None,
    ) -> None:
        """Lead to `hosts`; `values` fill the variables in what was written of them.

        `passphrases` decrypt SSH keys, by the path of the key; without them, those that `values` hold do.
        """
        self._hosts = {host.name: host for host in hosts}
        self._values = values
        self._passphrases = passphrases or (values.passphrases if values is not None else {})
        self._ssh: SshHosts | None = None

    def to(self, name: str) -> Route:
        """The route to a host, or from here when `name` is empty. Raises Unreachable."""
        if not name:
            return HERE
        if name not in self._hosts:
            raise Unreachable(f"there is no host {name} in this checklist")
        if self._ssh is None:
            from cockpit.connect.ssh.hosts import SshHosts  # noqa: PLC0415 - most checklists have no hosts

            self._ssh = SshHosts(self._hosts.values(), self._values, self._passphrases)
        return self._ssh.route(name)

    async def close(self) -> None:
        """Close every connection."""
        if self._ssh is not None:
            await self._ssh.close()
