"""Where bytes of a source become lines: cleaned, rid of secrets, recognised, and written to the spool."""

from __future__ import annotations

import datetime as dt
import math
import re
import time
import zoneinfo
from collections.abc import Callable, Sequence
from typing import Protocol

from cockpit.logs.recognise import CONTINUES, Recogniser
from cockpit.text import LINE_LIMIT, Redactor, safe_line

PIECE = 1024 * 1024
"""Bytes of a line that are taken together; a longer one is taken in pieces."""

_PLAIN = bytes(range(0x20, 0x7F)) + b"\n"
_ESCAPE = b"\x1b"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Sink(Protocol):
    """Takes lines in: a spool, or whoever shows them at once."""

    def add(
        self, source: str, texts: Sequence[str], received: float, *, levels: bytes = b"", at: Sequence[float] = ()
    ) -> None:
        """The next lines of a source; `at` has NaN for what is not known, a level of 0 is none."""

    def notice(self, source: str, words: str, received: float) -> None:
        """What happened to a source."""


class Intake:
    """Takes in what one source prints."""

    def __init__(
        self,
        source: str,
        sink: Sink,
        redactor: Redactor,
        zone: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Hand the lines of `source` on to `sink`; `zone` is that of times that do not say theirs, else ours."""
        self.source = source
        self._sink, self._redactor, self._clock = sink, redactor, clock
        local = dt.datetime.now().astimezone().tzinfo or dt.UTC
        self._recogniser = Recogniser(zoneinfo.ZoneInfo(zone) if zone else local)
        self._begun = b""

    def notice(self, words: str) -> None:
        """Say what happened to the source."""
        self._sink.notice(self.source, safe_line(self._redactor(words)), self._clock())

    def stream(self, data: bytes) -> None:
        """Take in what comes next of a stream of lines."""
        *whole, rest = (self._begun + data).split(b"\n")
        if len(rest) > PIECE:
            whole.append(rest)
            rest = b""
        self._begun = rest
        self.lines(whole)

    def end(self) -> None:
        """The stream has ended: a line that was begun is one."""
        rest, self._begun = self._begun, b""
        self.lines([rest] if rest else [])

    def lines(
        self, lines: Sequence[bytes], at: Sequence[float] = (), levels: Sequence[int] = (), prefix: str = ""
    ) -> None:
        """Take in whole lines; `at` and `levels` are what somebody knows of them better than they say themselves."""
        if not lines:
            return
        now = self._clock()
        text, raw = self._texts(lines)
        seen = _COLOURS.sub("", text).split("\n") if "\x1b" in text else raw
        if levels:
            codes, moments = bytes(levels), at or [math.nan] * len(raw)
        elif at:
            codes, moments = self._recogniser.codes(seen), at
        else:
            codes, moments = self._recognised(seen, now)
        texts = _safe(text, raw)
        if prefix:
            texts = [prefix + each for each in texts]
        self._sink.add(self.source, texts, now, levels=codes, at=moments)

    def _texts(self, lines: Sequence[bytes]) -> tuple[str, list[str]]:
        """As text without secrets, all in one and each by itself.

        The redactor looks at all at once, unless a secret goes over several lines.
        """
        text = self._redactor(b"\n".join(lines).decode("utf-8", "backslashreplace"))
        texts = text.split("\n")
        if len(texts) != len(lines):
            texts = [self._redactor(each.decode("utf-8", "backslashreplace")).replace("\n", "␊") for each in lines]
            text = "\n".join(texts)
        return text, texts

    def _recognised(self, texts: Sequence[str], now: float) -> tuple[bytes, list[float]]:
        codes, moments = bytearray(), []
        for text in texts:
            level, at, more = self._recogniser(text, now)
            codes.append((level or 0) | CONTINUES if more else level or 0)
            moments.append(math.nan if at is None else at)
        return bytes(codes), moments


def _safe(text: str, lines: Sequence[str]) -> Sequence[str]:
    """The lines of a text made safe: where colours are all that is not plain, as a whole and not line by line."""
    if text.isascii() and max(map(len, lines)) <= LINE_LIMIT:
        unsafe = text.encode().translate(None, _PLAIN)
        if not unsafe:
            return lines
        if not unsafe.strip(_ESCAPE):
            return text.replace("\x1b", safe_line("\x1b")).split("\n")
    return [safe_line(each.removesuffix("\r")) for each in lines]
