"""A certificate authority of the suite's own, and the good and bad certificates that it signs."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
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
        builder = _builder(hosts[0], key, since, until).issuer_name(self.certificate.subject)
        signed = builder.add_extension(_alternatives(hosts), critical=False).sign(self.key, hashes.SHA256())
        return _write(self.folder / f"{name}.pem", key, signed)

    def intermediate(self, folder: Path, *, until: dt.timedelta = 30 * DAY) -> Authority:
        """An authority that this one has signed. What it signs is trusted by who is shown its certificate too."""
        return new_authority(folder, "Cockpit Test Intermediate", until, self)

    def shown_with(self, file: Path) -> Path:
        """`file`, which this authority has signed, followed by the authority's own certificate."""
        chain = file.with_suffix(".chain.pem")
        chain.write_bytes(file.read_bytes() + self.file.read_bytes())
        return chain


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts unless told to."""
    return new_authority(tmp_path_factory.mktemp("authority"), "Cockpit Test Authority")


def new_authority(folder: Path, name: str, until: dt.timedelta = 30 * DAY, by: Authority | None = None) -> Authority:
    """An authority that keeps its files in `folder`; `by` has signed its certificate, or it has itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, key, -DAY, until).issuer_name(by.certificate.subject if by else _name(name))
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = builder.add_extension(constraints, critical=True).add_extension(identity, critical=False)
    certificate = builder.sign(by.key if by else key, hashes.SHA256())
    (folder / "authority.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, key, certificate)


def self_signed(folder: Path, host: str) -> Path:
    """A key and a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(host, key, -DAY, 30 * DAY).issuer_name(_name(host))
    builder = builder.add_extension(_alternatives([host]), critical=False)
    return _write(folder / "self-signed.pem", key, builder.sign(key, hashes.SHA256()))


def encrypted_key(folder: Path) -> Path:
    """A key that cannot be read without its password."""
    key, password = ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(b"password")
    file = folder / "encrypted.pem"
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, password))
    return file


def _alternatives(hosts: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_alternative(host) for host in hosts])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


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
