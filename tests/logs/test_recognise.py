"""Levels and times as programs write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.logs.line import Level
from cockpit.logs.recognise import Recogniser, recognise

NOW = dt.datetime(2026, 1, 2, 12, 0, tzinfo=dt.UTC).timestamp()
NOON = "2026-01-02T12:00:00Z"

LINES = [
    ("2026-01-02 12:00:00,000 INFO trader: filled", Level.INFO, NOON),
    ("2026-01-02 12:00:00,000 - trader - WARNING - slow", Level.WARNING, NOON),
    ("WARNING:root:slow", Level.WARNING, None),
    ('INFO:     127.0.0.1:4711 - "GET / HTTP/1.1" 500', Level.INFO, None),
    ("2026/01/02 12:00:00 [error] 12#12: *1 open() failed", Level.ERROR, NOON),
    ('10.0.0.1 - - [02/Jan/2026:13:00:00 +0100] "GET /x HTTP/1.1" 502 157 "-" "curl"', Level.ERROR, NOON),
    ('10.0.0.1 - - [02/Jan/2026:12:00:00 +0000] "GET /x HTTP/1.1" 404 157', Level.WARNING, NOON),
    ('10.0.0.1 - - [02/Jan/2026:12:00:00 +0000] "GET /x HTTP/1.1" 200 157', Level.INFO, NOON),
    ("[Fri Jan 02 12:00:00 2026] [core:error] [pid 1] AH00126", Level.ERROR, None),
    ("2026-01-02 12:00:00.000 UTC [12] LOG:  checkpoint starting", Level.INFO, NOON),
    ("2026-01-02 12:00:00.000 UTC [12] FATAL:  password authentication failed", Level.CRITICAL, NOON),
    ("2026-01-02T12:00:00.000000Z 0 [Warning] [MY-010068] CA certificate", Level.WARNING, NOON),
    ("2026-01-02T12:00:00.000000Z 0 [Note] ready", Level.NOTICE, NOON),
    ("1:M 02 Jan 2026 12:00:00.000 # WARNING overcommit", Level.WARNING, NOON),
    ("1:M 02 Jan 2026 12:00:00.000 * Ready to accept connections", Level.NOTICE, NOON),
    ("Jan  2 12:00:00 host sshd[1]: Failed password", None, NOON),
    ("<131>Jan  2 12:00:00 host app: broken", Level.ERROR, NOON),
    ("<14>1 2026-01-02T12:00:00Z host app - - - hello", Level.INFO, NOON),
    ("E0102 12:00:00.000000       1 server.go:1] refused", Level.ERROR, NOON),
    ("W, [2026-01-02T12:00:00.000000 #1]  WARN -- : deprecated", Level.WARNING, NOON),
    ('time="2026-01-02T12:00:00Z" level=error msg="no route"', Level.ERROR, NOON),
    ("ts=1767355200.000 lvl=warn msg=late", Level.WARNING, NOON),
    ('{"time":"2026-01-02T12:00:00Z","level":"error","msg":"x"}', Level.ERROR, NOON),
    ('{"level":50,"time":1767355200000,"msg":"pino"}', Level.ERROR, NOON),
    ('{"@timestamp":"2026-01-02T13:00:00+01:00","log.level":"WARN"}', Level.WARNING, NOON),
    ('{"@timestamp":"2026-01-02T12:00:00Z","log":{"level":"info"}}', Level.INFO, NOON),
    ('{"version":"1.1","timestamp":1767355200,"level":3}', Level.ERROR, NOON),
    ('{"msg":"level is not said here","status":"error"}', None, None),
    ("[12:00:00 INF] Serilog", Level.INFO, None),
    ("2026-01-02T12:00:00.000+0000\tDEBUG\tzap\tthere", Level.DEBUG, NOON),
    ("2026-01-02 12:00:00.000  ERROR 1 --- [main] c.e.App : Spring", Level.ERROR, NOON),
    ("there were no errors and the information is in an infobox", None, None),
    ("INFORMANTS met in ERRORTOWN", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("text", "level", "at"), LINES)
def test_level_and_time_of_common_formats(text: str, level: Level | None, at: str | None) -> None:
    found = recognise(text, NOW)
    assert (found.level, found.at) == (level, dt.datetime.fromisoformat(at).timestamp() if at else None)


def test_a_fraction_of_a_second_is_kept() -> None:
    at = recognise("2026-01-02 12:00:00,250 INFO x", NOW).at
    assert at == NOW + 0.25


def test_a_time_without_zone_is_of_the_source_s_zone() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    assert recognise("2026-01-02 14:00:00 INFO x", NOW, zone).at == NOW


def test_a_line_of_december_read_in_january_is_of_the_year_before() -> None:
    at = recognise("Dec 31 23:59:59 host app: x", NOW).at
    assert at == dt.datetime(2025, 12, 31, 23, 59, 59, tzinfo=dt.UTC).timestamp()


def test_a_stack_trace_has_the_level_of_the_line_before_and_the_line_after_it_has_not() -> None:
    recogniser = Recogniser()
    lines = ["ERROR broken", "Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: x", "done"]
    said = [recogniser(line, NOW) for line in lines]
    assert [each.level for each in said] == [Level.ERROR] * 4 + [None]
    assert [each.continues for each in said] == [False, True, True, True, False]


@given(st.text())
def test_any_text_is_looked_at_without_harm(text: str) -> None:
    assert recognise(text, NOW).continues is False


@given(st.from_regex(r"\A[{\[<EIW0-9\" :./-]{0,10}[0-9-]{4,10}[T ][0-9:]{8}[.,]?[0-9]{0,9}[ Z+0-9:]{0,7}\Z"))
def test_anything_like_a_time_is_looked_at_without_harm(text: str) -> None:
    recognise(text, NOW)


@given(st.text(alphabet="abc xyz"), st.sampled_from(["ERROR", "[error]", "level=error", "<3>"]))
def test_words_around_a_level_do_not_change_it(words: str, said: str) -> None:
    assert recognise(f"{said} {words}", NOW).level is Level.ERROR
