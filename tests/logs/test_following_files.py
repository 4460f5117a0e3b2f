"""Following files: rotated, truncated, removed, here and on a host over SSH."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
from cockpit.logs.follow_file import _before_last_lines
from cockpit.logs.follow_program import _Tail
from cockpit.logs.intake import Intake
from cockpit.text import Redactor
from tests.servers.ssh import StartSshd
from tests.support.following import Heard, followed


def append(path: Path, *lines: str) -> None:
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_the_last_lines_of_a_file_then_those_that_are_added(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    append(path, *(f"line {number}" for number in range(1000)))

    async def test(heard: Heard) -> None:
        await heard.line("line 999")
        with path.open("a") as file:
            file.write("half")
            file.flush()
            await asyncio.sleep(0.5)
            file.write(" whole\n")
        await heard.line("half whole")

    heard = followed(test, "file", {"path": str(path)}, tail=3)
    assert heard.lines == ["line 997", "line 998", "line 999", "half whole"]


@pytest.mark.parametrize("tail", [0, 1, 2, 3, 4, 100])
@pytest.mark.parametrize("written", ["", "\n", "a", "a\n", "a\nb", "a\nb\n", "a\n\nb\n", "x" * 3_000_000 + "\ny\n"])
def test_tail_is_as_of_the_program_of_that_name(tmp_path: Path, tail: int, written: str) -> None:
    path = tmp_path / "app.log"
    path.write_text(written)
    fd = os.open(path, os.O_RDONLY)
    begin = _before_last_lines(fd, tail)
    os.close(fd)
    assert written[begin:] == "".join(written.splitlines(keepends=True)[-tail:] if tail else [])


def test_a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    append(path, "old 1")

    async def test(heard: Heard) -> None:
        await heard.line("old 1")
        with path.open("a") as still_open:
            path.rename(tmp_path / "app.log.1")
            still_open.write("old 2\n")
            append(path, "new 1")
        await heard.line("new 1")

    heard = followed(test, "file", {"path": str(path)})
    assert heard.lines == ["old 1", "old 2", "new 1"]
    assert any("was rotated" in each for each in heard.notices)


def test_a_truncated_file_is_followed_from_its_beginning_each_time(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    append(path, "a long line before")

    async def test(heard: Heard) -> None:
        await heard.line("a long line before")
        for number in range(2):
            os.truncate(path, 0)
            await heard.until(lambda number=number: len(heard.notices) == number + 1, "truncation")
            append(path, f"short {number}")
            await heard.line(f"short {number}")

    heard = followed(test, "file", {"path": str(path)})
    assert all("was truncated" in each for each in heard.notices)


def test_a_file_that_is_not_there_is_waited_for_and_read_from_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "app.log"

    async def test(heard: Heard) -> None:
        await heard.notice_of("cannot be read: no such file")
        append(path, "one", "two")
        await heard.line("two")

    heard = followed(test, "file", {"path": str(path)}, tail=1)
    assert heard.lines == ["one", "two"]


@pytest.mark.server
def test_a_file_on_a_host_is_followed_through_rotation_and_a_dropped_connection(ssh_host: Host, tmp_path: Path) -> None:
    path = tmp_path / "far app.log"
    append(path, *(f"line {number}" for number in range(500)))

    async def test(heard: Heard) -> None:
        await heard.line("line 499")
        append(path, "more")
        await heard.line("more")
        path.rename(tmp_path / "old.log")
        append(path, "new 1")
        await heard.line("new 1")
        for number in range(2, 20):
            append(path, f"new {number}")
        await heard.line("new 19")

    heard = followed(test, "file", {"path": str(path)}, via=ssh_host.name, hosts=(ssh_host,), tail=3)
    assert heard.lines == ["line 497", "line 498", "line 499", "more", *(f"new {number}" for number in range(1, 20))]
    assert heard.notices


@pytest.mark.server
def test_a_connection_that_drops_is_made_again_and_no_line_is_missing_or_comes_twice(
    start_sshd: StartSshd, tmp_path: Path
) -> None:
    path, server = tmp_path / "app.log", start_sshd()
    append(path, "before")

    async def test(heard: Heard) -> None:
        await heard.line("before")
        await asyncio.to_thread(server.cut)
        append(path, "meanwhile")
        await heard.line("meanwhile")
        append(path, "after")
        await heard.line("after")

    heard = followed(test, "file", {"path": str(path)}, via="app1", hosts=(server.host("app1"),))
    assert heard.lines == ["before", "meanwhile", "after"]
    assert [each for each in heard.notices if "following it again" in each]
    assert heard.notices[-1] == "followed again"


def test_where_we_are_in_a_far_file_outlives_its_connection(tmp_path: Path) -> None:
    """The program of the host, run here, cut off and begun again: nothing comes twice, nothing is missing."""
    path, heard = tmp_path / "app.log", Heard()
    tail = _Tail(str(path), 2, Intake("it", heard, Redactor()))
    append(path, "1", "2", "3")

    def follow_until(last: str, also: Callable[[], None] = lambda: None) -> None:
        program = subprocess.Popen(["sh", "-c", tail.command()], stdout=subprocess.PIPE)
        assert program.stdout is not None
        while last not in heard.lines:
            tail.take(os.read(program.stdout.fileno(), 5))
        also()
        program.kill()
        program.wait()
        program.stdout.close()
        tail.take(b"")

    follow_until("3")
    append(path, "4", "5")
    follow_until("5")
    append(path, "6")
    shutil.move(path, tmp_path / "app.log.1")
    append(path, "7")
    follow_until("7")
    assert heard.lines == ["2", "3", "4", "5", "7"]
    assert any("was rotated meanwhile" in each for each in heard.notices)
