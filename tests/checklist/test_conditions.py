"""Conditions: typed when compiled, explained when decided, and never a surprise."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.checklist.condition_names import with_values
from cockpit.checklist.conditions import LONGEST, ConditionError, answer_condition, compile_condition
from cockpit.checklist.kinds import Field
from cockpit.text import safe_line

FIELDS = (
    Field("status", "int", ""),
    Field("latency", "double", ""),
    Field("text", "string", ""),
    Field("open", "bool", ""),
    Field("age", "duration", ""),
    Field("at", "timestamp", ""),
    Field("names", "list", ""),
    Field("size", "int", ""),
    Field("headers", "map", ""),
    Field("body", "dyn", ""),
    Field("tls.expires_in", "duration", ""),
    Field("tls.issuer", "string", ""),
)
VALUES: dict[str, Any] = {
    "status": 503,
    "latency": 0.25,
    "text": "all is well",
    "open": True,
    "age": dt.timedelta(minutes=90),
    "at": dt.datetime(2026, 11, 24, 22, tzinfo=dt.UTC),
    "names": ["a", "b"],
    "size": 42,
    "headers": {"x-frame-options": "DENY"},
    "body": {"colour": "blue", "nodes": [{"name": "n1", "load": 1}], "big": 2**70, "pair": (1, 2)},
    "tls": {"expires_in": dt.timedelta(days=30, hours=2), "issuer": "CA"},
}


@pytest.mark.parametrize(
    ("text", "holds", "found"),
    [
        ("status == 200", False, {"status": "503"}),
        ("status in [200, 503]", True, {"status": "503"}),
        ("latency < 2.0 && status >= 500", True, {"latency": "0.25", "status": "503"}),
        ("text.contains('well')", True, {"text": "all is well"}),
        ("text.upperAscii() == 'X'", False, {"text": "all is well"}),
        ("open", True, {"open": "true"}),
        ("age < duration('2h')", True, {"age": "5400s"}),
        ("at < timestamp('2030-01-01T00:00:00Z')", True, {"at": "2026-11-24T22:00:00+00:00"}),
        ("'a' in names", True, {"names": "[a, b]"}),
        ("names[1] == 'a'", False, {"names[1]": "b"}),
        ("size(names) > 1", True, {"names": "[a, b]"}),
        ("size(text) < size", True, {"text": "all is well", "size": "42"}),
        ("headers['x-frame-options'] == 'DENY'", True, {"headers['x-frame-options']": "DENY"}),
        ("body.colour == 'green'", False, {"body.colour": "blue"}),
        ("body.nodes[0].load < 1.5", True, {"body.nodes[0].load": "1"}),
        ("body.nodes.all(n, n.name != '')", True, {"body.nodes": "[{name: n1, load: 1}]"}),
        ("body.colour.startsWith('b')", True, {"body.colour": "blue"}),
        ("body.pair[1] == 2", True, {"body.pair[1]": "no value"}),
        ("has(body.colour)", True, {"body.colour": "blue"}),
        ("tls.expires_in > duration('720h')", True, {"tls.expires_in": "30d2h"}),
        ("tls.issuer == 'CA' // status", True, {"tls.issuer": "CA"}),
        ("text == 'status'", False, {"text": "all is well"}),
    ],
)
def test_a_condition_is_decided_and_shows_the_value_of_each_name_in_it(
    text: str, holds: bool, found: dict[str, str]
) -> None:
    decision = compile_condition(text, FIELDS).decide(VALUES)
    assert (decision.condition, decision.holds, decision.found, decision.problem) == (text, holds, found, "")


def test_a_dotted_field_may_stand_under_its_whole_name() -> None:
    condition = compile_condition("tls.expires_in > duration('1h')", FIELDS)
    assert condition.decide({"tls.expires_in": dt.timedelta(hours=2)}).holds
    assert condition.decide({"tls.expires_in": 7200}).holds


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("stauts == 200", 1, "`stauts` is not known here", "did you mean `status`?"),
        ("status == 200 && tls.expires < 2", 21, "`tls.expires` is not known here", "did you mean `tls.expires_in`?"),
        (
            "latency < 2",
            9,
            "`<` cannot put a number with a point beside a whole number",
            "write the number with a point, as in `2.0`",
        ),
        ("age < 2", 5, "`<` cannot put a duration beside a whole number", "write a duration as `duration('2s')`"),
        ("at > '2030'", 4, "`>` cannot put a time beside text", "write a time as `timestamp('2030-01-31T12:00:00Z')`"),
        (
            "status == '200'",
            8,
            "`==` cannot put a whole number beside text",
            "put text in quotes, and leave numbers without",
        ),
        (
            "status + 1",
            1,
            "the condition comes out as a whole number, not as true or false",
            "compare it with something",
        ),
        ("age > duration('7d')", 16, "this is no duration", "CEL knows h, m, s and ms: a day is `24h`"),
        ("at > timestamp('tomorrow')", 16, "this is no time", "write it as `2030-01-31T12:00:00Z`"),
        ("text.matches('(')", 14, "this is no regular expression", "RE2 has no look-around and no back-references"),
        ("text.startWith('a')", 15, "there is no function `startWith`", "did you mean `startsWith`?"),
        ("siz(names) > 1", 4, "there is no function `siz`", "did you mean `size`?"),
        ("status ==", 10, "the condition ends too early", "something is missing at its end"),
        ("1 == 1", 1, "the condition names nothing that was found, so it always comes out the same", ""),
        ("  ", 1, "the condition is empty", ""),
    ],
)
def test_a_condition_that_cannot_be_right_is_refused_where_it_is_wrong(
    text: str, column: int, message: str, hint: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, FIELDS)
    assert (caught.value.column, caught.value.message, caught.value.hint) == (column, message, hint)


def test_the_line_of_a_mistake_is_counted_too() -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition("status == 200 &&\n  latenc < 2.0", FIELDS)
    assert (caught.value.line, caught.value.column) == (2, 3)


@pytest.mark.parametrize(
    "text", ["(" * 500 + "status == 1" + ")" * 500, "[" * 900 + "]" * 900, "status == 1 || " * 200]
)
def test_a_condition_that_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        compile_condition(text, FIELDS)
    assert len(text) < LONGEST * 2


@pytest.mark.parametrize(
    ("text", "values", "problem"),
    [
        ("status == 200", {}, "status was not found"),
        ("tls.issuer == 'x'", {"tls": {}}, "tls.issuer was not found"),
        ("body.colour == 'x'", {"body": {}}, "there is no `colour`"),
        ("body.colour", {"body": {"colour": "red"}}, "it came out as red, which is neither true nor false"),
        ("status / 0 == 1", {"status": 1}, "divide by zero"),
        ("status == 1", {"status": "one"}, "Unexpected value type for 'status': str. (Expected INT)"),
        (
            "names.all(a, names.all(b, names.all(c, a + b + c >= 0)))",
            {"names": list(range(400))},
            "it takes too long to decide",
        ),
    ],
)
def test_what_cannot_be_decided_does_not_hold_and_says_why(text: str, values: dict[str, Any], problem: str) -> None:
    decision = compile_condition(text, FIELDS).decide(values)
    assert (decision.holds, decision.problem) == (False, problem)


def test_a_value_that_is_not_there_shows_as_no_value() -> None:
    assert compile_condition("body.colour == 'x' || open", FIELDS).decide({"body": {}, "open": False}).found == {
        "body.colour": "no value",
        "open": "false",
    }


def test_what_was_found_is_safe_and_short() -> None:
    found = compile_condition("text == ''", FIELDS).decide({"text": "\x1b[31m\ud800" + "x" * 500}).found["text"]
    assert found.startswith("␛[31m<U+D800>xxx")
    assert len(found) < 160


def test_an_answer_is_judged_by_its_own_condition() -> None:
    condition = answer_condition("value.startsWith('arn:aws:kms:')")
    assert condition.decide({"value": "arn:aws:kms:eu-west-1:1"}).holds
    assert not condition.decide({"value": "yes"}).holds


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("status == ${n}", "status == 7"),
        ("text == ${t}", r"text == 'a\'b\\'"),
        ("text == 'x-${t}'", r"text == 'x-a\'b\\'"),
        ('text == "${t}"', r"""text == "a\'b\\" """.strip()),
        ("names == ${l}", "names == ['x', 1, true]"),
        ("text == '${other}'", "text == '${other}'"),
    ],
)
def test_a_variable_in_a_condition_is_a_literal_or_text_inside_one(text: str, filled: str) -> None:
    assert with_values(text, {"n": 7, "t": "a'b\\", "l": ["x", 1, True]}) == filled


def refused(text: str) -> ConditionError | None:
    try:
        compile_condition(text, FIELDS)
    except ConditionError as error:
        return error
    return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_body_is_decided_on_without_an_exception(body: Any) -> None:
    for text in ("body.colour == 'x'", "body == 1", "size(body) > 1", "body[0] == 'a'", "string(body) == 'x'"):
        decision = compile_condition(text, FIELDS).decide({"body": body})
        assert isinstance(decision.holds, bool)
        assert all(value == safe_line(value) for value in decision.found.values())


@given(st.text(max_size=60) | st.text(alphabet="status tex.()[]'\"=<>&|!0123456789\\\n", max_size=60))
def test_any_text_is_a_condition_or_an_error_with_a_place_in_it(text: str) -> None:
    error = refused(text)
    if error is None:
        assert compile_condition(text, FIELDS).names
    else:
        assert error.message
        assert 1 <= error.column <= len(text) + 2
        assert 1 <= error.line <= text.count("\n") + 1


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_a_text_put_into_a_condition_is_found_again(value: str) -> None:
    for text in ("text == ${t}", "text == '${t}'", 'text == "${t}"'):
        assert compile_condition(with_values(text, {"t": value}), FIELDS).decide({"text": value}).holds
