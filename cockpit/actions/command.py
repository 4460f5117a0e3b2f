"""`command`: a program or a shell command, here or on hosts."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import pydantic

from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.actions.program import NAME_OF_VARIABLE, carried_out
from cockpit.checklist.kinds import Meaning, Spec
from cockpit.checklist.uses import words
from cockpit.connect.route import Route


def _text(value: Any) -> Any:
    """Numbers are fine where text is wanted: a port in an argument, a count in the environment."""
    return words(value) if isinstance(value, bool | int | float) else value


Text = Annotated[str, pydantic.BeforeValidator(_text)]
Variable = Annotated[str, pydantic.StringConstraints(pattern=f"^{NAME_OF_VARIABLE.pattern}$")]
Environment = dict[Variable, Text]


class CommandSpec(Spec):
    """A command, and what it is given."""

    run: Annotated[Text, Meaning.SHELL] = pydantic.Field(
        "",
        description="Shell command, run by `/bin/sh` exactly as it is written; values of variables stand in it quoted.",
    )
    argv: Annotated[tuple[Text, ...], Meaning.ARGUMENTS] = pydantic.Field(
        (), description="A program and its arguments, instead of `run`; no shell sees them."
    )
    input: Text = pydantic.Field("", description="Text that it is given to read; may be a secret.")
    environment: Environment = pydantic.Field({}, description="Variables set for it; their values may be secrets.")
    folder: str = pydantic.Field(
        "", description="Where it runs; nothing: `/` on this machine, the home directory on a host."
    )

    @pydantic.model_validator(mode="after")
    def _one_of_both(self) -> CommandSpec:
        if bool(self.run.strip()) == bool(self.argv):
            raise ValueError("needs either `run`, a shell command, or `argv`, a program and its arguments")
        return self


class Command:
    """Runs a command to its end."""

    name = "command"
    about = "A shell command, or a program, here or on hosts: it must end with status 0."
    spec = CommandSpec
    alone = "run"
    on_hosts = True
    changes = True
    example = """\
id: switch-traffic
title: Send traffic to green
run: {command: {run: ./switch green, folder: /srv/bot}, timeout: 2m}
"""

    def request(self, spec: CommandSpec) -> str:
        """The command itself, where it runs, and which variables are set for it."""
        said = [shlex.join(spec.argv) if spec.argv else spec.run.strip()]
        if spec.folder:
            said.append(f"in {spec.folder}")
        if spec.environment:
            said.append(f"with {', '.join(spec.environment)} set")
        return said[0] + (f" ({', '.join(said[1:])})" if said[1:] else "")

    async def carry_out(self, spec: CommandSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Run it to its end. Raises Unreachable, CutOff."""
        return await carried_out(
            spec.argv or ("/bin/sh", "-c", spec.run),
            route,
            output,
            timeout,
            given=spec.input,
            environment=spec.environment,
            folder=spec.folder,
        )


KIND: ActionKind = Command()
