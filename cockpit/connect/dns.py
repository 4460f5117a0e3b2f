"""One question to one DNS server: over UDP, and over TCP when the answer is too long or a route leads there.

Import this only where a question is about to be asked: dnspython is heavy.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.reversename

from cockpit.connect import dial
from cockpit.connect.dial import Unreachable
from cockpit.connect.dns_server import Server
from cockpit.connect.opening import Phase, open_socket
from cockpit.connect.route import Program, Route
from cockpit.connect.stream import Stream

FIRST_WAIT = 1.0
"""Seconds after which a question over UDP is sent again, as it or its answer may be lost; then twice as many."""


@dataclass(frozen=True)
class Answer:
    """What a server says."""

    rcode: str
    """`NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`."""
    records: tuple[str, ...]
    """The data of the records of the type that was asked for, sorted: as a zone file has it, but names without the dot
    at their end, and text without quotation marks."""
    canonical: str
    """The name that has these records, after all aliases; without the dot at its end."""
    ttl: int | None
    """Seconds: the shortest of the answer's records; None when there is none."""
    authoritative: bool
    authenticated: bool
    """The server has verified it with DNSSEC."""
    over: str
    """`udp` or `tcp`."""
    text: str
    """The records of the answer and of its authority section, as a zone file has them."""


def question(name: str, kind: str) -> dns.message.QueryMessage:
    """The question for records of a type; the PTR records of an address are found by it. Raises ValueError."""
    try:
        by_address = kind == "PTR" and dial.is_address(name)
        asked = dns.reversename.from_address(name) if by_address else dns.name.from_text(name)
    except dns.exception.DNSException as error:
        raise ValueError(f"{name!r} is not a name: {error}") from None
    made = dns.message.make_query(asked, kind, use_edns=0, payload=1232)
    made.flags |= dns.flags.AD
    return made


async def ask(query: dns.message.QueryMessage, server: Server, route: Route, *, tcp: bool, phase: Phase) -> Answer:
    """Ask `server`. Raises Unreachable."""
    try:
        if not (tcp or route.name):
            phase.enter(f"waiting for the answer of {server}")
            answer = await _over_udp(query, server)
            if not answer.flags & dns.flags.TC:
                return _answer(query, answer, "udp")
        return _answer(query, await _over_tcp(query, server, route, phase), "tcp")
    except dns.exception.DNSException as error:
        raise Unreachable(f"the answer of {server} cannot be read: {error}") from None
    except OSError as error:
        raise Unreachable(dial.why(error, str(server)) or f"{server}: {error}") from None


async def of_system(route: Route) -> list[Server]:
    """The servers that the system at the far end of `route` asks. Raises Unreachable."""
    text = (await route.run(Program(("cat", _RESOLV_CONF)), 5)).output if route.name else _of_this_system()
    words = [line.split() for line in text.decode(errors="replace").splitlines()]
    found = [
        Server(each[1]) for each in words if len(each) > 1 and each[0] == "nameserver" and dial.is_address(each[1])
    ]
    if not found:
        raise Unreachable(f"{_RESOLV_CONF}{route.words} names no DNS server: name one under `resolvers`")
    return found


_RESOLV_CONF = "/etc/resolv.conf"


def _of_this_system() -> bytes:
    try:
        return Path(_RESOLV_CONF).read_bytes()
    except OSError:
        return b""


async def _over_udp(query: dns.message.QueryMessage, server: Server) -> dns.message.Message:
    address = (await dial.resolve(server.host, server.port))[0]
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: _Asking(query, loop.create_future()), remote_addr=(address, server.port)
    )
    try:
        wait = FIRST_WAIT
        while True:
            transport.sendto(query.to_wire())
            await asyncio.wait({protocol.answer}, timeout=wait)
            if protocol.answer.done():
                return protocol.answer.result()
            wait *= 2
    finally:
        transport.close()
        if protocol.answer.done() and not protocol.answer.cancelled():
            protocol.answer.exception()  # seen, even when the time was up


class _Asking(asyncio.DatagramProtocol):
    """Waits for the answer to a question; what is none is left alone."""

    def __init__(self, query: dns.message.QueryMessage, answer: asyncio.Future[dns.message.Message]) -> None:
        self._query = query
        self.answer = answer

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the socket takes from one only
        try:
            received = dns.message.from_wire(data, ignore_trailing=True)
        except dns.exception.DNSException as error:
            self._end(error)
        else:
            cut = received.id == self._query.id and received.flags & dns.flags.TC  # some then leave out the question
            if (cut or self._query.is_response(received)) and not self.answer.done():
                self.answer.set_result(received)

    def error_received(self, exc: Exception) -> None:
        self._end(exc)

    def _end(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


async def _over_tcp(query: dns.message.QueryMessage, server: Server, route: Route, phase: Phase) -> dns.message.Message:
    opened = await open_socket(route, server.host, server.port, phase)
    stream = await Stream.over(opened.socket)
    try:
        phase.enter(f"waiting for the answer of {server} over TCP")
        wire = query.to_wire()
        await stream.write(len(wire).to_bytes(2, "big") + wire)
        size = int.from_bytes(await stream.exactly(2), "big")
        received = dns.message.from_wire(await stream.exactly(size), ignore_trailing=True)
    finally:
        await stream.close()
    if not query.is_response(received):
        raise Unreachable(f"{server} answered another question than the one that was asked")
    return received


def _answer(query: dns.message.QueryMessage, answer: dns.message.Message, over: str) -> Answer:
    canonical, ttl, records = query.question[0].name, None, []
    if isinstance(answer, dns.message.QueryMessage):
        with contextlib.suppress(dns.exception.DNSException):
            chain = answer.resolve_chaining()
            canonical = chain.canonical_name
            if chain.answer is not None:
                ttl = min(chain.minimum_ttl, chain.answer.ttl)
                records = [_data(record) for record in chain.answer]
    rcode = dns.rcode.to_text(answer.rcode())
    return Answer(
        rcode,
        tuple(sorted(records)),
        canonical.to_text(omit_final_dot=True),
        ttl,
        bool(answer.flags & dns.flags.AA),
        bool(answer.flags & dns.flags.AD),
        over,
        "\n".join(each.to_text() for each in (*answer.answer, *answer.authority)),
    )


def _data(record: Any) -> str:
    if record.rdtype == dns.rdatatype.TXT:
        return b"".join(record.strings).decode(errors="backslashreplace")
    return str(record.to_text(origin=dns.name.root, relativize=True))
