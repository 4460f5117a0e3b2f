"""Mutated checklists, Markdown, journals and command lines: one message each, never a traceback, memory bounded."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

import cockpit
from cockpit.cli import main
from tests.prove.finding import Effort, Finding
from tests.prove.mutations import command_line, spoilt
from tests.prove.surroundings import a_home

ROOT = Path(cockpit.__file__).parents[1]
STATUSES = frozenset({0, 1, 2, 3, 4})
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
MEMORY = 600 * 1024 * 1024
"""Bytes of address space in which a bomb must be refused."""

PATIENCE = 20.0
"""Seconds in which it must be."""

LONG = 100_000
"""Bytes from which on the control is not tried: it is slow there, and proves no more."""

NAIVE = "import json, sys, yaml; print(len(json.dumps(yaml.safe_load(open(sys.argv[1], 'rb')), default=str)))"

WITHOUT = "read as YAML gives it"


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Spoil everything that is read."""
    with a_home():
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


def wrong_with(arguments: list[str]) -> str:
    """What is wrong with how Cockpit takes these arguments; nothing when it is as it must be."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace") for _ in range(2))
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode("utf-8", "replace"))  # type: ignore[attr-defined]
    if status not in STATUSES:
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
    broken: list[str] = []
    bites = 0
    for number in range(times):
        dice = random.Random(number)
        content = spoilt(dice, dice.choice(seeds), seeds)
        place.write_bytes(content)
        if words := wrong_with(command(str(place))):
            broken.append(f"{number}: {words}")
        if number < 500:
            try:
                naive(content)
            except Exception:
                bites += 1
    return Finding(tried, times, len(broken), WITHOUT, bites, tuple(broken[:5]))


def _command_lines(times: int) -> Finding:
    from cockpit.cli.parser import build  # noqa: PLC0415 - as the command line does

    commands = [name for name in build().commands if name not in {"open", "demo", "check", "capture", "doctor", "logs"}]
    broken: list[str] = []
    bites = 0
    for number in range(times):
        dice = random.Random(number)
        words = [
            dice.choice(commands),
            *command_line(dice, [*commands, "show", "verify", "--as", "production", "demo"]),
        ]
        if wrong := wrong_with(words):
            broken.append(f"{words}: {wrong}")
        bites += number < 500 and _naive_command_line(words)
    return Finding(
        "command lines of random words", times, len(broken), "opened as files without looking", bites, tuple(broken[:5])
    )


def _bombs(work: Path) -> Finding:
    broken, bites = [], 0
    bombs = dict(bombs_of())
    for name, content in bombs.items():
        place = work / f"{name}.yaml"
        place.write_bytes(content)
        done = _limited([sys.executable, "-m", "cockpit", "lint", str(place)])
        said = done.stderr.decode("utf-8", "replace")
        if (
            done.returncode != 2
            or "Traceback" in said
            or "unexpected" in said
            or CONTROL.search(said.replace("\n", ""))
        ):
            broken.append(f"{name}: status {done.returncode}: {said[:300]}")
        if len(content) < LONG:
            bites += _limited([sys.executable, "-c", NAIVE, str(place)]).returncode != 0
    return Finding(f"bombs: {', '.join(bombs)}", len(bombs), len(broken), WITHOUT, bites, tuple(broken))


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


def _limited(program: list[str]) -> subprocess.CompletedProcess[bytes]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        return subprocess.run(
            program, capture_output=True, timeout=PATIENCE, check=False, preexec_fn=limit, env=environment
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(program, 99, b"", b"it took too long")


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
