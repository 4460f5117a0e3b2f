"""Every live item of the production checklist, both ways: good, broken by its sabotage, and mended.

`sabotages.yaml` is the table. Sabotages that do not disturb each other are done at the same time, in rounds.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.stack.sabotage import Sabotage, begin, filled, place_files, read_table
from tests.stack.system import CHECKLIST, System

pytestmark = [pytest.mark.server, pytest.mark.long]

TABLE = read_table()
SABOTAGES, WITHOUT = TABLE.sabotages, TABLE.without
BY_ITEM = {item: sabotage for sabotage in SABOTAGES for item in sabotage.items}
NOTICED_WITHIN, MENDED_WITHIN = 75, 60
"""Seconds. What is measured over time, and at the full minute, takes longest."""


@dataclass
class Proof:
    """What each item said: on the good system, on the sabotaged one, and after mending."""

    good: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: dict[str, dict[str, Any]] = field(default_factory=dict)
    mended: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: float = 0

    def proven(self, item: str) -> bool:
        """Whether it was right all three times."""
        return _good(item, self.good[item]) and _noticed(item, self.broken[item]) and _good(item, self.mended[item])


@pytest.fixture(scope="module")
def proof(stack: System, request: pytest.FixtureRequest) -> Proof:
    """The proof of the items that this run asks for: of one alone, only its own sabotage is done."""
    asked = {
        node.callspec.params["item"]
        for node in request.session.items
        if isinstance(node, pytest.Function) and node.path == request.path and hasattr(node, "callspec")
    } or set(BY_ITEM)
    return _prove(stack, [each for each in SABOTAGES if asked & set(each.items)], asked)


@pytest.mark.parametrize("item", BY_ITEM)
def test_it_passes_fails_when_sabotaged_naming_the_cause_and_passes_again(proof: Proof, item: str) -> None:
    about = BY_ITEM[item].about
    assert _good(item, proof.good[item]), f"on the good system: {_message(proof.good[item])}"
    assert _noticed(item, proof.broken[item]), f"{about} It said: {_message(proof.broken[item])}"
    assert _good(item, proof.mended[item]), f"after mending: {_message(proof.mended[item])}"


def test_every_item_that_is_live_has_a_sabotage_or_a_reason(stack: System, proof: Proof) -> None:
    shown = json.loads(_cockpit(stack, "show", CHECKLIST, "--json"))
    items = [item for part in [*shown["parts"], *shown["watch"]] for item in _items(part)]
    counted = [item for item in items if not item.get("excluded")]
    live = {item["id"] for item in counted if item["mode"] in {"live", "both"}}
    assert live - set(BY_ITEM) - set(WITHOUT) == set(), "these are live, and no sabotage shows that they can fail"
    assert set(BY_ITEM) - live == set(), "these have a sabotage, and are not live"
    assert not set(BY_ITEM) & set(WITHOUT)
    proven = sum(map(proof.proven, BY_ITEM))
    print(
        f"\n{len(counted)} items count here: {len(live)} live, {proven} of them proven both ways, "
        f"{len(WITHOUT)} with a reason why not, {len(counted) - len(live)} manual; {proof.seconds:.0f} s"
    )
    assert proven == len(BY_ITEM)


# --- The proof ---


def _prove(stack: System, sabotages: list[Sabotage], asked: set[str]) -> Proof:
    place_files(stack)
    began, proof = time.monotonic(), Proof()
    with ExitStack() as prepared, ThreadPoolExecutor(8) as pool:
        for each in sabotages:
            prepared.enter_context(begin(stack, each.prepare))
        items = [item for each in sabotages for item in each.items if item in asked]
        proof.good = _until(stack, items, _good, {}, MENDED_WITHIN)
        for number in sorted({each.round for each in sabotages}):
            together = [each for each in sabotages if each.round == number]
            here = [item for each in together for item in each.items if item in asked]
            with _done(stack, together, pool):
                for said in pool.map(lambda way: _until(stack, *way, NOTICED_WITHIN), _ways(stack, together, asked)):
                    proof.broken |= said
            proof.mended |= _until(stack, here, _good, {}, MENDED_WITHIN)
    proof.seconds = time.monotonic() - began
    return proof


@contextmanager
def _done(stack: System, together: Iterable[Sabotage], pool: ThreadPoolExecutor) -> Iterator[None]:
    """All of these done at the same time; at the end all mended, whatever happens."""
    started = [pool.submit(begin, stack, each.acts) for each in together]
    wait(started)
    try:
        for each in started:
            each.result()
        yield
    finally:
        done = [each.result() for each in started if each.exception() is None]
        mending = [pool.submit(each.close) for each in done]
        wait(mending)
        for each in mending:
            each.result()


_Right = Callable[[str, Mapping[str, Any]], bool]


def _ways(
    stack: System, together: Iterable[Sabotage], asked: set[str]
) -> Iterator[tuple[list[str], _Right, dict[str, str]]]:
    """What is measured at once: those of one environment."""
    ways: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for each in together:
        ways.setdefault(tuple(each.environment.items()), []).extend(item for item in each.items if item in asked)
    for environment, items in ways.items():
        if items:
            yield items, _noticed, _given(stack, dict(environment))


def _until(
    stack: System,
    items: list[str],
    right: _Right,
    environment: Mapping[str, str],
    within: float,
) -> dict[str, dict[str, Any]]:
    """What items say, measured until each is right or the time is over: figures need a moment to be collected."""
    ends = time.monotonic() + within
    said: dict[str, dict[str, Any]] = {}
    left = items
    while True:
        report = json.loads(_cockpit(stack, "check", CHECKLIST, *left, "--format", "json", **environment))
        said |= {each["item"]: each for each in report["results"] if each["item"] in left}
        left = [item for item in items if not right(item, said.get(item, {}))]
        if not left or time.monotonic() > ends:
            return said
        time.sleep(0.3)


def _cockpit(stack: System, command: str, *words: object, **environment: str) -> str:
    more = {name: filled(stack, value) for name, value in TABLE.variables.items()}
    options = (part for name, value in (stack.declared() | more).items() for part in ("--var", f"{name}={value}"))
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(stack.folder), "LC_ALL": "C.UTF-8", **stack.environment()}
    environ["PROBE_PASSWORD"] = stack.secrets["probe_password"]
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", command, *map(str, words), *options],
        cwd=CHECKLIST.parents[1], env=environ | environment, capture_output=True, timeout=120, check=False, text=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.stdout


def _given(stack: System, environment: Mapping[str, str]) -> dict[str, str]:
    """`{NAME}` is what the environment has there; `{NAME/database}`, `{NAME?options}`, `{NAME&options}` change it."""

    def fill(found: re.Match[str]) -> str:
        dsn = stack.environment()[found[1]]
        match found[2][:1]:
            case "/":
                return dsn.replace("/trading_bot?", f"{found[2]}?")
            case "?":
                return dsn.partition("?")[0] + found[2]
            case _:
                return dsn + found[2]

    return {name: re.sub(r"\{([A-Z_]+)([^}]*)\}", fill, text) for name, text in environment.items()}


def _good(item: str, said: Mapping[str, Any]) -> bool:
    return said.get("result") == "PASS"


def _noticed(item: str, said: Mapping[str, Any]) -> bool:
    """Whether an item says that it is sabotaged, and by what."""
    right = said.get("result") in _results(item)
    return right and re.search(BY_ITEM[item].items[item], _message(said), re.DOTALL) is not None


def _results(item: str) -> set[str]:
    """FAIL; WARN where that is meant; ERROR where a sabotage leaves nothing to be measured, and the check says so."""
    return {"WARN"} if item in BY_ITEM[item].warns else {"FAIL", "ERROR"}


def _message(said: Mapping[str, Any]) -> str:
    """What a person reads of it: the summary, and each condition that does not hold with what was found."""
    failed = [
        f"{each['condition']} ({', '.join(f'{name}: {value}' for name, value in each['found'].items())})"
        for each in said.get("findings", [])
        if not each["holds"]
    ]
    return "; ".join([f"{said.get('result')}: {said.get('summary')}", *failed])


def _items(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if node["level"] == "item":
        yield node
    elif not node.get("excluded"):
        for child in node["children"]:
            yield from _items(child)
