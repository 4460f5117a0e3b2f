"""Programs run on this machine: what they print, how they end, and that nothing of them stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.connect import local
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Ended, Program
from cockpit.connect.thread import LEFT_BEHIND_LIMIT

SOON = 3.0
"""Seconds that a loaded machine may take over what takes none."""


def run(command: str | tuple[str, ...], timeout: float = 20.0, **options: object) -> Ended:
    return asyncio.run(local.run(Program(command, **options), timeout))  # type: ignore[arg-type]


def sleeper() -> str:
    """The name of a program that sleeps for long, which no other process has."""
    return f"cockpit-test-{uuid.uuid4().hex}"


def sleeping(name: str) -> str:
    """Shell text that sleeps in a process of this name."""
    return f"""sh -c 'while :; do sleep 0.2; done' {name}"""


def alive(name: str) -> list[int]:
    """The processes of this name."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                found += [int(entry.name)] if name in words else []
    return found


def eventually(true: Callable[[], bool], limit: float = 10.0) -> bool:
    ends = time.monotonic() + limit
    while not true() and time.monotonic() < ends:
        time.sleep(0.02)
    return true()


def children() -> set[str]:
    """Our own child processes, zombies and servers of other tests too."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            found.update((task / "children").read_text(encoding="ascii").split())
    return found


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_text_is_run_by_the_shell_exactly_as_it_is_written() -> None:
    ended = run("""printf '%s|' "$0" a\\ b '$HOME'; echo wrong >&2; exit 3""")
    assert (ended.status, ended.output, ended.errors) == (3, b"/bin/sh|a b|$HOME|", b"wrong\n")
    assert (ended.timed_out, ended.cut, ended.signal) == (False, False, "")
    assert 0 < ended.took < SOON


def test_no_shell_looks_at_arguments() -> None:
    assert run(("printf", "%s|", "a b", "$(id)", "'", "")).output == b"a b|$(id)|'||"


def test_a_program_has_our_environment_and_what_is_set_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COCKPIT_TEST_OURS", "ours")
    said = run(
        'echo "$COCKPIT_TEST_OURS $COCKPIT_TEST_THEIRS"; pwd -P',
        environment={"COCKPIT_TEST_THEIRS": "a 'b'"},
        folder=str(tmp_path),
    )
    assert said.output.decode() == f"ours a 'b'\n{tmp_path.resolve()}\n"


def test_a_folder_may_begin_with_the_home_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run("pwd -P", folder="~").output.decode().strip() == str(tmp_path.resolve())


def test_input_of_any_size_is_given_while_output_is_taken() -> None:
    data = os.urandom(3_000_000)
    assert run("cat", input=data, limit=len(data)).output == data


def test_input_that_is_not_read_hurts_nobody() -> None:
    assert run("exec 0<&-; echo done", input=b"x" * 1_000_000).output == b"done\n"
    assert run("echo done", input=b"x" * 1_000_000).status == 0


def test_without_input_there_is_nothing_to_wait_for() -> None:
    assert run("cat; echo end").output == b"end\n"


def test_both_streams_are_read_to_their_ends_however_much_comes() -> None:
    both = f"{sys.executable} -c \"import sys; sys.stderr.write('e' * 5_000_000); sys.stdout.write('o' * 5_000_000)\""
    ended = run(both, limit=1000)
    assert (ended.status, ended.output, ended.errors, ended.cut) == (0, b"o" * 1000, b"e" * 1000, True)


def test_endless_output_takes_no_memory() -> None:
    ended = run("yes", 0.5, limit=100)
    assert (len(ended.output), ended.cut, ended.timed_out) == (100, True, True)


def test_output_up_to_the_limit_is_whole() -> None:
    ended = run("printf 12345", limit=5)
    assert (ended.output, ended.cut) == (b"12345", False)


@pytest.mark.parametrize(("name", "number"), [("KILL", 9), ("TERM", 15), ("SEGV", 11)])
def test_a_signal_that_ends_a_program_is_named(name: str, number: int) -> None:
    ended = run(f"kill -{number} $$")
    assert (ended.status, ended.signal, ended.timed_out) == (None, name, False)


def test_time_that_runs_out_ends_all_that_was_started_and_keeps_what_was_printed() -> None:
    name = sleeper()
    began = time.monotonic()
    ended = run(f"echo begun; {sleeping(name)} & {sleeping(name)}", 1.0)
    assert time.monotonic() - began < 1.0 + SOON
    assert (ended.status, ended.output, ended.timed_out, ended.signal) == (None, b"begun\n", True, "")
    assert not alive(name)


async def within(program: Program, timeout: float) -> tuple[Ended, float]:
    began = time.monotonic()
    ended = await local.run(program, timeout)
    return ended, time.monotonic() - began


def test_what_ignores_the_request_to_end_holds_nobody_and_is_killed_behind() -> None:
    name = sleeper()

    async def go() -> None:
        ended, took = await within(Program(f"trap '' TERM HUP INT; echo deaf; {sleeping(name)}"), 0.4)
        assert ended.timed_out
        assert took < 0.4 + local.MERCY, "the killing goes on behind"
        assert alive(name), "it has its time to end by itself"
        while local._ending:
            await asyncio.sleep(0.05)
        assert not alive(name)

    asyncio.run(go())


def test_what_heeds_the_request_to_end_may_tidy_up(tmp_path: Path) -> None:
    async def go() -> None:
        tidied = tmp_path / "tidied"
        script = f"trap 'sleep 0.3; touch {tidied}; exit' TERM; echo ready; while :; do sleep 0.1; done"
        ended = await local.run(Program(script), 1.5)
        assert ended.timed_out
        while local._ending:
            await asyncio.sleep(0.05)
        assert tidied.exists()

    asyncio.run(go())


def test_the_end_of_the_loop_kills_at_once() -> None:
    name = sleeper()
    run(f"trap '' TERM; {sleeping(name)}", 0.3)
    assert eventually(lambda: not alive(name)), "asyncio.run has ended: nobody would kill it later"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what was set free is found in /proc")
def test_what_was_set_free_is_ended_when_time_runs_out() -> None:
    name = sleeper()
    ended = run(
        f"setsid {sleeping(name)} & (setsid sh -c '{sleeping(name).replace(chr(39), chr(34))} &' &) ; sleep 60", 0.8
    )
    assert ended.timed_out
    assert eventually(lambda: not alive(name))


def test_what_was_set_free_and_holds_the_output_open_holds_nobody() -> None:
    name = sleeper()
    freed = f"""{sys.executable} -c "import os, sys; os.fork() or (os.setsid(), os.execvp('sh', ['sh', '-c', 'while :; do sleep 0.2; done', '{name}']))" """
    try:
        began = time.monotonic()
        ended = run(f"{freed}; sleep 0.3; echo done")
        assert time.monotonic() - began < SOON
        assert (ended.status, ended.output, ended.timed_out) == (0, b"done\n", False)
        assert alive(name), "it ended by itself: what it set free on purpose is its own affair"
    finally:
        for pid in alive(name):
            os.kill(pid, signal.SIGKILL)


def test_what_stays_in_the_group_ends_with_the_program() -> None:
    name = sleeper()
    for streams in ("", ">/dev/null 2>&1"):
        assert run(f"{sleeping(name)} {streams} & sleep 0.1; echo done").output == b"done\n"
        assert eventually(lambda: not alive(name))


def test_a_caller_that_goes_away_ends_everything() -> None:
    name, before = sleeper(), children()

    async def go() -> None:
        for moment in (0.0, 0.001, 0.003, 0.005, 0.007, 0.01, 0.02, 0.5):
            task = asyncio.create_task(local.run(Program(f"setsid {sleeping(name)} & {sleeping(name)}"), 30))
            await asyncio.sleep(moment)
            task.cancel()
            began = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - began < SOON
        while local._ending:
            await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())
    assert eventually(lambda: not alive(name))
    assert eventually(lambda: not children() - before)


@pytest.mark.parametrize("slow", ["subprocess.Popen", "_Starting.run"])
def test_a_caller_that_goes_away_during_the_start_ends_everything(monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    owner = local.subprocess if slow == "subprocess.Popen" else local._Starting
    start = getattr(owner, slow.partition(".")[2])

    def start_slowly(*args: object, **options: object) -> object:
        started = start(*args, **options)
        gone.wait(20)
        return started

    async def go() -> None:
        task = asyncio.create_task(local.run(Program(f"setsid {sleeping(name)} & {sleeping(name)}"), 30))
        while len(alive(name)) < 2:
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gone.set()

    gone = threading.Event()
    monkeypatch.setattr(owner, slow.partition(".")[2], start_slowly)
    name, before = sleeper(), children()
    asyncio.run(go())
    assert eventually(lambda: not alive(name))
    assert eventually(lambda: not children() - before)


def test_callers_that_go_away_in_numbers_keep_no_later_one_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    start, over = local.subprocess.Popen, threading.Event()

    def start_slowly(command: list[str], **options: object) -> object:
        started = start(command, **options)
        if "sleep 30" in command:
            over.wait(20)
        return started

    async def go() -> None:
        tasks = [asyncio.create_task(local.run(Program("sleep 30"), 30)) for _ in range(LEFT_BEHIND_LIMIT + 2)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (await local.run(Program("echo on"), 20)).output == b"on\n"
        over.set()

    before = children()
    monkeypatch.setattr(local.subprocess, "Popen", start_slowly)
    try:
        asyncio.run(go())
    finally:
        over.set()
    assert eventually(lambda: not children() - before)


def test_many_rounds_leave_no_process_no_thread_and_no_file() -> None:
    async def go() -> None:
        for round_ in range(3):
            runs = [local.run(Program("echo x; cat", input=b"y" * 100_000), 20) for _ in range(10)]
            runs += [local.run(Program("sleep 30 & sleep 30"), 0.05) for _ in range(5)]
            runs += [local.run(Program(("no-such-program",)), 5) for _ in range(2)]
            await asyncio.gather(*runs, return_exceptions=True)
            left = [asyncio.create_task(local.run(Program("yes"), 30)) for _ in range(5)]
            await asyncio.sleep(0.05)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            while local._ending:
                await asyncio.sleep(0.02)
            if round_ == 0:
                files.append(open_files())
        files.append(open_files())
        assert len(asyncio.all_tasks()) == 1

    files: list[int] = []
    threads, before = threading.active_count(), children()
    asyncio.run(go())
    # Servers of other tests may open or close a file meanwhile; a leak would be one a round at least.
    assert files[1] <= files[0] + 1
    assert eventually(lambda: not children() - before), "no zombies"
    assert eventually(lambda: threading.active_count() <= threads)


def test_the_end_is_noticed_where_the_kernel_does_not_tell_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    assert run("sleep 0.1; echo done; exit 4").status == 4
    assert run("sleep 30", 0.2).timed_out


def test_children_of_others_are_left_to_them() -> None:
    async def go() -> None:
        other = await asyncio.create_subprocess_exec("sh", "-c", "sleep 0.3; exit 7")
        await asyncio.gather(*(local.run(Program("exit 1"), 20) for _ in range(20)))
        assert await other.wait() == 7

    asyncio.run(go())


def test_a_status_is_told_even_where_ends_of_children_are_ignored() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert run("exit 3").status == 3
    finally:
        signal.signal(signal.SIGCHLD, before)


def refused(command: str | tuple[str, ...], **options: object) -> str:
    with pytest.raises(Unreachable) as error:
        run(command, **options)
    return str(error.value)


def test_a_program_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    plain, broken, empty = tmp_path / "plain", tmp_path / "broken", tmp_path / "empty"
    plain.write_text("text", encoding="ascii")
    broken.write_text("#!/no/such/interpreter -x\n", encoding="ascii")
    broken.chmod(0o755)
    empty.write_text("no program\n", encoding="ascii")
    empty.chmod(0o755)
    assert refused(("no-such-program",)) == "there is no program no-such-program here (no folder of PATH has it)"
    assert refused(("/no/such",)) == "there is no program /no/such here"
    assert refused((str(plain),)) == f"{plain} cannot be run: this user may not execute it (is it marked executable?)"
    assert refused((str(broken),)) == f"{broken} cannot be run: it needs /no/such/interpreter -x, which is not here"
    assert "is neither a program for this machine nor begins with `#!`" in refused((str(empty),))
    assert refused("true", folder="/no/such") == "the folder /no/such cannot be entered: no such file or directory"
    assert "cannot be entered: not a directory" in refused("true", folder=str(plain))
    assert "too long for the system" in refused(("echo", "x" * 200_000))
    assert refused(("echo", "a\0b")) == "echo cannot be started: a zero character stands in it"
    assert "characters that no command can have" in refused("echo \ud800")


def test_secrets_stand_in_no_argument() -> None:
    said = run("cat /proc/$$/cmdline; printf '%s' \"$TOKEN\"", environment={"TOKEN": "hunter2-and-more"})
    assert said.output.decode().count("hunter2") == 1
