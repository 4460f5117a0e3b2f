"""What is said in clear before TLS begins on a port that starts without it (STARTTLS and its relatives)."""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable

from cockpit.connect.stream import Stream


class NoUpgrade(Exception):
    """The server does not go on to TLS. The message says what it said."""


async def _smtp(stream: Stream) -> None:
    """RFC 3207."""
    await _reply(stream, b"220", "greeting")
    await stream.write(b"EHLO cockpit\r\n")
    extensions = await _reply(stream, b"250", "EHLO")
    if b"STARTTLS" not in extensions.upper():
        raise NoUpgrade("the SMTP server offers no STARTTLS")
    await stream.write(b"STARTTLS\r\n")
    await _reply(stream, b"220", "STARTTLS")


async def _imap(stream: Stream) -> None:
    """RFC 9051, section 6.2.1."""
    greeting = await _line(stream)
    if not greeting.startswith(b"* OK"):
        raise _unexpected("greeting", greeting)
    await stream.write(b"a STARTTLS\r\n")
    while not (line := await _line(stream)).startswith(b"a "):
        pass
    if not line.upper().startswith(b"A OK"):
        raise _unexpected("STARTTLS", line)


async def _pop3(stream: Stream) -> None:
    """RFC 2595, section 4."""
    for said, asked in ((b"", "greeting"), (b"STLS\r\n", "STLS")):
        await stream.write(said)
        line = await _line(stream)
        if not line.startswith(b"+OK"):
            raise _unexpected(asked, line)


async def _postgres(stream: Stream) -> None:
    """PostgreSQL's protocol, SSLRequest."""
    await stream.write(struct.pack("!ii", 8, 80877103))
    answer = await stream.read(1)
    if answer == b"N":
        raise NoUpgrade("the PostgreSQL server offers no TLS (ssl = off)")
    if answer != b"S":
        raise _unexpected("request for TLS", answer)


async def _ldap(stream: Stream) -> None:
    """RFC 4511, section 4.14: an extended request, and a response whose result code is success."""
    oid = b"1.3.6.1.4.1.1466.20037"
    request = b"\x77" + bytes([len(oid) + 2]) + b"\x80" + bytes([len(oid)]) + oid
    await stream.write(b"\x30" + bytes([len(request) + 3]) + b"\x02\x01\x01" + request)
    answer = await stream.read(4096)
    _, found, result = answer.partition(b"\x0a\x01")
    if not answer.startswith(b"\x30") or not found:
        raise _unexpected("StartTLS", answer)
    if result[:1] != b"\0":
        raise NoUpgrade(f"the LDAP server refuses StartTLS (result code {int.from_bytes(result[:1], 'big')})")


async def _mysql(stream: Stream) -> None:
    """MySQL's protocol: the handshake's capabilities, and the request for TLS that stands in for the login."""
    size = int.from_bytes((await stream.exactly(4))[:3], "little")
    greeting = await stream.exactly(size)
    if greeting[:1] == b"\xff":
        raise NoUpgrade(f"the server refuses connections: {greeting[3:].decode(errors='backslashreplace')}")
    after_version = greeting[1:].partition(b"\0")[2]
    capabilities = int.from_bytes(after_version[13:15], "little")
    if not capabilities & _MYSQL_TLS:
        raise NoUpgrade("the server offers no TLS")
    asked = struct.pack("<IIB23x", _MYSQL_TLS | _MYSQL_PROTOCOL_41, 1 << 24, 45)
    await stream.write(len(asked).to_bytes(3, "little") + b"\1" + asked)


_MYSQL_PROTOCOL_41, _MYSQL_TLS = 0x200, 0x800

UPGRADES: dict[str, Callable[[Stream], Awaitable[None]]] = {
    "smtp": _smtp,
    "imap": _imap,
    "pop3": _pop3,
    "postgres": _postgres,
    "mysql": _mysql,
    "ldap": _ldap,
}
"""What is said before the handshake, by the name of the protocol. They raise NoUpgrade, OSError."""

PORTS = {"smtp": 587, "imap": 143, "pop3": 110, "postgres": 5432, "mysql": 3306, "ldap": 389}
"""Where each is served as a rule."""


async def _reply(stream: Stream, code: bytes, asked: str) -> bytes:
    """The lines of an SMTP reply, which has to have `code`."""
    lines = b""
    while True:
        line = await _line(stream)
        lines += line
        if not line.startswith(code):
            raise _unexpected(asked, line)
        if line[3:4] != b"-":
            return lines


async def _line(stream: Stream) -> bytes:
    try:
        line = await stream.reader.readline()
    except ValueError:
        raise NoUpgrade("the server sent a line without an end") from None
    if not line:
        raise NoUpgrade("the server closed the connection")
    return line


def _unexpected(asked: str, answer: bytes) -> NoUpgrade:
    said = answer.strip()[:100].decode(errors="backslashreplace")
    return NoUpgrade(
        f"to the {asked} the server said {said!r}" if asked != "greeting" else f"the server greets with {said!r}"
    )
