"""Who somebody is, as the kernel says: for this process, and for the one at the other end of a Unix socket."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from pathlib import Path

from cockpit.journal.event import Actor
from cockpit.text import safe_line


def myself(*, engine: bool = False) -> Actor:
    """The user of this process, its terminal, and where its SSH session came from."""
    return _actor(os.getpid(), os.geteuid(), engine=engine)


def peer(connection: socket.socket) -> Actor:
    """Whoever connected: user from SO_PEERCRED, terminal and SSH origin from that process.

    A process of another user keeps its environment to itself: then the origin stays empty.
    """
    size = struct.calcsize("3i")
    pid, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return _actor(pid, uid)


def same_person(one: Actor, other: Actor) -> bool:
    """Whether two sessions are taken for the same person's: the same user, coming from the same place.

    People who share an account are told apart by where they come from.
    """
    return (one.uid, one.host, one.origin) == (other.uid, other.host, other.origin)


def _actor(pid: int, uid: int, *, engine: bool = False) -> Actor:
    return Actor(
        user=_user(uid),
        uid=uid,
        host=safe_line(socket.gethostname(), width=80),
        tty="" if engine else _terminal(pid),
        origin="" if engine else _ssh_origin(pid),
        engine=engine,
    )


def _user(uid: int) -> str:
    try:
        return safe_line(pwd.getpwuid(uid).pw_name, width=40)
    except KeyError:
        return f"uid {uid}"


def _terminal(pid: int) -> str:
    """The controlling terminal, as `ps` names it (proc(5): field 7 of stat, device numbers of pseudo-terminals)."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        device = int(after_name[4])
    except (OSError, IndexError, ValueError):
        return ""
    major, minor = os.major(device), os.minor(device)
    if 136 <= major <= 143:
        return f"pts/{(major - 136) * 256 + minor}"
    return f"tty{minor}" if major == 4 else ""


def _ssh_origin(pid: int) -> str:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    for entry in environment:
        if entry.startswith(b"SSH_CONNECTION="):
            return safe_line(entry.partition(b"=")[2].split(b" ")[0], width=60)
    return ""
