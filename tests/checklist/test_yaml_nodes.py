"""YAML is read as a reader sees it, or refused with a place."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from cockpit.checklist.node import Node, plain
from cockpit.checklist.problem import ChecklistError, Problem
from cockpit.checklist.yaml_nodes import DEEPEST, MOST_NODES, MOST_PROBLEMS, read_yaml


def read(text: str) -> Node:
    root, problems = read_yaml(text, "list.yaml")
    assert not problems
    return root


def wrong(text: str) -> list[Problem]:
    try:
        _, problems = read_yaml(text, "list.yaml")
    except ChecklistError as error:
        return list(error.problems)
    return problems


@pytest.mark.parametrize(
    "text",
    ["no", "on", "yes", "22:22", "014", "1e3", "0x1F", "1_000", "1.10", "+5", ".5", "2030-01-31", "=", "NaN", "-0"],
)
def test_a_scalar_that_would_not_be_written_back_as_it_stands_stays_text(text: str) -> None:
    assert plain(read(f"key: {text}")) == {"key": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-12", -12),
        ("1.5", 1.5),
        ("0", 0),
    ],
)
def test_true_false_null_and_numbers_are_typed(text: str, value: object) -> None:
    found = plain(read(f"key: {text}"))["key"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ['"true"', "'7'", '"null"', "'1.5'"])
def test_quoted_scalars_are_text(text: str) -> None:
    assert plain(read(f"key: {text}")) == {"key": text[1:-1]}


def test_every_key_and_value_knows_its_place() -> None:
    root = read("a: 1\nb:\n  - x\n  - c: 'y'\n")
    inner = root.at(("b", 1, "c"))
    assert str(inner.key) == "list.yaml:4:5"
    assert str(inner.source) == "list.yaml:4:8"
    assert inner.literal == 1
    assert str(root.at(("b", 0)).source) == "list.yaml:3:5"


def test_a_key_that_is_written_twice_names_the_first_place() -> None:
    (problem,) = wrong("a: 1\nb: 2\na: 3\n")
    assert str(problem) == "list.yaml:3:1: `a` is written twice; the first is on line 1"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: &x 1", "1:4", "the anchor `&x` is not allowed"),
        ("a: *x", "1:4", "the alias `*x` is not allowed"),
        ("<<: {a: 1}", "1:1", "the merge key `<<` is not allowed"),
        ("a: !!python/object:os.system x", "1:4", "the tag `tag:yaml.org,2002:python/object:os.system` is not allowed"),
        ("1: a", "1:1", "the key `1` is not text"),
        ("null: a", "1:1", "the key `null` is not text"),
        ("? [a]\n: b", "1:3", "a key must be text"),
        ("a: 1\n---\nb: 2", "2:1", "a second document begins here"),
        ('a: "\\e[31m"', "1:4", "the character U+001B, which cannot be seen, is not allowed"),
        ("a: \u202eevil", "1:4", "the character U+202E, which cannot be seen, is not allowed"),
        ("a: b: c", "1:5", "this is not YAML: mapping values are not allowed in this context"),
        ("a: @b", "1:4", "this is not YAML: found character that cannot start any token"),
        ("a:\n\t- b", "2:1", "this is not YAML: found character that cannot start any token"),
        ("a: [1, 2", "2:1", "this is not YAML: did not find expected ',' or ']'"),
        ("a: \x1b[0m", "1:4", "this is not YAML: control characters are not allowed"),
        ("", "1:1", "the file is empty"),
        ("# only a comment\n", "1:1", "the file is empty"),
    ],
)
def test_what_a_reader_would_not_see_is_refused_with_its_place(text: str, place: str, message: str) -> None:
    problem = wrong(text)[0]
    assert (f"{problem.line}:{problem.column}", problem.message) == (place, message)
    assert problem.hint


def test_nesting_beyond_the_limit_is_refused() -> None:
    assert not wrong("[" * DEEPEST + "]" * DEEPEST)
    assert "levels inside each other" in wrong("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))[0].message


def test_a_file_with_too_many_nodes_is_refused() -> None:
    assert "keys and values" in wrong("[" + "1," * (MOST_NODES + 1) + "]")[-1].message


def test_reading_stops_after_many_problems() -> None:
    assert len(wrong("\n".join(f"a: {index}" for index in range(10_000)))) == MOST_PROBLEMS


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "[" * 5000,
        "{a: " * 5000,
        "- " * 2000 + "x",
        "\n".join(" " * depth + "a:" for depth in range(1000)),
        "&" * 1000,
        "? " * 500,
    ],
    ids=["aliases", "lists", "mappings", "dashes", "indents", "anchors", "keys"],
)
def test_a_hostile_text_costs_neither_time_nor_memory(text: str) -> None:
    tracemalloc.start()
    began = time.process_time()
    problems = wrong(text)
    took = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problems
    assert took < 1.0
    assert peak < 8 << 20
