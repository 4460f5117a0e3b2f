"""Asking for the passphrases of SSH keys, each once, before anything is measured through a host."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Collection, Iterable

from cockpit.checklist.model import Document, Item
from cockpit.cli import output
from cockpit.journal.folder import RunFolder

TRIES = 3


async def for_items(document: Document, items: Iterable[Item]) -> dict[str, str]:
    """The passphrases that measuring `items` takes, by the path of the key; without a terminal there are none."""
    return await _asked(document, {item.check.via for item in items if item.check is not None and item.check.via})


def for_engine(run: RunFolder) -> dict[str, str]:
    """The passphrases that the engine of `run` takes when it is started now; none when it is there already."""
    from cockpit.journal.lock import holder_of
    from cockpit.journal.reader import JournalUnreadable, read
    from cockpit.run.state import fold

    if holder_of(run) is not None or run.path.stat().st_uid != os.geteuid():
        return {}
    try:
        state = fold(read(run.journal))
    except JournalUnreadable:  # whoever looks at the run is told
        return {}
    if state.closed is not None:
        return {}
    return asyncio.run(_asked(state.document, {host.name for host in state.document.hosts}))


async def _asked(document: Document, names: Collection[str]) -> dict[str, str]:
    if not names:
        return {}
    from cockpit.connect.ssh.passphrases import needed
    from cockpit.connect.values import Values

    paths = await needed(names, document.hosts, Values(document.variables, os.environ))
    if paths and not sys.stdin.isatty():
        output.say(
            f"{' and '.join(paths)} {'is' if len(paths) == 1 else 'are'} encrypted, and there is no terminal to ask for"
            f" the passphrase: add {'it' if len(paths) == 1 else 'them'} to an agent with `ssh-add {' '.join(paths)}`"
        )
        return {}
    given = {path: _ask(path) for path in paths}
    return {path: passphrase for path, passphrase in given.items() if passphrase}


def _ask(path: str) -> str:
    """The passphrase of a key; nothing when whoever is asked has none."""
    from cockpit.connect.ssh.passphrases import opens

    for _ in range(TRIES):
        passphrase = getpass.getpass(f"Passphrase of {path} (empty: do without this key): ")
        if not passphrase:
            break
        if opens(path, passphrase):
            return passphrase
        output.say("that does not open it")
    output.say(f"{path} is not used")
    return ""
