"""Variables: where a value comes from, and what becomes of `${name}`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.checklist.load import Loaded
from cockpit.checklist.model import Variable
from cockpit.checklist.problem import Problem
from cockpit.checklist.variables import LONGEST, fill, names_in

Load = Callable[..., Loaded]
Problems = Callable[..., list[Problem]]

PARTS = "parts: [{id: p, title: P, items: [{id: i, title: I}]}]\n"


def head(variables: str) -> str:
    return f"cockpit: 1\nname: T\nvariables: {variables}\n{PARTS}"


def variable(loaded: Loaded, name: str) -> Variable:
    return next(each for each in loaded.document.variables if each.name == name)


@pytest.mark.parametrize(
    ("written", "value", "is_set", "origin"),
    [
        ("x", "x", True, "default"),
        ("[a, b]", ["a", "b"], True, "default"),
        ("false", False, True, "default"),
        ("{value: 3, about: What.}", 3, True, "default"),
        ("", None, False, ""),
        ("{about: What.}", None, False, ""),
        ("{env: HERE}", "there", True, "environment variable HERE"),
        ("{env: EMPTY}", None, False, "environment variable EMPTY (not set)"),
        ("{env: GONE}", None, False, "environment variable GONE (not set)"),
        ("{env: HERE, secret: true}", None, True, "environment variable HERE"),
        ("{command: pass show x, secret: true}", None, True, "command pass show x"),
        ("{file: /run/x}", None, True, "file /run/x"),
    ],
)
def test_a_variable_says_whether_it_is_set_and_from_where(
    loaded: Load, written: str, value: object, is_set: bool, origin: str
) -> None:
    found = variable(loaded(head(f"{{a: {written}}}"), environ={"HERE": "there", "EMPTY": ""}), "a")
    assert (found.value, found.is_set, found.origin) == (value, is_set, origin)


@pytest.mark.parametrize(
    ("written", "given", "value"),
    [
        ("x", "y", "y"),
        ("[a, b]", "c, d,e", ["c", "d", "e"]),
        ("[]", "c", ["c"]),
        ("[1, 2]", "3,4", [3, 4]),
        ("7", "8", 8),
        ("1.5", "2", 2.0),
        ("true", "false", False),
        ("{env: HERE}", "given", "given"),
        ("{command: date}", "given", "given"),
        ("{about: Unset.}", "007", "007"),
    ],
)
def test_what_is_given_comes_first_and_takes_the_type_of_the_default(
    loaded: Load, written: str, given: str, value: object
) -> None:
    found = variable(loaded(head(f"{{a: {written}}}"), environ={"HERE": "there"}, a=given), "a")
    assert (found.value, found.origin, found.env, found.command) == (value, "--var", "", "")
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("written", "given", "said"),
    [
        ("7", "seven", "--var a: must be a whole number, not `seven`"),
        ("1.5", "x", "--var a: must be a number, not `x`"),
        ("true", "yes", "--var a: must be true or false, not `yes`"),
        ("{env: X, secret: true}", "hunter2", "--var a: `a` is a secret; a command line is seen by others"),
    ],
)
def test_what_cannot_be_given_is_refused_without_repeating_a_secret(
    problems: Problems, written: str, given: str, said: str
) -> None:
    (problem,) = problems(head(f"{{a: {written}}}"), a=given)
    assert str(problem).startswith(said)
    assert "hunter2" not in str(problem)


def test_a_name_that_is_not_declared_cannot_be_given(problems: Problems) -> None:
    assert [str(problem) for problem in problems(head("{base_url: x}"), base_ulr="y")] == [
        "--var base_ulr: there is no variable `base_ulr`; did you mean `base_url`?"
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{a: {value: hunter2, secret: true}}", "`a` is a secret; a secret is never written in a checklist"),
        ("{a: {env: X, file: y}}", "`a` has `env` and `file`; say once where it comes from"),
        ("{a-b: x}", "`a-b` is no name of a variable"),
        ("{a: '${b}'}", "the variable `b` is not declared"),
        ("{a: '${b}', b: '${a}'}", "variables are made of each other in a circle: a > b > a"),
        ("{a: 'x${a}'}", "variables are made of each other in a circle: a > a"),
        ("{a: 'x${b}', b: {command: date}}", "`a` is made of `b`, which is read only when it is used"),
        ("{a: 'x${b}', b: {env: HERE, secret: true}}", "`a` is made of `b`, which is read only when it is used"),
        ("{a: {b: c}}", "`b` is not a key of a variable"),
        ("{a: [[b]]}", "`a` must be text or a whole number or a number or true or false, not a list"),
        ("{a: {value: {b: c}}}", "`value` must be text or a whole number or a number or true or false or a list, not"),
    ],
)
def test_a_wrong_variable_is_refused_in_plain_words(problems: Problems, written: str, said: str) -> None:
    found = [str(problem).partition(": ")[2] for problem in problems(head(written), environ={"HERE": "x"})]
    assert len(found) == 1, found
    assert found[0].startswith(said)
    assert "hunter2" not in found[0]


def test_variables_may_be_made_of_others_and_wait_for_those_that_are_not_set(loaded: Load) -> None:
    text = head(
        "{url: '${host}/x', host: 'http://h:${port}', port: 80, all: ['${port}', b], waits: '${unset}', unset: }"
    )
    found = {each.name: (each.value, each.is_set, each.origin) for each in loaded(text).document.variables}
    assert found["url"] == ("http://h:80/x", True, "default")
    assert found["all"] == ([80, "b"], True, "default")
    assert found["waits"] == (None, False, "made of unset (not set)")


def test_texts_that_double_each_other_are_refused_before_they_grow(problems: Problems) -> None:
    doubling = ", ".join(f"v{index}: '${{v{index - 1}}}${{v{index - 1}}}'" for index in range(1, 18))
    found = problems(head(f"{{v0: {'x' * 100}, {doubling}}}"))
    assert found
    assert f"longer than {LONGEST} characters" in found[0].message


def test_a_long_chain_of_variables_is_refused(problems: Problems) -> None:
    chain = ", ".join(f"v{index}: '${{v{index + 1}}}x'" for index in range(2000))
    found = problems(head(f"{{{chain}, v2000: x}}"))
    assert "more than 20 variables are made of each other" in {problem.message for problem in found}


def test_a_text_that_is_one_variable_takes_its_type_and_any_other_its_text() -> None:
    known = {
        "port": Variable("port", 80, is_set=True),
        "names": Variable("names", ["a", "b"], is_set=True),
        "on": Variable("on", value=True, is_set=True),
        "later": Variable("later", is_set=True),
    }
    assert fill(
        {"a": "${port}", "b": ["x${port}", "${names}"], "c": "${on} ${names}", "d": "${later}", "e": 3}, known
    ) == {
        "a": 80,
        "b": ["x80", "a,b"],
        "c": "true a,b",
        "d": "${later}",
        "e": 3,
    }


def test_the_names_used_are_found_wherever_they_stand() -> None:
    assert list(names_in({"a": "${x} ${y}", "b": ["${z}", {"c": "$x ${1} ${a-b}"}], "d": 4})) == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("token == 'x'", "`when` cannot use `token`"),
        ("later == 'x'", "`when` cannot use `later`"),
        ("size == 'x'", "`==` cannot put a whole number beside text"),
        ("names[5] == 'x'", "`when` cannot be decided"),
        ("sise == 3", "`sise` is not known here; did you mean `size`?"),
    ],
)
def test_a_condition_on_a_run_uses_variables_whose_values_are_known(problems: Problems, when: str, said: str) -> None:
    text = head("{size: 3, names: [a], token: {env: T, secret: true}, later: {file: /x}}").replace(
        "title: I}", f'title: I, when: "{when}"}}'
    )
    found = [str(problem).partition(": ")[2] for problem in problems(text, environ={"T": "x"})]
    assert len(found) == 1
    assert found[0].startswith(said)


@pytest.mark.parametrize("name", ["token", "later"])
def test_a_condition_on_a_measurement_cannot_use_what_is_read_later(problems: Problems, name: str) -> None:
    check = f"check: {{page: {{url: x}}, expect: \"text == '${{{name}}}'\"}}"
    text = head("{token: {env: T, secret: true}, later: {file: /x}}").replace("title: I}", f"title: I, {check}}}")
    (problem,) = problems(text, environ={"T": "x"})
    assert problem.message == f"a condition cannot use `{name}`: it is read only when a check asks for it"


def test_variables_in_conditions_become_values_of_their_type(loaded: Load) -> None:
    check = 'check: {page: {url: x}, expect: ["status in ${codes}", "status == ${code}", "text == ${text}"]}'
    text = head("{codes: [200, 204], code: 200, text: it's}").replace("title: I}", f"title: I, {check}}}")
    item = next(loaded(text).document.items())
    assert item.check is not None
    assert item.check.expect == ("status in [200, 204]", "status == 200", r"text == 'it\'s'")


def test_a_condition_is_judged_even_while_its_variable_is_not_set(problems: Problems) -> None:
    check = 'check: {page: {url: x}, expect: "statsu == ${code}"}'
    (problem,) = problems(head("{code: }").replace("title: I}", f"title: I, {check}}}"))
    assert problem.message == "`statsu` is not known here"
