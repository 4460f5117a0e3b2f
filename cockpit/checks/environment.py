"""`environment`: whether the variables that a program needs are set, and its secrets strong; no value is ever shown.

The variables are those of a `.env` file, of a process, of a container, or of Cockpit itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import docker_daemon
from cockpit.checks import environment_strength as strength
from cockpit.checks.container import environment
from cockpit.checks.file_data import dotenv
from cockpit.checks.file_read import text_of
from cockpit.checks.hiding import HIDDEN, shown
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect.route import Program, Route
from cockpit.connect.thread import in_thread

FILE_LIMIT = 1024 * 1024
"""Bytes of a `.env` file; a longer one is not read."""

_OF_A_PROCESS = r"""
LC_ALL=C; export LC_ALL
read -r asked
case $asked in
  self | *[!0-9]*) [ "$asked" = self ] && set -- self || set -- $(pgrep -f -- "$asked") ;;
  *) set -- "$asked" ;;
esac
[ $# -gt 0 ] || exit 64
printf '%s\0%s\0' $# "$1"
exec cat "/proc/$1/environ"
"""
"""The pattern comes by standard input: as an argument it would match this very shell."""


Name = Annotated[str, pydantic.StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class EnvironmentSpec(Spec):
    """Whose variables, and what they must be."""

    file: str = pydantic.Field("", description="A `.env` file.")
    process: int | str = pydantic.Field(
        "", description="A process: its number, or a regular expression for its command line (`pgrep -f`; the oldest)."
    )
    container: str = pydantic.Field("", description="A container of the Docker daemon, by name or id.")
    set: tuple[Name, ...] = pydantic.Field((), description="Names that must be set, and not to nothing.")
    strong: tuple[Name, ...] = pydantic.Field(
        (), description="Names of secrets that must be set, strong, and different; of a URL its password is meant."
    )
    length: int = pydantic.Field(strength.LENGTH, ge=1, description="Characters that a strong secret has at least.")
    guesses: float = pydantic.Field(
        strength.GUESSES,
        ge=1,
        le=strength.LONGEST_GUESSED,
        description="Guesses that it takes at least to find a strong secret, as a power of ten.",
    )

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> EnvironmentSpec:
        if sum(map(bool, (self.file, self.process, self.container))) > 1:
            raise ValueError("has more than one of `file`, `process` and `container`: name one")
        return self


class Environment:
    """Reads variables where they are, and judges them here."""

    name = "environment"
    about = "Whether environment variables are set, and secrets among them strong: of a file, process or container."
    spec = EnvironmentSpec
    via = True
    imports = ("dotenv", "zxcvbn")
    implied = "found && size(missing) == 0 && size(empty) == 0 && size(weak) == 0"
    example = """\
environment: {file: /srv/bot/.env, set: [DATABASE_URL, REDIS_URL], strong: [SECRET_KEY, JWT_SECRET_KEY], length: 32}
expect:
  - size(missing) == 0 && size(empty) == 0 && size(weak) == 0
  - values.FLASK_ENV == 'production'
  - values.DEBUG.lowerAscii() in ['false', '0']
"""
    fields = (
        Field("found", "bool", "The file, process or container is there."),
        Field("missing", "list", "Names of `set` and `strong` that are not set."),
        Field("empty", "list", "Those that are set to nothing."),
        Field("weak", "map", "Names of `strong` that are not strong, to why: `too short (8 < 16)`, `not set`."),
        Field("values", "map", "All variables. Those of `strong`, and secrets by their name, are never shown."),
        Field("count", "int", "How many variables there are."),
        Field("processes", "int", "Processes that matched."),
    )

    def request(self, spec: EnvironmentSpec) -> str:
        """`read the environment of /srv/bot/.env: FLASK_ENV, SECRET_KEY`."""
        names = ", ".join(dict.fromkeys((*spec.set, *spec.strong)))
        return f"read the environment of {_whose(spec)}" + (f": {names}" if names else "")

    async def read(self, spec: EnvironmentSpec, session: Session, timeout: float) -> Reading:
        """Read once. Raises Unmeasurable, Unreachable."""
        more: dict[str, Any] = {}
        if spec.file:
            variables = await _of_file(spec.file, session.route, timeout)
        elif spec.container:
            variables = await _of_container(spec.container, session, timeout)
        elif spec.process or session.route.name:
            variables, count = await _of_process(str(spec.process) or "self", session.route, timeout)
            more = {"processes": count} if spec.process else {}
        else:
            variables = dict(os.environ)
        return await in_thread(f"the secrets of {_whose(spec)}", lambda: _reading(spec, variables, more))


KIND: Kind = Environment()


def _whose(spec: EnvironmentSpec) -> str:
    if spec.process:
        return f"process {spec.process}"
    return spec.file or (f"container {spec.container}" if spec.container else "Cockpit")


async def _of_file(path: str, route: Route, timeout: float) -> dict[str, str] | None:
    text = await text_of(route, path, timeout, limit=FILE_LIMIT)
    if text is None:
        return None
    try:
        return dotenv(text)
    except ValueError as error:
        raise Unmeasurable(f"{path} cannot be read: {error}") from None


async def _of_process(asked: str, route: Route, timeout: float) -> tuple[dict[str, str] | None, int]:
    """The environment that a process was started with, and how many processes matched."""
    program = Program(("/bin/sh", "-c", _OF_A_PROCESS), input=f"{asked}\n".encode())
    ended = await route.run(program, timeout)
    if ended.timed_out:
        raise Unmeasurable(f"timed out while the environment of process {asked} was read, after {timeout:.1f} s")
    if ended.status == 64:
        return None, 0
    errors = ended.errors.decode("utf-8", "backslashreplace").strip()
    *head, rest = ended.output.split(b"\0", 2)
    if ended.status != 0 or len(head) < 2:
        if errors.endswith("No such file or directory"):
            return None, 0
        reason = errors.rpartition(": ")[2].lower() or "the programs that read it failed"
        hint = ": only its own user and root may" if "permission" in reason else ""
        raise Unmeasurable(f"the environment of process {asked} cannot be read: {reason}{hint}")
    variables = (line.decode("utf-8", "backslashreplace") for line in rest.split(b"\0") if b"=" in line)
    return environment(list(variables)), int(head[0])


async def _of_container(name: str, session: Session, timeout: float) -> dict[str, str] | None:
    found = await docker_daemon.ask(docker_daemon.Usual(), session, timeout, lambda daemon: daemon.container(name))
    return None if found is None else environment(found["Config"].get("Env") or [])


def _reading(spec: EnvironmentSpec, found: Mapping[str, str] | None, more: Mapping[str, Any]) -> Reading:
    variables = found or {}
    asked = list(dict.fromkeys((*spec.set, *spec.strong)))
    missing = [name for name in asked if name not in variables]
    empty = [name for name in asked if name in variables and not variables[name].strip()]
    secrets = {name: variables[name] for name in spec.strong if name not in (*missing, *empty)}
    judged = strength.weaknesses(secrets, length=spec.length, guesses=spec.guesses)
    unset = {name: "not set" if name in missing else "empty" for name in spec.strong if name not in secrets}
    values = {
        "found": found is not None,
        "missing": missing,
        "empty": empty,
        "weak": unset | judged,
        "values": variables,
        "count": len(variables),
        **more,
    }
    fit = {name: HIDDEN if name in spec.strong else shown(name, value) for name, value in variables.items()}
    words = [f"{len(variables)} variables" if found is not None else f"there is no {_whose(spec)}"]
    words += [f"not set: {', '.join(missing)}"] if missing else []
    words += [f"empty: {', '.join(empty)}"] if empty else []
    words += [f"weak: {', '.join(f'{name}, {reason}' for name, reason in judged.items())}"] if judged else []
    lines = [f"{name}={fit[name]}" if name in fit else f"{name} is not set" for name in asked]
    return Reading(values, "; ".join(words), evidence="\n".join(lines), shown={**values, "values": fit})
