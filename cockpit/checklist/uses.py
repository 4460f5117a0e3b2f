"""`${name}` in a text: where a variable is used, and how its value stands there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SHAPE_OF_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
"""What the name of a variable may be."""

USE = re.compile(r"\$\{(" + SHAPE_OF_VARIABLE + r")\}")
"""Where a variable is used; its group is the name."""


def names_in(value: Any) -> Iterator[str]:
    """The names of the variables used in a text, or in all texts of a mapping or list."""
    if isinstance(value, str):
        yield from USE.findall(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names_in(item)


def words(value: Any) -> str:
    """A value as it is filled into text: lists are joined by commas, true and false are as in YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(words(item) for item in value)
    return str(value)
