"""Whatever is written, loading it gives a document or says what is wrong: never another exception."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cockpit.checklist.kinds import DocumentedKind
from cockpit.checklist.load import load
from cockpit.checklist.model import Document, decode, encode
from cockpit.checklist.problem import ChecklistError, Problem
from cockpit.text import safe_line

VALID: dict[str, Any] = {
    "cockpit": 1,
    "name": "Test",
    "variables": {
        "url": "http://x",
        "port": 80,
        "key": {"env": "KEY", "secret": True},
        "names": ["a", "b"],
        "unset": None,
    },
    "positions": {"ops": ["ada"]},
    "contacts": [{"name": "Ops", "position": "ops", "phone": "1"}],
    "commands": [{"id": "logs", "title": "Logs", "run": {"docker_logs": {"container": "c", "tail": 3}}}],
    "parts": [
        {
            "id": "one",
            "title": "One",
            "when": "'a' in names",
            "items": [{"id": "a", "title": "A", "confirm": {"ask": "What?", "expect": "value != ''"}}],
            "sections": [
                {
                    "id": "two",
                    "title": "Two",
                    "groups": [
                        {
                            "id": "three",
                            "title": "Three",
                            "items": [
                                {
                                    "id": "b",
                                    "title": "B",
                                    "check": {
                                        "page": {"url": "${url}", "port": "${port}", "headers": {"x": "${key}"}},
                                        "expect": ["status == 200", "body.a == '${names}'"],
                                        "timeout": "5s",
                                        "retry": {"for": "1m"},
                                        "needs": ["c"],
                                    },
                                },
                                {"id": "c", "title": "C", "check": {"box": {"name": "${unset}"}}},
                            ],
                        }
                    ],
                }
            ],
        },
        {"id": "ref", "title": "Ref", "show": ["watch", "contacts"]},
    ],
    "watch": [{"id": "w", "title": "W", "target": "< 1", "check": {"box": {"name": "x"}, "every": "10s"}}],
}

ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x", "${", "${x}", "${url}", "a > b", "status ==", "10s", "1h 2m", "-5s", "é", "\u200b", "x" * 5000,
    [], [None], [[]], {}, {"x-a": 1}, {"id": "b"}, {"": ""}, ["a", {"b": []}], "one", "true", "=", "'", "\n", "$${x}", "a\tb",
]  # fmt: skip


def outcome(path: Path, kinds: dict[str, DocumentedKind]) -> str:
    """Load, and check what comes out of it: a document that survives the journal, or problems that can be shown."""
    document: Document | None = None
    problems: tuple[Problem, ...] = ()
    try:
        document = load(path, kinds=kinds, environ={"KEY": "secret-value"}).document
    except ChecklistError as error:
        problems = error.problems
    if document is not None:
        assert decode(encode(document)) == document
        return "document"
    assert problems
    for problem in problems:
        assert problem.message
        assert str(problem) == safe_line(str(problem))
        assert problem.line >= 0
    return "problems"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in pairs for place in places(each, (*path, key)))]


def mutated(value: Any, path: tuple[Any, ...], change: Any) -> Any:
    """A copy of `value` with `change` applied at `path`."""
    if not path:
        return change(value)
    new = dict(value) if isinstance(value, dict) else list(value)
    new[path[0]] = mutated(value[path[0]], path[1:], change)
    return new


def renamed(value: Any, name: str) -> Any:
    return (
        {name if index == 0 else key: each for index, (key, each) in enumerate(value.items())}
        if isinstance(value, dict)
        else name
    )


@st.composite
def mutations(draw: st.DrawFn) -> Any:
    value: Any = VALID
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(value)))
        odd = draw(st.sampled_from(ODD))
        change = draw(
            st.sampled_from(
                [
                    lambda _, odd=odd: odd,
                    lambda old, odd=odd: [*old, odd] if isinstance(old, list) else [old],
                    lambda old, odd=odd: {**old, str(odd)[:20] or "k": odd} if isinstance(old, dict) else {"id": old},
                    lambda old, odd=odd: renamed(old, str(odd)[:20]),
                    lambda old: old * 2 if isinstance(old, list | str) else old,
                    lambda old: dict(list(old.items())[1:]) if isinstance(old, dict) else old,
                ]
            )
        )
        value = mutated(value, path, change)
    return value


anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def test_the_checklist_that_is_changed_is_a_good_one(tmp_path: Path, kinds: dict[str, DocumentedKind]) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(yaml.safe_dump(VALID, sort_keys=False))
    assert outcome(path, kinds) == "document"


@anything
@given(mutations())
def test_any_change_to_a_good_checklist_gives_a_document_or_problems(
    tmp_path: Path, kinds: dict[str, DocumentedKind], value: Any
) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), encoding="utf-8")
    outcome(path, kinds)


@anything
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
@example(b"")
@example(b"\xff\xfe")
@example(b"\x00")
@example(b"%YAML 9.9\n---\na: b")
@example(b"a: \xc2\x85b")
@example("\ufeff\ufeffa: b".encode())
def test_any_bytes_give_a_document_or_problems(tmp_path: Path, kinds: dict[str, DocumentedKind], data: bytes) -> None:
    for name in ("list.yaml", "list.md"):
        path = tmp_path / name
        path.write_bytes(data)
        outcome(path, kinds)


@anything
@given(st.lists(st.sampled_from(list("[]{}:,-?*&!|>'\"%@`#\n \tab1~<=")), max_size=60).map("".join))
def test_any_yaml_signs_give_a_document_or_problems(
    tmp_path: Path, kinds: dict[str, DocumentedKind], text: str
) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(text)
    outcome(path, kinds)


@pytest.mark.parametrize("seed", range(30))
def test_a_good_checklist_with_damaged_bytes_gives_a_document_or_problems(
    tmp_path: Path, kinds: dict[str, DocumentedKind], seed: int
) -> None:
    chance = random.Random(seed)
    data = bytearray(yaml.safe_dump(VALID, sort_keys=False).encode())
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path = tmp_path / "list.yaml"
    path.write_bytes(data[: chance.randint(1, len(data))] if seed % 3 == 0 else data)
    outcome(path, kinds)


@anything
@given(mutations(), mutations())
def test_any_checklist_over_any_other_gives_a_document_or_problems(
    tmp_path: Path, kinds: dict[str, DocumentedKind], base: Any, over: Any
) -> None:
    for name, value in (
        ("base.yaml", base),
        ("list.yaml", {**over, "extends": "base.yaml"} if isinstance(over, dict) else over),
    ):
        (tmp_path / name).write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), encoding="utf-8")
    outcome(tmp_path / "list.yaml", kinds)
