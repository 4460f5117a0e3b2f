"""The proof that each live item of the production checklist tells good from bad, as `sabotages.yaml` has it.

Each item is measured on the good system, on the sabotaged one, and after mending. Sabotages that do not disturb each
other are done at the same time, in rounds, and an item is measured again only as long as it is not right.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

from cockpit.checklist.model import Document
from cockpit.cli.document import load_named
from cockpit.cli.measuring import Measured, once
from cockpit.cli.progress import Progress
from cockpit.cli.selecting import to_measure
from cockpit.journal.event import CheckMeasured
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

    good: dict[str, CheckMeasured] = field(default_factory=dict)
    broken: dict[str, CheckMeasured] = field(default_factory=dict)
    mended: dict[str, CheckMeasured] = field(default_factory=dict)
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
    began, proof, wired = time.monotonic(), Proof(), wire(stack)
    with ExitStack() as prepared, ThreadPoolExecutor(8) as pool:
        for each in sabotages:
            prepared.enter_context(begin(stack, each.prepare))
        proof.good = _until(wired, _items_of(sabotages, asked), _good, within=0)
        for number in sorted({each.round for each in sabotages}):
            together = [each for each in sabotages if each.round == number]
            here = _items_of(together, asked)
            # Figures need a while to be collected; what needs them has its round last.
            proof.good |= _until(wired, [item for item in here if not _good(item, proof.good[item])], _good)
            with _done(stack, together, pool) as failed:
                done = [each for each in together if each.id not in failed]
                for items, environment in _ways(stack, done, asked):
                    proof.broken |= _until(wired, items, _noticed, environment)
            for each in together:
                if each.id in failed:
                    said = CheckMeasured(item="", result="NOT SABOTAGED", summary=failed[each.id])
                    proof.broken |= dict.fromkeys(each.items, said)
            proof.mended |= _until(wired, here, _good)
    proof.seconds = time.monotonic() - began
    return proof


def count(stack: System) -> Counts:
    """What the checklist says of its items, wired to the system."""
    items = [item for item in wire(stack).document.checkable() if not item.excluded]
    live = {item.id for item in items if item.check is not None}
    return Counts(live, {item.id for item in items} - live)


@dataclass(frozen=True)
class Wired:
    """The production checklist, with its variables set to what the system is."""

    stack: System
    document: Document

    def measure(self, items: Sequence[str], environment: Mapping[str, str]) -> dict[str, CheckMeasured]:
        """How each item comes out now, in an environment in which `environment` is otherwise, as `cockpit check` does it.

        It is done in this process: starting another one, dozens of times, takes longer than the measurements.
        """
        measured = Measured(remember=False)
        with _environment(self.stack, environment):
            asyncio.run(once(self.document, to_measure(self.document, items, ""), measured, _Silence(0)))
        return {item: measured.results[item] for item in items}


def wire(stack: System) -> Wired:
    """Wire the checklist to the system as its user would, with the variables that its proof has of its own."""
    given = stack.variables() | {name: filled(stack, value) for name, value in TABLE.variables.items()}
    with _environment(stack, {}):
        return Wired(stack, load_named(str(CHECKLIST), given).document)


# --- Details ---


class _Silence(Progress):
    """Tells nobody: much is meant to fail."""

    def measuring(self, items: frozenset[str]) -> None:
        """Say nothing."""

    def measured(self, result: CheckMeasured) -> None:
        """Say nothing."""


@contextmanager
def _environment(stack: System, other: Mapping[str, str]) -> Iterator[None]:
    """The environment of a user of the system, and nothing of our own, with `other` in it."""
    ours = dict(os.environ)
    user = {"PATH": "/usr/bin:/bin", "HOME": str(stack.folder), "LC_ALL": "C.UTF-8"}
    try:
        os.environ.clear()
        os.environ.update({**user, **stack.environment(), **other})
        yield
    finally:
        os.environ.clear()
        os.environ.update(ours)


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


def _ways(stack: System, together: Iterable[Sabotage], asked: set[str]) -> Iterator[tuple[list[str], dict[str, str]]]:
    """What is measured at once: those of one environment."""
    ways: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for each in together:
        ways.setdefault(tuple(each.environment.items()), []).extend(_items_of([each], asked))
    for environment, items in ways.items():
        yield items, _given(stack, dict(environment))


def _until(
    wired: Wired,
    items: list[str],
    right: Callable[[str, CheckMeasured], bool],
    environment: Mapping[str, str] = MappingProxyType({}),
    within: float = 75,
) -> dict[str, CheckMeasured]:
    """What items say, measured until each is right or the time is over: figures need a moment to be collected."""
    ends = time.monotonic() + within
    said: dict[str, CheckMeasured] = {}
    left = items
    while left:
        said |= _measured(wired, left, environment)
        left = [item for item in items if not right(item, said[item])]
        if time.monotonic() > ends:
            break
        time.sleep(0.3)
    return said


def _measured(wired: Wired, items: Sequence[str], environment: Mapping[str, str]) -> dict[str, CheckMeasured]:
    alone = [item for item in items if item in TABLE.alone]
    said: dict[str, CheckMeasured] = {}
    for together in ([item for item in items if item not in alone], *([item] for item in alone)):
        if together:
            said |= wired.measure(together, environment)
    for item in alone:
        tidy(wired.stack, item)
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


def _good(item: str, said: CheckMeasured) -> bool:
    return said.result == "PASS"


def _noticed(item: str, said: CheckMeasured) -> bool:
    """Whether an item says that it is sabotaged, and by what."""
    right = said.result in _results(item)
    return right and re.search(BY_ITEM[item].items[item], _message(said), re.DOTALL) is not None


def _results(item: str) -> set[str]:
    """FAIL; WARN where that is meant; ERROR where a sabotage leaves nothing to be measured, and the check says so."""
    return {"WARN"} if item in BY_ITEM[item].warns else {"FAIL", "ERROR"}


def _message(said: CheckMeasured) -> str:
    """What a person reads of it: the summary, and each condition that does not hold with what was found."""
    failed = [
        f"{each.condition} ({', '.join(f'{name}: {value}' for name, value in each.found.items())})"
        for each in said.findings
        if not each.holds
    ]
    return "; ".join([f"{said.result}: {said.summary}", *failed])
