"""What an action prints, on its way to disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.actions import printed as module
from cockpit.actions.printed import Printed, redactor
from cockpit.text import Redactor

SECRETS = (("token", "abababac"), ("key", "abababacdede"), ("pem", "-----BEGIN\nline one of it\nline two of it\n-----"))


def written(folder: Path, *pieces: bytes, host: str = "") -> str:
    with Printed(folder / "output", redactor(SECRETS)) as printed:
        stream = printed.stream(host)
        for piece in pieces:
            stream(piece)
    return (folder / "output").read_text()


@given(
    st.lists(
        st.sampled_from(["ab", "abababac", "dede", "abababacdede", "-----BEGIN\n", "line one of it\n", "x", "\n", "é"])
    ),
    st.lists(st.integers(1, 9)),
)
def test_a_stream_in_pieces_hides_what_the_whole_hides(words: list[str], cuts: list[int]) -> None:
    whole, hide = "".join(words), redactor(SECRETS)
    shown, held, rest = "", "", whole
    for cut in [*cuts, len(whole)]:
        piece, rest = rest[:cut], rest[cut:]
        more, held = hide.of_stream(held + piece)
        shown += more
    assert shown + hide(held) == hide(whole)


def test_a_secret_that_comes_in_two_pieces_is_hidden(tmp_path: Path) -> None:
    assert written(tmp_path, b"token abab", b"abac\n") == "token ***token***\n"


def test_a_secret_that_goes_on_is_hidden_by_its_longer_name(tmp_path: Path) -> None:
    assert written(tmp_path, b"abababac", b"dede!") == "***key***!"


def test_a_character_that_comes_in_two_pieces_is_whole(tmp_path: Path) -> None:
    assert written(tmp_path, "ü".encode()[:1], "ü".encode()[1:]) == "ü"


def test_what_is_no_text_is_shown_visibly(tmp_path: Path) -> None:
    assert written(tmp_path, b"\xff\xfe") == "\\xff\\xfe"


def test_what_cannot_be_a_secret_is_there_at_once(tmp_path: Path) -> None:
    with Printed(tmp_path / "output", redactor(SECRETS)) as printed:
        printed.stream()(b"step one\nabab")
        assert (tmp_path / "output").read_text() == "step one\n"


def test_streams_that_come_in_turn_keep_their_secrets_and_lines_apart(tmp_path: Path) -> None:
    with Printed(tmp_path / "output", redactor(SECRETS)) as printed:
        one, two = printed.stream("app1"), printed.stream("app2")
        one(b"begun abab")
        two(b"ready\nhalf a line")
        one(b"abac\n")
        two(b", and the rest\n")
        one(b"no end")
        one.close()
    assert (tmp_path / "output").read_text().splitlines() == [
        "app2: ready",
        "app1: begun ***token***",
        "app2: half a line, and the rest",
        "app1: no end",
    ]


@pytest.mark.parametrize("piece", [1000, 64 * 1024, 3 * 1024 * 1024])
def test_the_first_and_the_last_are_kept_and_what_lies_between_is_counted(tmp_path: Path, piece: int) -> None:
    lines = b"".join(b"line %07d\n" % number for number in range(400_000))
    text = written(tmp_path, *(lines[at : at + piece] for at in range(0, len(lines), piece)))
    first, between, last = text[: module.FIRST], text[module.FIRST : -module.LAST], text[-module.LAST :]
    assert first.encode() == lines[: module.FIRST]
    assert last.encode() == lines[-module.LAST :]
    assert between == f"\n[{len(lines) - module.FIRST - module.LAST} bytes left out]\n"


def test_the_last_that_was_printed_can_be_read_at_any_time(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with Printed(output, Redactor()) as printed:
        stream = printed.stream()
        for number in range(300):
            stream(b"%d\n" % number + b"x" * 9000 + b"\n")
            assert output.read_bytes().split(b"\n")[-3] == b"%d" % number
            assert output.stat().st_size < module.FIRST + 2 * module.LAST + 10_000


def test_a_full_disk_holds_nothing_up_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, full = os.pwrite, False

    def pwrite(fd: int, data: bytes, offset: int) -> int:
        if full:
            raise OSError(28, "No space left on device")
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    with Printed(tmp_path / "output", Redactor()) as printed:
        stream = printed.stream()
        stream(b"before\n")
        full = True
        stream(b"lost\n")
        stream(b"too\n")
        full = False
        stream(b"after\n")
    assert (tmp_path / "output").read_text() == (
        "before\n\n[9 bytes could not be written: No space left on device]\nafter\n"
    )


def test_an_attempt_has_one_output(tmp_path: Path) -> None:
    written(tmp_path, b"first")
    with pytest.raises(FileExistsError):
        Printed(tmp_path / "output", Redactor())
