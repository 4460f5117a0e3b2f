"""Which passphrases have to be asked for before hosts can be reached: once, while somebody is at a terminal."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from cockpit.checklist.hosts import chain
from cockpit.checklist.model import Host
from cockpit.connect.dial import Unreachable
from cockpit.connect.ssh import key_file
from cockpit.connect.ssh.hosts import SshHosts
from cockpit.connect.ssh.identities import encrypted
from cockpit.connect.ssh.key_file import KeyUnusable
from cockpit.connect.thread import in_thread
from cockpit.connect.values import Values


async def needed(names: Iterable[str], hosts: Iterable[Host], values: Values) -> list[str]:
    """The key files that reaching the hosts called `names` takes, that are encrypted and that no agent holds.

    A host whose configuration cannot be read has none: what is wrong with it is told when it is reached. Those that
    OpenSSH's own client reaches have none either, for it can be given no passphrase.
    """
    by_name = {host.name: host for host in hosts}
    all_of_them = SshHosts(by_name.values(), values)
    wanted = dict.fromkeys(host.name for name in names for host in chain(name, by_name))
    found = []
    for name in wanted:
        if by_name[name].client == "paramiko":
            try:
                found += await all_of_them.settings(name)
            except Unreachable:
                continue
    return await in_thread("looking for encrypted keys", functools.partial(encrypted, found))


def opens(path: str, passphrase: str) -> bool:
    """Whether a key opens with a passphrase. Blocks: deriving a key from it takes time on purpose."""
    try:
        key_file.load(key_file.data_of(path), passphrase)
    except (KeyUnusable, FileNotFoundError):
        return False
    return True
