"""`tls`: what a port with TLS negotiates and which certificate it shows, whether it is a good one or not."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from dataclasses import dataclass, replace
from typing import Any, Literal

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.tls_fields import TLS_FIELDS, tls_values
from cockpit.connect import dial, tls
from cockpit.connect.opening import Phase, open_socket
from cockpit.connect.route import Route
from cockpit.connect.stream import Stream
from cockpit.connect.tls import ANYTHING, Secured, Trust
from cockpit.connect.tls_upgrade import PORTS, UPGRADES, NoUpgrade

PORT = 443


class TlsSpec(Spec):
    """One port."""

    host: str = pydantic.Field(min_length=1, description="Name or address to connect to.")
    port: int = pydantic.Field(
        0, ge=0, le=65535, description=f"Port; nothing: {PORT}, or the usual one of the protocol under `starttls`."
    )
    starttls: Literal["", "smtp", "imap", "pop3", "postgres", "mysql", "ldap"] = pydantic.Field(
        "", description="The protocol that the port begins with in clear, before it goes on to TLS."
    )
    server_name: str = pydantic.Field(
        "", description="Name to ask for and to verify the certificate against, when it is not `host`."
    )
    alpn: list[str] = pydantic.Field([], description="Protocols to offer, the best first: `[h2, http/1.1]`.")
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of the system's.")
    cert: str = pydantic.Field("", description="File (PEM) with the certificate to show to the server, and its key.")
    key: str = pydantic.Field("", description="File (PEM) with the key of `cert`, when it is not in the same file.")
    probe_versions: bool = pydantic.Field(
        False,
        description="Also try each version from TLSv1.0 to TLSv1.3, each on a connection of its own, for `versions`;"
        " done without asking when a condition uses `versions`.",
    )

    @property
    def at(self) -> tuple[str, int]:
        """Where to connect to."""
        return self.host.strip("[]"), self.port or PORTS.get(self.starttls, PORT)

    @property
    def name(self) -> str:
        """What the certificate has to be for."""
        return self.server_name or self.at[0]


class Tls:
    """Measures by a handshake, and by a second one that trusts anything when the first was refused."""

    name = "tls"
    about = "What a port with TLS negotiates, and which certificate it shows, whether a good one or not."
    spec = TlsSpec
    imports = ("cryptography.x509",)
    via = True
    server = ("host", "port")
    at_once = 16
    implied = "verified"
    example = """\
tls: {host: db.example.com, starttls: postgres, probe_versions: true}
expect:
  - verified && expires_in > duration('336h')
  - version == 'TLSv1.3'
  - "!('TLSv1.0' in versions) && !('TLSv1.1' in versions)"
"""
    fields = (
        *TLS_FIELDS,
        Field("problem", "string", "Why it is not verified, in words; empty when it is."),
        Field("latency", "double", "The handshake.", "seconds"),
        Field("versions", "list", "Versions that the server accepts, of those tried by `probe_versions`: `TLSv1.2`."),
        Field("remote", "string", "Address and port that answered; unknown where `via` has the name looked up there."),
    )

    def request(self, spec: TlsSpec) -> str:
        """`TLS handshake with db.example.com:5432 (starttls: postgres)`."""
        said = [f"{name}: {value}" for name in ("starttls", "server_name") if (value := getattr(spec, name))]
        return f"TLS handshake with {dial.at(*spec.at)}" + (f" ({', '.join(said)})" if said else "")

    async def read(self, spec: TlsSpec, session: Session, timeout: float) -> Reading:
        """Look once. Raises Unmeasurable, Unreachable."""
        phase = Phase()
        probe = spec.probe_versions or "versions" in session.used
        try:
            async with asyncio.timeout(timeout):
                seen, problem = await _seen(spec, session.route, phase)
                return _reading(seen, problem, await _versions(spec, session.route, phase) if probe else None)
        except TimeoutError:
            raise Unmeasurable(f"timed out {phase.words} after {timeout:.1f} s") from None


KIND: Kind = Tls()


@dataclass(frozen=True)
class _Seen:
    """What one handshake showed."""

    secured: Secured
    latency: float
    remote: str


async def _seen(spec: TlsSpec, route: Route, phase: Phase) -> tuple[_Seen, str]:
    """What the port shows, and why that is not to be trusted: a second look then sees it, which trusts anything."""
    trust = Trust(spec.ca, cert=spec.cert, key=spec.key, alpn=tuple(spec.alpn))
    try:
        return await _handshake(spec, route, trust, phase), ""
    except OSError as error:
        refused = error
    anything = replace(trust, ca="", verify=False, oldest=ANYTHING.oldest)
    try:
        seen = await _handshake(spec, route, anything, phase)
    except OSError:
        raise Unmeasurable(tls.failure(refused, dial.at(*spec.at))) from None
    if isinstance(refused, ssl.SSLCertVerificationError):
        return seen, tls.complaint(refused, spec.name, seen.secured.chain)
    if seen.secured.version in ("TLSv1.0", "TLSv1.1"):
        return seen, f"{dial.at(*spec.at)} speaks nothing newer than {seen.secured.version}"
    return seen, f"{tls.failure(refused, dial.at(*spec.at))}; it speaks {seen.secured.version}, {seen.secured.cipher}"


async def _handshake(spec: TlsSpec, route: Route, trust: Trust, phase: Phase) -> _Seen:
    """Connect, and shake hands.

    Raises OSError when the handshake fails; Unreachable, Unmeasurable when it does not come to one.
    """
    context = tls.context(trust)
    opened = await open_socket(route, *spec.at, phase)
    stream = await Stream.over(opened.socket)
    try:
        if spec.starttls:
            phase.enter(f"in {spec.starttls}, before TLS")
            await _upgrade(spec, stream)
        phase.enter("in the TLS handshake")
        negotiated = await stream.start_tls(context, spec.name)
        latency = phase.enter("after the TLS handshake")
        return _Seen(tls.secured(negotiated), latency, opened.remote)
    finally:
        await stream.close()


async def _upgrade(spec: TlsSpec, stream: Stream) -> None:
    where = dial.at(*spec.at)
    try:
        await UPGRADES[spec.starttls](stream)
    except NoUpgrade as error:
        raise Unmeasurable(f"{where}: {error}") from None
    except OSError as error:
        words = dial.why(error, where) or f"{where} closed the connection"
        raise Unmeasurable(f"{words}, before TLS could begin") from None


_VERSIONS = {
    "TLSv1.0": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


async def _versions(spec: TlsSpec, route: Route, phase: Phase) -> list[str]:
    """The versions that are accepted, each tried by itself, one after the other: many servers count connections."""
    accepted = []
    for name, version in _VERSIONS.items():
        trust = Trust(verify=False, cert=spec.cert, key=spec.key, oldest=version, newest=version)
        try:
            await _handshake(spec, route, trust, phase)
        except OSError:
            continue
        accepted.append(name)
    return accepted


def _reading(seen: _Seen, problem: str, versions: list[str] | None) -> Reading:
    now = dt.datetime.now(dt.UTC)
    values: dict[str, Any] = {
        **tls_values(seen.secured, now),
        "verified": not problem,
        "problem": problem,
        "latency": seen.latency,
    }
    if versions is not None:
        values["versions"] = versions
    if seen.remote:
        values["remote"] = seen.remote
    days = values["expires_in"] / dt.timedelta(days=1) if "expires_in" in values else None
    until = f", certificate valid until {values['not_after']:%Y-%m-%d} ({days:.0f} days)" if days is not None else ""
    return Reading(
        values,
        summary=problem or f"{seen.secured.version}{until}",
        evidence="\n".join(_lines(values)),
        figure=days,
    )


def _lines(values: dict[str, Any]) -> list[str]:
    """What matters most first: the detail shows the beginning."""
    lines = [values["problem"]] if values["problem"] else []
    for number, one in enumerate(values.get("chain", ())):
        lines.append(f"chain {number}: {one['subject']}, signed by {one['issuer']}, {one['days_left']:.1f} days left")
    rest = (name for name in values if name not in ("problem", "chain", "subject", "issuer", "expires_in"))
    return lines + [f"{name}: {_shown(values[name])}" for name in rest]


def _shown(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, dt.timedelta):
        return f"{value / dt.timedelta(days=1):.1f} days"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
