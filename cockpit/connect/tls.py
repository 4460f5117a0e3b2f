"""TLS: what to trust, what a handshake negotiated, and why one failed."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import functools
import os
import ssl
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.connect import certificate, dial
from cockpit.connect.certificate import Certificate
from cockpit.connect.dial import Unreachable
from cockpit.connect.opening import Opened, Phase, open_socket
from cockpit.connect.route import Route
from cockpit.connect.stream import Stream

SECOND_LOOK = 3.0
"""Seconds that reading a refused certificate may take: without it there is still a message, only without its dates."""


@dataclass(frozen=True)
class Trust:
    """Whom to trust, and what to show of oneself."""

    ca: str = ""
    """A file of certificates (PEM) to trust instead of those of the system."""
    verify: bool = True
    cert: str = ""
    """A file (PEM) with our own certificate, and with its key when `key` names no other."""
    key: str = ""
    alpn: tuple[str, ...] = ()
    """Protocols to offer."""
    oldest: ssl.TLSVersion | None = None
    """The oldest version to offer; nothing: what the system's policy allows."""
    newest: ssl.TLSVersion | None = None


@dataclass(frozen=True)
class Secured:
    """What a handshake came to."""

    version: str
    """`TLSv1.3`."""
    cipher: str
    alpn: str
    """The protocol that was agreed on; empty when none was."""
    chain: tuple[Certificate, ...]
    """The certificates that the server showed, its own first. One that cannot be read ends it."""


@dataclass(frozen=True)
class Line:
    """A connection that is ready to be spoken over."""

    stream: Stream
    opened: Opened
    secured: Secured | None
    """None without TLS."""
    handshake: float
    """Seconds of the TLS handshake; 0 without TLS."""


async def open_line(route: Route, host: str, port: int, trust: Trust | None, phase: Phase, *, server_name: str) -> Line:
    """Connect through `route`, and shake hands when there is a `trust`. Raises Unreachable, in words."""
    made = context(trust) if trust is not None else None
    opened = await open_socket(route, host, port, phase)
    stream = await Stream.over(opened.socket)
    if made is None:
        return Line(stream, opened, None, 0.0)
    phase.enter("in the TLS handshake")
    try:
        try:
            negotiated = await stream.start_tls(made, server_name)
            took = phase.enter("after the TLS handshake")
            return Line(stream, opened, secured(negotiated), took)
        except OSError as error:
            raise Unreachable(await refusal(error, opened, server_name, route, phase)) from None
    except BaseException:
        await stream.close()
        raise


def context(trust: Trust) -> ssl.SSLContext:
    """The context for `trust`: made once, since that takes 20 ms, and again when a file was changed.

    Without a `ca` the system's own certificates are such files. Raises Unreachable when a file cannot be read.
    """
    changed = tuple(_changed(name, path) for name in ("ca", "cert", "key") if (path := getattr(trust, name)))
    try:
        return _context(trust, changed if trust.ca else (*changed, *_changed_of_system()))
    except ssl.SSLError as error:
        raise Unreachable(f"the certificates under `ca` cannot be used: {trust.ca}: {_reason(error)}") from None


def secured(tls: ssl.SSLObject) -> Secured:
    """What was negotiated."""
    cipher = tls.cipher()
    version = tls.version() or ""
    version = "TLSv1.0" if version == "TLSv1" else version
    return Secured(version, cipher[0] if cipher else "", tls.selected_alpn_protocol() or "", _chain(tls))


async def refusal(error: OSError, opened: Opened, server_name: str, route: Route, phase: Phase) -> str:
    """Why a handshake failed, in words; a certificate that was refused is looked at again, to say what is in it."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return failure(error, opened.where)
    phase.enter(f"looking again at the certificate of {opened.where}, which was refused: {error.verify_message}")
    shown: Sequence[Certificate] = ()
    with contextlib.suppress(OSError, Unreachable):  # a TimeoutError is an OSError
        async with asyncio.timeout(SECOND_LOOK):
            shown = (await _look(route, opened, server_name)).chain
    return complaint(error, server_name, shown)


def complaint(error: ssl.SSLCertVerificationError, host: str, chain: Sequence[Certificate]) -> str:
    """Why a certificate was refused, in words; `chain` is what was shown."""
    return certificate.complaint(error.verify_code, error.verify_message, host, chain, dt.datetime.now(dt.UTC))


def failure(error: OSError, where: str) -> str:
    """Why TLS failed that did not fail because of the server's certificate."""
    if not isinstance(error, ssl.SSLError):
        return dial.why(error, where) or f"TLS with {where} failed: the connection was closed"
    reason = "the connection was closed" if isinstance(error, ssl.SSLEOFError) else _reason(error)
    hint = next((hint for words, hint in _HINTS.items() if words in reason), "")
    return f"TLS with {where} failed: {reason}{hint}"


_HINTS = {
    "wrong version": " (does this port speak TLS?)",
    "record layer": " (does this port speak TLS?)",
    "certificate required": ": the server demands a certificate of ours, under `cert`",
    "unknown ca": ": the server does not trust our certificate",
}


ANYTHING = Trust(verify=False, oldest=ssl.TLSVersion.MINIMUM_SUPPORTED)
"""Look at whatever there is."""


async def _look(route: Route, opened: Opened, server_name: str) -> Secured:
    """What a server shows, without trusting it. Raises OSError, Unreachable."""
    again = await open_socket(route, opened.address or opened.host, opened.port, Phase())
    stream = await Stream.over(again.socket)
    try:
        return secured(await stream.start_tls(context(ANYTHING), server_name))
    finally:
        await stream.close()


@functools.lru_cache(maxsize=64)
def _context(trust: Trust, _changed: tuple[float | str, ...]) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=Path(trust.ca).expanduser() if trust.ca else None)
    of_system = ssl.get_default_verify_paths()
    if not trust.ca and not of_system.cafile and not of_system.capath:
        import certifi  # noqa: PLC0415 - only where the system has no certificates of its own

        made.load_verify_locations(certifi.where())
    if not trust.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if trust.cert:
        _show(made, trust)
    if trust.alpn:
        made.set_alpn_protocols(list(trust.alpn))
    if trust.oldest is not None or trust.newest is not None:
        _limit(made, trust)
    return made


def _show(made: ssl.SSLContext, trust: Trust) -> None:
    cert, key = Path(trust.cert).expanduser(), Path(trust.key or trust.cert).expanduser()
    try:
        # Without a password of ours the library would ask for one on the terminal.
        made.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        hint = "" if "mismatch" in _reason(error) else " (there is nobody to ask for the password of an encrypted key)"
        raise Unreachable(f"our certificate {trust.cert} cannot be used: {_reason(error)}{hint}") from None


def _limit(made: ssl.SSLContext, trust: Trust) -> None:
    """Offer old versions and ciphers although the policy of the system forbids them: to see them, not to use them."""
    made.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is why they are looked for
        made.minimum_version = trust.oldest or ssl.TLSVersion.MINIMUM_SUPPORTED
        made.maximum_version = trust.newest or ssl.TLSVersion.MAXIMUM_SUPPORTED


def _changed_of_system() -> Iterator[float | str]:
    """Where the certificates are that the system trusts, and when they were changed."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.cafile, paths.capath):
        if path:
            yield path
            with contextlib.suppress(OSError):
                yield Path(path).stat().st_mtime


def _changed(name: str, path: str) -> float:
    """When a file was changed. Raises Unreachable when it cannot be read."""
    try:
        with Path(path).expanduser().open("rb") as file:
            return os.fstat(file.fileno()).st_mtime
    except OSError as error:
        what = {"ca": "the certificates", "cert": "our certificate", "key": "our key"}[name]
        raise Unreachable(f"{what} under `{name}` cannot be read: {path}: {error.strerror or error}") from None


def _chain(tls: ssl.SSLObject) -> tuple[Certificate, ...]:
    chain = []
    for der in _presented(tls):
        try:
            chain.append(certificate.read(der))
        except ValueError:
            break
    return tuple(chain)


def _presented(tls: ssl.SSLObject) -> list[bytes]:
    """The certificates that the server showed. Before Python 3.13 only the object inside tells."""
    if hasattr(tls, "get_unverified_chain"):
        return list(tls.get_unverified_chain() or ())
    inside: Any = getattr(tls, "_sslobj", None)
    if hasattr(inside, "get_unverified_chain"):
        return [one.public_bytes(_DER) for one in inside.get_unverified_chain() or ()]
    own = tls.getpeercert(binary_form=True)
    return [own] if own else []


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


_DER = 2
"""`_ssl.ENCODING_DER`."""
