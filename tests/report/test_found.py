"""What a baseline remembers of a measurement."""

from __future__ import annotations

import datetime as dt
import math

from cockpit.checklist.model import Check
from cockpit.checks.http import KIND
from cockpit.journal.baseline import ItemBaseline
from cockpit.journal.event import CheckMeasured
from cockpit.report.found import VALUES_LIMIT, item_baseline
from cockpit.text import Redactor


def remembered(
    values: dict[str, object], *expect: str, redact: Redactor | None = None, **result: object
) -> ItemBaseline:
    check = Check("http", {}, expect or ("status == 200",))
    return item_baseline(CheckMeasured("a", "PASS", "fine", **result), values, check, KIND, redact or Redactor())


def test_values_are_kept_flat_with_their_types() -> None:
    found = remembered(
        {
            "status": 200,
            "body": {"version": "2.3.9", "deep": {"ready": True, "load": 0.5}, "none": None, "list": [1, {"a": 2}]},
            "tls.expires_in": dt.timedelta(days=2),
            "empty": {},
        }
    ).found
    assert found == {
        "status": 200,
        "body.version": "2.3.9",
        "body.deep.ready": True,
        "body.deep.load": 0.5,
        "body.none": None,
        "body.list": '[1, {"a": 2}]',
        "tls.expires_in": 172800.0,
        "empty": "{}",
    }


def test_names_in_conditions_are_kept_as_findings_show_them() -> None:
    values = {"status": 200, "body": {"tags": ["a", "b"]}, "headers": {"server": "nginx"}, "latency": 0.12}
    kept = remembered(values, "status == 200", "body.tags[0] == 'a'", "headers['server'] == 'x'", "size(body.tags) > 0")
    assert kept.named == {"status": 200, "body.tags[0]": "a", "headers['server']": "nginx", "body.tags": "[a, b]"}
    assert remembered({}, "status == 200").named == {"status": "no value"}


def test_a_name_that_stands_for_a_whole_mapping_is_not_kept_as_one_value() -> None:
    values = {"headers": {"date": "now", "server": "x"}, "body": [{"a": 1}]}
    kept = remembered(values, "'server' in headers", "size(body) == 1")
    assert kept.named == {}
    assert kept.found == {"headers.date": "now", "headers.server": "x", "body": '[{"a": 1}]'}


def test_lengths_of_time_are_marked_and_a_figure_that_is_one() -> None:
    values = {"latency": 0.12, "tls.expires_in": dt.timedelta(days=2), "size": 7}
    assert set(remembered(values, value=0.12).times) == {"latency", "tls.expires_in", "figure"}
    assert set(remembered(values, value=7.0).times) == {"latency", "tls.expires_in"}


def test_a_long_text_is_cut_and_still_shows_any_change_of_it() -> None:
    one, other = (remembered({"text": "x" * 5000 + end}).found["text"] for end in ("a", "b"))
    assert isinstance(one, str)
    assert len(one) < 300
    assert "[5001 characters, SHA-256 " in one
    assert one != other


def test_secrets_are_in_no_value_no_name_and_no_number() -> None:
    redact = Redactor({"token": "correct-horse", "pin": "12345678"})
    values = {"body": {"correct-horse": ["xx correct-horse"], "pin": 12345678}, "text": "correct-horse " * 100}
    kept = remembered(values, "body.pin == 1", redact=redact)
    assert "correct-horse" not in repr(kept)
    assert "12345678" not in repr(kept)
    assert kept.found["body.pin"] == "***pin***"


def test_what_is_endless_or_no_number_is_kept_as_text() -> None:
    kept = remembered({"a": math.inf, "b": math.nan, "c": 2**70, "d": "\x1b[31m"})
    assert kept.found == {"a": "inf", "b": "nan", "c": str(2**70), "d": "␛[31m"}


def test_no_more_values_are_kept_than_the_limit() -> None:
    assert len(remembered({"body": {str(number): number for number in range(5000)}}).found) == VALUES_LIMIT


def test_a_kind_that_is_gone_leaves_what_it_found() -> None:
    kept = item_baseline(CheckMeasured("a", "PASS"), {"x": 1}, Check("gone", {}, ("x == 1",)), None, Redactor())
    assert (kept.found, kept.named, kept.times) == ({"x": 1}, {}, ())
