"""DNS servers in this process: two that serve the zone `lab.test`, over UDP and TCP, and differ where a test wants it."""

from __future__ import annotations

import contextlib
import errno
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer

ZONE = """
www.lab.test. 300 A 127.0.0.1
www.lab.test. 300 A 10.77.0.9
six.lab.test. 300 AAAA 2001:db8::1
app.lab.test. 60 CNAME www.lab.test.
lab.test. 3600 MX 10 mail.lab.test.
lab.test. 3600 TXT "v=spf1 -all"
lab.test. 3600 NS ns1.lab.test.
lab.test. 3600 SOA ns1.lab.test. hostmaster.lab.test. 7 3600 600 86400 60
lab.test. 3600 CAA 0 issue "letsencrypt.org"
_sip._tcp.lab.test. 3600 SRV 5 10 5060 sip.lab.test.
1.0.0.127.in-addr.arpa. 3600 PTR www.lab.test.
"""
TOO_LONG_FOR_UDP = "".join(f'long.lab.test. 60 TXT "{number:03}{"x" * 200}"\n' for number in range(20))


@dataclass
class Dns:
    """A server. Names that begin with `servfail`, `refused`, `slow`, `silent` or `garbage` are answered so; `moving` has
    the address `own`, and `lossy` is answered when it is asked for the second time."""

    own: str
    port: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    """Questions by protocol and name: `udp www.lab.test`."""
    ends: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def dns_server() -> Iterator[Dns]:
    """A server that answers."""
    with _serving(Dns("10.77.0.10")) as served:
        yield served


@pytest.fixture(scope="session")
def other_dns_server() -> Iterator[Dns]:
    """One that says something else of `moving.lab.test`."""
    with _serving(Dns("10.77.0.20")) as served:
        yield served


@contextlib.contextmanager
def _serving(served: Dns) -> Iterator[Dns]:
    common = {"address": "127.0.0.1", "handler": _Handler, "logger": DNSLogger(logf=lambda _: None)}
    servers = _on_one_port(_Resolver(served), **common)
    served.port = servers[0].server.server_address[1]
    for each in servers:
        each.start_thread()
    try:
        yield served
    finally:
        served.ends.set()
        for each in servers:
            each.stop()
            each.server.server_close()


def _on_one_port(resolver: _Resolver, **common: Any) -> tuple[DNSServer, DNSServer]:
    """A server over UDP and one over TCP: a port that is free for the one may be taken for the other."""
    while True:
        over_udp = DNSServer(resolver, port=0, **common)
        try:
            return over_udp, DNSServer(resolver, port=over_udp.server.server_address[1], tcp=True, **common)
        except OSError as error:
            over_udp.server.server_close()
            if error.errno != errno.EADDRINUSE:
                raise


class _Handler(DNSHandler):
    udplen = 512

    def get_reply(self, data: bytes) -> bytes:
        if b"garbage" in data:
            return data[:2] + b"\x80"
        return bytes(super().get_reply(data))


class _Resolver(BaseResolver):
    def __init__(self, served: Dns) -> None:
        self._served = served
        self._zone = RR.fromZone(ZONE + TOO_LONG_FOR_UDP + f"moving.lab.test. 60 A {served.own}\n")

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        name, kind = request.q.qname, QTYPE[request.q.qtype]
        plain = str(name).rstrip(".")
        self._served.asked[f"{handler.protocol} {plain}"] += 1
        reply = request.reply()
        reply.header.aa, reply.header.ad = 1, 0
        match plain.partition(".")[0]:
            case "servfail":
                reply.header.rcode = RCODE.SERVFAIL
            case "refused":
                reply.header.rcode = RCODE.REFUSED
            case "slow":
                self._served.ends.wait(0.3)
                reply.add_answer(*RR.fromZone(f"{name} 60 A 10.77.0.30"))
            case "silent":
                self._served.ends.wait(2)
            case "lossy":
                if self._served.asked[f"{handler.protocol} {plain}"] == 1:
                    self._served.ends.wait(2)
                reply.add_answer(*RR.fromZone(f"{name} 60 A 10.77.0.40"))
            case _:
                self._look_up(reply, str(name), kind)
        return reply

    def _look_up(self, reply: DNSRecord, name: str, kind: str) -> None:
        of_name = [record for record in self._zone if str(record.rname) == name]
        reply.add_answer(*(record for record in of_name if QTYPE[record.rtype] in (kind, "CNAME")))
        if of_name and QTYPE[of_name[0].rtype] == "CNAME" and kind != "CNAME":
            self._look_up(reply, str(of_name[0].rdata.label), kind)
        elif not of_name:
            reply.header.rcode = RCODE.NXDOMAIN
