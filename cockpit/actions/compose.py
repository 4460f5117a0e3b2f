"""`compose`: the services of a Compose project, by the program that is there."""

from __future__ import annotations

import shlex
from typing import Literal

import pydantic

from cockpit.actions.command import Environment
from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.actions.program import carried_out
from cockpit.checklist.kinds import Spec
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Program, Route

PROGRAMS = (("docker", "compose"), ("docker-compose",))
"""What may be there, the better first."""


class ComposeSpec(Spec):
    """What is done with a project."""

    do: Literal["up", "restart", "stop"] = pydantic.Field(
        description="`up` makes and starts what is not as the files say, `restart` and `stop` do as they say."
    )
    services: tuple[str, ...] = pydantic.Field((), description="Only these; nothing: all of them.")
    project: str = pydantic.Field("", description="The name of the project; nothing: that of its folder.")
    files: tuple[str, ...] = pydantic.Field(
        (), description="Its files, the later on top of the earlier; nothing: `compose.yaml` in its folder."
    )
    folder: str = pydantic.Field("", description="Where it is run, and where the files are looked for.")
    environment: Environment = pydantic.Field(
        {}, description="Variables that the files use; their values may be secrets."
    )
    grace: int | None = pydantic.Field(
        None, ge=0, description="Seconds that containers have to end by themselves before they are killed."
    )

    @pydantic.model_validator(mode="after")
    def _is_known(self) -> ComposeSpec:
        if not (self.folder or self.files or self.project):
            raise ValueError("needs `folder`, `files` or `project`: which project is it?")
        if any(name.startswith("-") for name in (*self.services, *self.files, self.project)):
            raise ValueError("names of services, files and projects do not begin with `-`")
        return self


class Compose:
    """Runs `docker compose`, or else `docker-compose`."""

    name = "compose"
    about = "The services of a Compose project are brought up, restarted or stopped."
    spec = ComposeSpec
    alone = ""
    on_hosts = True
    changes = True
    example = """\
id: start-green
title: Start green
run: {compose: {do: up, project: green, folder: /srv/bot, services: [backend]}, host: app1, timeout: 5m}
undo: {run: {compose: {do: stop, project: green, folder: /srv/bot}, host: app1}}
"""

    def request(self, spec: ComposeSpec) -> str:
        """`docker compose --project-name green up --detach backend (in /srv/bot)`."""
        notes = [f"in {spec.folder}"] if spec.folder else []
        if spec.environment:
            notes.append(f"with {', '.join(spec.environment)} set")
        return shlex.join([*PROGRAMS[0], *_arguments(spec)]) + (f" ({', '.join(notes)})" if notes else "")

    async def carry_out(self, spec: ComposeSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Find the program, and run it to its end. Raises Unreachable, CutOff."""
        program = await _found(route, timeout)
        output(f"$ {shlex.join([*program, *_arguments(spec)])}\n".encode())
        return await carried_out(
            (*program, *_arguments(spec)),
            route,
            output,
            timeout,
            environment=spec.environment,
            folder=spec.folder,
        )


KIND: ActionKind = Compose()


def _arguments(spec: ComposeSpec) -> list[str]:
    words = [word for file in spec.files for word in ("--file", file)]
    if spec.project:
        words += ["--project-name", spec.project]
    words.append(spec.do)
    if spec.do == "up":
        words.append("--detach")
    if spec.grace is not None:
        words += ["--timeout", str(spec.grace)]
    return [*words, *spec.services]


async def _found(route: Route, timeout: float) -> tuple[str, ...]:
    """The program that is there. Raises Unreachable."""
    for program in PROGRAMS:
        try:
            ended = await route.run(Program((*program, "version")), timeout)
        except Unreachable as error:
            if "there is no program" not in str(error):
                raise Unreachable(str(error)) from None  # nothing was begun, even when this was cut off
            continue
        if ended.status == 0:
            return program
    raise Unreachable(f"there is neither `docker compose` nor `docker-compose`{route.words or ' here'}")
