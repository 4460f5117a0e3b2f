"""Text that was decoded with the wrong code page, repaired."""

from __future__ import annotations

import re

_LEADS = "\u00c2-\u00f4\u011f\u0131"
"""What the first byte of a UTF-8 sequence becomes in a code page of Western Europe or Turkey."""

_FOLLOWS = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
"""What the other bytes become."""

_SIGN = re.compile(f"[{_LEADS}][{_FOLLOWS}]")
_REMAINS = re.compile(f"(?m)^(#+ +)[{_LEADS}{_FOLLOWS}]+ +(?=[A-Za-z])")
_CODE_PAGES = ("sloppy-windows-1252", "sloppy-windows-1254", "latin-1")


def repair(text: str) -> str:
    """Return `text` as it was meant, when the whole of it was decoded with the wrong code page; else as it is.

    A text that holds a character outside the code page is not such a text: what looks wrong in it is a quotation.
    Where a byte was lost for good, what is left of a sign before a heading is taken away.
    """
    if text.isascii() or not _SIGN.search(text):
        return text
    import ftfy  # noqa: PLC0415 - only damaged text pays for it

    if not any(_fits(text, page) for page in _CODE_PAGES):
        return text
    return _REMAINS.sub(r"\1", ftfy.fix_encoding(text))


def _fits(text: str, code_page: str) -> bool:
    try:
        text.encode(code_page)
    except UnicodeEncodeError:
        return False
    return True
