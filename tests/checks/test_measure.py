"""One whole measurement, over kinds that do what a test wants: tries, windows, deadlines, hangs, secrets."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shlex
import socket
import sqlite3
import threading
import time
import urllib.parse
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.checklist.kinds import Field, Spec
from cockpit.checklist.model import Check, Variable
from cockpit.checks import registry
from cockpit.checks.kind import Reading, Session, Unmeasurable
from cockpit.checks.measure import measure
from cockpit.connect.dial import Unreachable
from cockpit.connect.thread import in_thread
from cockpit.connect.values import Values
from cockpit.journal.event import CheckMeasured
from tests.servers.web import Web
from tests.support.measuring import Measure, ended_in_time, no_values, secret
from tests.support.threads import busy

Read = Callable[[Any, float], Awaitable[Reading]]


class AnySpec(Spec):
    given: Any = None


class Told:
    """A kind that reads as it is told."""

    name = "told"
    about = "What it is told."
    spec = AnySpec
    implied = "n == 1"
    example = ""
    fields = (
        Field("n", "int", "A number."),
        Field("text", "string", "A text."),
        Field("data", "dyn", "Data."),
    )

    def __init__(self, read: Read) -> None:
        self._read = read

    def request(self, spec: AnySpec) -> str:
        return f"ask {spec.given}"

    async def read(self, spec: AnySpec, session: Session, timeout: float) -> Reading:
        return await self._read(spec.given, timeout)


async def once(
    read: Read, given: Any = None, *expect: str, values: Values | None = None, **options: Any
) -> CheckMeasured:
    check = Check("told", {"given": given}, expect=expect, **options)
    return await measure("item", check, kinds={"told": Told(read)}, values=values or no_values(), session=Session())


def run(read: Read, given: Any = None, *expect: str, **options: Any) -> CheckMeasured:
    return asyncio.run(once(read, given, *expect, **options))


def numbers(*found: int | Exception) -> Read:
    """Read one after another; the last one for ever."""
    left = list(found)

    async def read(given: Any, timeout: float) -> Reading:
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, Exception):
            raise one
        return Reading({"n": one}, f"n is {one}", f"evidence of {one}", one)

    return read


def test_a_reading_is_decided_and_recorded() -> None:
    found = run(numbers(1), "this")
    assert (found.item, found.result, found.summary, found.request) == ("item", "PASS", "n is 1", "ask this")
    assert (found.tries, found.flaky, found.evidence, found.value) == (1, False, "evidence of 1", 1)
    assert [(finding.condition, finding.holds, finding.found) for finding in found.findings] == [
        ("n == 1", True, {"n": "1"})
    ]


def test_what_is_expected_decides_over_pass_and_fail_and_what_is_wanted_over_warn() -> None:
    assert run(numbers(2), None, "n > 1", warn=("n < 5",)).result == "PASS"
    warned = run(numbers(7), None, "n > 1", warn=("n < 5",))
    assert (warned.result, warned.summary) == ("WARN", "n is 7; not: n < 5 (n: 7)")
    failed = run(numbers(0), None, "n > 1", warn=("n < 5",))
    assert (failed.result, failed.summary) == ("FAIL", "n is 0; not: n > 1 (n: 0)")
    assert [finding.holds for finding in failed.findings] == [False, True]


def test_a_value_that_was_not_found_fails_its_condition_and_says_so() -> None:
    found = run(numbers(1), None, "text == 'x'")
    assert (found.result, found.findings[0].problem) == ("FAIL", "text was not found")


def test_a_pass_after_a_failed_try_is_flaky() -> None:
    found = run(numbers(0, Unmeasurable("not yet"), 1), None, retry_for=5.0, retry_every=0.01)
    assert (found.result, found.tries, found.flaky) == ("PASS", 3, True)


def test_tries_end_with_their_window_and_the_last_one_counts() -> None:
    found = run(numbers(0, 0, Unmeasurable("gone")), None, retry_for=0.29, retry_every=0.1)
    assert (found.result, found.summary, found.tries, found.flaky) == ("ERROR", "gone", 3, False)
    assert found.took >= 0.2
    assert ended_in_time(found, 0.29)


def test_the_deadline_holds_over_all_tries() -> None:
    found = run(numbers(0), None, retry_for=10.0, retry_every=0.1, deadline=0.35)
    assert found.result == "FAIL"
    assert found.tries in (3, 4)
    assert ended_in_time(found, 0.35)


def test_an_error_of_any_library_becomes_words() -> None:
    async def divide(given: Any, timeout: float) -> Reading:
        raise ZeroDivisionError("division by zero\nand more")

    async def leave(given: Any, timeout: float) -> Reading:
        raise SystemExit(3)

    async def cancel(given: Any, timeout: float) -> Reading:
        raise asyncio.CancelledError

    async def nothing(given: Any, timeout: float) -> Reading:
        return None  # type: ignore[return-value]

    assert run(numbers(Unreachable("connection refused by a:1"))).summary == "connection refused by a:1"
    assert run(divide).summary == "told failed: ZeroDivisionError: division by zero"
    assert run(leave).summary == "told failed: SystemExit: 3"
    assert run(nothing).summary == "told failed: it read nothing"
    assert run(cancel).summary == "told failed: it cancelled itself"


def test_what_cannot_be_measured_at_all_says_why() -> None:
    check = Check("nothing", {})
    none = asyncio.run(measure("item", check, kinds={}, values=no_values(), session=Session()))
    assert (none.result, none.tries) == ("ERROR", 1)
    assert none.summary.startswith("there is no kind of check called 'nothing'")
    assert run(numbers(1), None, "m == 1").summary.startswith("a condition cannot be used: `m` is not known here")
    missing = run(numbers(1), "${url}", values=Values([Variable("url")], {}))
    assert missing.summary == "variable url is not set: give it with --var url=VALUE"
    unknown = asyncio.run(
        measure(
            "item", Check("told", {"x": 1}), kinds={"told": Told(numbers(1))}, values=no_values(), session=Session()
        )
    )
    assert unknown.summary == "`told`: `x` is not a key of it"


class NoCondition(Told):
    implied = ""


def test_a_check_that_cannot_fail_is_an_error() -> None:
    kinds = {"told": NoCondition(numbers(1))}
    found = asyncio.run(measure("item", Check("told", {}), kinds=kinds, values=no_values(), session=Session()))
    assert (found.result, found.summary[:23]) == ("ERROR", "this check cannot fail:")


def test_a_kind_that_hangs_politely_is_given_up_in_time() -> None:
    async def hang(given: Any, timeout: float) -> Reading:
        await asyncio.sleep(60)
        raise AssertionError

    found = run(hang, timeout=0.2)
    assert (found.result, found.summary) == ("ERROR", "timed out after 0.2 s")
    assert ended_in_time(found, 0.2)


def test_a_kind_that_will_not_be_cancelled_is_left_behind_and_not_tried_for_ever() -> None:
    release = threading.Event()
    begun = 0

    async def stubborn(given: Any, timeout: float) -> Reading:
        nonlocal begun
        begun += 1
        while not release.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        raise Unmeasurable("released")

    async def tries() -> list[CheckMeasured]:
        found = [await once(stubborn, timeout=0.1) for _ in range(5)]
        release.set()
        await asyncio.sleep(0.05)
        return found

    found = asyncio.run(tries())
    assert [each.summary for each in found[:4]] == ["timed out after 0.1 s"] * 4
    assert found[4].summary == "not tried: 4 earlier tries hang and cannot be ended"
    assert begun == 4
    assert all(ended_in_time(each, 0.1) for each in found)


def test_a_library_that_hangs_in_a_thread_delays_nobody_and_its_threads_are_bounded() -> None:
    release = threading.Event()

    async def hang(given: Any, timeout: float) -> Reading:
        return await in_thread("a stuck disk", release.wait)  # type: ignore[return-value]

    async def tries() -> tuple[list[CheckMeasured], CheckMeasured]:
        stuck = [await once(hang, timeout=0.1) for _ in range(6)]
        return stuck, await once(numbers(1))

    before = len(busy())
    stuck, other = asyncio.run(tries())
    assert [found.summary for found in stuck[:4]] == ["timed out after 0.1 s"] * 4
    assert stuck[4].summary == "a stuck disk hangs: 4 earlier attempts have not come back"
    assert len(busy()) == before + 4
    assert other.result == "PASS"
    assert ended_in_time(other, 0.0)
    release.set()
    ends = time.monotonic() + 2
    while len(busy()) > before:
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_slow_secret_does_not_outlast_the_deadline() -> None:
    values = Values([Variable("secret", secret=True, command="sleep 5; echo too-late")], {"PATH": "/usr/bin:/bin"})
    found = run(numbers(1), "${secret}", values=values, timeout=0.3)
    assert (found.result, found.summary) == ("ERROR", "timed out while its variables were read")
    assert ended_in_time(found, 0.3)


def test_a_caller_that_is_cancelled_is_cancelled() -> None:
    async def hang(given: Any, timeout: float) -> Reading:
        await asyncio.sleep(60)
        raise AssertionError

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await once(hang)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())


def test_evidence_keeps_its_beginning_and_its_end() -> None:
    async def long(given: Any, timeout: float) -> Reading:
        return Reading({"n": 1}, "long", "first" + "x" * 100_000 + "last")

    found = run(long)
    assert found.evidence.startswith("firstxxx")
    assert found.evidence.endswith("xxxlast")
    assert "[95913 characters left out]" in found.evidence
    assert len(found.evidence) < 4200


def test_an_event_always_fits_its_line_of_the_journal() -> None:
    async def much(given: Any, timeout: float) -> Reading:
        text = "\U0001f680\x1b" * 50_000
        return Reading({"n": 1, "text": text, "data": {text: text}}, text, text)

    found = run(much, "\U0001f680" * 10_000, *["text == 'x' && data == 'y'"] * 30)
    assert len(msgspec.json.encode(found)) < 64 * 1024


def test_a_secret_cut_in_two_at_the_end_of_a_reading_is_not_shown() -> None:
    async def cut(given: Any, timeout: float) -> Reading:
        return Reading({"n": 1}, "cut", "the secret is hunter2-and-mo", cut=True)

    assert "hunter2" not in run(cut, "${secret}", values=secret("hunter2-and-more")).evidence


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda value: value,
    "in JSON": json.dumps,
    "quoted for a shell": shlex.quote,
    "quoted for a URL": lambda value: urllib.parse.quote(value, safe=""),
    "hexadecimal": lambda value: value.encode().hex(),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 of a pair": lambda value: base64.b64encode(b"ada:" + value.encode()).decode(),
    "repeated": lambda value: value * 3,
    "far away": lambda value: "x" * 2045 + value + "y" * 5000,
}
PLACES = ("value", "key", "text", "summary", "evidence", "error", "given", "condition problem")


@given(
    value=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=24),
    form=st.sampled_from(sorted(FORMS)),
    place=st.sampled_from(PLACES),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_form_of_a_secret_is_in_any_field(value: str, form: str, place: str) -> None:
    value = f"S3cr{value}T"
    told = FORMS[form](value)

    async def read(given: Any, timeout: float) -> Reading:
        assert given["secret"] == value
        if place == "error":
            raise Unmeasurable(f"refused: {told}")
        values = {"n": 2, "text": told if place == "text" else "", "data": {}}
        if place in ("value", "key"):
            values["data"] = {told: 1} if place == "key" else {"inner": [told]}
        summary = told if place == "summary" else ""
        return Reading(values, summary, told if place == "evidence" else "")

    given_to_it = {"secret": "${secret}", "more": "${secret}" if place == "given" else ""}
    found = run(read, given_to_it, "n == 1", "text == 'x'", "data.inner[0] == 'x'", "data == 1", values=secret(value))
    shown = json.dumps(msgspec.to_builtins(found), ensure_ascii=False)
    for hidden in (value, json.dumps(value)[1:-1], told if form != "far away" else value):
        assert hidden not in shown
        assert json.dumps(hidden)[1:-1] not in shown


def test_nothing_is_left_open_after_many_measurements(http_server: Web, refusing_port: int, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "a.db").close()
    checks = [
        Check("http", {"url": f"{http_server.url}/health"}),
        Check("http", {"url": f"{http_server.url}/silent"}, timeout=0.05),
        Check("http", {"url": f"{http_server.url}/cut"}),
        Check("http", {"url": f"http://127.0.0.1:{refusing_port}/"}),
        Check("http", {"url": "http://no-such-host.invalid/"}),
        Check("sqlite", {"path": str(tmp_path / "a.db"), "query": "SELECT 1"}),
        Check("docker", {"container": "x", "host": f"unix://{tmp_path}/none.sock"}),
        Check("postgres", {"dsn": f"postgresql://x:y@127.0.0.1:{refusing_port}/z"}),
    ]

    def open_here() -> tuple[int, int, int]:
        files = sum(not _is_of_the_server(file, http_server.port) for file in Path("/proc/self/fd").iterdir())
        return files, len(busy()), len(asyncio.all_tasks())

    async def rounds() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        session = Session()

        async def once_all() -> None:
            for check in checks:
                await measure("item", check, kinds=registry.kinds(), values=no_values(), session=session)

        await once_all()
        await asyncio.sleep(0.1)
        before = open_here()
        for _ in range(12):
            await once_all()
        await asyncio.sleep(0.1)
        after = open_here()
        await session.close()
        return before, after

    before, after = asyncio.run(rounds())
    assert all(now <= then for now, then in zip(after, before, strict=True)), (before, after)


def _is_of_the_server(descriptor: Path, port: int) -> bool:
    """Whether an open file is a connection that the test's own server holds."""
    if not descriptor.is_socket():
        return False
    with socket.socket(fileno=os.dup(int(descriptor.name))) as found:
        return found.family == socket.AF_INET and found.getsockname()[1] == port


def test_the_figure_that_a_checklist_asks_for_is_plotted_and_stands_first(measured: Measure, tmp_path: Path) -> None:
    database = tmp_path / "bot.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript("create table t (n integer, s text); insert into t values (7, 'x')")
    spec = {"path": str(database), "query": "select n, s from t"}
    found = measured("sqlite", spec, "row_count == 1", figure="double(row.n) / 2.0")
    assert (found.value, found.summary[:5]) == (3.5, "3.5 (")
    assert found.unit == ""
    none = measured("sqlite", spec, "row_count == 1", figure="double(row.s)")
    assert (none.result, none.value, none.summary[:11]) == ("PASS", None, "no figure (")


class Counting:
    """Readings that take a moment, and how many there were."""

    def __init__(self, takes: float = 0.05) -> None:
        self.takes = takes
        self.count = 0
        self.cancelled = 0

    async def __call__(self, given: Any, timeout: float) -> Reading:
        self.count += 1
        try:
            await asyncio.sleep(self.takes)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Reading({"n": 1}, "read")


async def together(read: Read, *checks: Check) -> list[CheckMeasured]:
    """Several checks on one session, at the same time."""
    session, kinds, values = Session(), {"told": Told(read)}, no_values()
    measuring = [
        measure(f"item{number}", check, kinds=kinds, values=values, session=session)
        for number, check in enumerate(checks)
    ]
    return await asyncio.gather(*measuring)


def test_what_is_wanted_twice_at_once_is_read_once_and_judged_for_each() -> None:
    read = Counting()
    found = asyncio.run(
        together(
            read,
            Check("told", {"given": 1}),
            Check("told", {"given": 1}, expect=("n == 2",)),
            Check("told", {"given": 2}),
        )
    )
    assert read.count == 2
    assert [one.result for one in found[:2]] == ["PASS", "FAIL"]


def test_what_is_wanted_again_later_is_read_again() -> None:
    read = Counting(0)

    async def twice() -> None:
        session = Session()
        for _ in range(2):
            await measure("i", Check("told", {}), kinds={"told": Told(read)}, values=no_values(), session=session)

    asyncio.run(twice())
    assert read.count == 2


def test_a_reading_in_common_that_hangs_ends_in_time_for_everybody_and_is_cancelled() -> None:
    read = Counting(60)
    found = asyncio.run(together(read, *[Check("told", {}, timeout=0.2)] * 3))
    assert [(one.result, one.summary) for one in found] == [("ERROR", "timed out after 0.2 s")] * 3
    assert (read.count, read.cancelled) == (1, 1)


def test_a_kind_is_told_which_fields_are_asked_for() -> None:
    seen: list[frozenset[str]] = []

    class Curious(Told):
        async def read(self, spec: AnySpec, session: Session, timeout: float) -> Reading:
            seen.append(session.used)
            return Reading({"n": 1}, "1")

    async def ask(check: Check) -> None:
        kinds = {"told": Curious(numbers(1))}
        session = Session()
        await measure("item", check, kinds=kinds, values=no_values(), session=session)
        assert session.used == frozenset()

    asyncio.run(ask(Check("told", {})))
    asyncio.run(ask(Check("told", {}, expect=("n < 3 || n > 5",), warn=("text != ''",), figure="double(data.n)")))
    assert seen == [{"n"}, {"n", "text", "data"}]


def test_whoever_asks_for_it_hears_everything_that_the_last_try_found_as_it_may_be_shown() -> None:
    readings = [
        Reading({"n": 2, "text": "early"}, "2"),
        Reading({"n": 1, "text": "the correct-horse and its key", "more": ["correct-horse"]}, "1"),
    ]
    heard: list[dict[str, Any]] = []

    async def next_one(*_: object) -> Reading:
        return readings.pop(0)

    async def ask() -> CheckMeasured:
        values = secret("correct-horse")
        check = Check("told", {"given": "${secret}"}, retry_for=5, retry_every=0.01)
        kinds = {"told": Told(next_one)}
        return await measure("i", check, kinds=kinds, values=values, session=Session(), found=heard.append)

    assert asyncio.run(ask()).tries == 2
    assert heard == [{"n": 1, "text": "the ***secret*** and its key", "more": ["***secret***"]}]


def test_where_nothing_could_be_measured_nothing_was_found() -> None:
    heard: list[dict[str, Any]] = []

    async def refuse(*_: object) -> Reading:
        raise Unmeasurable("no")

    async def ask() -> None:
        kinds = {"told": Told(refuse)}
        await measure("i", Check("told", {}), kinds=kinds, values=no_values(), session=Session(), found=heard.append)

    asyncio.run(ask())
    assert heard == [{}]
