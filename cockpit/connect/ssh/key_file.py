"""Private keys in files: whether they are encrypted, and what they sign with."""

from __future__ import annotations

import base64
import binascii
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cockpit.connect.ssh.known_hosts import CERTIFICATE, type_of

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_LARGEST = 64 * 1024


class Signer(Protocol):
    """What signs."""

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> Any:
        """A signature."""


class KeyUnusable(Exception):
    """A key file cannot be used. The message says why, without its name."""


@dataclass(frozen=True)
class KeyFile:
    """A private key that was read."""

    blob: bytes
    """Its public half."""
    signer: Signer


def data_of(path: str) -> bytes:
    """What a private key's file holds. Raises KeyUnusable, FileNotFoundError."""
    file = Path(path)
    try:
        about = file.stat()
        if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO) and stat.S_ISREG(about.st_mode):
            raise KeyUnusable(f"others may read it: `chmod 600 {path}`")
        with file.open("rb") as opened:
            return opened.read(_LARGEST)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeyUnusable(f"it cannot be read: {error.strerror}") from None


def is_encrypted(data: bytes) -> bool:
    """Whether a private key takes a passphrase."""
    data = data.strip()
    if not data.startswith(_OPENSSH):
        return b"BEGIN ENCRYPTED PRIVATE KEY" in data or b"Proc-Type: 4,ENCRYPTED" in data
    try:
        body = base64.b64decode(b"".join(data.splitlines()[1:-1]))
    except binascii.Error:
        return False
    if not body.startswith(_MAGIC):
        return False
    return type_of(body[len(_MAGIC) :]) != "none"


def load(data: bytes, passphrase: str | None = None) -> KeyFile:
    """A private key from what its file holds. Raises KeyUnusable."""
    import io  # noqa: PLC0415 - as below

    import paramiko  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 - heavy

    if is_encrypted(data) and passphrase is None:
        raise KeyUnusable("it is encrypted, and its passphrase was not given: add it to an agent with `ssh-add`")
    secret = passphrase.encode() if passphrase is not None and is_encrypted(data) else None
    read = serialization.load_ssh_private_key if _OPENSSH in data else serialization.load_pem_private_key
    try:
        loaded = read(data, secret)
    except Exception as error:  # noqa: BLE001 - a damaged key may fail in any way
        if secret is not None:
            raise KeyUnusable("its passphrase is wrong, or it is damaged") from None
        raise KeyUnusable(f"it cannot be read as a private key: {error}") from None
    plain = loaded.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()
    kinds: dict[type, type[paramiko.PKey]] = {
        ed25519.Ed25519PrivateKey: paramiko.Ed25519Key,
        ec.EllipticCurvePrivateKey: paramiko.ECDSAKey,
        rsa.RSAPrivateKey: paramiko.RSAKey,
    }
    for kind, ours in kinds.items():
        if isinstance(loaded, kind):
            key = ours.from_private_key(io.StringIO(plain))
            return KeyFile(key.asbytes(), key)
    raise KeyUnusable("it is of a type that is not accepted any more")


def public_blob(path: str) -> bytes:
    """The blob in a `.pub` file, or b"" when there is none."""
    try:
        with Path(path).open("rb") as opened:
            words = opened.read(_LARGEST).split()
        blob = base64.b64decode(words[1], validate=True)
    except (OSError, IndexError, binascii.Error):
        return b""
    return blob if type_of(blob).encode() == words[0] else b""


def certified(certificate: bytes) -> bytes:
    """The blob of the key that a certificate is for, or b"" when it is no certificate."""
    kind = type_of(certificate)
    if not kind.endswith(CERTIFICATE):
        return b""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - heavy

    try:
        read = serialization.load_ssh_public_identity(kind.encode() + b" " + base64.b64encode(certificate))
        assert isinstance(read, serialization.SSHCertificate)
        line = read.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    except Exception:  # noqa: BLE001 - a damaged one is none
        return b""
    return base64.b64decode(line.split()[1])
