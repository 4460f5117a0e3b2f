"""Foreign text made safe before it is kept or drawn.

Log lines, response bodies, command output, names in a checklist, what a person typed: all of it may hold terminal
control sequences, bidirectional overrides or a secret. `safe` makes every such character visible and harmless; it
never passes one on and never drops one silently. `Redactor` takes secrets out by their literal values. Apply the
redactor first: `safe` may change the characters that a secret is recognised by.
"""

from __future__ import annotations

import base64
import bisect
import html
import json
import re
import shlex
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

LINE_LIMIT = 4096
"""Characters kept of one line; a longer one is cut, and says so."""

LINES_LIMIT = 200
"""Lines kept of one text; a longer one is cut, and says so."""

SHORTEST_SECRET = 6
"""Characters a secret must have to be redacted: masking a shorter value would damage ordinary text and so show it."""

_MUCH = 4096
"""Characters from which on a text is looked through by RE2 first."""
_MEMORY_OF_QUICK = 64 * 1024 * 1024
"""Bytes that RE2 may take at most for all forms of all secrets; it takes what it needs."""

_COMBINING_RUN = 8
_LONGEST_NOTE = 40
_SHORTEST_LINE = 8
_BASE64_WIDTHS = (64, 76)
"""Where lines of base64 end: PEM (RFC 7468, section 2), MIME and coreutils (RFC 2045, section 6.8)."""
_PERCENT = re.compile("%[0-9A-F]{2}")
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe0f\ufeff\ufff9-\ufffb"
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
_COMBINING = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff"
    f"\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{{{_COMBINING_RUN}}})"
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e31-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)


def safe(text: str | bytes, *, lines: int = LINES_LIMIT, width: int = LINE_LIMIT) -> str:
    """Return `text` with every control, bidirectional and invisible character shown instead of obeyed.

    Newlines stay; tabs become spaces; C0 controls become their Unicode pictures (ESC is `␛`), DEL becomes `␡`, all
    others `<U+XXXX>`. At most `lines` lines of `width` characters are kept, the note of what was cut among them, so
    that what is safe stays as it is.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if text.isascii() and text.isprintable() and len(text) <= width:
        return text
    rows = text.replace("\r\n", "\n").split("\n")
    left = len(rows) - lines
    if left > 0:
        rows = rows[: lines - 1]
    kept = [safe_line(row, width=width) for row in rows]
    return "\n".join([*kept, f"[{left + 1} more lines cut]"] if left > 0 else kept)


def safe_line(text: str | bytes, *, width: int = LINE_LIMIT) -> str:
    """Return `text` as one safe line of at most `width` characters: as `safe`, and newlines become visible too."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    length = len(text)
    if length > width:
        text = text[: width + 1]
    if not (text.isascii() and text.isprintable()):
        # Whatever is unsafe is not printable, but for one: U+FE0F.
        if not text.isprintable() or "\ufe0f" in text:
            text = _UNSAFE.sub(_visible, text.expandtabs(4))
        if not text.isascii():
            text = _COMBINING.sub(lambda marks: f"{marks[1]}<{len(marks[0]) - _COMBINING_RUN} more marks>", text)
    if len(text) <= width:
        return text
    note = f" [cut, {length} characters]" if width > 2 * _LONGEST_NOTE else "…"
    return text[: max(0, width - len(note))] + note[:width]


class Redactor:
    """Takes secret values out of text, in every form in which they commonly travel.

    Each value is recognised as it is, stripped, line by line, escaped as in JSON, HTML and Python, quoted for a shell
    and for a URL, in hexadecimal and in base64 at each alignment, in one line or several. Values shorter than
    `SHORTEST_SECRET` are refused with ValueError.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        """Start with `secrets`: name to value."""
        self.secrets: tuple[tuple[str, str], ...] = ()
        """Name and value of each secret known: to hand them to another process, over a pipe, and nowhere else."""
        self._names: dict[str, str] = {}
        self._pattern: tuple[int, re.Pattern[str]] | None = None
        self._quick: tuple[int, Any] | None = None
        self._sorted: list[str] = []
        for name, value in (secrets or {}).items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Hide `value` from now on; it is shown as `***name***`."""
        if len(value.strip()) < SHORTEST_SECRET:
            raise ValueError(f"secret {name!r} is shorter than {SHORTEST_SECRET} characters: too short to protect")
        if (name, value) in self.secrets:
            return
        if not self.secrets:
            _knowing.append(self)
        self.secrets = (*self.secrets, (name, value))
        for form in _forms(value):
            self._names.setdefault(form, name)
        self._sorted = sorted(self._names)

    @property
    def longest(self) -> int:
        """Length of the longest form known: how much a reader of a stream must hold back to catch a split secret."""
        return max(map(len, self._names), default=0)

    def __call__(self, text: str) -> str:
        """Return `text` without any known secret."""
        if not self._names or (len(text) >= _MUCH and not self._holds_any(text)):
            return text
        return self._any_form().sub(lambda match: f"***{self._names[match[0]]}***", text)

    def _holds_any(self, text: str) -> bool:
        """Whether there is anything to hide: RE2 says no in a fraction of the time that our own pattern takes."""
        count = len(self._names)
        made = self._quick
        if made is None or made[0] != count:
            made = self._quick = (count, _quick(list(self._names)))
        return made[1] is _TOO_MANY or made[1].search(text.encode("utf-8", "surrogatepass")) is not None

    def _any_form(self) -> re.Pattern[str]:
        """What finds every form. It is made when there is text to look through, for all secrets that came until then.

        To make it takes a tenth of a second when there are ten secrets. Which forms it is for is told by their number:
        one more may be added while it is made.
        """
        count = len(self._names)
        made = self._pattern
        if made is None or made[0] != count:
            longest_first = sorted(self._names, key=len, reverse=True)
            made = self._pattern = (count, re.compile("|".join(map(re.escape, longest_first))))
        return made[1]

    def of_stream(self, text: str) -> tuple[str, str]:
        """Of a stream that goes on: what can be shown by now, without any known secret, and what cannot yet.

        What cannot may be the beginning of a secret: it has to come again, before what follows.
        """
        if not self._names:
            return text, ""
        pattern = self._any_form()
        shown: list[str] = []
        done, latest = 0, max(0, len(text) - self.longest + 1)
        while True:
            match = pattern.search(text, done)
            ends = match.start() if match else len(text)
            begun = range(max(done, latest), min(ends + 1, len(text)))
            held = next((at for at in begun if self._begins(text[at:])), None)
            if held is not None:
                return "".join([*shown, text[done:held]]), text[held:]
            shown.append(text[done:ends])
            if match is None:
                return "".join(shown), ""
            shown.append(f"***{self._names[match[0]]}***")
            done = match.end()

    def _begins(self, text: str) -> bool:
        """Whether a form of a secret begins with `text`, and goes on."""
        after = bisect.bisect_right(self._sorted, text)
        return after < len(self._sorted) and self._sorted[after].startswith(text)


def _quick(forms: Iterable[str]) -> Any:
    """What tells quickly whether any of the forms is somewhere, byte by byte."""
    import re2  # noqa: PLC0415 - only where there is much text

    options = re2.Options()
    options.encoding, options.max_mem, options.log_errors = re2.Options.Encoding.LATIN1, _MEMORY_OF_QUICK, False
    try:
        return re2.compile(b"|".join(re2.escape(form.encode("utf-8", "surrogatepass")) for form in forms), options)
    except re2.error:
        return _TOO_MANY


_TOO_MANY = object()
"""There are more forms than RE2 has memory for."""

_knowing: list[Redactor] = []
"""Every redactor of this process that knows a secret."""


def without_secrets(text: str) -> str:
    """Return `text` without any secret that this process knows: for what an error says when it is nobody's."""
    for redactor in _knowing:
        text = redactor(text)
    return text


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"<U+{code:04X}>"


def _forms(value: str) -> Iterable[str]:
    raw = value.encode()
    as_json = json.dumps(value)[1:-1]
    in_url = {
        urllib.parse.quote(value),
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote_plus(value),
    }
    forms = {
        value,
        value.strip(),
        as_json,
        as_json.replace("/", "\\/"),
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        shlex.quote(value),
        html.escape(value),
        html.escape(value, quote=False),
        *in_url,
        *(_PERCENT.sub(lambda code: code[0].lower(), each) for each in in_url),
        raw.hex(),
        raw.hex().upper(),
    }
    forms.update(line.strip() for line in value.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            # The characters at both ends also depend on the neighbours of the secret: leave them out.
            encoded = encode(bytes(shift) + raw).decode().rstrip("=")
            start, end = (0, 2, 3)[shift], len(encoded) - (1 if (shift + len(raw)) % 3 else 0)
            forms.add(encoded[start:end])
    encoded = base64.b64encode(raw).decode()
    for width in _BASE64_WIDTHS:
        lines = (encoded[at : at + width] for at in range(0, len(encoded), width))
        forms.update(line for line in lines if len(line) >= _SHORTEST_LINE)
    return (form for form in forms if len(form) >= SHORTEST_SECRET)
