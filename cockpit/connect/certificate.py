"""TLS certificates: reading one, and saying what is wrong with one that was refused."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class Verified(enum.IntEnum):
    """How verification came out, as OpenSSL numbers it (x509_vfy.h)."""

    NOT_YET = 9
    EXPIRED = 10
    SELF_SIGNED = 18
    SELF_SIGNED_IN_CHAIN = 19
    NO_ISSUER_HERE = 20
    NO_ISSUER = 21
    WRONG_HOST = 62
    WRONG_ADDRESS = 64


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


def complaint(code: int, message: str, host: str, chain: Sequence[Certificate], now: dt.datetime) -> str:
    """Why a certificate was refused, from the result of OpenSSL's verification (`verify_code`, `verify_message`).

    `chain` is what the server showed, its own certificate first; empty when that could not be read.
    """
    words = f"certificate of {host} refused: {message}"
    if not chain:
        return words
    own = chain[0]
    match code:
        case Verified.WRONG_HOST | Verified.WRONG_ADDRESS:
            words = f"certificate is for {', '.join(own.names) or own.subject}, not for {host}"
        case Verified.EXPIRED:
            words = _expired(chain, now) or words
        case Verified.NOT_YET:
            late = max(chain, key=lambda one: one.not_before)
            words = f"certificate is valid only from {late.not_before:%Y-%m-%d %H:%M} UTC on"
        case Verified.SELF_SIGNED:
            words = f"certificate is self-signed ({own.subject}): name its file under `ca` to trust it"
        case Verified.SELF_SIGNED_IN_CHAIN | Verified.NO_ISSUER_HERE | Verified.NO_ISSUER:
            authority = chain[-1].issuer
            words = f"certificate is signed by an unknown authority ({authority}): name its file under `ca` to trust it"
            if len(chain) == 1:
                words += ", or have the server send the intermediate certificate that it leaves out"
    return words


def _expired(chain: Sequence[Certificate], now: dt.datetime) -> str:
    """Which one expired when; nothing when none of those shown has."""
    first = min(chain, key=lambda one: one.not_after)
    if first.not_after >= now:
        return ""
    which = "certificate" if first is chain[0] else f"certificate of the authority {first.subject}"
    return f"{which} expired {_span(now - first.not_after)} ago ({first.not_after:%Y-%m-%d})"


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
