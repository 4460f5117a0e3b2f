"""Signed checkpoints: what makes cutting or rewriting the end of a journal visible.

A chain proves that nothing inside it was changed; that nothing was taken off its end only somebody outside can know.
A checkpoint is three lines of text that say how far a journal had got. Signed with a person's SSH key and kept
elsewhere, it holds the journal to that. OpenSSH does the signing and the checking, so anyone can repeat it without
Cockpit: `ssh-keygen -Y verify -n cockpit-journal -f ALLOWED_SIGNERS -I WHO -s SIGNATURE < TEXT`.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cockpit.journal.event import CheckpointSigned, Event, RunOpened
from cockpit.text import safe_line

NAMESPACE = "cockpit-journal"
"""What the signature is for: one made for another purpose does not count."""

PATIENCE = 60.0
"""Seconds for ssh-keygen: a key on a security token waits to be touched."""

_PRINTED = re.compile(
    r"^cockpit-journal/(?P<run>\S{1,200})\n(?P<seq>\d{1,18})\n(?P<head>[0-9a-f]{64})\n\s*"
    r"(?P<signature>-----BEGIN SSH SIGNATURE-----\n[A-Za-z0-9+/=\n]{1,8000}\n-----END SSH SIGNATURE-----)",
    re.MULTILINE,
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class Unsigned(Exception):
    """A signature could not be made, or does not hold; the message says why."""


class Checkpoint(NamedTuple):
    """How far the journal of a run had got."""

    run: str
    seq: int
    head: str
    """The chain's hash up to event `seq`."""

    @property
    def text(self) -> bytes:
        """What is signed."""
        return f"cockpit-journal/{self.run}\n{self.seq}\n{self.head}\n".encode()


class Checked(NamedTuple):
    """A checkpoint that a journal holds, and whether it still holds the journal."""

    event: Event
    checkpoint: Checkpoint
    problem: str
    """Empty when the signature is good and the journal is still what it was."""


def sign(checkpoint: Checkpoint, key: Path) -> CheckpointSigned:
    """Sign `checkpoint` with the private key in the file `key`, or with the agent's when `key` is a public one.

    Nothing is asked: a passphrase that is needed must be known to the agent. Raises Unsigned.
    """
    signature = _ssh_keygen("-Y", "sign", "-n", NAMESPACE, "-f", key, text=checkpoint.text)
    return CheckpointSigned(checkpoint.seq, checkpoint.head, signature, signed_with(checkpoint, signature))


def signed_with(checkpoint: Checkpoint, signature: str) -> str:
    """The fingerprint of the key whose good `signature` this is of `checkpoint`, whoever it belongs to.

    Raises Unsigned.
    """
    with _written(signature) as place:
        said = _ssh_keygen("-Y", "check-novalidate", "-n", NAMESPACE, "-s", place, text=checkpoint.text)
    fingerprint = _FINGERPRINT.search(said)
    if fingerprint is None:
        raise Unsigned(f"ssh-keygen did not name the key: {safe_line(said)}")
    return fingerprint[0]


def signed_by(checkpoint: Checkpoint, signature: str, allowed_signers: Path) -> str:
    """Who, of those listed in `allowed_signers` (as ssh-keygen describes that file), made this good `signature`.

    Raises Unsigned.
    """
    with _written(signature) as place:
        found = _ssh_keygen("-Y", "find-principals", "-s", place, "-f", allowed_signers)
        who = found.splitlines()[0]
        _ssh_keygen(
            "-Y", "verify", "-n", NAMESPACE, "-f", allowed_signers, "-I", who, "-s", place, text=checkpoint.text
        )
    return who


def check(events: Iterable[Event]) -> Iterator[Checked]:
    """Every checkpoint that stands in a journal, compared with the events before it. `events` are all, in order."""
    run = ""
    heads: dict[int, str] = {}
    for event in events:
        heads[event.seq] = event.h
        if isinstance(event.data, RunOpened):
            run = event.data.run
        elif isinstance(event.data, CheckpointSigned):
            checkpoint = Checkpoint(run, event.data.seq, event.data.head)
            yield Checked(event, checkpoint, _problem(checkpoint, event.data, heads))


class Kept(NamedTuple):
    """A checkpoint as `cockpit sign` printed it, kept somewhere else than its journal."""

    checkpoint: Checkpoint
    signature: str


def kept(printed: str) -> Kept:
    """Read what `cockpit sign` printed: the three lines that were signed, and the signature. Raises Unsigned."""
    found = _PRINTED.search(printed)
    if found is None:
        raise Unsigned("it is no checkpoint: one is three lines (cockpit-journal/RUN, event, hash) and a signature")
    return Kept(Checkpoint(found["run"], int(found["seq"]), found["head"]), found["signature"])


def compare(given: Kept, events: Iterable[Event]) -> str:
    """Why the journal whose `events` these are, all in order, is not what `given` was signed for; nothing if it is."""
    run, head, last = "", "", -1
    for event in events:
        last = event.seq
        if isinstance(event.data, RunOpened):
            run = event.data.run
        if event.seq == given.checkpoint.seq:
            head = event.h
    try:
        signed_with(given.checkpoint, given.signature)
    except Unsigned as problem:
        return str(problem)
    if run != given.checkpoint.run:
        return f"it is of another run, {safe_line(given.checkpoint.run)}"
    if last < given.checkpoint.seq:
        return f"event {given.checkpoint.seq} was recorded, and the journal ends with event {last}: its end was cut off"
    return "" if head == given.checkpoint.head else f"event {given.checkpoint.seq} is not the one that was signed"


def _problem(checkpoint: Checkpoint, signed: CheckpointSigned, heads: dict[int, str]) -> str:
    if heads.get(checkpoint.seq) != checkpoint.head:
        return f"event {checkpoint.seq} is not the one that was signed"
    try:
        key = signed_with(checkpoint, signed.signature)
    except Unsigned as problem:
        return str(problem)
    return "" if key == signed.key else f"it was signed with {key}, not with {safe_line(signed.key)}"


@contextlib.contextmanager
def _written(signature: str) -> Iterator[str]:
    """The name of a file with `signature` in it: ssh-keygen reads one from nowhere else."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".sig") as file:
        file.write(signature)
        file.flush()
        yield file.name


def _ssh_keygen(*arguments: str | os.PathLike[str], text: bytes = b"") -> str:
    # In a session of its own there is no terminal on which a passphrase could be asked for behind the screen's back.
    environment = {**os.environ, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["ssh-keygen", *arguments],
            input=text,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
            env=environment,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise Unsigned("signing needs ssh-keygen, of OpenSSH 8.2 or later: it is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unsigned(f"ssh-keygen did not answer within {PATIENCE:.0f} seconds") from None
    if done.returncode:
        said = [row for row in done.stderr.decode("utf-8", "replace").splitlines() if row.strip()]
        raise Unsigned(safe_line(said[-1]) if said else f"ssh-keygen ended with status {done.returncode}")
    return done.stdout.decode("ascii", "replace")
