"""Notifications of a real engine to a real receiver of webhooks and a real mail server."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cockpit.checklist.model import Addressee, Variable
from cockpit.cli.say import ask
from cockpit.engine.client import start_engine
from cockpit.journal import event as ev
from cockpit.journal.reader import read, verify
from cockpit.run import command as cmd
from cockpit.run.state import fold
from tests.notify.conftest import EVERYTHING, begin, end, events, telling, until
from tests.servers.post import Mailbox, Receiver, receiver

SECRET = Variable("chat_url", is_set=True, secret=True, env="CHAT_URL")


def test_a_hold_is_told_by_webhook_and_by_mail(home: Path, hook: Receiver, mail: Mailbox) -> None:
    run = begin(telling(Addressee("chat", hook.url, ("hold",)), Addressee("team", mail.url, ("hold",))))
    ask(run, cmd.Hold("database is slow"))
    assert len(hook.told()) == 1
    assert hook.got[0]["title"] == "Test 1.5.0 production: HOLD"
    assert "in hold by" in hook.got[0]["message"]
    assert "database is slow. Nothing advances until captain" in hook.got[0]["message"]
    until(lambda: len(mail.got) == 1)
    assert mail.got[0]["Subject"] == "Test 1.5.0 production: HOLD"
    until(lambda: len(events(run, "notice.delivered")) == 2)
    begun, done = events(run, "notice.begun"), events(run, "notice.delivered")
    assert {one.data.to: one.data.about for one in begun} == {one.data.to: one.data.about for one in done}
    assert min(one.seq for one in done) > begun[0].data.about


def test_a_url_that_is_secret_is_used_and_seen_nowhere(
    home: Path, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"json://captain:hunter2hunter2@127.0.0.1:{hook.port}/t0ken-of-the-chat"
    monkeypatch.setenv("CHAT_URL", url)
    run = begin(telling(Addressee("chat", "${chat_url}", ("hold",)), variables=(SECRET,)))
    hook.answer = 0
    ask(run, cmd.Hold("try it"))
    hook.told()
    senders = [each for each in arguments() if b"cockpit.notify" in each]
    assert senders
    assert not any(b"hunter2" in each or b"t0ken" in each for each in arguments())
    hook.answer = 404
    hook.let_go.set()
    ask(run, cmd.Release())
    until(lambda: len(events(run, "notice.failed")) == 2)
    kept = run.journal.read_text() + run.engine_log.read_text()
    assert "hunter2" not in kept
    assert "t0ken" not in kept


def arguments() -> list[bytes]:
    """The arguments of every process: anybody on the machine can read them."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(process.read_bytes())
    return found


def test_what_was_refused_is_tried_again_and_arrives_once(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    run = begin(telling(Addressee("chat", f"json://127.0.0.1:{port}/", ("hold",))))
    ask(run, cmd.Hold("nobody listens yet"))
    until(lambda: events(run, "notice.failed"))
    failed = events(run, "notice.failed")[0].data
    assert (failed.reason, failed.again, failed.doubt) == ("connection refused", True, False)
    with receiver(port) as late:
        until(lambda: events(run, "notice.delivered"))
        assert len(late.told()) == 1
    assert [one.data.attempt for one in events(run, "notice.begun")] == [
        *range(1, events(run, "notice.delivered")[0].data.attempt + 1)
    ]
    assert not fold(read(run.journal)).notices.untold


def test_a_service_that_answers_that_it_failed_is_asked_again(home: Path, hook: Receiver) -> None:
    hook.answer = 500
    run = begin(telling(Addressee("chat", hook.url, ("hold",))))
    ask(run, cmd.Hold("a test"))
    until(lambda: events(run, "notice.failed"))
    assert events(run, "notice.failed")[0].data.reason == "the service answered 500"
    hook.answer = 200
    until(lambda: events(run, "notice.delivered"))
    assert len(hook.got) == 2


def test_what_no_attempt_can_mend_is_given_up_at_once_and_stays_seen(home: Path, hook: Receiver) -> None:
    hook.answer = 404
    unset = Variable("pager_url", secret=True, env="PAGER_URL")
    run = begin(
        telling(
            Addressee("chat", hook.url, ("hold",)), Addressee("pager", "${pager_url}", ("hold",)), variables=(unset,)
        )
    )
    ask(run, cmd.Hold("a test"))
    until(lambda: len(events(run, "notice.failed")) == 2)
    untold = {one.to: one for one in fold(read(run.journal)).notices.given_up}
    assert untold["chat"].reason == "the service answered 404"
    assert "pager_url" in untold["pager"].reason
    assert len(hook.got) == 1


def test_one_who_hangs_holds_up_neither_the_run_nor_the_others_and_is_not_told_twice(
    home: Path, hook: Receiver, mail: Mailbox
) -> None:
    hook.answer = 0
    run = begin(telling(Addressee("chat", hook.url, ("hold",)), Addressee("team", mail.url, ("hold",))))
    began = time.monotonic()
    ask(run, cmd.Hold("one"))
    ask(run, cmd.Release())
    took = time.monotonic() - began
    until(lambda: len(mail.got) == 2)
    until(lambda: events(run, "notice.failed"))
    failed = events(run, "notice.failed")[0].data
    assert (failed.to, failed.doubt, failed.again) == ("chat", True, False)
    assert took < 4  # the library alone waits 4 s for an answer
    first = [one for one in hook.got if "in hold" in one["message"]]
    assert len(first) == 1


def test_an_engine_killed_while_it_tells_leaves_a_doubt_and_the_next_one_does_not_tell_again(
    home: Path, hook: Receiver
) -> None:
    hook.answer = 0
    run = begin(telling(Addressee("chat", hook.url, ("hold", "engine"))))
    ask(run, cmd.Hold("one"))
    hook.told()
    end(run)
    hook.answer = 200
    hook.let_go.set()
    start_engine(run)
    until(lambda: events(run, "notice.failed"))
    failed = events(run, "notice.failed")[0].data
    assert failed.doubt
    assert "the engine ended while it was sent" in failed.reason
    until(lambda: events(run, "notice.delivered"))
    assert sum("in hold" in one["message"] for one in hook.got) == 1
    assert sum("engine died" in one["message"] for one in hook.got) == 1
    assert verify(run.journal).ok


def test_what_an_engine_had_not_begun_to_tell_the_next_one_tells(home: Path, hook: Receiver) -> None:
    hook.answer = 0
    run = begin(telling(Addressee("chat", hook.url, ("hold",))))
    ask(run, cmd.Hold("one"))
    hook.told()
    ask(run, cmd.Release("two"))
    end(run)
    hook.answer = 200
    hook.let_go.set()
    start_engine(run)
    until(lambda: events(run, "notice.delivered"))
    assert sum("released the hold" in one["message"] for one in hook.got) == 1


def test_an_engine_told_to_stop_ends_in_time_and_the_next_one_goes_on(home: Path, hook: Receiver) -> None:
    run = begin(telling(Addressee("chat", hook.url, ("milestone",))))
    until(lambda: events(run, "notice.delivered"))
    end(run, signal.SIGTERM)
    start_engine(run)
    ask(run, cmd.Hold("not wanted by the chat"))
    time.sleep(0.3)
    assert [one["message"].count("opened the live run") for one in hook.got] == [1]


def test_the_end_of_a_run_is_told_before_its_engine_goes(home: Path, hook: Receiver) -> None:
    run = begin(telling(Addressee("chat", hook.url, ("closed",))))
    ask(run, cmd.Close("done for today"))
    assert "closed the run" in hook.told()[0]
    until(lambda: events(run, "notice.delivered"))
    assert fold(read(run.journal)).closed is not None
    assert verify(run.journal).ok


def test_a_rehearsal_tells_nobody_and_says_whom_it_would_have_told(home: Path, hook: Receiver) -> None:
    run = begin(telling(Addressee("chat", hook.url, EVERYTHING)), run_kind="rehearsal")
    ask(run, cmd.Hold("a rehearsal"))
    until(lambda: len(events(run, "notice.withheld")) == 2)
    opened, held = (one.data for one in events(run, "notice.withheld"))
    assert isinstance(held, ev.NoticeWithheld)
    assert held.to == ("chat",)
    assert "(rehearsal)" in held.words
    assert not hook.got
    assert opened.about == 0


def test_the_engine_never_imports_the_library() -> None:
    looked = "import sys, cockpit.engine.process; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", looked], check=False).returncode == 0
