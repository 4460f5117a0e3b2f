"""Passwords that a shell command hands to a program in its arguments, where everyone on the machine can read them.

Warnings, no errors: on a machine of one's own it may be as one wants it. What is looked for is a secret of the
checklist, a URL with a password written out, and a URL that a client of a database is given by a variable of the shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from cockpit.checklist.load import Loaded, values
from cockpit.checklist.problem import Problem, problem_at
from cockpit.checklist.uses import names_in


def warnings(loaded: Loaded) -> list[Problem]:
    """Of the commands of a checklist, those that show a password, each where it is written."""
    secrets = {each.name for each in loaded.document.variables if each.secret}
    written = [
        (node.source, node.value)
        for id_, top in loaded.nodes.items()
        for key, node in values(top)
        if key.rpartition(".")[2] in ("command", "run") and isinstance(node.value, str)
    ]
    written += [(each.source, each.run) for each in loaded.document.commands if each.source is not None]
    found = []
    for source, command in written:
        for program in dict.fromkeys(exposing(command, secrets)):
            said = f"`{program}` is given a password in its arguments, which everyone on the machine can read (`ps`)"
            found.append(problem_at(source, said, _FOR_POSTGRES if program in _OF_POSTGRES else _FOR_OTHERS))
    return sorted(dict.fromkeys(found))


def exposing(command: str, secrets: AbstractSet[str]) -> Iterator[str]:
    """The programs that `command` gives a password in their arguments; `secrets` are the names of variables."""
    try:
        words = list(_words(command))
    except ValueError:  # a quote is not closed: whoever runs it is told so
        return
    program = ""
    for word in words:
        if not word.strip(_BETWEEN):
            program = ""
        elif program:
            if program not in _OF_THE_SHELL and _shows(word, program, secrets):
                yield program
        elif not _ASSIGNMENT.match(word) and word not in _BEFORE_A_PROGRAM:
            program = word.strip("\"'").rpartition("/")[2]


_BETWEEN = ";&|()\n"
_BEFORE_A_PROGRAM = ("if", "then", "else", "elif", "while", "until", "do", "!", "{", "}", "exec", "time", "$")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_OF_THE_SHELL = ("echo", "printf", "export", "test", "[", ":", "read", "set")
"""What the shell does itself: no other process gets its arguments."""

_OF_POSTGRES = (
    "psql",
    "pg_dump",
    "pg_dumpall",
    "pg_restore",
    "pg_isready",
    "pgbench",
    "createdb",
    "dropdb",
    "vacuumdb",
)
_OF_DATABASES = (*_OF_POSTGRES, "mysql", "mysqldump", "mariadb", "redis-cli", "mongosh", "mongo")
_URL_IN_A_VARIABLE = re.compile(r"\$\{?\w*(?:URL|URI|DSN)\b", re.IGNORECASE)
_URL_WITH_PASSWORD = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:(?!\$)[^\s/@'\"]+@", re.IGNORECASE)

_FOR_POSTGRES = (
    "name a service of a file (PGSERVICEFILE, `service=...`), or give the password by PGPASSFILE, or by PGPASSWORD in"
    " its environment"
)
_FOR_OTHERS = "give it in the environment of the program (`NAME=... program`), or in a file that it reads"


def _words(command: str) -> Iterator[str]:
    """The words of a command with their quotes, and what stands between commands."""
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=False, punctuation_chars=_BETWEEN)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    return iter(lexer)


def _shows(word: str, program: str, secrets: AbstractSet[str]) -> bool:
    if word.startswith("'"):  # the shell puts no value in here; Cockpit refuses to
        return _URL_WITH_PASSWORD.search(word) is not None
    return (
        not secrets.isdisjoint(names_in(word))
        or _URL_WITH_PASSWORD.search(word) is not None
        or (program in _OF_DATABASES and _URL_IN_A_VARIABLE.search(word) is not None and not list(names_in(word)))
    )
