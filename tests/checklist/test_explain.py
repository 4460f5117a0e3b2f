"""Every value of an item says where it comes from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.checklist.explain import explain
from cockpit.checklist.load import Loaded
from cockpit.checklist.model import Check

Load = Callable[..., Loaded]

TEXT = """\
    cockpit: 1
    name: Test
    variables:
      url: http://x
      host: {about: Where it runs., example: box1}
      key: {env: KEY, secret: true, about: What opens it.}
      later: {file: /run/later}
      platforms: [aws]
    parts:
      - id: part
        title: Part
        sections:
          - id: section
            title: Section
            when: "'azure' in platforms"
            items: [{id: out, title: Out, confirm: What?}]
        items:
          - id: live
            title: Live
            check: {page: {url: "${url}/a", headers: {key: "${later}"}}, expect: [status == 200, text != ''], needs: [waits]}
          - {id: waits, title: Waits, check: {box: {name: "${host}"}}}
          - {id: keyed, title: Keyed, check: {box: {name: "${key}"}, timeout: 5s, retry: {for: 10s}}, confirm: {ask: What?, always: true}}
    """


@pytest.fixture
def text(loaded: Load) -> Callable[..., list[str]]:
    def of(id_: str, **environ: str) -> list[str]:
        return explain(loaded(TEXT, environ=environ), id_, lambda check: f"ASK {check.spec}")

    return of


Text = Callable[..., list[str]]


def test_a_live_item_shows_what_it_asks_and_where_each_value_was_written(text: Text) -> None:
    assert text("live") == [
        "live  list.yaml:18:9",
        "in Part",
        "",
        "live: a check measures it",
        "asks: ASK {'url': '${url}/a', 'headers': {'key': '${later}'}}",
        "needs waits, which is not measured in this run: that does not count",
        "",
        "id                      live                       list.yaml:18:13",
        "title                   Live                       list.yaml:19:16",
        "check.page.url          ${url}/a                   list.yaml:20:29",
        "check.page.headers.key  ${later}                   list.yaml:20:56",
        "check.expect            status == 200; text != ''  list.yaml:20:78",
        "check.needs             waits                      list.yaml:20:114",
        "check.timeout           10s                        default",
        "check.deadline          10s                        default: all tries together",
        "",
        "${url} is http://x (default)",
        "${later} is read from file /run/later when it is used",
    ]


def test_an_item_that_waits_says_for_what_and_how_to_set_it(text: Text) -> None:
    lines = text("waits")
    assert "manual: a check measures it once host is set" in lines
    assert "asks: Waits: what did you see that shows it?" in lines
    assert lines[-1] == "${host} is not set: Where it runs. (set it with --var host=..., such as box1)"
    assert text("keyed")[-1] == "${key} is not set: What opens it. (set it with environment variable KEY)"


def test_a_secret_is_named_and_never_shown(text: Text) -> None:
    lines = text("keyed", KEY="hunter2hunter2")
    assert "both: a check measures it, and a person confirms it" in lines
    assert lines[-1] == "${key} is a secret from environment variable KEY: What opens it."
    assert not any("hunter2" in line for line in lines)
    assert any(line.startswith("check.deadline") and "15s" in line for line in lines)


def test_an_item_that_does_not_count_says_why(text: Text) -> None:
    assert "not for this run: platforms is [aws] (all of Section)" in text("out")


def test_a_heading_is_explained_without_what_stands_below_it(text: Text) -> None:
    assert text("section") == [
        "section  list.yaml:13:9",
        "in Part",
        "",
        "id     section               list.yaml:13:13",
        "title  Section               list.yaml:14:16",
        "when   'azure' in platforms  list.yaml:15:15",
    ]


def test_an_id_that_is_not_there_is_a_key_error(text: Text) -> None:
    with pytest.raises(KeyError):
        text("nowhere")


def test_without_a_way_to_ask_the_request_is_left_out(loaded: Load) -> None:
    assert not any(line.startswith("asks") for line in explain(loaded(TEXT), "live"))


def test_a_check_is_handed_over_as_loaded(loaded: Load) -> None:
    seen: list[Check] = []

    def request(check: Check) -> str:
        seen.append(check)
        return "x"

    explain(loaded(TEXT), "live", request)
    assert [check.kind for check in seen] == ["page"]
