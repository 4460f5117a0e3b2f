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

HAS_TIMEOUT = "exec /bin/sh -c 'exec timeout -k 1 9 true'"
"""Ends with 0 on a host that can end a program in time by itself, when the connection to it is lost."""

LATER = 2.0
"""Seconds after which the host ends a program by itself that we should have ended before."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def line(program: Program, seconds: float, token: str, *, has_timeout: bool) -> bytes:
    """The line that SHELL carries out: run `program`, for `seconds` at most.

    First it says, on the standard error and marked by `token`, what its process group is. Raises Unreachable.
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
    limit = math.ceil(seconds + LATER)
    if has_timeout:
        steps.append(f"exec timeout -k 2 {limit} {words}")
    else:
        watch = f"sleep {limit} & s=$!; trap 'kill $s; exit' TERM; wait $s; kill -s KILL -- -$$"
        steps.append(f"( {watch} ) </dev/null >/dev/null 2>&1 & w=$!; {words}; s=$?; kill $w; exit $s")
    return "; ".join(steps).encode() + b"\n"


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
    errors: bytes


def report(errors: bytes, token: str) -> Report:
    """What stands in the standard error that was read so far."""
    said: list[bytes] = re.findall(rb"^" + token.encode() + rb" ([^\n]*)\n", errors, re.MULTILINE)
    rest = re.sub(rb"(?m)^" + token.encode() + rb" [^\n]*\n", b"", errors)
    group = next((int(words.split()[1]) for words in said if words.startswith(b"group ")), 0)
    return Report(group, b"no-folder" in said, b"no-program" in said, rest)


def _quoted(text: str) -> str:
    """`text` as one word of a shell's line, without a newline in it. Raises Unreachable."""
    if "\0" in text:
        raise Unreachable("a program cannot be told anything with a NUL in it")
    return shlex.quote(text).replace("\n", "'\"$n\"'")
