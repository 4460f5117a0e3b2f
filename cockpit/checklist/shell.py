"""`${name}` in a shell command: its value stands there quoted, as one word or part of one, whatever is in it.

So it must stand outside of quotes. Within them a value would either be quoted twice, or belong to a command of another
shell (`ssh host "ls ${dir}"`, `sh -c '...'`), which would carry out what is in it. What can only be told by reading a
command as the shell does is refused as well: there, too, what looks quoted may be carried out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cockpit.checklist.uses import USE

ADVICE = 'write it outside of quotes ("Name: "${name}), or give it by `environment:` and write "$NAME"'
"""What to do with a value that cannot be quoted where it stands."""


class Use(NamedTuple):
    """A use of a variable in a command."""

    name: str
    start: int
    end: int
    trouble: str
    """Why its value cannot be quoted there; empty when it can."""


def uses_in(command: str) -> Iterator[Use]:
    """The uses of variables in a command."""
    quote, trouble, at, word_begins = "", "", 0, True
    while at < len(command):
        if use := USE.match(command, at):
            within = f"stands within quotes ({quote}...{quote})" if quote else ""
            yield Use(use[1], at, use.end(), trouble or within)
            at, word_begins = use.end(), False
            continue
        sign, step = command[at], 1
        if quote == "'":
            quote = "" if sign == "'" else quote
        elif obscuring := _OBSCURING[quote].match(command, at):
            trouble = trouble or f"stands after {_WORDS[obscuring.lastgroup or '']}"
        elif command.startswith("\\\n", at):
            at += 2
            continue
        elif sign == "\\":
            step = 2
        elif sign == '"':
            quote = "" if quote else '"'
        elif not quote and sign == "'":
            quote = "'"
        elif not quote and sign == "#" and word_begins:
            step = len(command[at:].partition("\n")[0])
        at += step
        word_begins = not quote and sign in _BEFORE_A_WORD


def fill(command: str, value_of: Callable[[str], str]) -> str:
    """`command` with each value quoted. Raises ValueError when one cannot be."""
    if "${" not in command:
        return command
    filled, done = [], 0
    for use in uses_in(command):
        value = value_of(use.name)
        if use.trouble:
            raise ValueError(f"`${{{use.name}}}` {use.trouble}: {ADVICE}")
        if "\0" in value:
            raise ValueError(f"a zero character stands in the value of `{use.name}`: no command can hold it")
        filled += [command[done : use.start], shlex.quote(value)]
        done = use.end
    return "".join([*filled, command[done:]])


_BEFORE_A_WORD = " \t\n;&|()<>"
_ALWAYS = r"(?P<escape> [\\$] (?=\$\{) | [$<(] (?=\\\n) ) | (?P<backtick> ` ) | (?P<expansion> \$\{ )"
_OBSCURING = {
    "": re.compile(
        _ALWAYS + r"| (?P<arithmetic> \$?\(\( | \$\[ ) | (?P<dollar_quote> \$['\"] ) | (?P<here_document> << )",
        re.VERBOSE,
    ),
    '"': re.compile(_ALWAYS + r"| (?P<substitution> \$\( | \$\[ )", re.VERBOSE),
}
"""What makes the places after it hard to tell, outside of quotes and within double quotes."""
_WORDS = {
    "escape": "a backslash or a `$`",
    "backtick": "a backtick",
    "arithmetic": "arithmetic",
    "substitution": "`$(` within quotes",
    "expansion": "an expansion of the shell's own, `${...}`",
    "dollar_quote": "`$` and a quote",
    "here_document": "a here-document, `<<`",
}
