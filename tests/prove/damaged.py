"""A journal cut at every byte, with every bit flipped, with records moved: what was done to it is noticed."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from cockpit.journal import checkpoint as checkpoints
from cockpit.journal import event as ev
from cockpit.journal import line, reader
from cockpit.journal.writer import Writer
from tests.prove.finding import Effort, Finding

ADA = ev.Actor("ada", uid=1000, host="bastion", tty="pts/3", origin="10.0.0.7")
RULES_OUT = "without the chain (JSON and numbers alone)"

Edit = tuple[str, bytes]
"""What was done, and what is left of the journal."""


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Cut, flip, move, splice, and take the tail off."""
    notes = effort.times(full=60, short=8)
    whole, foreign = written(work / "one", "one", notes), written(work / "other", "other", notes)
    noticed = Noticed(work / "tried")

    torn = [words for cut in range(1, len(whole)) if (words := mended(noticed, whole, cut))]
    bites = sum(not numbered(whole[:cut]) for cut in range(1, len(whole), 7))
    yield Finding(
        "cut at every byte", len(whole) - 1, len(torn), "a torn line counts as damage", bites, tuple(torn[:3])
    )

    some = whole if effort.full else b"".join(whole.splitlines(keepends=True)[:3])
    yield counted("every single bit flipped", flips(some), noticed)
    yield counted("records swapped, dropped, doubled, spliced, sectors zeroed", moves(whole, foreign, effort), noticed)
    yield tail_cut(work, effort)


class Noticed:
    """Whether the chain notices that something was done to a journal."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def __call__(self, content: bytes) -> bool:
        """Whether `content` is refused, wholly or from some line on."""
        try:
            return not self.verified(content).ok
        except reader.NotAJournal:
            return True

    def verified(self, content: bytes) -> reader.Verification:
        """What verifying `content` finds."""
        self._place.write_bytes(content)
        return reader.verify(self._place)


def counted(tried: str, edits: Iterable[Edit], noticed: Callable[[bytes], bool]) -> Finding:
    """How many of the edits were noticed, by the chain and by a reader that looks at the numbers alone."""
    times, missed, bites = 0, [], 0
    for what, content in edits:
        times += 1
        if not noticed(content):
            missed.append(what)
        bites += numbered(content)
    return Finding(tried, times, len(missed), RULES_OUT, bites, tuple(missed[:3]))


def mended(noticed: Noticed, whole: bytes, cut: int) -> str:
    """What is wrong with how a journal cut at a byte is read; nothing when all whole lines are there, the rest torn."""
    found = noticed.verified(whole[:cut])
    lines = whole[:cut].count(b"\n")
    rest = cut - (whole[:cut].rfind(b"\n") + 1)
    torn = found.torn.size if found.torn else 0
    return "" if found.ok and (found.events, torn) == (lines, rest) else f"cut at byte {cut}: {found}"


def flips(content: bytes) -> Iterator[Edit]:
    """Every single bit."""
    for place, bit in itertools.product(range(len(content)), range(8)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        yield f"bit {bit} of byte {place}", bytes(flipped)


def moves(whole: bytes, foreign: bytes, effort: Effort) -> Iterator[Edit]:
    """Records at other places than theirs, from another run, or lost in part."""
    lines, others = whole.splitlines(keepends=True), foreign.splitlines(keepends=True)
    for one, two in itertools.combinations(range(len(lines)), 2):
        swapped = list(lines)
        swapped[one], swapped[two] = swapped[two], swapped[one]
        yield f"lines {one} and {two} swapped", b"".join(swapped)
    for at in range(len(lines)):
        if at < len(lines) - 1:
            yield f"line {at} dropped", b"".join(lines[:at] + lines[at + 1 :])
        for to in range(len(lines) + 1):
            yield f"line {at} once more at {to}", b"".join([*lines[:to], lines[at], *lines[to:]])
        yield (
            f"another run from line {at} on",
            b"".join(lines[:at] + others[at:]) if at else b"".join([lines[0], *others[1:]]),
        )
        yield f"line {at} of another run", b"".join([*lines[:at], others[at], *lines[at + 1 :]])
    for sector in range(512, len(whole) - 1024, 512):
        zeroed = whole[:sector] + b"\0" * 512 + whole[sector + 512 :]
        yield f"sector at byte {sector} zeroed", zeroed
    chosen = random.Random(7)
    for _ in range(effort.times(full=20_000, short=300)):
        at = chosen.randrange(1, len(lines))
        changed = json.loads(lines[at])
        changed["by"]["user"] = chosen.choice(["eve", "bob", "adb"])
        forged = json.dumps(changed, separators=(",", ":"), sort_keys=False).encode() + b"\n"
        yield f"line {at} written anew by {changed['by']['user']}", b"".join([*lines[:at], forged, *lines[at + 1 :]])


def tail_cut(work: Path, effort: Effort) -> Finding:
    """Whole records taken off the end, with a checkpoint at hand that was signed before."""
    key = work / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    whole = written(work / "signed", "signed", effort.times(full=40, short=6))
    lines = whole.splitlines(keepends=True)
    found = Noticed(work / "tail").verified(whole)
    point = checkpoints.Checkpoint("signed", found.events - 1, found.head)
    kept = checkpoints.Kept(point, checkpoints.sign(point, key).signature)
    place = work / "tail"
    missed, bites = [], 0
    for left in range(1, len(lines) + 1):
        place.write_bytes(b"".join(lines[:left]))
        if bool(checkpoints.compare(kept, reader.read(place))) == (left == len(lines)):
            missed.append(f"cut to {left} lines")
        bites += left < len(lines) and reader.verify(place).ok
    return Finding(
        "the tail cut, with a signed checkpoint kept elsewhere",
        len(lines) - 1,
        len(missed),
        "without the checkpoint",
        bites,
        tuple(missed),
    )


def numbered(content: bytes) -> bool:
    """The control: whether every line is an event and bears its number, as a log without a chain would check."""
    try:
        for seq, each in enumerate(content.splitlines()):
            if msgspec.json.decode(each, type=_Numbered).seq != seq:
                return False
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return False
    return content.endswith(b"\n")


class _Numbered(msgspec.Struct):
    seq: int
    kind: str
    by: dict[str, object]
    data: dict[str, object]


def written(path: Path, run: str, notes: int) -> bytes:
    """A journal of so many notes."""
    document = b'{"name":"Trading Bot","parts":[],"note":"caf\xc3\xa9, \xf0\x9f\x9a\x80"}'
    opened = ev.RunOpened(run, "live", "v1", "production", msgspec.Raw(document), line.digest(document), "0")
    with Writer.create(path, ADA, opened, engine=ADA) as writer:
        for number in range(notes):
            writer.append([(ADA, ev.NoteAdded(f"number {number}"))]).result(10)
    return path.read_bytes()
