"""Mutated checklists, Markdown, journals and command lines: one message each, never a traceback, memory bounded."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

import cockpit
from cockpit.cli import main, parser
from tests.prove.apart import Act, TooLong, apart
from tests.prove.finding import Effort, Finding
from tests.prove.mutations import command_line, spoilt
from tests.prove.surroundings import a_home

ROOT = Path(cockpit.__file__).parents[1]
STATUSES = frozenset({0, 1, 2, 3, 4})
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
MEMORY = 400 * 1024 * 1024
"""Bytes of address space, beyond what Cockpit itself takes, in which all that is bad must be refused."""

PATIENCE = 20.0
"""Seconds in which it must be, on a machine that does much else; it takes a few milliseconds, a bomb up to two."""

NAIVE_PATIENCE = 5.0
"""Seconds that the control has for a bomb: one that takes so long is not refused."""

LONG = 100_000
"""Bytes from which on the control is not tried: it is slow there, and proves no more."""

WITHOUT = "read as YAML gives it"


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Spoil everything that is read."""
    with a_home(), _one_parser():
        yield _mutated(
            "mutated checklists", _checklists(), work / "checklist.yaml", effort.times(full=60_000, short=250),
            lambda file: ["lint", file], _naive,
        )  # fmt: skip
        yield _mutated(
            "mutated Markdown", [(ROOT / "tests/data/production-deployment-checklist.md").read_bytes()[:9000]],
            work / "checklist.md", effort.times(full=15_000, short=60), lambda file: ["show", file], _naive,
        )  # fmt: skip
        journal = b"".join((ROOT / "screenshots/demo.jsonl").read_bytes().splitlines(keepends=True)[:12])
        yield _mutated(
            "mutated journals", [journal], work / "journal.jsonl", effort.times(full=15_000, short=60),
            lambda file: ["journal", "show", file], _naive_journal,
        )  # fmt: skip
        yield _command_lines(effort.times(full=20_000, short=200))
        yield _bombs(work)


@contextlib.contextmanager
def _one_parser() -> Iterator[None]:
    """Let the parser of the command line be made once: that takes five times as long as most of what is tried."""
    made = parser.build
    parser.build = functools.cache(made)
    try:
        yield
    finally:
        parser.build = made


def wrong_with(arguments: list[str], statuses: frozenset[int] = STATUSES) -> str:
    """What is wrong with how Cockpit takes these arguments; nothing when it is as it must be."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace") for _ in range(2))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
    except TooLong:
        raise
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode("utf-8", "replace"))  # type: ignore[attr-defined]
    if status not in statuses:
        return f"exit status {status}"
    if "unexpected" in said[1] or "Traceback" in said[1]:
        return said[1][:300]
    if status and not said[1].strip() and not said[0].strip():
        return f"status {status} without a word"
    if found := CONTROL.search("".join(said)):
        return f"it prints {found[0]!r}"
    return ""


def _mutated(
    tried: str,
    seeds: list[bytes],
    place: Path,
    times: int,
    command: Callable[[str], list[str]],
    naive: Callable[[bytes], object],
) -> Finding:
    def spoil(number: int) -> bytes:
        dice = random.Random(number)
        return spoilt(dice, dice.choice(seeds), seeds)

    def attempt(number: int) -> str:
        place.write_bytes(spoil(number))
        return wrong_with(command(str(place)))

    bites = 0
    for number in range(min(times, 500)):
        try:
            naive(spoil(number))
        except Exception:
            bites += 1
    return _counted(tried, [functools.partial(attempt, number) for number in range(times)], WITHOUT, bites)


def _counted(tried: str, acts: Sequence[Act], without: str, bites: int) -> Finding:
    said = apart(acts, memory=MEMORY, seconds=PATIENCE)
    broken = [f"{number}: {words}" for number, words in enumerate(said) if words]
    return Finding(tried, len(acts), len(broken), without, bites, tuple(broken[:5]))


def _command_lines(times: int) -> Finding:
    commands = [
        name for name in parser.build().commands if name not in {"open", "demo", "check", "capture", "doctor", "logs"}
    ]

    def words(number: int) -> list[str]:
        dice = random.Random(number)
        more = command_line(dice, [*commands, "show", "verify", "--as", "production", "demo"])
        return [dice.choice(commands), *more]

    def attempt(number: int) -> str:
        wrong = wrong_with(words(number))
        return wrong and f"{words(number)}: {wrong}"

    bites = sum(_naive_command_line(words(number)) for number in range(min(times, 500)))
    acts = [functools.partial(attempt, number) for number in range(times)]
    return _counted("command lines of random words", acts, "opened as files without looking", bites)


def _bombs(work: Path) -> Finding:
    bombs = dict(bombs_of())
    places = {name: work / f"{name}.yaml" for name in bombs}
    for name, content in bombs.items():
        places[name].write_bytes(content)
    small = [functools.partial(_naive_bomb, places[name]) for name, content in bombs.items() if len(content) < LONG]
    bites = sum(map(bool, apart(small, memory=MEMORY, seconds=NAIVE_PATIENCE)))
    acts = [functools.partial(wrong_with, ["lint", str(place)], frozenset({2})) for place in places.values()]
    return _counted(f"bombs: {', '.join(bombs)}", acts, WITHOUT, bites)


def _naive_bomb(place: Path) -> str:
    json.dumps(yaml.safe_load(place.read_bytes()), default=str)
    return ""


def bombs_of() -> Iterator[tuple[str, bytes]]:
    """Files that take little room and ask for much."""
    laughs = b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    laughs += b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 8))
    yield "a billion laughs", laughs
    yield "5,000 levels of lists", b"parts: " + b"[" * 5000 + b"]" * 5000
    yield "5,000 levels of keys", b"".join(b" " * n + b"a:\n" for n in range(5000))
    yield (
        "5,000 quotes within conditions",
        b'cockpit: 1\nname: x\nparts: [{id: a, title: A, when: "' + b"(" * 5000 + b'"}]',
    )
    yield "a number of 100,000 digits", b"cockpit: " + b"9" * 100_000
    yield "an anchor within itself", b"&a [*a, *a]"
    yield "a merge with itself", b"a: &a\n  <<: *a\n  b: 1\n"
    yield "20 MB of one text", b"name: " + b"x" * 20_000_000
    yield "200,000 keys", b"".join(b"k%d: 1\n" % n for n in range(200_000))
    yield "a Python object", b"name: !!python/object/apply:os.system ['touch /tmp/never']\n"
    yield "variables that need each other", b'cockpit: 1\nname: x\nvariables: {a: "${b}", b: "${a}"}\nparts: []\n'


def _checklists() -> list[bytes]:
    names = (
        "demo.yaml",
        "swarm.yaml",
        "minimal.yaml",
        "production/03-post-deployment.yaml",
        "production/07-platforms.yaml",
    )
    whole = [(ROOT / "checklists" / name).read_bytes() for name in names]
    return [*whole[:3], *(b"cockpit: 1\nname: x\n" + each[:6000] for each in whole[3:])]


def _naive(content: bytes) -> object:
    read = yaml.safe_load(content)
    return [part["title"] for part in read["parts"]]


def _naive_journal(content: bytes) -> object:
    return [json.loads(each)["data"] for each in content.splitlines()]


def _naive_command_line(words: list[str]) -> bool:
    try:
        for word in words:
            Path(word).stat()
    except (OSError, ValueError):
        return True
    return False
