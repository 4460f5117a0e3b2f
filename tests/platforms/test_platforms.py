"""Each item of the production checklist that asks a platform: it passes on a platform on which all is well, fails on one
that is sabotaged, naming the cause, and passes again after mending.

Docker and Prometheus are real, Kubernetes is a real control plane where there is one, AWS is emulated by moto where it is
wanted. Answers of Azure, of DigitalOcean and, everywhere, of AWS are played by a stand-in for the cloud's program.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Sequence
from typing import Any

import pytest

from cockpit.checklist.load import load
from cockpit.checklist.model import Branch, Document
from cockpit.checklist.shipped import resolve
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values
from cockpit.journal.event import CheckMeasured
from tests.platforms.conftest import Platform, table

TABLES = {
    "docker": "docker",
    "kubernetes": "kubernetes",
    "kubernetes_played": "kubernetes",
    "aws_emulated": "aws",
    "aws_recorded": "aws",
    "azure": "azure",
    "digitalocean": "digitalocean",
}
"""Fixture to the file with its sabotages."""

ASKS_A_PLATFORM = ("kubernetes", "cloud")
"""Kinds of check whose items are tried here wherever they stand: the sample system has no such platform."""

SERVERS = ("docker", "kubernetes", "aws_emulated")

PLAYED_ONLY = ("kubernetes_played",)
"""What a real server is tried with is not played beside it."""


def _tried(platform: str, row: dict[str, Any]) -> bool:
    """Whether a row is for this platform: one with an `answer` is never for a server, and most servers have no double."""
    return "answer" in row if platform in PLAYED_ONLY else platform not in SERVERS or "answer" not in row


CASES = [
    pytest.param(platform, item, id=f"{platform}: {item}", marks=[pytest.mark.server] if platform in SERVERS else [])
    for platform, name in TABLES.items()
    for item, row in table(name)["items"].items()
    if _tried(platform, row)
]


@pytest.mark.parametrize(("platform", "item"), CASES)
def test_a_platform_item_passes_when_well_fails_when_sabotaged_and_passes_when_mended(
    platform: str, item: str, request: pytest.FixtureRequest
) -> None:
    where: Platform = request.getfixturevalue(platform)
    row = table(TABLES[platform])["items"][item]
    if platform not in SERVERS:
        where.mend(item, row)
    assert _told(where, item, "PASS")
    where.measured(item, False)
    where.spoil(item, row)
    try:
        said = _told(where, item, "FAIL", row["words"])
        where.measured(item, True)
    finally:
        where.mend(item, row)
    assert [words for words in row["words"] if words not in said] == [], said
    assert _told(where, item, "PASS")


def test_every_platform_item_that_is_measured_is_tried() -> None:
    tables = [table(file)["variables"] for file in TABLES.values()]
    given = {name: "http://x" if "$" in str(value) else str(value) for each in tables for name, value in each.items()}
    document = _document({**given, "platforms": "aws, azure, digitalocean, docker-kubernetes"})
    part = next(part for part in document.parts if part.id == "platform-specific")
    sections = [section for section in part.children if isinstance(section, Branch)]
    live = {item.id for section in sections for item in section.items() if item.check}
    elsewhere = {item.id for item in document.items() if item.check and item.check.kind in ASKS_A_PLATFORM} - live
    assert live | elsewhere == {item for file in TABLES.values() for item in table(file)["items"]}
    assert sum(len(list(section.items())) for section in sections) == 40
    print(f"{len(live)} of 40 platform items are measured, and {len(elsewhere)} besides, and proven both ways")


def _document(variables: dict[str, str]) -> Document:
    return _loaded(tuple(variables.items()))


@functools.cache
def _loaded(variables: tuple[tuple[str, str], ...]) -> Document:
    """Loading it takes longer than measuring an item."""
    return load(resolve("production"), kinds=kinds(), given=dict(variables), environ={}).document


def _told(platform: Platform, item: str, result: str, words: Sequence[str] = ()) -> str:
    """What a check says as soon as it has this result and says these words, or at last without them.

    A server needs a while to see what happened to it.
    """
    document = _document(platform.variables)
    ends = time.monotonic() + 30
    while (found := asyncio.run(_measured(document, item))).result != result:
        assert time.monotonic() < ends, found
        time.sleep(0.2)
    while not all(each in _message(found) for each in words) and time.monotonic() < ends:
        time.sleep(0.2)
        found = asyncio.run(_measured(document, item))
    return _message(found)


async def _measured(document: Document, item_id: str) -> CheckMeasured:
    item = next(item for item in document.items() if item.id == item_id)
    assert item.check, f"{item_id} needs {item.unwired}"
    session = Session()
    try:
        return await measure(item.id, item.check, kinds=kinds(), values=Values(document.variables, {}), session=session)
    finally:
        await session.close()


def _message(found: CheckMeasured) -> str:
    """What a person is shown of a measurement that failed."""
    failed = [finding for finding in found.findings if not finding.holds]
    lines = [
        f"{each.condition}: {', '.join(f'{name} = {value}' for name, value in each.found.items())}" for each in failed
    ]
    return "\n".join([found.summary, *lines, found.evidence])
