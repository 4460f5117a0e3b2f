"""`command`: a shell command, here or on hosts."""

from __future__ import annotations

from typing import Annotated

import pydantic

from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.checklist.kinds import Meaning, Spec
from cockpit.connect.route import Program, Route


class CommandSpec(Spec):
    """A command."""

    run: Annotated[str, Meaning.SHELL] = pydantic.Field(
        min_length=1, description="The shell command, run by `/bin/sh` as it is written; values stand in it quoted."
    )
    environment: dict[str, str] = pydantic.Field({}, description="Variables that are set for it; may be secret.")
    folder: str = pydantic.Field("", description="Where it runs.")


class Command:
    """Runs a shell command."""

    name = "command"
    about = "A shell command, here or on hosts."
    spec = CommandSpec
    alone = "run"
    on_hosts = True
    changes = True
    example = """\
id: switch-traffic
title: Send traffic to green
run: {command: ./switch green, timeout: 2m}
"""

    def request(self, spec: CommandSpec) -> str:
        """The command itself."""
        return spec.run

    async def carry_out(self, spec: CommandSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Run it to its end."""
        program = Program(spec.run, environment=spec.environment, folder=spec.folder)
        ended = await route.run(program, timeout)
        output(ended.output + ended.errors)
        if ended.timed_out:
            return Outcome(False, f"not over after {timeout:g} s: it was ended", None, unknown=True)
        if ended.signal:
            return Outcome(False, f"ended by signal {ended.signal} after {ended.took:.1f} s", None, unknown=True)
        return Outcome(ended.status == 0, f"exit status {ended.status} after {ended.took:.1f} s", ended.status)


KIND: ActionKind = Command()
