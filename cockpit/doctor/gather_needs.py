"""Finding out what a checklist needs and this machine has; hosts are logged in to only when that is asked for."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.checklist.hosts import destination
from cockpit.checklist.model import Document
from cockpit.checklist.model import Host as Written
from cockpit.checks.plugin import FOLDERS
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Program
from cockpit.connect.routes import HostRoutes
from cockpit.connect.ssh import known_hosts, settings
from cockpit.connect.values import ValueMissing, Values
from cockpit.doctor.needs import Host, Needs, programs
from cockpit.text import safe_line

LOGGED_IN_WITHIN = 20.0
"""Seconds for one host, with all that it is reached through."""


def gather_needs(document: Document, values: Values, meanings: Mapping[str, Any], *, connect: bool) -> Needs:
    """What `document` needs. `meanings` is the model of each kind, by its name; `connect` logs in to each host."""
    return Needs(
        document,
        programs={name: _there(name) for name in sorted(programs(document, meanings))},
        hosts=asyncio.run(_hosts(document, values, connect=connect)),
        can_notify=importlib.util.find_spec("apprise") is not None,
    )


def _there(program: str) -> bool:
    """Whether a program is found, where plugins lie too."""
    return any(shutil.which(program, path=path) for path in (None, os.pathsep.join(FOLDERS)))


async def _hosts(document: Document, values: Values, *, connect: bool) -> tuple[Host, ...]:
    routes = HostRoutes(document.hosts, values)
    try:
        return tuple(await asyncio.gather(*(_host(each, values, routes, connect=connect) for each in document.hosts)))
    finally:
        await routes.close()


async def _host(written: Written, values: Values, routes: HostRoutes, *, connect: bool) -> Host:
    try:
        filled = values.fill({"ssh": written.ssh, "config": written.config})
        found = await settings.ask(destination(str(filled["ssh"])), str(filled["config"]))
        where = f"{found.user}@{found.host}:{found.port}"
        if not connect:
            by_others = bool(found.proxy_command) or written.client == "openssh"
            return Host(written.name, where, known=None if by_others else await asyncio.to_thread(_known, found))
        async with asyncio.timeout(LOGGED_IN_WITHIN):
            await routes.to(written.name).run(Program(("true",)), LOGGED_IN_WITHIN)
    except (Unreachable, ValueMissing, ValueError) as problem:
        return Host(written.name, problem=safe_line(values.redactor(str(problem)), width=300))
    except TimeoutError:
        return Host(written.name, where, f"{where} did not answer within {LOGGED_IN_WITHIN:g} s")
    return Host(written.name, where, connected=True)


def _known(found: settings.Settings) -> bool:
    entries: list[known_hosts.Entry] = []
    for name in found.known_hosts:
        try:
            entries += known_hosts.parse(Path(name).read_text("utf-8", "replace"), name)[0]
        except OSError:
            continue
    return bool(known_hosts.about(entries, found.host, found.port, found.alias))
