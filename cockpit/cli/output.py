"""What a command prints: what programs read goes to standard output, all else to standard error.

A terminal or an encoding that cannot show a character gets a plain one instead, never a crash.
"""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Mapping
from typing import Any

_LOOK_ALIKES = {
    "\u2500\u2013\u2014\u00b7": "-",
    "\u2502\u251c": "|",
    "\u2514": "`",
    "\u2026": "...",
    "\u2022": "*",
    "\u2192": "->",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u00d7\u2717": "x",
    "\u2713": "+",
    "\u201c\u201d": '"',
    "\u2018\u2019": "'",
}
_PLAIN = str.maketrans({sign: plain for signs, plain in _LOOK_ALIKES.items() for sign in signs})


def prepare() -> None:
    """Make both output streams print anything: a character that cannot be encoded becomes a plain one."""
    codecs.register_error("cockpit.plain", _replace_unencodable)
    for stream in (sys.stdout, sys.stderr):
        if not hasattr(stream, "reconfigure"):
            continue
        if stream.isatty() and not speaks_utf8(os.environ):
            stream.reconfigure(encoding="ascii", errors="cockpit.plain")
        else:
            stream.reconfigure(errors="cockpit.plain")


def speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale of `environ` is a UTF-8 one."""
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "C")
    return "utf-8" in locale.lower() or "utf8" in locale.lower()


def plain(text: str) -> str:
    """`text` in ASCII: signs as their look-alikes, letters without their marks, all else as `<U+XXXX>`."""
    text = text.translate(_PLAIN)
    if text.isascii():
        return text
    import unicodedata

    letters = unicodedata.normalize("NFKD", text)
    return "".join(
        sign if sign.isascii() else "" if unicodedata.combining(sign) else f"<U+{ord(sign):04X}>" for sign in letters
    )


def say(message: str) -> None:
    """Tell a person something, beside the output; names that came from the command line or a file may be in it."""
    from cockpit.text import safe

    print(safe(message), file=sys.stderr)


def print_json(value: Any) -> None:
    """Print `value` as JSON in ASCII, which every encoding can carry."""
    import json

    # DEL is the one control character that the encoder passes on.
    print(json.dumps(value, indent=2).replace("\x7f", "\\u007f"))


def counted(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end
