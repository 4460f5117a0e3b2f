"""What is searched for in lines.

The search is RE2's: no pattern can take more than linear time, which in Python's own would stop the program. As in
other pagers, a pattern without capital letters finds capital letters, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any


class WrongPattern(ValueError):
    """It is no regular expression; the message says why."""


class Pattern:
    """A regular expression in RE2's syntax."""

    def __init__(self, text: str) -> None:
        """Search for `text`. Raises WrongPattern."""
        self.text = text
        self._plain = text if re.fullmatch(r"[A-Za-z0-9 _/:,;=<>@%&~\"'!#-]*", text) else None
        self._any_case = ignores_case(text)
        self._compiled = compiled(text, any_case=self._any_case)

    def found_in(self, line: str) -> bool:
        """Whether it is somewhere in `line`."""
        if self._plain is not None and (not self._any_case or line.isascii()):
            return self._plain in (line.lower() if self._any_case else line)
        return self._compiled.search(line) is not None

    def spans(self, line: str) -> Iterator[tuple[int, int]]:
        """Where it is in `line`: begin and end, in characters; what matches nothing has no place."""
        for match in self._compiled.finditer(line):
            if match.end() > match.start():
                yield match.span()


def ignores_case(text: str) -> bool:
    """Whether an expression finds capital letters, too: it has none itself."""
    return text == _lowered(text)


def compiled(text: str | bytes, *, any_case: bool) -> Any:
    """The expression as the library has it. Raises WrongPattern."""
    import re2  # noqa: PLC0415 - only where something is searched

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not any_case
    try:
        found = re2.compile(text, options)
    except re2.error as error:
        said = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise WrongPattern(f"`{text!s}` is no regular expression: {said} (RE2 syntax: no look-around)") from None
    return found


def _lowered(text: str) -> str:
    r"""`text` in small letters, but for what follows a backslash: `\S` is no capital letter."""
    return re.sub(r"\\.|[^\\]+", lambda each: each[0] if each[0].startswith("\\") else each[0].lower(), text)
