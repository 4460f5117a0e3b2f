"""`dns`: which records a name has, as one resolver or several say, and whether they agree."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect.dial import Unreachable
from cockpit.connect.dns_server import Server, server
from cockpit.connect.opening import Phase
from cockpit.connect.route import Route

if TYPE_CHECKING:
    from cockpit.connect.dns import Answer


def _resolver(written: str) -> str:
    server(written)
    return written


class DnsSpec(Spec):
    """One question."""

    name: str = pydantic.Field(min_length=1, description="Full name to ask for; for PTR an address, too.")
    type: Literal["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SOA", "SRV", "CAA", "PTR"] = pydantic.Field(
        "A", description="Type of the records."
    )
    resolvers: list[Annotated[str, pydantic.AfterValidator(_resolver)]] = pydantic.Field(
        [],
        max_length=16,
        description="Servers to ask, all of them: `10.0.0.2`, `ns1.example.com`, `10.0.0.2:5353`; none: the system's,"
        " of which the first that answers is asked.",
    )
    tcp: bool = pydantic.Field(False, description="Ask over TCP only; with `via` it is always asked over TCP.")


class Dns:
    """Measures by one question to each resolver."""

    name = "dns"
    about = "Which records a name has, as one resolver or several say, and whether they agree."
    spec = DnsSpec
    imports = ("cockpit.connect.dns",)
    via = True
    server = ("resolvers",)
    at_once = 16
    implied = "rcode == 'NOERROR' && count > 0 && agree"
    example = """\
dns: {name: api.example.com, type: A, resolvers: [1.1.1.1, 8.8.8.8, ns1.example.com]}
expect:
  - agree && records == ['192.0.2.10']
  - ttl <= 300
"""
    fields = (
        Field("rcode", "string", "What the first resolver came to: `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED`."),
        Field("records", "list", "Its records as text, sorted: `192.0.2.10`, `10 mail.example.com`, `v=spf1 -all`."),
        Field("count", "int", "How many those are."),
        Field("value", "string", "The first of them."),
        Field("ttl", "int", "How long they may be kept: the shortest of the answer.", "seconds"),
        Field("canonical", "string", "The name that has them, after all aliases (CNAME)."),
        Field("authoritative", "bool", "The first resolver is in charge of the name."),
        Field("authenticated", "bool", "The first resolver has verified the answer with DNSSEC."),
        Field("answers", "map", "Records by resolver: `{'1.1.1.1': ['192.0.2.10']}`."),
        Field("rcodes", "map", "Response codes by resolver."),
        Field("agree", "bool", "All resolvers answered, and said the same."),
        Field("problem", "string", "Which resolver did not answer, and why; empty when all did."),
        Field("latency", "double", "The slowest answer.", "seconds"),
        Field("over", "string", "`udp` or `tcp`: how the first resolver answered."),
    )

    def request(self, spec: DnsSpec) -> str:
        """`A api.example.com at 1.1.1.1, 8.8.8.8`."""
        return f"{spec.type} {spec.name}" + (f" at {', '.join(spec.resolvers)}" if spec.resolvers else "")

    async def read(self, spec: DnsSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        if spec.resolvers:
            servers = [server(written) for written in dict.fromkeys(spec.resolvers)]
            heard = await asyncio.gather(*(_hear(spec, one, session.route, timeout) for one in servers))
        else:
            heard = [await _of_system(spec, session.route, timeout)]
        return _reading(spec, heard)


KIND: Kind = Dns()


@dataclass(frozen=True)
class _Heard:
    """What came of asking one resolver: an answer, or a problem."""

    resolver: str
    answer: Answer | None = None
    latency: float = 0.0
    problem: str = ""


async def _hear(spec: DnsSpec, resolver: Server, route: Route, timeout: float) -> _Heard:
    from cockpit.connect import dns  # noqa: PLC0415 - heavy

    phase, started = Phase(), time.monotonic()
    try:
        query = dns.question(spec.name, spec.type)
        async with asyncio.timeout(timeout):
            answer = await dns.ask(query, resolver, route, tcp=spec.tcp, phase=phase)
    except ValueError as error:
        raise Unmeasurable(str(error)) from None
    except TimeoutError:
        return _Heard(str(resolver), problem=f"timed out {phase.words} after {timeout:.1f} s")
    except Unreachable as error:
        return _Heard(str(resolver), problem=str(error))
    return _Heard(str(resolver), answer, time.monotonic() - started)


async def _of_system(spec: DnsSpec, route: Route, timeout: float) -> _Heard:
    """What the first of the system's resolvers says that answers; each has its share of the time."""
    from cockpit.connect import dns  # noqa: PLC0415 - heavy

    ends = time.monotonic() + timeout
    try:
        async with asyncio.timeout(timeout):
            servers = await dns.of_system(route)
    except TimeoutError:
        raise Unmeasurable(f"timed out looking for the system's resolvers after {timeout:.1f} s") from None
    for number, one in enumerate(servers):
        share = max(0.0, ends - time.monotonic()) / (len(servers) - number)
        heard = await _hear(spec, one, route, share)
        if heard.answer is not None:
            break
    return heard


def _reading(spec: DnsSpec, heard: Sequence[_Heard]) -> Reading:
    problem = "; ".join(one.problem for one in heard if one.answer is None)
    answered = [(one.resolver, one.answer) for one in heard if one.answer is not None]
    if not answered:
        raise Unmeasurable(problem)
    first = answered[0][1]
    latency = max(one.latency for one in heard)
    values: dict[str, Any] = {
        "rcode": first.rcode,
        "records": list(first.records),
        "count": len(first.records),
        "canonical": first.canonical,
        "authoritative": first.authoritative,
        "authenticated": first.authenticated,
        "answers": {resolver: list(answer.records) for resolver, answer in answered},
        "rcodes": {resolver: answer.rcode for resolver, answer in answered},
        "agree": not problem and len({(answer.rcode, answer.records) for _, answer in answered}) == 1,
        "problem": problem,
        "latency": latency,
        "over": first.over,
    }
    if first.ttl is not None:
        values |= {"ttl": first.ttl, "value": first.records[0]}
    said = [f"{resolver} over {answer.over}: {answer.rcode}\n{answer.text}".rstrip() for resolver, answer in answered]
    evidence = "\n\n".join([*([problem] if problem else []), *said])
    return Reading(values, _summary(spec, answered, problem), evidence, figure=latency)


def _summary(spec: DnsSpec, answered: Sequence[tuple[str, Answer]], problem: str) -> str:
    told: dict[str, list[str]] = {}
    for resolver, answer in answered:
        told.setdefault(_told(spec, answer), []).append(resolver)
    if len(told) == 1:
        words = next(iter(told))
    else:
        words = "the resolvers disagree: " + "; ".join(f"{', '.join(who)}: {what}" for what, who in told.items())
    return f"{words}; {problem}" if problem else words


def _told(spec: DnsSpec, answer: Answer) -> str:
    if answer.records:
        return f"{spec.type} {', '.join(answer.records)}"
    if answer.rcode == "NOERROR":
        return f"{spec.name} has no {spec.type} record"
    return {
        "NXDOMAIN": f"NXDOMAIN: there is no name {spec.name}",
        "SERVFAIL": "SERVFAIL: the resolver could not find an answer",
        "REFUSED": "REFUSED: the resolver does not answer this question from here",
    }.get(answer.rcode, answer.rcode)
