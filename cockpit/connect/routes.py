"""The routes of a checklist: from here, and to each of its hosts."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.checklist.model import Host
from cockpit.connect.dial import Unreachable
from cockpit.connect.here import HERE
from cockpit.connect.route import Route
from cockpit.connect.values import Values


class HostRoutes:
    """Routes to hosts, made when they are first used."""

    def __init__(self, hosts: Iterable[Host] = (), values: Values | None = None) -> None:
        """Lead to `hosts`; `values` fill the variables in what was written of them."""
        self._hosts = {host.name: host for host in hosts}
        self._values = values
        self._made: dict[str, Route] = {}

    def to(self, name: str) -> Route:
        """The route to a host, or from here when `name` is empty. Raises Unreachable."""
        if not name:
            return HERE
        raise Unreachable(f"there is no host {name} in this checklist")

    async def close(self) -> None:
        """Close every connection."""
