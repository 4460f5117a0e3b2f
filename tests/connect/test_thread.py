"""Work in threads: given up in time, never waited for, no thread more than is needed."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time
import weakref

import pytest

from cockpit.connect.thread import IDLE_SECONDS, LEFT_BEHIND_LIMIT, Stuck, in_thread


def test_the_caller_gets_what_the_work_returns_or_raises() -> None:
    assert asyncio.run(in_thread("x", lambda: 3)) == 3
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread("x", lambda: 1 // 0))
    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(in_thread("x", lambda: next(iter(()))))
    with pytest.raises(SystemExit):
        asyncio.run(in_thread("x", sys.exit))


def test_work_that_follows_is_done_by_threads_that_are_there() -> None:
    async def run() -> set[int]:
        return {await in_thread("x", threading.get_ident) for _ in range(100)}

    assert len(asyncio.run(run())) < 10


def test_no_work_waits_for_other_work_however_much_of_it_hangs() -> None:
    release = threading.Event()

    async def run() -> int:
        hanging = [asyncio.create_task(in_thread(f"disk {number}", release.wait)) for number in range(40)]
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            answer = await in_thread("another disk", lambda: 3)
        assert not any(task.done() for task in hanging)
        release.set()
        await asyncio.gather(*hanging)
        return answer

    assert asyncio.run(run()) == 3


def test_a_thread_that_hangs_is_replaced_and_works_again_when_it_comes_back() -> None:
    release = threading.Event()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await in_thread("a stuck disk", release.wait)

    async def run() -> None:
        for _ in range(LEFT_BEHIND_LIMIT):
            await give_up()
        with pytest.raises(Stuck, match="a stuck disk hangs: 4 earlier attempts have not come back"):
            await in_thread("a stuck disk", lambda: 3)
        assert await in_thread("another disk", lambda: 3) == 3
        release.set()
        async with asyncio.timeout(10):
            while names().count("cockpit a stuck disk"):
                await asyncio.sleep(0.01)
        assert await in_thread("a stuck disk", lambda: 3) == 3

    asyncio.run(run())


def test_idle_threads_end_and_hold_no_result() -> None:
    class Result:
        pass

    async def run() -> weakref.ref[Result]:
        return weakref.ref(await in_thread("x", Result))

    held = asyncio.run(run())
    ends = time.monotonic() + IDLE_SECONDS + 10
    while held() is not None:
        gc.collect()
        assert time.monotonic() < ends
        time.sleep(0.01)
    while "cockpit idle" in names():
        assert time.monotonic() < ends
        time.sleep(0.05)
    assert asyncio.run(in_thread("x", lambda: 3)) == 3


def test_a_thread_that_hangs_does_not_keep_the_program_from_ending() -> None:
    program = (
        "import asyncio, threading\n"
        "from cockpit.connect.thread import in_thread\n"
        "async def run():\n"
        "    await in_thread('x', int)\n"
        "    await asyncio.wait({asyncio.create_task(in_thread('y', threading.Event().wait))}, timeout=0.1)\n"
        "asyncio.run(run())\n"
        "print('over')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "over\n", "")


def test_a_forked_process_has_threads_of_its_own() -> None:
    program = (
        "import asyncio, os\n"
        "from cockpit.connect.thread import in_thread\n"
        "asyncio.run(in_thread('x', int))\n"
        "child = os.fork()\n"
        "asyncio.run(asyncio.wait_for(in_thread('x', int), 10))\n"
        "if child:\n"
        "    print(os.waitpid(child, 0)[1])\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (0, "0\n"), ended.stderr


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]
