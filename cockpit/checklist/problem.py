"""What is wrong in a checklist, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import msgspec

from cockpit.checklist.source import Source
from cockpit.text import safe_line


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong. `line` and `column` count from 1; line 0 means the file (or option) as a whole."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """`file:line:column: message; hint`, as editors and CI understand it."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        said = f"{self.message}; {self.hint}" if self.hint else self.message
        return safe_line(f"{place}: {said}")


class ChecklistError(Exception):
    """A checklist cannot be used. `problems` holds everything that is wrong with it, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep `problems`, each once."""
        self.problems: tuple[Problem, ...] = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(map(str, self.problems)))


def problem_at(source: Source, message: str, hint: str = "") -> Problem:
    """What is wrong at `source`."""
    return Problem(source.file, source.line, source.column, message, hint)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name that `word` was probably meant to be, or an empty string."""
    found = difflib.get_close_matches(word.lower(), {name.lower(): name for name in known}, n=1, cutoff=0.6)
    return next((name for name in known if found and name.lower() == found[0]), "")


def suggest(word: str, known: Sequence[str], *, none: str = "") -> str:
    """A hint for an unknown name: the nearest known one, else what there is, else `none`."""
    near = nearest(word, known)
    if near:
        return f"did you mean `{near}`?"
    if 0 < len(known) <= 24:
        return "known here: " + ", ".join(known)
    return none
