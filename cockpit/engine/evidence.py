"""A file given as evidence: its size and checksum at the moment it was given."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from cockpit.journal.event import Evidence


class EvidenceUnreadable(Exception):
    """A file that was named as evidence cannot be read. The message names it and says why."""


def measure_file(evidence: Evidence) -> Evidence:
    """Add size and SHA-256 of the file that `evidence` names; anything else stays as it is."""
    if not evidence.path:
        return evidence
    path = Path(evidence.path)
    if not path.is_absolute():
        raise EvidenceUnreadable(f"evidence {evidence.path!r}: give the whole path, from /")
    try:
        if not path.is_file():
            problem = "it is not a file" if path.exists() else "there is no such file"
            raise EvidenceUnreadable(f"evidence {evidence.path!r}: {problem}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
    except OSError as error:
        raise EvidenceUnreadable(f"evidence {evidence.path!r}: {error.strerror or error}") from None
    return msgspec.structs.replace(evidence, size=size, sha256=digest)
