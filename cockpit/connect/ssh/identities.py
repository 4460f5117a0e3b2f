"""What to log in with: keys of the agent, keys in files, and certificates for them, in the order of ssh_config(5)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.connect.ssh import key_file
from cockpit.connect.ssh.agent import Agent, AgentFailed, Held
from cockpit.connect.ssh.key_file import KeyFile, KeyUnusable, Signer
from cockpit.connect.ssh.known_hosts import CERTIFICATE, fingerprint, type_of
from cockpit.connect.ssh.settings import Settings


@dataclass(frozen=True)
class Identity:
    """A key, or a certificate with its key, to offer. It is what paramiko takes for a key."""

    name: str
    """`/home/ada/.ssh/id_ed25519`, `ada@bastion of the agent`."""
    key_blob: bytes
    """What is offered."""
    signer: Signer = field(repr=False)

    @property
    def key_type(self) -> str:
        """`ssh-ed25519`, `ssh-ed25519-cert-v01@openssh.com`."""
        return type_of(self.key_blob)

    @property
    def public_blob(self) -> Identity:
        """Where paramiko looks for type and blob."""
        return self

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> Any:
        """A signature."""
        return self.signer.sign_ssh_data(data, (algorithm or self.key_type).partition("-cert-v01@")[0])

    def __str__(self) -> str:
        if self.key_type.endswith(CERTIFICATE):
            return f"{self.name} (certificate, {fingerprint(key_file.certified(self.key_blob))})"
        return f"{self.name} ({self.key_type} {fingerprint(self.key_blob)})"


@dataclass
class Identities:
    """What there is to log in with at one host."""

    offered: list[Identity]
    missing: list[str]
    """What cannot be offered, and why."""


class Keyring:
    """Private keys that were read, so that each is read and decrypted once. For threads; blocks."""

    def __init__(self, passphrases: Mapping[str, str] | None = None) -> None:
        """Decrypt keys with `passphrases`, by path."""
        self._passphrases = passphrases or {}
        self._read: dict[str, tuple[tuple[int, int], KeyFile]] = {}
        self._lock = threading.Lock()

    def identities(self, settings: Settings, agent: Agent | None) -> Identities:
        """What to offer a host. Raises nothing: what cannot be had is named in `missing`."""
        offered: list[Identity] = []
        missing: list[str] = []
        held = _held(agent, missing)
        files = {path: _public(path) for path in settings.identity_files}
        named = {blob for blob in files.values() if blob}
        by_key: dict[bytes, tuple[str, Signer]] = {}
        for each in held:
            plain = key_file.certified(each.blob) or each.blob
            if agent is not None and (plain in named or not settings.identities_only):
                name = f"{each.comment or 'a key'} of the agent"
                signer = _AgentSigner(agent, each.blob)
                by_key.setdefault(plain, (name, signer))
                offered.append(Identity(name, each.blob, signer))
        offered.sort(key=lambda identity: (key_file.certified(identity.key_blob) or identity.key_blob) not in named)
        for path, blob in files.items():
            if blob not in by_key and (read := self._file(path, missing)) is not None:
                by_key[read.blob] = (path, read.signer)
                offered.append(Identity(path, read.blob, read.signer))
        for certificate in _certificates(settings):
            holder = by_key.get(key_file.certified(certificate))
            if holder is not None and all(identity.key_blob != certificate for identity in offered):
                at = next(n for n, identity in enumerate(offered) if identity.name == holder[0])
                offered.insert(at, Identity(holder[0], certificate, _plain(holder[1], certificate)))
        return Identities(offered, missing)

    def _file(self, path: str, missing: list[str]) -> KeyFile | None:
        try:
            if path.endswith(".pub"):
                raise KeyUnusable("the agent does not hold its private half")  # noqa: TRY301 - told as the others are
            about = Path(path).stat()
            age = (about.st_mtime_ns, about.st_size)
            with self._lock:
                known = self._read.get(path)
                if known is None or known[0] != age:
                    known = self._read[path] = (age, key_file.load(key_file.data_of(path), self._passphrases.get(path)))
                return known[1]
        except FileNotFoundError:
            return None
        except (KeyUnusable, OSError) as error:
            missing.append(f"{path}: {error}")
            return None


def connected(path: str, missing: list[str]) -> Agent | None:
    """The agent that listens at `path`, if there is one; why it cannot be had is added to `missing`."""
    try:
        return Agent(path) if path else None
    except AgentFailed as error:
        missing.append(str(error))
        return None


def encrypted(settings: Iterable[Settings]) -> list[str]:
    """The key files that would be offered, are encrypted, and are not held by an agent. Blocks."""
    found: dict[str, None] = {}
    for each in settings:
        agent = connected(each.agent, [])
        held = _held(agent, [])
        if agent is not None:
            agent.close()
        kept = {key_file.certified(key.blob) or key.blob for key in held}
        for path in each.identity_files:
            try:
                data = key_file.data_of(path)
            except (KeyUnusable, FileNotFoundError):
                continue
            if key_file.is_encrypted(data) and _public(path) not in kept:
                found[path] = None
    return list(found)


@dataclass(frozen=True)
class _AgentSigner:
    agent: Agent
    blob: bytes

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> bytes:
        return self.agent.sign(self.blob, data, algorithm or "")


def _plain(signer: Signer, certificate: bytes) -> Signer:
    """Who signs for a certificate on disk: the key itself, wherever it is held."""
    if isinstance(signer, _AgentSigner):
        return _AgentSigner(signer.agent, key_file.certified(certificate))
    return signer


def _held(agent: Agent | None, missing: list[str]) -> list[Held]:
    try:
        return agent.held() if agent is not None else []
    except AgentFailed as error:
        missing.append(str(error))
        return []


def _public(path: str) -> bytes:
    """The public half of an IdentityFile, which may name that itself."""
    return key_file.public_blob(path if path.endswith(".pub") else f"{path}.pub")


def _certificates(settings: Settings) -> list[bytes]:
    paths = [*settings.certificate_files, *(f"{path}-cert.pub" for path in settings.identity_files)]
    return [blob for path in paths if (blob := key_file.public_blob(path))]
