"""A kind of check in a package of its own: how many files wait in a spool directory, and since when.

This is all that it takes: a model of what the check needs to know, the fields that conditions may use, and a
measurement. The package's metadata names KIND in the entry point group `cockpit.checks`:

    [project.entry-points."cockpit.checks"]
    queue = "cockpit_queue:KIND"
"""

from __future__ import annotations

import time
from pathlib import Path

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect.thread import in_thread


class QueueSpec(Spec):
    """A spool directory."""

    path: str = pydantic.Field(description="The directory in which each file is something that waits.")


class Queue:
    """Counts files in a thread: a directory may be on a network file system that hangs."""

    name = "queue"
    about = "How many files wait in a spool directory, and how long the oldest has been there."
    spec = QueueSpec
    implied = "waiting == 0"
    example = """\
queue: {path: /var/spool/orders}
expect: ["waiting < 100", "oldest < 60.0"]
"""
    fields = (
        Field("waiting", "int", "Files in the directory."),
        Field("oldest", "double", "Age of the oldest of them; 0 when there is none.", "seconds"),
    )

    def request(self, spec: QueueSpec) -> str:
        """`list /var/spool/orders`."""
        return f"list {spec.path}"

    async def read(self, spec: QueueSpec, session: Session, timeout: float) -> Reading:
        """Look once."""
        return await in_thread(spec.path, lambda: _look(Path(spec.path)))


KIND: Kind = Queue()


def _look(path: Path) -> Reading:
    try:
        ages = {file.name: time.time() - file.stat().st_mtime for file in path.iterdir()}
    except OSError as error:
        raise Unmeasurable(f"{path}: {error.strerror}") from None
    oldest = max(ages.values(), default=0.0)
    return Reading({"waiting": len(ages), "oldest": oldest}, f"{len(ages)} waiting", "\n".join(sorted(ages)), len(ages))
