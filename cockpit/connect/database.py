"""What connections to databases have in common: an address written as a URL, and whom to trust with TLS."""

from __future__ import annotations

import ssl
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.connect import dial

if TYPE_CHECKING:
    from cockpit.connect.tls import Trust


@dataclass(frozen=True)
class Address:
    """Where a server is, and who asks for which database."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""
    """A Unix socket, instead of host and port."""
    user: str = ""
    password: str = field(default="", repr=False)
    database: str = ""
    tls: bool = False
    ca: str = ""
    """A file of certificates (PEM) to trust instead of those of the system."""
    verify: bool = True

    @property
    def where(self) -> str:
        """`HOST:PORT`, or the path of the socket."""
        return self.path or dial.at(self.host, self.port)

    @property
    def words(self) -> str:
        """The address as a URL without user and password."""
        if self.path:
            return f"unix://{self.path}"
        return f"{self.scheme}://{self.where}{f'/{self.database}' if self.database else ''}"


def read_url(url: str, schemes: dict[str, bool], port: int) -> Address:
    """The address in a URL of one of `schemes` (with whether they mean TLS) or `unix:///PATH?db=DATABASE`.

    Raises ValueError with a message that holds nothing of the URL, which may be secret.
    """
    names = [f"{scheme}://" for scheme in schemes if "+" not in scheme]
    try:
        parsed = urllib.parse.urlsplit(url)
        given = parsed.port or port
    except ValueError:
        raise ValueError("is no URL that can be read: are user and password percent-encoded?") from None
    user, password = (urllib.parse.unquote(word or "") for word in (parsed.username, parsed.password))
    parameters = dict(urllib.parse.parse_qsl(parsed.query))
    if any("ssl" in name.lower() or "tls" in name.lower() for name in parameters):
        raise ValueError("asks for TLS after its `?`: say so beside it instead, with `ca` and `verify`")
    if parsed.scheme == "unix":
        if not parsed.path.startswith("/"):
            raise ValueError("names no Unix socket: write unix:///run/server.sock")
        path = urllib.parse.unquote(parsed.path)
        return Address("unix", path=path, user=user, password=password, database=parameters.get("db", ""))
    if parsed.scheme not in schemes or not parsed.hostname:
        raise ValueError(f"must begin with {', '.join(names)} or unix:// and name a host or a socket")
    database = urllib.parse.unquote(parsed.path.strip("/"))
    return Address(parsed.scheme, parsed.hostname, given, "", user, password, database, tls=schemes[parsed.scheme])


def trust(address: Address) -> Trust:
    """Whom to trust with TLS."""
    from cockpit.connect.tls import Trust  # noqa: PLC0415 - heavy

    return Trust(ca=address.ca, verify=address.verify)


def tls_failure(error: OSError, address: Address) -> str:
    """Why a TLS handshake failed, in words of the field."""
    from cockpit.connect import tls  # noqa: PLC0415 - heavy

    if isinstance(error, ssl.SSLCertVerificationError):
        return tls.complaint(error, address.host, ())
    return tls.failure(error, address.where)
