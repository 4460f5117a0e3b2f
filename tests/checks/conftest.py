"""Measuring in a test: one call that does what the engine does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.route import Routes
from cockpit.connect.values import Values
from cockpit.journal.event import CheckMeasured
from tests.servers.web import serving
from tests.support.measuring import Measure, no_values


@pytest.fixture
def measured() -> Measure:
    """Measure one check of a kind, on a session of its own: `measured("http", {"url": ...}, "status == 200")`."""

    def once(
        kind: str,
        spec: dict[str, Any],
        *expect: str,
        values: Values | None = None,
        routes: Routes | None = None,
        **options: Any,
    ) -> CheckMeasured:
        async def run() -> CheckMeasured:
            session = Session(routes)
            try:
                check = Check(kind, spec, expect=expect, **options)
                return await measure("item", check, kinds=kinds(), values=values or no_values(), session=session)
            finally:
                await session.close()

        return asyncio.run(run())

    return once


@pytest.fixture(scope="session")
def web_port() -> Iterator[int]:
    """A port on which a web server refuses whatever is no request, as web servers do."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            await reader.read(1000)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            await writer.drain()

    with serving(refuse) as port:
        yield port
