r"""One line of the journal: an event as canonical JSON.

Canonical is: keys sorted, no spaces, ASCII only (everything else, DEL included, as `\uXXXX`). So printing a journal on
a terminal does nothing to it, and the same event gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
from typing import Any

import msgspec

from cockpit.journal import chain
from cockpit.journal import event as ev

_encode = msgspec.json.Encoder(order="sorted").encode
_CONTENT = b'{"at":"%b","boot":%b,"by":%b,"data":%b,"kind":"%b","mono":%d,"seq":%d,"v":%d}'
_NOT_ASCII = re.compile("[^\x00-\x7e]")


class Unrecordable(ValueError):
    """An event that cannot be a line of a journal: too large, or of values that do not read back as they were."""


class Stamp(msgspec.Struct, frozen=True):
    """When something was written."""

    at: dt.datetime
    """UTC."""
    mono: int
    """Microseconds since the machine booted, sleep included."""
    boot: str
    """The boot that `mono` counts from."""


def canonical(value: Any) -> bytes:
    """`value` as canonical JSON. Raises ValueError or TypeError for what JSON cannot say."""
    text = _encode(value)
    if text.isascii() and b"\x7f" not in text:
        return text
    # The encoder escapes all that must be; what is left of other characters can only stand in a string.
    return _NOT_ASCII.sub(_escape, text.decode()).encode("ascii")


def digest(document: bytes) -> str:
    """SHA-256, in hexadecimal, of the canonical form of `document` (JSON): what `run.opened` carries as its digest.

    The journal holds the document in that form, so hashing the bytes of `data.document` there gives the same.
    """
    return hashlib.sha256(_canonical_text(document)).hexdigest()


def compose(seq: int, stamp: Stamp, by: ev.Actor, data: ev.Data, before: bytes) -> tuple[bytes, ev.Event, bytes]:
    """The line of an event, newline included; the event as anyone will read it; and its hash.

    `before` is the hash of the line before. Raises Unrecordable.
    """
    if (data.kind, data.version) not in ev.KINDS:
        raise Unrecordable(f"{data.kind} cannot be recorded: this Cockpit does not know that kind of event")
    try:
        if isinstance(data, ev.RunOpened):
            data = msgspec.structs.replace(data, document=msgspec.Raw(_canonical_text(bytes(data.document))))
        said = canonical(data)
        understood = ev.decode_data(type(data), said)
        content = _CONTENT % (
            _rfc3339(stamp.at),
            _known(stamp.boot),
            _known(by),
            said,
            data.kind.encode(),
            stamp.mono,
            seq,
            data.version,
        )
    except (ValueError, TypeError) as problem:
        raise Unrecordable(f"{data.kind} cannot be recorded: {problem}") from problem
    if understood != data:
        raise Unrecordable(
            f"{data.kind} cannot be recorded: it would not read back the same (a figure that is no number?)"
        )
    text, head = chain.seal(content, before)
    limit = chain.LONGEST_FIRST if seq == 0 else chain.LONGEST
    if len(text) >= limit:
        raise Unrecordable(
            f"{data.kind} cannot be recorded: it takes {len(text) + 1} bytes, and {limit} is the most; shorten its text"
        )
    event = ev.Event(seq, stamp.at, data.kind, by, understood, stamp.mono, stamp.boot, head.hex())
    return text + b"\n", event, head


@functools.lru_cache(maxsize=64)
def _known(value: ev.Actor | str) -> bytes:
    """What stands in many lines, as canonical JSON, after making sure that it reads back."""
    text = canonical(value)
    if msgspec.json.decode(text, type=type(value)) != value:
        raise ValueError(f"{value!r} would not read back the same")
    return text


def _rfc3339(at: dt.datetime) -> bytes:
    text: str = msgspec.to_builtins(at)
    return (text if at.microsecond else text.replace("Z", ".000000Z")).encode()


def _canonical_text(document: bytes) -> bytes:
    return canonical(msgspec.json.decode(document))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
