"""TLS certificates: reading one, and saying what is wrong with one that was refused."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

EXPIRED, NOT_YET, WRONG_HOST, WRONG_ADDRESS = 10, 9, 62, 64
SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER_HERE, NO_ISSUER = 18, 19, 20, 21
"""Verify results, as OpenSSL numbers them (x509_vfy.h)."""


@dataclass(frozen=True)
class Certificate:
    """What a certificate says."""

    subject: str
    """RFC 4514: `CN=app.example,O=Example`."""
    issuer: str
    names: tuple[str, ...]
    """Host names and addresses that it is for."""
    not_before: dt.datetime
    not_after: dt.datetime


def read(der: bytes) -> Certificate:
    """What the certificate in `der` says. Raises ValueError."""
    from cryptography import x509  # noqa: PLC0415 - heavy, and needed only where TLS is measured

    certificate = x509.load_der_x509_certificate(der)
    names: Sequence[str] = ()
    with contextlib.suppress(x509.ExtensionNotFound):
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = alternatives.get_values_for_type(x509.IPAddress)
        names = [*alternatives.get_values_for_type(x509.DNSName), *map(str, addresses)]
    return Certificate(
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        tuple(names),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


async def presented(address: str, port: int, server_name: str) -> Certificate | None:
    """The certificate that a server shows, without trusting it; None when it shows none that can be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=server_name)
    except OSError:
        return None
    try:
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return read(der) if der else None
    except ValueError:
        return None
    finally:
        writer.transport.abort()


def complaint(code: int, message: str, host: str, certificate: Certificate | None, now: dt.datetime) -> str:
    """Why a certificate was refused, from the result of OpenSSL's verification (`verify_code`, `verify_message`)."""
    refused = f"certificate of {host} refused: {message}"
    if certificate is None:
        return refused
    if code in (WRONG_HOST, WRONG_ADDRESS):
        return f"certificate is for {', '.join(certificate.names) or certificate.subject}, not for {host}"
    if code == EXPIRED and certificate.not_after < now:
        return f"certificate expired {_span(now - certificate.not_after)} ago ({certificate.not_after:%Y-%m-%d})"
    return {
        NOT_YET: f"certificate is valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC on",
        SELF_SIGNED: f"certificate is self-signed ({certificate.subject}): name its file under `ca` to trust it",
    }.get(code) or (
        f"certificate is signed by an unknown authority ({certificate.issuer}): name its file under `ca` to trust it"
        if code in (SELF_SIGNED_IN_CHAIN, NO_ISSUER_HERE, NO_ISSUER)
        else refused
    )


def _span(span: dt.timedelta) -> str:
    """A past time in words: `9 days`, `3 hours`, `1 minute`."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count = int(span.total_seconds() // size)
        if count:
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "a moment"
