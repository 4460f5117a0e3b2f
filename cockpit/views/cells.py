"""Text measured in terminal cells: how wide it is, cut to fit, wrapped.

A letter is one cell, a Chinese character two, a combining mark none. Text is expected to be safe already
(`cockpit.text`): it holds no control characters.
"""

from __future__ import annotations

import functools

_ONE_CELL = frozenset(
    chr(code)
    for first, last in ((0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x2FF), (0x370, 0x482), (0x2010, 0x2027), (0x2500, 0x259F))
    for code in range(first, last + 1)
) | frozenset("✓✗☐◷⊘▸▾↻␛␡")
"""Characters that are known to be one cell wide, so that ordinary text is measured without a table."""

_LONGEST = 4096
"""Characters of a line that are looked at: as many as are kept of one that is safe, and more than a row can show."""


def width(text: str) -> int:
    """How many cells `text` takes, as far as it is looked at."""
    if text.isascii():
        return len(text)
    text = text[:_LONGEST]
    if _ONE_CELL.issuperset(text):
        return len(text)
    return sum(map(_cell, text))


def cut(text: str, cells: int, mark: str = "…") -> str:
    """`text` in at most `cells` cells; when something was cut, `mark` stands at its end."""
    if width(text) <= cells:
        return text
    room = cells - width(mark)
    if room < 0:
        return ""
    return head(text, room).rstrip() + mark


def head(text: str, cells: int) -> str:
    """The beginning of `text` that fits in `cells` cells."""
    text = text[:_LONGEST]
    if text.isascii() or _ONE_CELL.issuperset(text):
        return text[: max(0, cells)]
    used = 0
    for index, character in enumerate(text):
        used += _cell(character)
        if used > cells:
            return text[:index]
    return text


def wrap(text: str, cells: int) -> list[str]:
    """`text` in lines of at most `cells` cells, broken at spaces where possible. Newlines are kept."""
    if cells < 1:
        return []
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_paragraph(paragraph, cells))
    return lines


def _wrap_paragraph(paragraph: str, cells: int) -> list[str]:
    lines: list[str] = []
    rest = paragraph[:_LONGEST].rstrip(" ")
    while width(rest) > cells:
        fits = head(rest, cells) or rest[0]
        space = fits.rfind(" ")
        if rest[len(fits) : len(fits) + 1] != " " and space > cells // 3:
            fits = fits[:space]
        lines.append(fits.rstrip(" "))
        rest = rest[len(fits) :].lstrip(" ")
    lines.append(rest)
    return lines


@functools.lru_cache(maxsize=8192)
def _cell(character: str) -> int:
    if character in _ONE_CELL:
        return 1
    from wcwidth import wcwidth  # noqa: PLC0415 - its tables cost start-up time that ordinary text does not need

    return max(0, wcwidth(character))
