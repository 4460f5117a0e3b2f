"""The page on how each item of a checklist is measured or asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.cli.exits import Exit

CHECKLIST = """\
cockpit: 1
name: Small
variables:
  base_url: {about: Where it is., example: "https://a.example"}
  token: {env: PAGE_TOKEN, secret: true, about: Who asks., example: abc}
  limit: {value: 3, about: How many.}
parts:
  - id: one
    title: One
    items:
      - id: answers
        title: It answers | at once
        check: {http: {url: "${base_url}", auth: {bearer: "${token}"}}, expect: [status == 200 || status == 204]}
        confirm: {ask: Who saw it?, always: true}
      - {id: moved, title: It moves, check: {command: {run: "true ${limit}"}, on_demand: true}}
      - {id: said, title: It was said, confirm: {ask: By whom?}}
"""


@pytest.fixture
def page(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PAGE_TOKEN", "correct-horse")
    path = tmp_path / "small.yaml"
    path.write_text(CHECKLIST)
    assert main(["show", str(path), "--markdown"]) == Exit.GOOD
    return capsys.readouterr().out


def test_each_item_says_how_it_is_measured_or_asked_and_what_wires_it(page: str) -> None:
    assert "3 items: 2 are measured" in page
    assert (
        "| `answers` It answers \\| at once | http: `status == 200 \\|\\| status == 204`. **Asked as well:** Who saw it? "
        "| `base_url`, `token` |" in page
    )
    assert "| `said` It was said | asked: By whom? |  |" in page


def test_what_changes_something_is_on_demand_and_an_implied_condition_is_written_out(page: str) -> None:
    assert "| `moved` It moves | command, **on demand**: `status == 0` |  |" in page


def test_variables_are_told_with_where_they_come_from_and_no_secret_is(page: str) -> None:
    assert "| `token` | Who asks. From the environment variable `PAGE_TOKEN`. | `abc` |" in page
    assert "| `limit` | How many. | `3` |" in page
    assert "correct-horse" not in page
