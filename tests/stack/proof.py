"""The proof that each live item of the production checklist tells good from bad, as `sabotages.yaml` has it.

Each item is measured on the good system, on the sabotaged one, and after mending. Sabotages that do not disturb each
other are done at the same time, in rounds, and an item is measured again only as long as it is not right.
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
from types import MappingProxyType
from typing import Any

from tests.stack.sabotage import Sabotage, begin, filled, place_files, read_table, tidy
from tests.stack.system import CHECKLIST, System

TABLE = read_table()
BY_ITEM = {item: sabotage for sabotage in TABLE.sabotages for item in sabotage.items}


@dataclass(frozen=True)
class Counts:
    """How the items are measured that count on the system: those of its platforms, and what is watched."""

    live: set[str]
    manual: set[str]


@dataclass
class Proof:
    """What each item said: on the good system, on the sabotaged one, and after mending."""

    good: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: dict[str, dict[str, Any]] = field(default_factory=dict)
    mended: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: float = 0

    def wrong(self, item: str) -> str:
        """What was not as it should be, in words; nothing when the item is proven."""
        if not _good(item, self.good[item]):
            return f"on the good system: {_message(self.good[item])}"
        if not _noticed(item, self.broken[item]):
            about, words = BY_ITEM[item].about, BY_ITEM[item].items[item]
            return f"{about} It should say {words!r}, and said: {_message(self.broken[item])}"
        if not _good(item, self.mended[item]):
            return f"after mending: {_message(self.mended[item])}"
        return ""


def prove(stack: System, asked: set[str]) -> Proof:
    """Prove these items: of one alone, only its own sabotage is done."""
    place_files(stack)
    sabotages = [each for each in TABLE.sabotages if asked & set(each.items)]
    began, proof = time.monotonic(), Proof()
    with ExitStack() as prepared, ThreadPoolExecutor(8) as pool:
        for each in sabotages:
            prepared.enter_context(begin(stack, each.prepare))
        proof.good = _until(stack, _items_of(sabotages, asked), _good, within=0)
        for number in sorted({each.round for each in sabotages}):
            together = [each for each in sabotages if each.round == number]
            here = _items_of(together, asked)
            # Figures need a while to be collected; what needs them has its round last.
            proof.good |= _until(stack, [item for item in here if not _good(item, proof.good[item])], _good)
            with _done(stack, together, pool) as failed:
                done = [each for each in together if each.id not in failed]
                for said in pool.map(lambda way: _until(stack, *way), _ways(stack, done, asked)):
                    proof.broken |= said
            for each in together:
                if each.id in failed:
                    said = {"result": "NOT SABOTAGED", "summary": failed[each.id]}
                    proof.broken |= dict.fromkeys(each.items, said)
            proof.mended |= _until(stack, here, _good)
    proof.seconds = time.monotonic() - began
    return proof


def count(stack: System) -> Counts:
    """What the checklist says of its items, wired to the system."""

    def items(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        if node["level"] == "item":
            yield node
        elif not node.get("excluded"):
            for child in node["children"]:
                yield from items(child)

    shown = json.loads(cockpit(stack, "show", CHECKLIST, "--json"))
    modes = {item["id"]: item["mode"] for part in [*shown["parts"], *shown["watch"]] for item in items(part)}
    live = {item for item, mode in modes.items() if mode in {"live", "both"}}
    return Counts(live, set(modes) - live)


def cockpit(stack: System, command: str, *words: object, **environment: str) -> str:
    """What a command prints about the production checklist, wired to the system."""
    more = {name: filled(stack, value) for name, value in TABLE.variables.items()}
    options = (part for name, value in (stack.variables() | more).items() for part in ("--var", f"{name}={value}"))
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(stack.folder), "LC_ALL": "C.UTF-8", **stack.environment()}
    environ["PROBE_PASSWORD"] = stack.secrets["probe_password"]
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", command, *map(str, words), *options],
        cwd=CHECKLIST.parents[1], env=environ | environment, capture_output=True, timeout=120, check=False, text=True,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.stdout


# --- Details ---


@contextmanager
def _done(stack: System, together: Iterable[Sabotage], pool: ThreadPoolExecutor) -> Iterator[dict[str, str]]:
    """All of these done at the same time; gives why some could not be. At the end all mended, whatever happens."""
    started = {each.id: pool.submit(begin, stack, each.acts) for each in together}
    wait(started.values())
    try:
        yield {name: str(each.exception()) for name, each in started.items() if each.exception() is not None}
    finally:
        mending = [pool.submit(each.result().close) for each in started.values() if each.exception() is None]
        wait(mending)
        for each in mending:
            each.result()


def _items_of(sabotages: Iterable[Sabotage], asked: set[str]) -> list[str]:
    return [item for each in sabotages for item in each.items if item in asked]


_Right = Callable[[str, Mapping[str, Any]], bool]


def _ways(
    stack: System, together: Iterable[Sabotage], asked: set[str]
) -> Iterator[tuple[list[str], _Right, dict[str, str]]]:
    """What is measured at once: those of one environment."""
    ways: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for each in together:
        ways.setdefault(tuple(each.environment.items()), []).extend(_items_of([each], asked))
    for environment, items in ways.items():
        yield items, _noticed, _given(stack, dict(environment))


def _until(
    stack: System,
    items: list[str],
    right: _Right,
    environment: Mapping[str, str] = MappingProxyType({}),
    within: float = 75,
) -> dict[str, dict[str, Any]]:
    """What items say, measured until each is right or the time is over: figures need a moment to be collected."""
    ends = time.monotonic() + within
    said: dict[str, dict[str, Any]] = {}
    left = items
    while left:
        said |= _measured(stack, left, environment)
        left = [item for item in items if not right(item, said.get(item, {}))]
        if time.monotonic() > ends:
            break
        time.sleep(0.3)
    return said


def _measured(stack: System, items: Iterable[str], environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    alone = [item for item in items if item in TABLE.alone]
    said: dict[str, dict[str, Any]] = {}
    for together in ([item for item in items if item not in alone], *([item] for item in alone)):
        if together:
            report = json.loads(cockpit(stack, "check", CHECKLIST, *together, "--format", "json", **environment))
            said |= {each["item"]: each for each in report["results"] if each["item"] in together}
    for item in alone:
        tidy(stack, item)
    return said


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
