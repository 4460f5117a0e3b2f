"""Where a DNS server is, as a checklist writes it."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.connect import dial

PORT = 53


@dataclass(frozen=True)
class Server:
    """A DNS server."""

    host: str
    port: int = PORT

    def __str__(self) -> str:
        """As a checklist writes it."""
        return self.host if self.port == PORT else dial.at(self.host, self.port)


def server(written: str) -> Server:
    """What `ADDRESS`, `NAME`, `ADDRESS:PORT` or `[ADDRESS]:PORT` says. Raises ValueError."""
    if dial.is_address(written):
        return Server(written.strip("[]"))
    host, colon, port = written.rpartition(":")
    if not colon:
        host, port = written, str(PORT)
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("must be an address or a name of a server, with `:PORT` when that is not 53")
    return Server(host, int(port))
