"""`ssh`: whether one can log in to a host of the checklist, and run something there."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated

import pydantic

from cockpit.checklist.kinds import Field, Meaning
from cockpit.checks import command
from cockpit.checks.command import ProgramSpec
from cockpit.checks.kind import Kind, Reading, Session

NOTHING = "true"
"""What is run to see that something can be run."""


class SshSpec(ProgramSpec):
    """The host, and what to run there."""

    host: Annotated[str, Meaning.HOST] = pydantic.Field(min_length=1, description="Where to log in, one of `hosts`.")
    run: Annotated[command.Text, Meaning.SHELL] = pydantic.Field(
        "", description="Shell command to run there, as `command` has it; nothing: it is only seen that one can."
    )


class Ssh:
    """Measures by running a program on a host."""

    name = "ssh"
    about = "Whether one can log in to a host, how long that takes, and what a command does there."
    spec = SshSpec
    server = ("host",)
    at_once = 8
    implied = "status == 0"
    example = """\
ssh: {host: app1, run: "test -w /srv/releases && df -P /srv"}
expect:
  - status == 0
  - latency < 2.0
"""
    fields = (
        *command.KIND.fields,
        Field(
            "latency",
            "double",
            "All of it: connecting and logging in, when that was not done yet, and the run.",
            "seconds",
        ),
    )

    def request(self, spec: SshSpec) -> str:
        """`true on app1, over SSH`."""
        return f"{command.shown(spec) or NOTHING} on {spec.host}, over SSH"

    async def read(self, spec: SshSpec, session: Session, timeout: float) -> Reading:
        """Log in and run it once. Raises Unmeasurable, Unreachable."""
        began = time.monotonic()
        program = command.program(spec)
        route = session.through(spec.host).route
        ended = await command.ended(replace(program, command=program.command or NOTHING), route, timeout)
        latency = time.monotonic() - began
        found = command.reading(ended)
        if not spec.run and not spec.argv and ended.status == 0:
            return Reading(
                {**found.values, "latency": latency},
                f"logged in{route.words} in {latency * 1000:.0f} ms",
                figure=latency,
            )
        figure = found.figure if found.figure is not None else latency
        return replace(found, values={**found.values, "latency": latency}, figure=figure)


KIND: Kind = Ssh()
