"""Whether a server is who it should be: the key or the certificate that it shows, judged by what is known of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cockpit.connect.ssh.known_hosts import CERTIFICATE, Entry, about, fingerprint, key_types, type_of, without_port

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization import SSHCertificate

ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""How a server may sign, the best first; not with SHA-1 (`ssh-rsa`) and not with DSA."""


class Distrusted(Exception):
    """The host key was refused. The message says why, and what to do."""


@dataclass(frozen=True)
class HostKeys:
    """What is known of one host."""

    host: str
    port: int
    where: str
    """The host as people are told of it: `app1 (10.0.0.5:22)`."""
    known: tuple[Entry, ...]
    """The entries that are about it."""
    elsewhere: tuple[Entry, ...] = ()
    """Keys that are known for it at the usual port, when it has another."""
    files: tuple[str, ...] = ()
    """Where it was looked for."""
    alias: str = ""
    skipped: tuple[str, ...] = field(default=())
    """Places of lines that could not be read."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What to ask the server to show: what it is known by comes first, or it would seem to be another."""
        kinds = list(key_types([*self.known, *self.elsewhere]))
        first = [name for name in ALGORITHMS if _key_type(name) in kinds]
        plain = [*first, *(name for name in ALGORITHMS if name not in first)]
        certified = any(entry.marker == "cert-authority" for entry in self.known)
        return tuple([name + CERTIFICATE for name in ALGORITHMS] if certified else []) + tuple(plain)

    def judge(self, shown: bytes, now: float | None = None) -> None:
        """Accept the key or certificate that the server shows and has proved to hold. Raises Distrusted."""
        if type_of(shown).endswith(CERTIFICATE):
            certificate, key = _read(shown, self.where)
            self._refuse_revoked(key)
            if self._certified(certificate, time.time() if now is None else now):
                return
            shown = key
        self._refuse_revoked(shown)
        known = [entry for entry in self.known if not entry.marker]
        if any(entry.key == shown for entry in (*known, *self.elsewhere)):
            return
        if same := [entry for entry in known if entry.key_type == type_of(shown)]:
            raise Distrusted(self._changed(shown, same[0]))
        raise Distrusted(self._unknown(shown, known))

    def _refuse_revoked(self, key: bytes) -> None:
        for entry in self.known:
            if entry.marker == "revoked" and entry.key == key:
                raise Distrusted(
                    f"the host key of {self.where} is revoked in {entry.place} ({_named(key)}): whoever holds it may be"
                    " an impostor; ask the host's administrator"
                )

    def _certified(self, certificate: SSHCertificate, now: float) -> bool:
        """Whether an authority that is known has signed it. Raises Distrusted when it has, but not for this host."""
        authority = _signer(certificate)
        self._refuse_revoked(authority)
        entry = next((each for each in self.known if each.marker == "cert-authority" and each.key == authority), None)
        if entry is None:
            return False
        problem = _problem(certificate, self.alias or self.host, now)
        if problem:
            raise Distrusted(
                f"the host certificate of {self.where} is refused: {problem}; it is signed by the authority of"
                f" {entry.place}, whose administrator can issue another"
            )
        return True

    def _changed(self, shown: bytes, entry: Entry) -> str:
        return (
            f"the host key of {self.where} has changed: it shows {_named(shown)}, but {entry.place} has"
            f" {_named(entry.key)}; ask the host's administrator which is right before you replace that line"
        )

    def _unknown(self, shown: bytes, known: Sequence[Entry]) -> str:
        others = f" (and {len(self.files) - 1} more)" if len(self.files) > 1 else ""
        none = f"there is none for {self._name} in {self.files[0]}{others}" if self.files else "no file is looked at"
        has = "; ".join(f"{entry.place} has {_named(entry.key)}" for entry in known[:2])
        port = f" -p {self.port}" if self.port != 22 else ""
        skipped = f"; not read: {', '.join(self.skipped[:2])}" if self.skipped else ""
        return (
            f"the host key of {self.where} is not known: it shows {_named(shown)}, and {has or none}; compare with the"
            f" host's administrator, then add it (`ssh-keyscan{port} {self.host}`){skipped}"
        )

    @property
    def _name(self) -> str:
        """The host as known_hosts names it."""
        return self.alias or (self.host if self.port == 22 else f"[{self.host}]:{self.port}")


def host_keys(
    entries: Sequence[Entry],
    host: str,
    port: int,
    where: str,
    *,
    alias: str,
    files: Sequence[str],
    skipped: Sequence[str],
) -> HostKeys:
    """What `entries` say of a host."""
    known = about(entries, host, port, alias)
    elsewhere = without_port(entries, host) if port != 22 and not alias else ()
    return HostKeys(host, port, where, known, elsewhere, tuple(files), alias, tuple(skipped))


def _key_type(algorithm: str) -> str:
    return "ssh-rsa" if algorithm.startswith("rsa-") else algorithm


def _named(key: bytes) -> str:
    return f"{type_of(key)} {fingerprint(key)}"


def _read(shown: bytes, where: str) -> tuple[SSHCertificate, bytes]:
    """A certificate, and the key that it is for. Raises Distrusted."""
    import base64  # noqa: PLC0415 - as below

    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy

    try:
        line = type_of(shown).encode() + b" " + base64.b64encode(shown)
        certificate = serialization.load_ssh_public_identity(line)
        if not isinstance(certificate, serialization.SSHCertificate):
            raise ValueError("it is none")  # noqa: TRY301 - told as the others are
        return certificate, _blob(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Distrusted(
            f"the host certificate of {where} cannot be read ({error}): `client: openssh` may be able to"
        ) from None


def _signer(certificate: SSHCertificate) -> bytes:
    return _blob(certificate.signature_key())


def _blob(key: object) -> bytes:
    import base64  # noqa: PLC0415 - as below

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - heavy

    text: bytes = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)  # type: ignore[attr-defined]
    return base64.b64decode(text.split()[1])


def _problem(certificate: SSHCertificate, host: str, now: float) -> str:
    """What is wrong with a certificate (PROTOCOL.certkeys of OpenSSH) for `host`; nothing when it is good.

    Stricter than OpenSSH in one thing: a certificate that names no host is good for none.
    """
    from cryptography.hazmat.primitives.serialization import SSHCertificateType  # noqa: PLC0415 - heavy

    principals = [name.decode("utf-8", "replace") for name in certificate.valid_principals]
    since, until = certificate.valid_after, certificate.valid_before
    unknown = ", ".join(name.decode("ascii", "replace") for name in certificate.critical_options)
    problems = {
        "the authority's signature is wrong": not _signed(certificate),
        "the authority signed it with SHA-1, which proves nothing any more": _by_sha1(certificate),
        "it is one for users": certificate.type is not SSHCertificateType.HOST,
        f"it has critical options that are not known ({unknown})": bool(unknown),
        f"it is valid only from {_day(since)} on": now < since,
        f"it expired on {_day(until)}": now >= until,
        f"it is for {', '.join(principals[:5]) or 'no host by name'}, not for {host}": (
            host.lower() not in (name.lower() for name in principals)
        ),
    }
    return next((words for words, found in problems.items() if found), "")


def _signed(certificate: SSHCertificate) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy

    try:
        certificate.verify_cert_signature()
    except InvalidSignature:
        return False
    return True


def _by_sha1(certificate: SSHCertificate) -> bool:
    """Whether its signature is one by RSA with SHA-1: the library takes those too, and tells it nowhere else."""
    return bytes(certificate._inner_sig_type) == b"ssh-rsa"  # noqa: SLF001


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(seconds, 253402300799)))
