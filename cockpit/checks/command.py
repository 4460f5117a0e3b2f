"""`command`: what a command prints and how it ends, on this machine or on a host."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Meaning, Spec
from cockpit.checklist.uses import words
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.plain import plain
from cockpit.connect.route import Ended, Program, Route

TELLING = 0.05
"""Seconds before the time of a measurement is up at which a command is ended: what it printed can then be told."""

LAST_LINES = 3
"""Lines that tell what a command was at when its time ran out."""

NAME_OF_VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*$"


def _text(value: Any) -> Any:
    """Numbers are fine where text is wanted: a port in an argument, a count in the environment."""
    return words(value) if isinstance(value, bool | int | float) else value


def _arguments(value: Any) -> Any:
    """As `_text`; a variable that is a list is as many arguments."""
    if not isinstance(value, list | tuple):
        return value
    flat: list[Any] = []
    for each in value:
        flat.extend(each) if isinstance(each, list | tuple) else flat.append(each)
    return [_text(each) for each in flat]


Text = Annotated[str, pydantic.BeforeValidator(_text)]
Arguments = Annotated[tuple[str, ...], pydantic.BeforeValidator(_arguments), Meaning.ARGUMENTS]
Environment = dict[Annotated[str, pydantic.StringConstraints(pattern=NAME_OF_VARIABLE)], Text]


AT_ONCE = 32
"""How often one program may be running: each is a process or a few, and more take longer together."""

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class ProgramSpec(Spec):
    """A program to run."""

    run: Annotated[Text, Meaning.SHELL] = pydantic.Field(
        "",
        description="Shell command, run by `/bin/sh` exactly as it is written; values of variables stand in it quoted.",
    )
    argv: Arguments = pydantic.Field(
        (), description="A program and its arguments, instead of `run`; no shell sees them."
    )
    input: Text = pydantic.Field("", description="Text that it is given to read; may be a secret.")
    environment: Environment = pydantic.Field({}, description="Variables set for it; their values may be secrets.")
    folder: str = pydantic.Field("", description="Where it runs; `~` is the home directory.")

    @pydantic.model_validator(mode="after")
    def _one_of_both(self) -> ProgramSpec:
        if self.run and self.argv:
            raise ValueError("has both `run` and `argv`: write one of them")
        return self


class CommandSpec(ProgramSpec):
    """The command, and what it is given."""

    @pydantic.model_validator(mode="after")
    def _something(self) -> CommandSpec:
        if not self.run.strip() and not self.argv:
            raise ValueError("needs `run`, a shell command, or `argv`, a program and its arguments")
        return self


class Command:
    """Measures by running a program to its end."""

    name = "command"
    about = "What a command prints and how it ends, on this machine or on a host."
    spec = CommandSpec
    via = True
    at_once = AT_ONCE
    implied = "status == 0"
    example = """\
command: {run: "./pending-orders --format json --since ${since}", environment: {API_TOKEN: "${api_token}"}}
expect:
  - status == 0
  - json.pending < 10
  - "!output.contains('deprecated')"
"""
    fields = (
        Field("status", "int", "Exit status; there is none when a signal ended it."),
        Field("output", "string", "What it printed, without line breaks at the end. The first 1 MiB."),
        Field("errors", "string", "What it printed on standard error, likewise."),
        Field("lines", "list", "The lines of `output`."),
        Field("json", "dyn", "`output` as data, when it is JSON."),
        Field("value", "double", "`output` as a number, when it is one."),
        Field("took", "double", "From its start to its end.", "seconds"),
        Field("signal", "string", "What ended it, as `KILL`; empty when it ended by itself."),
    )

    def server(self, spec: Mapping[str, Any]) -> tuple[str, ...]:
        """The program: one that hangs holds up no other."""
        return (program_named(spec),)

    def request(self, spec: CommandSpec) -> str:
        """The command, exactly as it is run: `./pending-orders --format json`."""
        return shown(spec)

    async def read(self, spec: CommandSpec, session: Session, timeout: float) -> Reading:
        """Run it once. Raises Unmeasurable, Unreachable."""
        return reading(await ended(program(spec), session.route, timeout))


KIND: Kind = Command()


def program(spec: ProgramSpec) -> Program:
    """What a spec says to run."""
    return Program(spec.argv or spec.run, spec.input.encode(), spec.environment, spec.folder)


def program_named(written: Mapping[str, Any]) -> str:
    """The program that a spec, as it is written, says to run: `psql` of `PGUSER=bot psql -c ...`."""
    argv, run = written.get("argv"), str(written.get("run", ""))
    words = [str(word) for word in argv] if isinstance(argv, list | tuple) else run.split()
    return next((word for word in words if not _ASSIGNMENT.match(word)), "")


def shown(spec: ProgramSpec) -> str:
    """The command in one line; what it reads and its environment may hold secrets, and are not shown."""
    command = shlex.join(spec.argv) if spec.argv else spec.run.strip()
    return f"{command} (in {spec.folder})" if spec.folder else command


async def ended(program: Program, route: Route, timeout: float) -> Ended:
    """How `program` ended. Raises Unmeasurable with what it had printed when time ran out, and Unreachable."""
    result = await route.run(program, max(timeout * 0.9, timeout - TELLING))
    if result.timed_out:
        last = [line for line in (*_lines(result.output), *_lines(result.errors)) if line.strip()][-LAST_LINES:]
        said = f"the last it printed: {' / '.join(last)}" if last else "it had printed nothing"
        raise Unmeasurable(f"timed out after {timeout:.1f} s; {said}", evidence(result), cut=result.cut)
    return result


def reading(result: Ended) -> Reading:
    """What can be said of a program that has ended."""
    values = values_of(result)
    value = values.get("value")
    last = _last_line(result.output) if result.status == 0 else _last_line(result.errors) or _last_line(result.output)
    summary = f"{how(result)} in {result.took * 1000:.0f} ms" + (f": {last}" if last else "")
    return Reading(values, summary, evidence(result), figure=value, cut=result.cut)


def values_of(result: Ended) -> dict[str, Any]:
    """The fields of a program that has ended."""
    output = text_of(result.output)
    values: dict[str, Any] = {
        "output": output,
        "errors": text_of(result.errors),
        "lines": output.split("\n") if output else [],
        "took": result.took,
        "signal": result.signal,
    }
    if result.status is not None:
        values["status"] = result.status
    if not result.cut:
        values.update(_as_data(output))
    return values


def how(result: Ended) -> str:
    """`status 0`, `ended by KILL`."""
    return f"status {result.status}" if result.status is not None else f"ended by {result.signal}"


def evidence(result: Ended) -> str:
    """What it printed on both streams."""
    parts = [text_of(result.output)] if result.output else []
    if result.errors:
        parts.append(f"standard error:\n{text_of(result.errors)}")
    if not parts:
        parts.append("nothing was printed")
    if result.cut:
        parts.append("[it printed more]")
    return "\n".join(parts)


def text_of(printed: bytes) -> str:
    """What was printed as text, without the line breaks at its end."""
    return printed.decode("utf-8", "backslashreplace").rstrip("\r\n")


_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def _as_data(output: str) -> Iterable[tuple[str, Any]]:
    if _NUMBER.fullmatch(output) and math.isfinite(number := float(output)):
        yield "value", number
    try:
        yield "json", plain(json.loads(output))
    except (ValueError, RecursionError):
        return


def _lines(printed: bytes) -> list[str]:
    return text_of(printed).split("\n")


def _last_line(printed: bytes) -> str:
    return next((line.strip() for line in reversed(_lines(printed)) if line.strip()), "")
