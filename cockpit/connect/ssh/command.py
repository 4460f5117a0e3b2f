"""How a program is run on a host: by a small POSIX shell script that reads what to do from its standard input.

So it does not matter which shell the user has there, secrets in the environment are in no argument that others can
list, and the whole process group can be ended later.
"""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import dataclass

from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Program

SHELL = "exec /bin/sh -c 'IFS= read -r l; eval \"$l\"'"
"""What is run in any case. The line that it reads it carries out; what follows the line, the program reads."""

LATER = 2.0
"""Seconds after which the host ends a program by itself that we should have ended before."""

SILENCE = 1.0
"""Seconds without output after which a program that has ended is not waited for any longer, although something that it
left running holds its streams open."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def line(program: Program, seconds: float, token: str, *, has_timeout: bool | None, tell_status: bool = False) -> bytes:
    """The line that SHELL carries out: run `program`, for `seconds` at most.

    First it says, on the standard error and marked by `token`, what its process group is; with `tell_status` at the
    end the exit status, for those who cannot tell it from a lost connection otherwise. `has_timeout` says whether the
    host has the program `timeout`, None that nobody knows: then it is found out. Raises Unreachable.
    """
    steps = ["n=$(printf '\\n.')", "n=${n%.}", f"echo {token} group $$ >&2"]
    for name, value in program.environment.items():
        if not _VARIABLE.fullmatch(name):
            raise Unreachable(f"{name!r} cannot be a variable of the environment on a host")
        steps.append(f"export {name}={_quoted(value)}")
    if program.folder:
        steps.append(f"cd -- {_quoted(program.folder)} 2>/dev/null || {{ echo {token} no-folder >&2; exit 126; }}")
    if isinstance(program.command, str):
        words = f"/bin/sh -c {_quoted(program.command)}"
    else:
        words = " ".join(map(_quoted, program.command))
        first = _quoted(program.command[0])
        steps.append(f"command -v {first} >/dev/null 2>&1 || {{ echo {token} no-program >&2; exit 127; }}")
    if tell_status:
        # What the shell itself says, that it was killed, goes nowhere.
        inner = f"exec 3>&2 2>/dev/null; ({words} 2>&3 3>&-); s=$?; echo {token} status $s >&3; exit $s"
        words = f"/bin/sh -c {_quoted(inner)}"
    limit = math.ceil(seconds + LATER)
    in_time = f"exec timeout -k 2 {limit} {words}"
    if has_timeout is None:
        steps.append(f"timeout -k 1 9 true 2>/dev/null && {{ echo {token} has-timeout >&2; {in_time}; }}")
    if has_timeout:
        steps.append(in_time)
    else:
        watch = f"sleep {limit} & s=$!; trap 'kill $s; exit' TERM; wait $s; kill -s KILL -- -$$"
        steps.append(f"( {watch} ) </dev/null >/dev/null 2>&1 & w=$!")
        steps.append(f"{words}; s=$?; kill $w; exit $s")
    # A newline can only be within single quotes.
    return "; ".join(steps).replace("\n", "'\"$n\"'").encode() + b"\n"


def kill(group: int) -> str:
    """What ends a process group, whatever shell runs it."""
    return f"exec /bin/sh -c 'kill -s KILL -- -{group}'"


@dataclass(frozen=True)
class Report:
    """What the script said of itself, and the standard error without that."""

    group: int
    """The process group, 0 while it is not known."""
    no_folder: bool
    no_program: bool
    status: int | None
    """What the program ended with, when that was to be told."""
    has_timeout: bool
    """It was found out that the host can end a program in time by itself."""
    errors: bytes


def report(errors: bytes, token: str) -> Report:
    """What stands in the standard error that was read so far."""
    marked = token.encode() + rb" ([^\n]*)\n"
    said = [words.decode("ascii", "replace").split() for words in re.findall(marked, errors)]
    numbers = {words[0]: int(words[1]) for words in said if len(words) == 2 and words[1].isdigit()}
    return Report(
        numbers.get("group", 0),
        ["no-folder"] in said,
        ["no-program"] in said,
        numbers.get("status"),
        ["has-timeout"] in said,
        re.sub(marked, b"", errors),
    )


def _quoted(text: str) -> str:
    """`text` as one word for a shell. Raises Unreachable."""
    if "\0" in text:
        raise Unreachable("a program cannot be told anything with a NUL in it")
    return shlex.quote(text)
