"""The level and the time of a line, recognised in the formats that are common.

Syslog (RFC 3164 and 5424), ISO times, Python logging, log4j, nginx, Apache, PostgreSQL, MySQL, Redis, klog, logfmt,
access logs, and JSON lines of the well-known libraries. What is not sure is left unsaid: None.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from cockpit.logs.line import Level

CONTINUES = 0x80
"""The bit of a level's byte that says: the line continues the one before it."""

LOOKED_AT = 160
"""Characters at the beginning of a line in which its level and its time are looked for."""


class Recognised(NamedTuple):
    """What a line says of itself."""

    level: Level | None
    at: float | None
    """Seconds since 1970, UTC."""
    continues: bool = False


class Recogniser:
    """Recognises the lines of one source, one after the other: a line that goes on has the level of the one before."""

    def __init__(self, zone: dt.tzinfo = dt.UTC) -> None:
        """`zone` is that of times which do not say their own."""
        self._last: Level | None = None
        self._where = -1
        self._times = _Times(zone)

    def codes(self, texts: Sequence[str]) -> bytes:
        """Of the source's next lines, a byte for each: its level, 0 for none; with CONTINUES when it continues one.

        Most lines of a source have their level at the same place: there it is looked for first.
        """
        found = bytearray()
        for text in texts:
            match = _LEVEL_HERE(text, self._where) if self._where >= 0 and text[:1] != "{" else None
            if match is not None:
                self._last = _LOUD_WORDS[match[1]]
                found.append(self._last)
            else:
                said, more = self.level(text)
                found.append((said or 0) | CONTINUES if more else said or 0)
        return bytes(found)

    def level(self, text: str) -> tuple[Level | None, bool]:
        """The level of the source's next line, and whether it continues the one before."""
        found, self._where = _level(text)
        if found is not None:
            self._last = found
            return found, False
        if self._last is not None and continues(text):
            return self._last, True
        self._last = None
        return None, False

    def __call__(self, text: str, now: float) -> Recognised:
        """Level and time of the source's next line; `now` tells the year where a line does not."""
        found, more = self.level(text)
        return Recognised(found, None if more else self._times(text, now), more)


def recognise(text: str, now: float, zone: dt.tzinfo = dt.UTC) -> Recognised:
    """What a line says by itself, without those before it."""
    return Recognised(level(text), _Times(zone)(text, now))


def continues(text: str) -> bool:
    """Whether a line without a level reads like the next one of a stack trace or of a statement."""
    return text[:1] in _INDENTS or text.startswith(_GOES_ON) or _EXCEPTION.match(text) is not None


_INDENTS = frozenset(" \t")
_GOES_ON = ("Traceback (", "Caused by:", "... ", "}", "During handling of", "The above exception")
_EXCEPTION = re.compile(r"(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Warning|Interrupt)(?::|$)")


# --- level


_WORDS: dict[str, Level] = {
    **dict.fromkeys(("trace", "trc", "verbose", "vrb", "finest", "finer", "silly"), Level.TRACE),
    **dict.fromkeys(("debug", "dbg", "fine", "debug1", "debug2", "debug3", "debug4", "debug5", "config"), Level.DEBUG),
    **dict.fromkeys(("info", "inf", "information", "informational", "log", "system"), Level.INFO),
    **dict.fromkeys(("notice", "note", "success"), Level.NOTICE),
    **dict.fromkeys(("warning", "warn", "wrn"), Level.WARNING),
    **dict.fromkeys(("error", "err", "eror", "severe", "failure"), Level.ERROR),
    **dict.fromkeys(
        ("critical", "crit", "fatal", "ftl", "alert", "emerg", "emergency", "panic", "dpanic"), Level.CRITICAL
    ),
}
_SEVERITIES = (
    Level.CRITICAL,
    Level.CRITICAL,
    Level.CRITICAL,
    Level.ERROR,
    Level.WARNING,
    Level.NOTICE,
    Level.INFO,
    Level.DEBUG,
)
"""Syslog's, by their number (RFC 5424, 6.2.1)."""

_LETTERS = {"I": Level.INFO, "W": Level.WARNING, "E": Level.ERROR, "F": Level.CRITICAL, "D": Level.DEBUG}
_OF_REDIS = {".": Level.DEBUG, "-": Level.INFO, "*": Level.NOTICE, "#": Level.WARNING}

_QUIET = {"fine", "note", "config", "log", "failure", "system", "silly"}
"""In capitals these say nothing of a level."""
_LOUD_WORDS = {word.upper(): found for word, found in _WORDS.items() if word not in _QUIET}
_LOUD = "|".join(_LOUD_WORDS)
_WORD = re.compile(
    # The first character alone is looked for, so that all others are passed over at once; the rest looks back at it.
    r"[A-Z\[ls](?:"
    # In capitals it is a level wherever it stands.
    r"(?<=[A-Z])(?<![A-Za-z0-9_.].)([A-Z]{2,12}[1-5]?)(?![A-Za-z0-9_=])"
    # In small letters only where it is marked as one: `[error]`, `[core:warn]`, `level=info`, `"level":"info"`.
    r"|(?<=\[)(?:[a-z_0-9]*:)?([A-Za-z]{3,13}[1-5]?)\]"
    r"|(?<!\w.)(?:(?<=l)(?:evel(?:name)?|vl|oglevel|og_level)|(?<=s)everity)[\"']?\s?[=:]\s?[\"']?([A-Za-z]{3,13})\b)"
)
_LEVEL_HERE = re.compile(rf"(?<![A-Za-z0-9_.])({_LOUD})(?![A-Za-z0-9_=])").match
_FIRST_WORD = re.compile(r"([A-Za-z]{3,13}):\s")
_PRIORITY = re.compile(r"<(\d{1,3})>")
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d")
_RAILS = re.compile(r"([DIWEF]), \[\d{4}-")
_REDIS = re.compile(r"\d+:[MSCX] \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3} ([.\-*#]) ")
_ACCESS = re.compile(r'" ([1-5])\d\d (?:\d+|-)(?: |$)')


def level(text: str) -> Level | None:
    """How bad a line says it is."""
    return _level(text)[0]


def _level(text: str) -> tuple[Level | None, int]:
    """The level, and where a word in capitals says it; -1 when something else does."""
    first = text[:1]
    special = _SPECIAL.get(first)
    found = special(text) if special is not None else None
    if found is not None:
        return found, -1
    for match in _WORD.finditer(text, 0, LOOKED_AT):
        if match.lastindex == 1:
            found = _LOUD_WORDS.get(match[0])
            if found is not None:
                return found, match.start()
            if match[0] == "LOG" and text.startswith(":", match.end()):  # PostgreSQL's
                return Level.INFO, -1
        elif (found := _WORDS.get(match[match.lastindex or 0].lower())) is not None:
            return found, -1
    word_before_colon = _FIRST_WORD.match(text)
    if word_before_colon is not None and (found := _WORDS.get(word_before_colon[1].lower())) is not None:
        return found, -1
    return (_of_access(text) if '" ' in text else None), -1


def _of_priority(text: str) -> Level | None:
    match = _PRIORITY.match(text)
    return _SEVERITIES[int(match[1]) & 7] if match and int(match[1]) < 192 else None


def _of_letter(text: str) -> Level | None:
    match = _KLOG.match(text) or _RAILS.match(text)
    return _LETTERS[match[1]] if match else None


def _of_redis(text: str) -> Level | None:
    match = _REDIS.match(text)
    return _OF_REDIS[match[1]] if match else None


def _of_access(text: str) -> Level | None:
    """The level of a request in an access log: by the class of the status that was answered."""
    match = _ACCESS.search(text)
    return {"5": Level.ERROR, "4": Level.WARNING}.get(match[1], Level.INFO) if match else None


def _of_json(text: str) -> Level | None:
    said = _object(text)
    if said is None:
        return None
    for key in _LEVEL_KEYS:
        found = _of_value(said.get(key))
        if found is not None:
            return found
    inner = said.get("log")
    return _of_value(inner.get("level")) if isinstance(inner, dict) else None


_LEVEL_KEYS = ("level", "severity", "lvl", "levelname", "log.level", "loglevel", "@l", "PRIORITY", "severity_text")


def _of_value(value: Any) -> Level | None:
    if isinstance(value, str):
        if value.isdecimal():
            return _of_value(int(value[:4]))
        return _WORDS.get(value.lower())
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    if 0 <= value < 8:
        return _SEVERITIES[value]
    # Pino's and bunyan's 10 to 60; Python's 10 to 50 are the same one step lower and come with a `levelname`.
    steps = (Level.TRACE, Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR, Level.CRITICAL)
    return steps[value // 10 - 1] if 10 <= value <= 60 else None


_SPECIAL: dict[str, Callable[[str], Level | None]] = {
    "{": _of_json,
    "<": _of_priority,
    **dict.fromkeys("IWEFD", _of_letter),
    **dict.fromkeys("0123456789", _of_redis),
}


# --- time


_ISO = re.compile(
    r"(\d(?<!\d\d)\d{3}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d)([.,]\d{1,9})?(?: ?(Z|UTC|GMT|[+-]\d\d:?\d\d)(?!\d))?"
)
_CLF = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d) ([+-]\d{4})\]")
_SYSLOG = re.compile(r"(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)(?= )")
_OF_KLOG = re.compile(r"[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d)(\.\d+)")
_OF_REDIS_TIME = re.compile(r"\d+:[MSCX] (\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d)(\.\d{3})")
_EPOCH = re.compile(r"t(?<!\wt)(?:s|ime|imestamp)=\"?(\d{10}(?:\d{3})?(?:\.\d+)?)\b")
_TIME_KEYS = ("time", "timestamp", "ts", "@timestamp", "@t", "asctime", "t", "datetime", "eventTime")
_MONTHS = {
    name: number + 1
    for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"))
}


class _Times:
    """Reads times; the second of the line before is remembered, for most lines have the same."""

    def __init__(self, zone: dt.tzinfo) -> None:
        self._zone = zone
        self._known = ("", "", 0.0)

    def __call__(self, text: str, now: float) -> float | None:
        head = text[:LOOKED_AT]
        try:
            return self._found(text, head, now)
        except (ValueError, OverflowError, OSError):  # the 31st of February
            return None

    def _found(self, text: str, head: str, now: float) -> float | None:
        if head[:1] == "{":
            said = _object(text)
            if said is not None:
                return next((at for key in _TIME_KEYS if (at := self._of_value(said.get(key))) is not None), None)
        if (match := _ISO.search(head)) is not None:
            return self._of_iso(match)
        if (match := _CLF.search(head)) is not None:
            if match.groups() != self._known[:2]:
                at = dt.datetime.strptime(f"{match[1]} {match[2]}", "%d/%b/%Y:%H:%M:%S %z").timestamp()
                self._known = (match[1], match[2], at)
            return self._known[2]
        return self._rarer(head, now)

    def _rarer(self, head: str, now: float) -> float | None:
        if (match := _SYSLOG.match(head)) is not None and match[1] in _MONTHS:
            return self._without_year(_MONTHS[match[1]], int(match[2]), match[3], now)
        if (match := _OF_KLOG.match(head)) is not None:
            return self._without_year(int(match[1]), int(match[2]), match[3], now) + float(match[4])
        if (match := _OF_REDIS_TIME.match(head)) is not None:
            moment = dt.datetime.strptime(match[1], "%d %b %Y %H:%M:%S").replace(tzinfo=self._zone)
            return moment.timestamp() + float(match[2])
        match = _EPOCH.search(head)
        return _epoch(float(match[1])) if match is not None else None

    def _of_iso(self, match: re.Match[str]) -> float:
        second, fraction, zone = match[1], match[2], match[3] or ""
        known_second, known_zone, at = self._known
        if second != known_second or zone != known_zone:
            at = self._iso(second, zone)
            self._known = (second, zone, at)
        return at + float("." + fraction[1:]) if fraction else at

    def _iso(self, second: str, zone: str) -> float:
        moment = dt.datetime.fromisoformat(second.replace("/", "-"))
        if zone[:1] in {"+", "-"}:
            return dt.datetime.fromisoformat(f"{moment.isoformat()}{zone}").timestamp()
        return moment.replace(tzinfo=dt.UTC if zone else self._zone).timestamp()

    def _without_year(self, month: int, day: int, clock: str, now: float) -> float:
        """Of the years in question, the one that brings it nearest to now; a 29th of February is not in each."""
        this = dt.datetime.fromtimestamp(now, self._zone).year
        hour, minute, second = map(int, clock.split(":"))
        tried = []
        for year in (this - 1, this, this + 1):
            try:
                tried.append(dt.datetime(year, month, day, hour, minute, second, tzinfo=self._zone).timestamp())
            except ValueError:
                continue
        return min(tried, key=lambda at: abs(at - now))

    def _of_value(self, value: Any) -> float | None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _epoch(float(value))
        if isinstance(value, str):
            match = _ISO.match(value)
            if match is not None:
                return self._of_iso(match)
            return _epoch(float(value)) if re.fullmatch(r"\d{10,19}(\.\d+)?", value) else None
        return None


def _epoch(value: float) -> float | None:
    """Seconds from seconds, milliseconds, microseconds or nanoseconds since 1970; None for what is neither."""
    for unit in (1.0, 1e3, 1e6, 1e9):
        if 1e8 <= value / unit < 1e10:
            return value / unit
    return None


def _object(text: str) -> dict[str, Any] | None:
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
