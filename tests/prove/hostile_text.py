"""Text that would like to reach the terminal, the screen's markup or the reader's eye, put wherever text can stand."""

from __future__ import annotations

import datetime as dt
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from cockpit.checklist.model import Document, decode, encode
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from tests.support.launches import checklist, everything
from tests.support.runs import ENGINE, T0

PAYLOADS = (
    "\x1b]0;pwned\x07",  # window title, ended by BEL
    "\x1b]52;c;cHduZWQ=\x1b\\",  # clipboard
    "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",  # link
    "\x1b[2J\x1b[H\x1b[31m",  # clear, home, red
    "\x1b[?1049l\x1b[6n\x1bc",  # leave the screen, report, reset
    '\x1bP$q"p\x1b\\\x1b_G\x1b\\',  # DECRQSS, a picture
    "\x9b2J\x9d0;t\x9c\x90x\x9c",  # the same in C1
    "a\x00b\x07c\x0bd\x0ce\rf\x0eg\x7fh\x85i",  # other controls
    "\u202egnp.exe\u2066\u2069\u200b\u2028\ufeff\U000e0041\u00ad",  # bidirectional, invisible, tags
    "[red]not red[/red] [/x] [@click=app.quit]quit[/] [ERROR] [b",  # markup
    "e" + "\u0301" * 40,  # a pile of marks
    "</td><script>alert(1)</script> | `x` ]]> <!--",  # of reports
    "line one\nline two\ttabbed",
)
POISON = "".join(PAYLOADS)
HARMLESS = "".join(character if character.isalnum() and character.isascii() else "x" for character in POISON)
HEAVY = ("e" + "\u0301" * 500_000, "y" * 1_000_000, POISON * 2000)
"""What a frame must not be slowed by."""

HALF = b"\xe2\x82 \xf0\x9f \xff\xfe \xc3( \xed\xa0\x80"
"""What is no UTF-8."""

Change = Callable[[str], str]


def hostile(text: str) -> str:
    """A text that ends in all that is hostile."""
    return text + POISON


def harmless(text: str) -> str:
    """The same length of text, in letters alone."""
    return text + HARMLESS


def story(change: Change) -> list[Event]:
    """A launch with everything in it, and an event of every kind there is, each text in them changed."""
    events = everything()
    told = {type(event.data) for event in events}
    more = [_made(kind) for kind in ev.KINDS.values() if kind not in told]
    closed = [event for event in events if isinstance(event.data, ev.RunClosed)]
    rest = [event for event in events if not isinstance(event.data, ev.RunClosed)]
    at = rest[-1].at
    rest += [Event(0, at + dt.timedelta(seconds=n), data.kind, ENGINE, data) for n, data in enumerate(more, 1)]
    changed = [_changed(event, change) for event in (*rest, *closed)]
    return [msgspec.structs.replace(event, seq=seq, kind=event.data.kind) for seq, event in enumerate(changed)]


def heavy_document(change: Change) -> Document:
    """A checklist with texts of a megabyte in it."""
    document = changed(checklist(), change)
    marks, line, mixed = HEAVY
    part = document.parts[0]
    return msgspec.structs.replace(document, parts=(msgspec.structs.replace(part, title=marks, note=line),), name=mixed)


def changed(value: Any, change: Change) -> Any:
    """`value` with each text in it changed, but for words of a fixed set and kinds, which have to be what they are."""
    if isinstance(value, msgspec.Struct):
        hints = typing.get_type_hints(type(value))
        return msgspec.structs.replace(
            value,
            **{
                name: changed(getattr(value, name), change)
                for name in value.__struct_fields__
                if name not in ("kind", "result") and not _is_fixed(hints[name])
            },
        )
    if isinstance(value, str):
        return change(value) if value else value
    if isinstance(value, dict):
        return {changed(key, change): changed(each, change) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(changed(each, change) for each in value)
    return value


def _changed(event: Event, change: Change) -> Event:
    data = event.data
    if isinstance(data, ev.RunOpened):
        document = changed(decode(bytes(data.document)), change)
        data = msgspec.structs.replace(changed(data, change), document=msgspec.Raw(encode(document)))
    else:
        data = changed(data, change)
    return msgspec.structs.replace(event, data=data, by=changed(event.by, change))


def _is_fixed(hint: Any) -> bool:
    """Whether a type has a fixed set of words in it, or is none of text."""
    if typing.get_origin(hint) is typing.Literal or hint is msgspec.Raw:
        return True
    return any(_is_fixed(each) for each in typing.get_args(hint))


def _made(kind: Any) -> Any:
    """Something of a type, each text in it short."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return kind(**{name: KNOWN.get(name, _made(hints[name])) for name in kind.__struct_fields__})
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return inner[0]
    if origin in (typing.Union, types.UnionType):
        return _made(next(each for each in inner if each is not type(None)))
    if origin is tuple:
        return (_made(inner[0]),)
    if origin in (dict, types.MappingProxyType) or "Mapping" in str(origin):
        return {_made(inner[0]): _made(inner[1])}
    simple: dict[Any, Any] = {
        str: "text", int: 1, float: 1.0, bool: True, dt.datetime: T0, msgspec.Raw: msgspec.Raw(b'{"x":"y"}'),
    }  # fmt: skip
    return simple.get(kind, "text")


KNOWN = {"item": "health", "step": "freeze", "about": 1}
"""What an event refers to."""


def payload_lines() -> Iterator[bytes]:
    """What a hostile source prints."""
    for payload in PAYLOADS:
        yield payload.encode() + b"\n"
    yield HALF + b"\n"
    for heavy in HEAVY:
        yield heavy.encode() + b"\n"
