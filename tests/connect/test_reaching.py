"""Reaching a server: names, addresses, connections that are kept, certificates that were refused, logs in frames."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import itertools
import os
import struct
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.connect import certificate, dial
from cockpit.connect.certificate import Certificate, Verified
from cockpit.connect.dial import Unreachable
from cockpit.connect.docker_log import LINE_LIMIT, payloads, whole_lines
from cockpit.connect.kept import MAX_AGE, Kept
from cockpit.connect.thread import imported


def test_a_module_counts_as_imported_when_its_import_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.3)\nREADY = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    async def run() -> bool:
        first = asyncio.create_task(imported("slow_to_import"))
        while "slow_to_import" not in sys.modules:
            await asyncio.sleep(0.01)
        await imported("slow_to_import")
        ready = hasattr(sys.modules["slow_to_import"], "READY")
        await first
        return ready

    assert asyncio.run(run())


def test_an_address_needs_no_lookup_and_a_name_has_addresses() -> None:
    assert asyncio.run(dial.resolve("10.1.2.3", 80)) == ["10.1.2.3"]
    assert asyncio.run(dial.resolve("[::1]", 80)) == ["::1"]
    assert "127.0.0.1" in asyncio.run(dial.resolve("localhost", 80))


@pytest.mark.parametrize(
    ("host", "words"),
    [("no-such-host.invalid", "name not found: no-such-host.invalid"), ("a" * 70 + ".example", "is not a host name")],
)
def test_a_name_without_address_is_named(host: str, words: str) -> None:
    with pytest.raises(Unreachable, match=words):
        asyncio.run(dial.resolve(host, 80))


def test_the_next_address_is_tried_when_one_fails_or_hangs() -> None:
    async def attempt(address: str) -> str:
        if address == "hangs":
            await asyncio.sleep(60)
        if address == "fails":
            raise OSError(errno.ECONNREFUSED, "refused")
        return address

    began = time.monotonic()
    assert asyncio.run(dial.first_to_connect(["fails", "good"], attempt, nothing_to_close)) == "good"
    assert time.monotonic() - began < 0.2
    assert asyncio.run(dial.first_to_connect(["hangs", "good"], attempt, nothing_to_close)) == "good"
    assert time.monotonic() - began < 0.2 + dial.HEAD_START + 0.2


def test_an_address_that_answers_at_the_same_moment_as_another_is_closed() -> None:
    answered, closed = asyncio.Event(), []

    async def attempt(address: str) -> str:
        await answered.wait()
        return address

    async def close(address: str) -> None:
        closed.append(address)

    async def run() -> str:
        asyncio.get_running_loop().call_later(dial.HEAD_START + 0.1, answered.set)
        return await dial.first_to_connect(["one", "two"], attempt, close)

    assert sorted([asyncio.run(run()), *closed]) == ["one", "two"]


async def nothing_to_close(address: str) -> None:
    raise AssertionError(address)


def test_when_all_addresses_fail_the_first_failure_is_told() -> None:
    async def attempt(address: str) -> str:
        raise OSError(errno.ECONNREFUSED, address)

    with pytest.raises(OSError, match="one"):
        asyncio.run(dial.first_to_connect(["one", "two"], attempt, nothing_to_close))


def test_an_error_of_the_system_is_put_into_words_wherever_it_hides() -> None:
    inner = OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
    wrapped = RuntimeError("something", ValueError(inner))
    assert dial.why(wrapped, "db:5432") == "no route to db:5432: host unreachable"
    caused = RuntimeError("wrapped")
    caused.__cause__ = ConnectionResetError(errno.ECONNRESET, "reset")
    assert dial.why(caused, dial.at("::1", 80)) == "connection reset by [::1]:80"
    assert dial.why(ExceptionGroup("all", [ValueError(), inner]), "x") == "no route to x: host unreachable"
    assert dial.why(ValueError("nothing of the kind"), "x") is None
    assert dial.why(OSError(errno.EISDIR, "x"), "/tmp") == "/tmp: Is a directory"


@dataclass(eq=False)
class Line:
    """A connection of a test."""

    opened: float
    closed: list[bool] = field(default_factory=list)

    async def close(self) -> None:
        self.closed.append(True)


def test_a_kept_connection_belongs_to_one_user_and_is_not_used_when_old() -> None:
    now = 0.0

    async def run() -> None:
        nonlocal now
        kept: Kept[Line] = Kept(lambda: now)
        one, two, other = Line(0.0), Line(0.0), Line(0.0)
        assert await kept.take("a") is None
        await kept.give("a", one)
        await kept.give("a", two)
        await kept.give("b", other)
        assert {id(await kept.take("a")), id(await kept.take("a"))} == {id(one), id(two)}
        assert await kept.take("a") is None
        await kept.give("a", one)
        now = MAX_AGE
        assert await kept.take("a") is None
        assert one.closed == [True]
        young = Line(now)
        await kept.give("c", young)
        now += 1
        await kept.sweep()
        assert other.closed == [True], "what nobody takes any more is closed too"
        assert young.closed == []
        await kept.close()
        assert young.closed == [True]

    asyncio.run(run())


def test_what_is_kept_is_closed_in_time_even_when_nobody_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.connect.kept.MAX_AGE", 0.05)

    async def run() -> None:
        kept: Kept[Line] = Kept()
        one = Line(time.monotonic())
        await kept.give("a", one)
        await asyncio.sleep(0.2)
        assert one.closed == [True]

    asyncio.run(run())


NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def shown(not_after: dt.datetime, names: tuple[str, ...] = ("a.example",)) -> Certificate:
    since = NOW - dt.timedelta(days=90)
    return Certificate("CN=a.example", "CN=Somebody", names, since, not_after, "1", "ab", "RSA 2048", self_signed=False)


@pytest.mark.parametrize(
    ("code", "ago", "words"),
    [
        (Verified.EXPIRED, dt.timedelta(days=9, hours=3), "certificate expired 9 days ago (2026-11-15)"),
        (Verified.EXPIRED, dt.timedelta(days=1), "certificate expired 1 day ago (2026-11-23)"),
        (Verified.EXPIRED, dt.timedelta(hours=5), "certificate expired 5 hours ago (2026-11-24)"),
        (Verified.EXPIRED, dt.timedelta(seconds=1), "certificate expired 1 second ago (2026-11-24)"),
        (Verified.EXPIRED, -dt.timedelta(days=2), "certificate of b.example refused: said"),
        (Verified.WRONG_HOST, dt.timedelta(0), "certificate is for a.example, not for b.example"),
        (99, dt.timedelta(0), "certificate of b.example refused: said"),
    ],
)
def test_a_refused_certificate_is_explained(code: int, ago: dt.timedelta, words: str) -> None:
    assert certificate.complaint(code, "said", "b.example", [shown(NOW - ago)], NOW) == words


def test_a_certificate_that_could_not_be_seen_leaves_the_librarys_words() -> None:
    assert certificate.complaint(10, "expired", "b.example", [], NOW) == "certificate of b.example refused: expired"


def framed(pieces: list[tuple[int, bytes]]) -> bytes:
    return b"".join(struct.pack(">BxxxL", stream, len(piece)) + piece for stream, piece in pieces)


def joined(pieces: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """What comes one after the other of one stream in one piece: where a frame is cut means nothing."""
    apart = itertools.groupby((piece for piece in pieces if piece[1]), key=lambda piece: piece[0])
    return [(stream, b"".join(data for _, data in group)) for stream, group in apart]


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40))), st.integers(1, 30))
def test_a_log_in_frames_is_read_however_it_is_cut(pieces: list[tuple[int, bytes]], size: int) -> None:
    sent = framed(pieces)
    chunks = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert joined(payloads(chunks)) == joined(pieces)
    whole = {stream: b"".join(piece for of, piece in pieces if of == stream) for stream in (1, 2)}
    expected = sorted(line for text in whole.values() for line in _split(text))
    assert sorted(whole_lines(payloads(chunks))) == expected


def _split(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def test_a_line_without_end_is_taken_in_pieces() -> None:
    chunk = b"x" * (LINE_LIMIT // 2)
    lines = list(whole_lines([chunk] * 5))
    assert b"".join(lines) == chunk * 5
    assert max(map(len, lines)) <= 2 * LINE_LIMIT
