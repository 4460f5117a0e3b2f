"""A kind of check in a package of its own: how many jobs wait in a tube of a beanstalkd work queue."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect.kept import Kept

if TYPE_CHECKING:
    from cockpit_queue.protocol import Connection


def _host_and_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError("must be HOST:PORT")
    return text


class QueueSpec(Spec):
    """A tube."""

    server: Annotated[str, pydantic.AfterValidator(_host_and_port)] = pydantic.Field(
        "127.0.0.1:11300", description="Where beanstalkd listens: `HOST:PORT`."
    )
    tube: str = pydantic.Field("default", pattern=r"^[\w+/;.$()-]{1,200}$", description="The tube to look at.")


class Queue:
    """Asks on a connection that is kept."""

    name = "queue"
    about = "How many jobs wait in a tube of a beanstalkd work queue, and whether somebody works on them."
    spec = QueueSpec
    imports = ("cockpit_queue.protocol",)
    via = True
    server = ("server",)
    at_once = 4
    implied = "buried == 0"
    example = """\
queue: {server: "10.0.0.7:11300", tube: orders}
expect: ["ready < 100", "buried == 0", "workers > 0"]
"""
    fields = (
        Field("ready", "int", "Jobs that wait for a worker."),
        Field("reserved", "int", "Jobs that are being worked on."),
        Field("delayed", "int", "Jobs whose time has not come."),
        Field("buried", "int", "Jobs that failed and were put aside."),
        Field("workers", "int", "Connections that wait for jobs of this tube."),
        Field("latency", "double", "The question and its answer, on an open connection.", "seconds"),
    )

    def request(self, spec: QueueSpec) -> str:
        """`stats-tube orders at 10.0.0.7:11300`."""
        return f"stats-tube {spec.tube} at {spec.server}"

    async def read(self, spec: QueueSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable; the caller cancels it when its time is up."""
        from cockpit_queue.protocol import Closed, connect  # noqa: PLC0415 - heavy

        kept: Kept[Connection] = session.keep("queue", Kept)
        connection = await kept.take(spec.server)
        if connection is not None:
            try:
                return await _ask(connection, kept, spec)
            except Closed:
                pass  # the server ended it since its last use: that says nothing of the server now
        connection = await connect(session.route, spec.server)
        try:
            return await _ask(connection, kept, spec)
        except Closed as closed:
            raise Unmeasurable(f"{spec.server} {closed}") from None


KIND: Kind = Queue()


async def _ask(connection: Connection, kept: Kept[Connection], spec: QueueSpec) -> Reading:
    """Ask, and keep the connection for the next one if it is still good: not when this was cancelled half-way."""
    began = time.monotonic()
    try:
        stats = await connection.stats(spec.tube)
    except BaseException:
        await connection.close()
        raise
    latency = time.monotonic() - began
    await kept.give(spec.server, connection)
    if stats is None:
        raise Unmeasurable(f"{spec.server} has no tube {spec.tube}: nobody uses it")
    values = {
        **{state: int(stats[f"current-jobs-{state}"]) for state in ("ready", "reserved", "delayed", "buried")},
        "workers": int(stats["current-waiting"]),
    }
    counted = ", ".join(f"{count} {what}" for what, count in values.items())
    evidence = "\n".join(f"{name}: {value}" for name, value in stats.items())
    return Reading({**values, "latency": latency}, counted, evidence, figure=float(values["ready"]))
