"""What the SSH configuration says of a host: asked of `ssh -G`, which knows Include and Match and every default."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.checklist.hosts import Destination, destination
from cockpit.connect import local
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Program

ASKED_WITHIN = 10.0
"""Seconds that `ssh -G` may take: `Match exec` runs programs."""

_UNSUPPORTED = {
    "revokedhostkeys": "RevokedHostKeys",
    "knownhostscommand": "KnownHostsCommand",
    "pkcs11provider": "PKCS11Provider",
}
_ALGORITHMS = {
    "kex": "kexalgorithms",
    "ciphers": "ciphers",
    "macs": "macs",
    "keys": "hostkeyalgorithms",
    "pubkeys": "pubkeyacceptedalgorithms",
}
"""What paramiko calls them, and what `ssh -G` does."""


@dataclass(frozen=True)
class Settings:
    """How to reach a host, and what it is believed by."""

    name: str
    """The host as it was asked for."""
    host: str
    port: int
    user: str
    identity_files: tuple[str, ...] = ()
    certificate_files: tuple[str, ...] = ()
    identities_only: bool = False
    agent: str = ""
    """Path of the agent's socket; nothing: none is asked."""
    known_hosts: tuple[str, ...] = ()
    alias: str = ""
    """The name that known_hosts has for it, when that is another (HostKeyAlias)."""
    jumps: tuple[str, ...] = ()
    """Hosts that it is reached through, the nearest to us first."""
    proxy_command: str = ""
    connect_timeout: float = 0.0
    """Seconds; 0: not set."""
    alive_interval: float = 0.0
    """Seconds; 0: not set."""
    alive_count: int = 3
    algorithms: Mapping[str, frozenset[str]] | None = None
    """What is allowed, by the names of _ALGORITHMS; None: everything that is good."""
    unsupported: str = ""
    """A directive that only OpenSSH itself can follow."""


async def ask(asked: Destination, config: str = "") -> Settings:
    """What the configuration says of a host. Raises Unreachable."""
    if shutil.which("ssh") is None:
        raise Unreachable(
            f"the SSH configuration of {asked.host} cannot be read: there is no program `ssh` here"
            " (install the package openssh-client)"
        )
    ended = await local.run(Program(("ssh", "-G", *arguments(asked, config))), ASKED_WITHIN)
    if ended.timed_out:
        raise Unreachable(f"`ssh -G {asked.host}` did not end within {ASKED_WITHIN:g} s: is there a `Match exec`?")
    if ended.status != 0:
        said = ended.errors.decode("utf-8", "replace").strip().splitlines()
        raise Unreachable(f"the SSH configuration of {asked.host} cannot be read: {said[0] if said else 'no reason'}")
    return read(ended.output.decode("utf-8", "replace"), asked.host, os.environ)


def arguments(asked: Destination, config: str = "") -> list[str]:
    """What tells `ssh` whom we mean."""
    return [
        *(("-F", str(Path(config).expanduser())) if config else ()),
        *(("-l", asked.user) if asked.user else ()),
        *(("-p", str(asked.port)) if asked.port else ()),
        "--",
        asked.host,
    ]


def read(printed: str, name: str, environ: Mapping[str, str]) -> Settings:
    """What `ssh -G` printed. Raises Unreachable when it leads nowhere."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in printed.splitlines():
        keyword, _, value = line.strip().partition(" ")
        found[keyword.lower()].append(value.strip())

    def one(keyword: str, default: str = "") -> str:
        value = found[keyword][0] if found[keyword] else default
        return default if value.lower() == "none" else value

    host, port, user = one("hostname", name), int(one("port", "22")), one("user")
    tokens = {**_tokens(name, environ), "h": host, "p": str(port), "r": user, "k": one("hostkeyalias") or name}
    unsupported = next((word for keyword, word in _UNSUPPORTED.items() if one(keyword)), "")
    if one("proxyusefdpass") == "yes":
        unsupported = "ProxyUseFdpass"
    return Settings(
        name=name,
        host=host,
        port=port,
        user=user,
        identity_files=tuple(_path(each, tokens, environ) for each in found["identityfile"] if each != "none"),
        certificate_files=tuple(_path(each, tokens, environ) for each in found["certificatefile"] if each != "none"),
        identities_only=one("identitiesonly") == "yes",
        agent=_agent(found["identityagent"], tokens, environ),
        known_hosts=tuple(
            _path(each, tokens, environ)
            for keyword in ("userknownhostsfile", "globalknownhostsfile")
            for each in _paths(one(keyword))
        ),
        alias=one("hostkeyalias"),
        jumps=tuple(each.strip() for each in one("proxyjump").split(",") if each.strip()),
        proxy_command=_filled(one("proxycommand"), {**tokens, "h": shlex.quote(host), "r": shlex.quote(user)}),
        connect_timeout=float(one("connecttimeout", "0")),
        alive_interval=float(one("serveraliveinterval", "0")),
        alive_count=int(one("serveralivecountmax", "3")),
        algorithms={ours: frozenset(one(theirs).split(",")) for ours, theirs in _ALGORITHMS.items() if one(theirs)},
        unsupported=unsupported,
    )


def jump(written: str) -> Destination:
    """A hop of ProxyJump: `[USER@]HOST[:PORT]` or `ssh://...`. Raises Unreachable."""
    try:
        return destination(written.removeprefix("ssh://").rstrip("/"))
    except ValueError as error:
        raise Unreachable(f"ProxyJump {written!r} {error}") from None


def _agent(written: Sequence[str], tokens: Mapping[str, str], environ: Mapping[str, str]) -> str:
    path = written[0] if written else "SSH_AUTH_SOCK"
    if path == "none":
        return ""
    if path == "SSH_AUTH_SOCK":
        return environ.get("SSH_AUTH_SOCK", "")
    if path.startswith("$") and not path.startswith("${"):
        return environ.get(path[1:], "")
    return _path(path, tokens, environ)


def _paths(written: str) -> list[str]:
    """Several paths in one line; a word that begins none belongs to the one before it, whose name has a space."""
    paths: list[str] = []
    for word in written.split(" "):
        if paths and word and word[0] not in "/~$%":
            paths[-1] += f" {word}"
        elif word:
            paths.append(word)
    return [path for path in paths if path not in ("none", "/dev/null")]


def _path(written: str, tokens: Mapping[str, str], environ: Mapping[str, str]) -> str:
    filled = re.sub(r"\$\{(\w+)\}", lambda use: environ.get(use[1], ""), _filled(written, tokens))
    return str(Path(filled).expanduser())


def _tokens(name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """TOKENS of ssh_config(5) that do not depend on what was found; the hash of the connection (%C) is not known."""
    node = os.uname().nodename
    return {
        "%": "%",
        "d": environ.get("HOME", str(Path("~").expanduser())),
        "i": str(os.getuid()),
        "j": "",
        "L": node.partition(".")[0],
        "l": node,
        "n": name,
        "u": environ.get("USER") or environ.get("LOGNAME", ""),
    }


def _filled(text: str, tokens: Mapping[str, str]) -> str:
    return re.sub("%(.)", lambda use: tokens.get(use[1], use[0]), text)
