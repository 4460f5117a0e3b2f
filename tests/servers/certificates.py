"""A certificate authority of the suite's own, and the good and bad certificates that it signs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Signs certificates, and keeps them as files."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def file(self) -> Path:
        """The certificate to trust."""
        return self.folder / "authority.pem"

    def sign(self, name: str, *hosts: str, since: dt.timedelta = -DAY, until: dt.timedelta = 30 * DAY) -> Path:
        """A key and certificate in one file, for `hosts`, valid from `since` to `until` as counted from this moment."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = _builder(hosts[0], key, since, until).issuer_name(self.certificate.subject)
        signed = builder.add_extension(alternatives, critical=False).sign(self.key, hashes.SHA256())
        return _write(self.folder / f"{name}.pem", key, signed)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts unless told to."""
    folder = tmp_path_factory.mktemp("authority")
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder("Cockpit Test Authority", key, -DAY, 30 * DAY)
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.issuer_name(_name("Cockpit Test Authority")).add_extension(constraints, critical=True)
    certificate = builder.add_extension(identity, critical=False).sign(key, hashes.SHA256())
    (folder / "authority.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, key, certificate)


def self_signed(folder: Path, host: str) -> Path:
    """A key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([x509.DNSName(host)])
    builder = _builder(host, key, -DAY, 30 * DAY).issuer_name(_name(host)).add_extension(alternatives, critical=False)
    return _write(folder / "self-signed.pem", key, builder.sign(key, hashes.SHA256()))


def _builder(
    name: str, key: ec.EllipticCurvePrivateKey, since: dt.timedelta, until: dt.timedelta
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
