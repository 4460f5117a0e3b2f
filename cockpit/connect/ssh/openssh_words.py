"""What OpenSSH's client says, in our words."""

from __future__ import annotations

import re
from collections.abc import Sequence

_CHANGED = (
    "the host key of {where} has changed{shown}{known}; somebody may be in between. Compare with what the host's"
    " administrator says, and only then replace that line"
)
_UNKNOWN = (
    "the host key of {where} is not known: there is none for {0} in known_hosts. Get it with `ssh-keyscan`, compare its"
    " fingerprint with what the host's administrator says, and only then add it to known_hosts"
)
_DENIED = (
    "{0} does not let us in; it accepts {1}, and OpenSSH had no key that it took (keys that are encrypted must be in an"
    " agent)"
)
_WORDS: Sequence[tuple[str, str]] = (
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED", _CHANGED),
    (r"No \S+ host key is known for (\S+)", _UNKNOWN),
    (
        r"marked as revoked|Host key .*revoked",
        "the host key of {where} is revoked in known_hosts: ask its administrator",
    ),
    (r"Host key verification failed", "the host key of {where} is refused"),
    (r"Certificate invalid: (.*)", "the host certificate of {where} is refused: {0}"),
    (r"(\S+): Permission denied \(([^)]*)\)", _DENIED),
    (r"Could not resolve hostname ([^:\s]+)", "name not found: {0}"),
    (r"connect to host (\S+) port (\d+): Connection refused", "connection refused by {0}:{1}"),
    (r"connect to host (\S+) port (\d+): Connection timed out", "timed out connecting to {0}:{1}"),
    (r"connect to host (\S+) port (\d+): (.*)", "cannot connect to {0}:{1}: {2}"),
    (r"[Tt]imed out during banner exchange", "timed out waiting for the SSH banner of {where}"),
    (r"Timeout, server (\S+) not responding", "{where} does not answer any more: the connection was given up"),
    (r"kex_exchange_identification: (.*)", "the server of {where} hung up before it said a word: {0}"),
    (r"Unable to negotiate with .*: (no matching [^.]*)", "no agreement with {where}: {0}"),
    (r"Too many authentication failures", "{where} hung up: too many keys were offered; set IdentitiesOnly"),
    (r"stdio forwarding failed", "{where} cannot be reached from the host before it"),
)


def ended(said: str, where: str) -> str:
    """Why a connection was not made or ended, from all that the client printed."""
    for pattern, words in _WORDS:
        if match := re.search(pattern, said):
            return words.format(*match.groups(), where=where, shown=_shown(said), known=_known(said))
    lines = [line for line in said.strip().splitlines() if not line.startswith(("debug", "OpenSSH_"))]
    return f"the connection to {where} was lost{f': {lines[-1].strip()}' if lines else ''}"


def not_forwarded(said: str) -> str:
    """Why a connection from the host to elsewhere was not made, from what the client printed of it."""
    found = re.findall(r"open failed: (?:connect failed: )?(.*)", said)
    reason = found[-1].strip().lower() if found else "no reason given"
    return f"{reason} (AllowTcpForwarding, PermitOpen)" if "prohibited" in reason else reason


def _shown(said: str) -> str:
    match = re.search(r"The fingerprint for the (\S+) key sent by the remote host is\s+(SHA256:[\w+/]+)", said)
    return f": it shows {match[1]} {match[2]}" if match else ""


def _known(said: str) -> str:
    match = re.search(r"Offending (\S+) key in (\S+)", said)
    return f", {match[2]} has another" if match else ""
