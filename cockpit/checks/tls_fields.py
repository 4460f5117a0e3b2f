"""What kinds of check that speak TLS tell about it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from cockpit.checklist.kinds import Field

if TYPE_CHECKING:
    from cockpit.connect.tls import Secured

TLS_FIELDS = (
    Field("version", "string", "`TLSv1.3`, `TLSv1.2`."),
    Field("cipher", "string", "The cipher suite, as OpenSSL calls it: `TLS_AES_256_GCM_SHA384`."),
    Field("alpn", "string", "The protocol that was agreed on; empty when none was: `http/1.1`."),
    Field("verified", "bool", "The certificate is valid now, for this host, and from an authority that is trusted."),
    Field("expires_in", "duration", "Until the server's certificate expires; negative when it has."),
    Field("not_before", "timestamp", "From when on it is valid."),
    Field("not_after", "timestamp", "Until when it is valid."),
    Field("subject", "string", "Whose certificate it is: `CN=api.example.com`."),
    Field("issuer", "string", "Who signed it."),
    Field("names", "list", "Host names and addresses that it is valid for."),
    Field("serial", "string", "Its serial number, hexadecimal."),
    Field("fingerprint", "string", "SHA-256 of it, hexadecimal."),
    Field("key", "string", "Kind and size of its key: `RSA 2048`, `EC secp256r1`."),
    Field("self_signed", "bool", "It names itself as its issuer."),
    Field("chain", "list", "All certificates that were shown, its own first, as maps: subject, issuer, days_left."),
    Field("chain_length", "int", "How many those are: 1 where an intermediate is missing."),
    Field("chain_expires_in", "duration", "Until the first of them expires."),
)


def tls_values(secured: Secured, now: dt.datetime) -> dict[str, Any]:
    """Values for TLS_FIELDS, but for `verified`."""
    values: dict[str, Any] = {"version": secured.version, "cipher": secured.cipher, "alpn": secured.alpn}
    if not secured.chain:
        return values
    own = secured.chain[0]
    return values | {
        "expires_in": own.not_after - now,
        "not_before": own.not_before,
        "not_after": own.not_after,
        "subject": own.subject,
        "issuer": own.issuer,
        "names": list(own.names),
        "serial": own.serial,
        "fingerprint": own.fingerprint,
        "key": own.key,
        "self_signed": own.self_signed,
        "chain": [
            {"subject": one.subject, "issuer": one.issuer, "days_left": (one.not_after - now) / dt.timedelta(days=1)}
            for one in secured.chain
        ],
        "chain_length": len(secured.chain),
        "chain_expires_in": min(one.not_after for one in secured.chain) - now,
    }
