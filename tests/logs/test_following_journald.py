"""systemd's journal: the real one, followed here and on a host over SSH."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from tests.servers.journal import Journal
from tests.servers.ssh import Keys, sshd
from tests.support.following import Heard, followed

pytestmark = pytest.mark.server


def test_entries_have_the_journals_time_and_priority_and_a_cursor_says_where_to_go_on(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{journal.programs}{os.pathsep}{os.environ['PATH']}")
    began = time.time()
    journal.send(b"first\nof two lines", unit="app.service", priority=3)
    journal.send(b"sec\x1b\xff", unit="app.service", priority=4)
    journal.send(b"of another one", unit="other.service")

    async def test(heard: Heard) -> None:
        await heard.line("app: sec␛\\xff")
        os.kill(journal.readers[0], signal.SIGKILL)
        journal.send(b"meanwhile", unit="app.service")
        await heard.line("app: meanwhile")
        journal.send(b"after", unit="app.service", priority=7)
        await heard.line("app: after")

    heard = followed(test, "journald", {"unit": "app.service"}, tail=7)
    assert heard.lines == ["app: first", "app: of two lines", "app: sec␛\\xff", "app: meanwhile", "app: after"]
    assert all(began - 1 <= at <= time.time() for at in heard.at)
    assert heard.at == sorted(heard.at)
    assert heard.levels == [6, 6, 5, 3, 2]
    assert heard.notices == [
        "what followed it ended (signal KILL); following it again as soon as that is possible",
        "followed again",
    ]


def test_the_journal_of_a_host_is_followed_by_what_writes_to_it(journal: Journal, ssh_keys: Keys) -> None:
    journal.send(b"before", name="worker")
    journal.send(b"somebody else", name="cron")
    with sshd(ssh_keys, mounts=journal.process.pid) as server:

        async def test(heard: Heard) -> None:
            await heard.line("worker: before")
            await asyncio.to_thread(server.cut)
            journal.send(b"meanwhile", name="worker")
            await heard.line("worker: meanwhile")

        spec = {"identifier": "worker"}
        heard = followed(test, "journald", spec, via="app1", hosts=(server.host("app1"),))
    assert heard.lines == ["worker: before", "worker: meanwhile"]
    assert heard.notices[-1] == "followed again"
