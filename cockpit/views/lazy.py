"""Lines that are made when they are looked at: of a long list only what is seen costs anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from cockpit.views.line import Line


class Lazy(Sequence[Line]):
    """`count` lines, each made by `draw` from its number."""

    def __init__(self, count: int, draw: Callable[[int], Line]) -> None:
        """Make none yet."""
        self._count = count
        self._draw = draw

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self._draw(each) for each in range(*index.indices(self._count))]
        return self._draw(index)
