"""Lines searched for what they must and must not say.

The search is RE2's: no pattern can take more than linear time, which in Python's own would stop the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pydantic

FORBIDDEN_LIMIT = 20
"""Lines that are kept of those that must not be there; all are counted."""

LINE_LIMIT = 2000
"""Characters of a line that are kept; the whole line is searched."""


def _pattern(text: str) -> str:
    import re2  # noqa: PLC0415 - only where something is searched

    try:
        re2.compile(text, _quiet())
    except re2.error as error:
        said = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"is not a regular expression: {said} (RE2 syntax: no look-around)") from None
    return text


def _quiet() -> Any:
    import re2  # noqa: PLC0415 - as above

    options = re2.Options()
    options.log_errors = False
    return options


Pattern = Annotated[str, pydantic.AfterValidator(_pattern)]
"""A regular expression in RE2's syntax, in a specification."""


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether `pattern` is found in a text."""
    import re2  # noqa: PLC0415 - as above

    compiled = re2.compile(pattern, _quiet())
    return lambda text: compiled.search(text) is not None


class Search:
    """Looks at lines one after the other; only what is to be shown is kept."""

    def __init__(self, must: tuple[str, ...], must_not: tuple[str, ...], shown: Callable[[bytes], str]) -> None:
        """Each of `must` is to match some line, none of `must_not` any; `shown` is a line as it may be kept."""
        import re2  # noqa: PLC0415 - as above

        self._must = must
        self._patterns = tuple(dict.fromkeys((*must, *must_not)))
        self._must_not = {index for index, pattern in enumerate(self._patterns) if pattern in must_not}
        self._shown = shown
        self._set = re2.Set.SearchSet(_quiet())
        for pattern in self._patterns:
            self._set.Add(pattern)
        if self._patterns:
            self._set.Compile()
        self.lines = 0
        """How many were looked at."""
        self.matched = dict.fromkeys(self._patterns, 0)
        """Each pattern to the number of lines that it matched."""
        self.forbidden: list[str] = []
        """The first lines that must not be there, as they may be shown."""
        self.forbidden_count = 0

    def look_at(self, line: bytes) -> None:
        """Search one line."""
        self.lines += 1
        hits = (self._set.Match(line) or ()) if self._patterns else ()
        for index in hits:
            self.matched[self._patterns[index]] += 1
        if not self._must_not.isdisjoint(hits):
            self.forbidden_count += 1
            if len(self.forbidden) < FORBIDDEN_LIMIT:
                self.forbidden.append(self._shown(line)[:LINE_LIMIT])

    @property
    def missing(self) -> list[str]:
        """The patterns of `must` that matched no line."""
        return [pattern for pattern in self._must if not self.matched[pattern]]
