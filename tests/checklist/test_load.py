"""A good checklist becomes a document that is complete in itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.checklist.load import Loaded, load
from cockpit.checklist.model import Branch, Item, decode, encode

Load = Callable[..., Loaded]

WHOLE = """\
    cockpit: 1
    name: Trading Bot
    note: Read me first.
    x-owner: platform team
    variables:
      base_url: http://127.0.0.1:8080
      port: 8080
      token: {env: TOKEN, secret: true, about: What the API wants., example: abc123}
      platforms: [aws, azure]
    positions: {operations: [ada], management: []}
    contacts:
      - {name: Operations Team, position: operations, phone: 5550100, chat: "#ops"}
    commands:
      - {id: logs, title: View recent logs, run: {docker_logs: {container: back-end, tail: 50, follow: true}}}
      - {id: restart, title: Restart, run: {command: "systemctl restart bot"}, changes: true}
    parts:
      - id: before
        title: Before
        note: All of it.
        items:
          - id: first
            title: First
            check:
              page: {url: "${base_url}/health", port: "${port}"}
              expect: ["status == 200", "body.version == '7'"]
              warn: latency < 2.0
              timeout: 500ms
              retry: {for: 1m, every: 5s}
              deadline: 2h
              every: 10s
              max_age: 1d
              needs: [second]
              advisory: true
            confirm: {ask: Which version?, look: At the footer., expect: "value != ''", position: operations, always: true}
        sections:
          - id: deep
            title: Deep
            items: [{id: second, title: Second, check: {box: {name: b}}}]
            groups:
              - id: deeper
                title: Deeper
                items:
                  - {id: third, title: "Third (optional)", required: false, confirm: Which key encrypts them?}
                  - {id: fourth, title: "Fourth"}
      - {id: reference, title: Reference, show: [watch, contacts, commands]}
    watch:
      - {id: errors, title: Error rate, target: < 0.1 %, check: {page: {url: "${base_url}"}, expect: status < 500}}
    """


def test_a_whole_checklist_is_loaded_with_everything_in_it(loaded: Load) -> None:
    document = loaded(WHOLE).document
    assert (document.name, document.note) == ("Trading Bot", "Read me first.")
    assert [(branch.level, branch.id) for branch in document.branches()] == [
        ("part", "before"),
        ("section", "deep"),
        ("group", "deeper"),
        ("part", "reference"),
    ]
    assert [item.id for item in document.items()] == ["first", "second", "third", "fourth"]
    assert document.positions == {"operations": ("ada",), "management": ()}
    assert document.contacts[0].phone == "5550100"
    assert document.parts[1].show == ("watch", "contacts", "commands")
    assert document.watch[0].target == "< 0.1 %"
    assert document.files[0].path == "list.yaml"


def test_the_order_of_what_stands_below_is_the_order_of_the_keys(loaded: Load) -> None:
    before, *_ = loaded(WHOLE).document.parts
    assert [child.id for child in before.children] == ["first", "deep"]
    deep = before.children[1]
    assert isinstance(deep, Branch)
    assert [child.id for child in deep.children] == ["second", "deeper"]


def test_every_part_of_a_check_is_kept_and_times_are_seconds(loaded: Load) -> None:
    item = loaded(WHOLE).document.find("first")
    assert item is not None
    check = item.check
    assert check is not None
    assert (check.kind, check.spec) == ("page", {"url": "${base_url}/health", "port": "${port}"})
    assert (check.expect, check.warn) == (("status == 200", "body.version == '7'"), ("latency < 2.0",))
    assert (check.timeout, check.retry_for, check.retry_every) == (0.5, 60, 5)
    assert (check.deadline, check.every, check.max_age) == (7200, 10, 86400)
    assert (check.needs, check.advisory) == (("second",), True)


def test_an_item_is_live_manual_or_both(loaded: Load) -> None:
    document = loaded(WHOLE).document
    assert {item.id: item.mode for item in document.items()} == {
        "first": "both",
        "second": "live",
        "third": "manual",
        "fourth": "manual",
    }


def test_a_question_is_asked_as_written_or_made_from_the_title(loaded: Load) -> None:
    document = loaded(WHOLE).document
    third, fourth = document.find("third"), document.find("fourth")
    assert third is not None
    assert fourth is not None
    assert third.confirm is not None
    assert third.confirm.ask == "Which key encrypts them?"
    assert fourth.confirm is not None
    assert fourth.confirm.ask == "Fourth: what did you see that shows it?"
    assert not third.required


def test_a_command_is_kept_as_its_exact_shell_text(loaded: Load) -> None:
    logs, restart = loaded(WHOLE).document.commands
    assert logs.run == "docker logs --tail 50 --follow back-end"
    assert (restart.run, restart.changes) == ("systemctl restart bot", True)


def test_a_document_survives_the_journal(loaded: Load) -> None:
    document = loaded(WHOLE).document
    assert decode(encode(document)) == document


def test_every_value_knows_where_it_was_written(loaded: Load) -> None:
    origins = loaded(WHOLE).origins
    assert str(origins["first", "check.page.url"]) == "list.yaml:24:23"
    assert str(origins["deeper", "title"]) == "list.yaml:41:20"
    assert ("before", "items") not in origins


def test_an_item_whose_check_needs_an_unset_variable_is_manual_and_says_which(loaded: Load) -> None:
    text = """\
        cockpit: 1
        name: Test
        variables:
          base_url: {about: Where it runs.}
          token: {env: TOKEN, secret: true}
          version:
        parts:
          - id: part
            title: Part
            items:
              - id: one
                title: One
                check: {page: {url: "${base_url}/x", port: 81, headers: {token: "${token}"}}, expect: "text == '${version}'"}
                confirm: What does it say?
              - {id: two, title: Two, check: {page: {url: http://x, port: "${base_url}"}, expect: status == 200}}
        """
    one, two = loaded(text).document.items()
    assert (one.check, one.unwired, one.mode) == (None, ("base_url", "token", "version"), "manual")
    assert one.confirm is not None
    assert one.confirm.ask == "What does it say?"
    assert two.unwired == ("base_url",)
    assert two.confirm is not None
    one, two = loaded(text, environ={"TOKEN": "secret"}, base_url="8080", version="it's").document.items()
    assert one.check is not None
    assert one.check.expect == (r"text == 'it\'s'",)
    assert (two.mode, two.unwired) == ("live", ())


def test_what_is_not_for_this_run_says_why_and_so_does_all_below(loaded: Load) -> None:
    text = """\
        cockpit: 1
        name: Test
        variables: {platforms: [aws, docker-kubernetes], size: 3, later: {about: Unset.}}
        parts:
          - id: part
            title: Part
            sections:
              - {id: aws, title: AWS, when: "'aws' in platforms", items: [{id: a, title: A}]}
              - id: azure
                title: Azure
                when: "'azure' in platforms"
                groups: [{id: group, title: Group, items: [{id: b, title: B}]}]
              - {id: other, title: Other, items: [{id: c, title: C, when: size > 5}, {id: d, title: D, when: later == 1}]}
        """
    document = loaded(text, platforms="docker-kubernetes, aws").document
    because = "not for this run: platforms is [docker-kubernetes, aws]"
    assert {item.id: item.excluded for item in document.items()} == {
        "a": "",
        "b": because,
        "c": "not for this run: size is 3",
        "d": "",
    }
    azure, group = document.branch("azure"), document.branch("group")
    assert azure is not None
    assert group is not None
    assert azure.excluded == group.excluded == because


def test_a_need_whose_check_does_not_run_here_is_left_out(loaded: Load) -> None:
    text = """\
        cockpit: 1
        name: Test
        variables: {platforms: [aws], url: {about: Unset.}}
        parts:
          - id: part
            title: Part
            items:
              - {id: a, title: A, check: {box: {name: x}, needs: [b, c, d]}}
              - {id: b, title: B, check: {box: {name: "${url}"}}}
              - {id: c, title: C, check: {box: {name: x}}, when: "'azure' in platforms"}
              - {id: d, title: D, check: {box: {name: x}}}
        """
    item = loaded(text).document.find("a")
    assert item is not None
    assert item.check is not None
    assert item.check.needs == ("d",)


def test_nothing_is_run_or_read_at_load(loaded: Load, tmp_path: Path) -> None:
    text = """\
        cockpit: 1
        name: Test
        variables: {a: {command: touch ran}, b: {file: secrets/b, secret: true}}
        parts:
          - {id: part, title: Part, items: [{id: item, title: Item, check: {box: {name: "${a}${b}"}}}]}
        """
    document = loaded(text, "sub/list.yaml").document
    assert not list(tmp_path.rglob("ran"))
    command, file = document.variables
    assert (command.is_set, command.value, command.origin) == (True, None, "command touch ran")
    assert (file.is_set, file.value, file.file) == (True, None, str(tmp_path / "sub/secrets/b"))
    assert next(document.items()).mode == "live"


def test_text_that_people_see_is_made_safe(loaded: Load) -> None:
    text = 'cockpit: 1\nname: "a\\u200bb"\nparts: [{id: p, title: "x\\u200by", items: [{id: i, title: "e\\u00adf"}]}]\n'
    document = loaded(text).document
    assert (document.name, document.parts[0].title) == ("a<U+200B>b", "x<U+200B>y")
    assert [item.title for item in document.items()] == ["e<U+00AD>f"]


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_a_byte_order_mark_and_windows_newlines_are_no_trouble(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "list.yaml"
    lines = ["cockpit: 1", "name: Test", "parts: [{id: p, title: P, items: [{id: i, title: I}]}]"]
    path.write_bytes(b"\xef\xbb\xbf" + newline.join(lines).encode())
    assert load(path, kinds={}, environ={}).document.name == "Test"


def test_a_document_of_many_items_loads_in_a_moment(loaded: Load, benchmark_items: str) -> None:
    assert len(list(loaded(benchmark_items).document.items())) == 300


@pytest.fixture
def benchmark_items() -> str:
    items = [
        f"      - id: item-{index}\n        title: Item {index}\n        check:\n          page: {{url: http://x/{index}}}\n"
        f'          expect: ["status == 200", "body.n == {index}"]\n        confirm: {{ask: "What?", look: There.}}\n'
        for index in range(300)
    ]
    return "cockpit: 1\nname: Test\nparts:\n  - id: part\n    title: Part\n    items:\n" + "".join(items)


def test_an_item_is_an_item_wherever_it_stands(loaded: Load) -> None:
    assert all(isinstance(item, Item) for item in loaded(WHOLE).document.checkable())
