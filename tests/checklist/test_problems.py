"""Everything that is wrong is said at once, in plain words, with its place and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.checklist.kinds import DocumentedKind
from cockpit.checklist.load import load
from cockpit.checklist.problem import ChecklistError, Problem, nearest, suggest

Problems = Callable[..., list[Problem]]
OneItem = Callable[..., list[str]]


def test_all_mistakes_are_named_at_once_each_at_its_place(problems: Problems) -> None:
    text = """\
        cockpit: 1
        name: [Test]
        nam: x
        variables: {base_url: http://x}
        positions: [operations]
        parts:
          - id: part
            title: Part
            items:
              - id: one
                titel: One
                check: {pgae: {url: "${base_ulr}"}, expect: status == 200}
              - id: two
                title: Two
                check: {page: {url: "${base_ulr}", prot: 3}, expect: [statsu == 200, latency < 2], timeout: 5}
                confirm: {ask: What?, position: boss}
              - {id: two, title: Three, check: {page: {url: http://x, port: many}, needs: [four]}}
          - {id: empty, title: Empty}
        """
    assert [str(problem) for problem in problems(text)] == [
        "list.yaml:2:7: `name` must be text, not a list",
        "list.yaml:3:1: `nam` is not a key of a checklist; did you mean `name`?",
        "list.yaml:10:9: `title` is missing: an item needs it",
        "list.yaml:11:9: `titel` is not a key of an item; did you mean `title`?",
        "list.yaml:12:17: `pgae` is neither a kind of check nor a key of one; did you mean `page`?",
        "list.yaml:15:30: the variable `base_ulr` is not declared; did you mean `base_url`?",
        "list.yaml:15:44: `prot` is not a key of this check; did you mean `port`?",
        "list.yaml:15:63: `statsu` is not known here; did you mean `status`?",
        (
            "list.yaml:15:86: `<` cannot put a number with a point beside a whole number; "
            "write the number with a point, as in `2.0`"
        ),
        "list.yaml:15:101: `timeout` must be a time with its unit, as in `500ms`, `10s`, `5m`, `2h` or `1d`, not `5`",
        "list.yaml:16:41: the position `boss` is not known; known here: operations",
        "list.yaml:17:14: the id `two` is used twice; the first is at list.yaml:13:13",
        (
            "list.yaml:17:41: this check cannot fail: it has no condition; "
            "write under `expect` what must hold; see `cockpit kinds page`"
        ),
        "list.yaml:17:69: `port` must be a whole number, not `many`",
        "list.yaml:17:84: there is no item `four`; known here: one, two",
        "list.yaml:18:5: the part `empty` is empty; write items under it, or remove it",
    ]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("check: {page: {url: x}}", "this check cannot fail: it has no condition"),
        ("check: {page: {url: x}, expect: []}", "this check cannot fail: it has no condition"),
        ("check: {page: {url: x}, warn: status == 1}", "this check cannot fail: it has no condition"),
        ("check: {page: {url: x}, expect: 'true'}", "the condition names nothing that was found"),
        ("check: {page: {url: x}, expect: status}", "the condition comes out as a whole number, not as true or false"),
        ("check: {page: {url: x}, expect: ''}", "the condition is empty"),
        ("check: {page: {}, expect: status == 1}", "`url` is missing: this check needs it"),
        ("check: {page: x, expect: status == 1}", "`page` must be a mapping of keys to values"),
        ("check: {page: {url: [x]}, expect: status == 1}", "`url` must be text, not a list"),
        ("check: {page: {url: x, secure: maybe}, expect: status == 1}", "`secure` must be true or false, not `maybe`"),
        ("check: {page: {url: x, port: 99999}, expect: status == 1}", "`port` must be less than or equal to 65535"),
        ("check: {page: {url: x, headers: {a: [b]}}, expect: status == 1}", "`a` must be text, not a list"),
        ("check: {page: {url: x, method: '${base-url}'}, expect: status == 1}", "`base-url` is no name of a variable"),
        ("check: {page: {url: x}, box: {name: x}}", "a check measures one thing; this one names `page` and `box`"),
        ("check: {expect: status == 1}", "this check does not say what it measures; one of: page, box"),
        ("check: {box: {name: x}, via: app}", "there is no host `app`; declare it under `hosts`"),
        ("check: {box: {name: x}, every: 10}", "`every` must be a time with its unit"),
        ("check: {box: {name: x}, every: 10 minutes}", "`every` must be a time with its unit"),
        ("check: {box: {name: x}, retry: {every: 1s}}", "`for` is missing: `retry` needs it"),
        ("check: {box: {name: x}, timeout: 0s}", "`timeout` must be longer than nothing"),
        ("check: {box: {name: x}, timeout: 5s, deadline: 1s}", "`deadline`, the limit of all tries, is shorter"),
        ("check: {box: {name: x}, every: 5m, max_age: 1m}", "`max_age` is shorter than `every`"),
        (
            "check: {box: {name: x}, every: 5m, on_demand: true}",
            "`every` measures by itself, and `on_demand` only when",
        ),
        ("check: {box: {name: x}, needs: [other]}", "there is no item `other`"),
        ("check: {box: {name: x}, needs: [item]}", "these need each other in a circle: item > item"),
        ("check: [box]", "`check` must be a mapping of keys to values, not a list"),
        ("confirm: {ask: What?, expect: valeu == '1'}", "`valeu` is not known here; did you mean `value`?"),
        ("confirm: {ask: What?, expect: value > 3}", "`>` cannot put text beside a whole number"),
        ("confirm: {ask: What?, position: nobody}", "the position `nobody` is not known; declare it under `positions`"),
        ("confirm: {ask: 'See ${where}'}", "the variable `where` is not declared; declare it under `variables`"),
        ("confirm: [What?]", "`confirm` must be a mapping of keys to values, not a list"),
        ("required: maybe", "`required` must be true or false, not `maybe`"),
        ("note:", "`note` has no value: write one, or remove the key"),
        ("when: size > 3", "`size` is not known here"),
    ],
)
def test_a_mistake_in_an_item_is_said_in_plain_words(one_item: OneItem, item: str, said: str) -> None:
    found = one_item(item)
    assert len(found) == 1, found
    assert found[0].startswith(said)


@pytest.mark.parametrize(
    "item", ["x-note: {a: [b]}", "check: {box: {name: x, x-y: 1}, x-z: 2}", "confirm: {ask: What?, x-why: z}"]
)
def test_keys_that_begin_with_x_are_left_alone_at_every_level(one_item: OneItem, item: str) -> None:
    assert one_item(item) == []


def test_what_is_left_alone_does_not_reach_the_measurement(
    write: Callable[..., Path], kinds: dict[str, DocumentedKind]
) -> None:
    check = "{page: {url: x, x-a: 1, headers: {x-b: '2'}}, expect: status == 1, x-c: 3}"
    path = write(f"cockpit: 1\nname: T\nparts: [{{id: p, title: P, items: [{{id: i, title: I, check: {check}}}]}}]")
    (item,) = load(path, kinds=kinds, environ={}).document.items()
    assert item.check is not None
    assert item.check.spec == {"url": "x", "headers": {"x-b": "2"}}


def test_a_value_that_is_not_known_yet_is_not_judged_and_hides_nothing_else(one_item: OneItem) -> None:
    head = "variables: {port: , key: {file: /run/key}}"
    assert one_item("check: {page: {url: x, port: '${port}', method: 'x${key}'}, expect: status == 1}", head) == []
    assert one_item("check: {page: {port: '${port}', secure: x}, expect: status == 1}", head) == [
        "`url` is missing: this check needs it",
        "`secure` must be true or false, not `x`",
    ]


def test_headers_that_begin_with_x_are_headers(one_item: OneItem) -> None:
    assert one_item("check: {page: {url: x, headers: {x-token: [1]}}, expect: status == 1}") == [
        "`x-token` must be text, not a list"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "this must be a mapping of keys to values, not a list"),
        ("text", "this must be a mapping of keys to values, not text"),
        ("cockpit: 2\nname: T\nparts: []", "`cockpit` must be 1, not `2`"),
        (
            "name: T\nparts: [{id: p, title: P, items: [{id: i, title: I}]}]",
            "`cockpit` is missing: a checklist needs it",
        ),
        ("cockpit: 1\nname: T", "the checklist has no parts"),
        ("cockpit: 1\nname: ''\nparts: [{id: p, title: P, items: [{id: i, title: I}]}]", "`name` must not be empty"),
        (
            "cockpit: 1\nname: T\nparts: [{id: Part_1, title: P, items: [{id: i, title: I}]}]",
            "`id` must be lower-case letters",
        ),
        (
            "cockpit: 1\nname: T\nparts: [{id: p, title: P, items: [text]}]",
            "this must be a mapping of keys to values, not text",
        ),
        (
            "cockpit: 1\nname: T\nparts: [{id: p, title: P, show: [wacth]}]",
            "this must be 'watch', 'contacts' or 'commands'",
        ),
        ("cockpit: 1\nname: T\nparts: {}", "`parts` must be a list, not a mapping"),
    ],
)
def test_a_mistake_in_the_whole_is_said_in_plain_words(problems: Problems, text: str, said: str) -> None:
    assert problems(text)[0].message.startswith(said)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("{id: a, title: A, run: {}}", "`run` holds either `command` or `docker_logs`"),
        (
            "{id: a, title: A, run: {command: x, docker_logs: {container: y}}}",
            "`run` holds either `command` or `docker_logs`",
        ),
        ("{id: a, title: A}", "`run` is missing: a command needs it"),
        ("{id: a, title: A, run: {command: 'echo ${what}'}}", "the variable `what` is not declared"),
        ("{id: a, title: A, run: {docker_logs: {container: x, tial: 3}}}", "`tial` is not a key of `docker_logs`"),
    ],
)
def test_a_mistake_in_a_command_is_said_in_plain_words(problems: Problems, command: str, said: str) -> None:
    text = f"cockpit: 1\nname: T\ncommands: [{command}]\nparts: [{{id: p, title: P, items: [{{id: i, title: I}}]}}]"
    assert [problem.message for problem in problems(text)] == [said]


def test_what_the_shell_expands_is_left_to_the_shell(problems: Problems) -> None:
    text = "cockpit: 1\nname: T\ncommands: [{id: a, title: A, run: 'echo $HOME ${HOME:-x} $(date)'}]\n"
    assert problems(text + "parts: [{id: p, title: P, items: [{id: i, title: I}]}]") == []


def test_an_id_is_used_once_over_headings_items_and_watches(problems: Problems) -> None:
    text = """\
        cockpit: 1
        name: T
        parts:
          - {id: one, title: P, items: [{id: two, title: I}, {id: one, title: I}]}
        watch: [{id: two, title: W}]
        """
    assert [str(problem) for problem in problems(text)] == [
        "list.yaml:4:59: the id `one` is used twice; the first is at list.yaml:4:10",
        "list.yaml:5:14: the id `two` is used twice; the first is at list.yaml:4:38",
    ]


def test_a_circle_of_needs_is_named_once(problems: Problems) -> None:
    items = ", ".join(
        f"{{id: {a}, title: T, check: {{box: {{name: x}}, needs: [{b}]}}}}" for a, b in ("ab", "bc", "ca", "da")
    )
    found = problems(f"cockpit: 1\nname: T\nparts: [{{id: p, title: P, items: [{items}]}}]")
    assert [problem.message for problem in found] == ["these need each other in a circle: a > b > c > a"]


def test_a_need_of_something_that_is_never_measured_is_refused(problems: Problems) -> None:
    items = "{id: a, title: T, check: {box: {name: x}, needs: [b]}}, {id: b, title: T}"
    found = problems(f"cockpit: 1\nname: T\nparts: [{{id: p, title: P, items: [{items}]}}]")
    assert [problem.message for problem in found] == ["`b` has no check that could pass"]


def test_what_was_wrong_is_not_also_said_to_be_missing(problems: Problems) -> None:
    text = """\
        cockpit: 1
        name: T
        parts:
          - id: Bad Id
            title: [x]
            items:
              - {id: a, title: A, check: {box: {name: x}, needs: [b]}}
              - {id: b, title: [x], check: {page: {url: x}, expect: {a: b}}}
          - {id: only-bad, title: P, items: [text]}
        """
    assert [problem.message.split(",")[0] for problem in problems(text)] == [
        "`id` must be lower-case letters",
        "`title` must be text",
        "`title` must be text",
        "`expect` must be a list",
        "this must be a mapping of keys to values",
    ]


def test_a_condition_is_pointed_into_as_far_as_its_text_stands_in_the_file(problems: Problems) -> None:
    text = """\
        cockpit: 1
        name: T
        parts:
          - id: p
            title: P
            items:
              - id: i
                title: I
                check:
                  page: {url: x}
                  expect:
                    - statsu == 1
                    - 'statsu == 1'
                    - "text == \\"a\\" && statsu == 1"
                    - >-
                      status == 1
                      && statsu == 1
        """
    assert [(problem.line, problem.column, problem.hint) for problem in problems(text)] == [
        (12, 15, "did you mean `status`?"),
        (13, 16, "did you mean `status`?"),
        (14, 15, "at column 16 of the condition; did you mean `status`?"),
        (15, 15, "at column 16 of the condition; did you mean `status`?"),
    ]


def test_thousands_of_mistakes_do_not_take_thousands_of_lines(problems: Problems) -> None:
    items = "\n".join("      - text" for _ in range(20_000))
    found = problems(f"cockpit: 1\nname: T\nparts:\n  - id: p\n    title: P\n    items:\n{items}")
    assert len(found) < 300
    assert "and 19800 more wrong keys and values" in [problem.message for problem in found]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.yaml", None, "none.yaml: there is no such file"),
        ("latin.yaml", b"name: caf\xe9", "latin.yaml:1:10: the file is not UTF-8: byte 0xE9; save it as UTF-8"),
        (
            "utf16.yaml",
            "name: x".encode("utf-16"),
            "utf16.yaml:1:1: the file is not UTF-8: byte 0xFF; save it as UTF-8",
        ),
        (
            "large.yaml",
            b"#" * ((1 << 20) + 1),
            "large.yaml: the file is larger than 1 MiB; split it into a folder of files",
        ),
        (
            "empty.md",
            b"",
            "empty.md:1:1: this Markdown file holds no checklist; items are list entries such as `- [ ] Backups tested`",
        ),
    ],
)
def test_a_file_that_cannot_be_read_gets_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | None, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(ChecklistError) as caught:
        load(Path(name), kinds={}, environ={})
    assert str(caught.value) == said


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    with pytest.raises(ChecklistError, match="this is neither a file nor a folder"):
        load(path, kinds={}, environ={})


def test_a_problem_is_one_line_whatever_it_quotes() -> None:
    assert str(Problem("a", 1, 2, "x\ny\x1b[31m", "z")) == "a:1:2: x␊y␛[31m; z"
    assert str(Problem("--var x", 0, 0, "no")) == "--var x: no"


def test_the_nearest_name_ignores_case_and_is_empty_when_none_is_near() -> None:
    assert nearest("Base_URL", ["base_url", "port"]) == "base_url"
    assert nearest("zzz", ["base_url", "port"]) == ""
    assert suggest("zzz", ["a", "b"]) == "known here: a, b"
    assert suggest("zzz", [], none="declare it") == "declare it"
