"""TLS certificates: reading one, and saying what is wrong with one that was refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    serial: str
    """Hexadecimal, in lower case."""
    fingerprint: str
    """SHA-256 of the whole certificate, hexadecimal, in lower case."""
    key: str
    """`RSA 2048`, `EC secp256r1`, `Ed25519`."""
    self_signed: bool


@functools.lru_cache(maxsize=1024)
def read(der: bytes) -> Certificate:
    """What the certificate in `der` says. Raises ValueError."""
    from cryptography import x509  # noqa: PLC0415 - heavy, and needed only where TLS is measured
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - as above

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
        f"{certificate.serial_number:x}",
        certificate.fingerprint(hashes.SHA256()).hex(),
        _key(certificate.public_key()),
        certificate.subject == certificate.issuer,
    )


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


def _key(key: Any) -> str:
    """Kind and size of a key."""
    size = key.curve.name if hasattr(key, "curve") else getattr(key, "key_size", "")
    return f"{type(key).__name__.removesuffix('PublicKey')} {size}".strip()


def _span(span: dt.timedelta) -> str:
    """A past time in words: `9 days`, `3 hours`, `1 minute`."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count = int(span.total_seconds() // size)
        if count:
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "a moment"
