"""Texts and command lines spoilt by chance, always the same for the same dice."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

NASTY: tuple[bytes, ...] = (
    b"", b" ", b"\t", b"\0", b"\x1b[2J", b"\xff\xfe", b"\xed\xa0\x80", b"\xc2\x9b31m", "\u202e\u2066".encode(), b"[/x]",
    b"~", b"null", b"yes", b"1e999", b"-0", b"0x", b"9" * 400, b"2026-13-45", b"12:99", b"1_000", b".inf", b".nan",
    b"!!python/object/apply:os.system [id]", b"!!binary x", b"!x", b"&a *a", b"*nobody", b"<<: *x", b"? ", b": ", b"- ",
    b"{", b"}", b"[", b"]", b"{{", b"${", b"${}", b"${a", b"$${x}", b"${a.b.c}", b"'", b'"', b"|", b">", b"%", b"@", b"`",
    b"...", b"---", b"#", b"\r", b"\r\n", "\u2028\ufeff".encode(), b"a: b: c", b"size(", b"1 / 0", b"has(x.y)", b"\\",
    b"every: -1s", b"timeout: forever", b"x" * 5000, b"  " * 300,
)  # fmt: skip


def spoilt(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    """`text` with one to four things wrong with it."""
    for _ in range(dice.randint(1, 4)):
        text = dice.choice(_SPOIL)(dice, text, others)
    return text[:200_000]


def command_line(dice: random.Random, words: Sequence[str]) -> list[str]:
    """Some words that nobody would type."""
    nasty = [each.decode("utf-8", "replace").replace("\0", "") for each in NASTY]
    pool = [
        *words,
        *words,
        *nasty,
        "--",
        "-",
        "--json",
        "--format",
        "--at",
        "-1",
        "\ud800",
        "../../etc/passwd",
        "/dev/null",
    ]
    return [dice.choice(pool) for _ in range(dice.randint(1, 6))]


def _put_in(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    at = dice.randint(0, len(text))
    return text[:at] + dice.choice(NASTY) + text[at:]


def _take_out(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    at = dice.randint(0, len(text))
    return text[:at] + text[at + dice.randint(1, 30) :]


def _flip(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    if not text:
        return text
    at = dice.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << dice.randrange(8))]) + text[at + 1 :]


def _line(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    lines = text.splitlines(keepends=True) or [b""]
    at, to = dice.randrange(len(lines)), dice.randrange(len(lines))
    act = dice.randrange(5)
    if act == 0:
        del lines[at]
    elif act == 1:
        lines.insert(to, lines[at])
    elif act == 2:
        lines[at], lines[to] = lines[to], lines[at]
    elif act == 3:
        lines[at] = b" " * dice.randint(1, 7) + lines[at]
    else:
        lines[at] = lines[at].lstrip()
    return b"".join(lines)


def _value(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    lines = text.splitlines(keepends=True)
    keyed = [number for number, line in enumerate(lines) if b":" in line]
    if not keyed:
        return text
    at = dice.choice(keyed)
    lines[at] = lines[at].split(b":")[0] + b": " + dice.choice(NASTY) + b"\n"
    return b"".join(lines)


def _cut(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    return text[: dice.randint(0, len(text))]


def _splice(dice: random.Random, text: bytes, others: Sequence[bytes]) -> bytes:
    other = dice.choice(others)
    return text[: dice.randint(0, len(text))] + other[dice.randint(0, len(other)) :]


_SPOIL: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    _put_in, _put_in, _take_out, _flip, _line, _line, _value, _value, _value, _cut, _splice,
)  # fmt: skip
