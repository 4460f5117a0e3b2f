"""Walking through a checklist: folds, filters, and what comes next."""

from __future__ import annotations

import pytest
from fake_run import FakeRun
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.views.filter import Filter
from cockpit.views.moment import Moment, moment
from cockpit.views.walk import Walk


@pytest.fixture(scope="module")
def now() -> Moment:
    return moment(FakeRun())


def walk(now: Moment) -> Walk:
    return Walk(now.state.document, now.stands)


def titles(now: Moment, walked: Walk) -> list[str]:
    return [node.name for node in walked.shown(now.stands)]


def test_it_begins_at_the_first_item_with_something_left_to_do(now: Moment) -> None:
    walked = walk(now)
    assert walked.node is not None
    assert walked.node.name == "Redis connection strings"
    assert "Database setup" not in titles(now, walked)


def test_every_item_and_every_reference_row_is_in_the_outline(now: Moment) -> None:
    outline = walk(now).outline
    assert len(outline.items) == 258
    assert [node.name for node in outline.nodes if node.level == "watch"] == [
        each.title for each in now.state.document.watch
    ]
    assert sum(node.level == "contact" for node in outline.nodes) == 3
    assert sum(node.level == "command" for node in outline.nodes) == 4


def test_going_to_a_node_unfolds_what_is_over_it_and_only_that(now: Moment) -> None:
    walked = walk(now)
    walked.fold_all()
    before = walked.folded
    node = walked.outline.of_item("health-checks-implemented")
    assert node is not None
    walked.go_to(node)
    assert node in walked.shown(now.stands)
    assert before - walked.folded <= set(node.above)


def test_folding_from_an_item_goes_to_its_heading_and_then_folds_it(now: Moment) -> None:
    walked = walk(now)
    walked.fold()
    assert walked.node is not None
    assert walked.node.level == "group"
    walked.fold()
    assert walked.at in walked.folded
    walked.unfold()
    assert walked.at not in walked.folded


def test_the_cursor_of_a_hidden_row_stands_on_the_heading_over_it(now: Moment) -> None:
    walked = walk(now)
    nodes = walked.shown(now.stands)
    heading = walked.node.above[1] if walked.node else ""
    walked.folded |= {heading}
    shown = walked.shown(now.stands)
    assert shown[walked.row(shown)].key == heading
    assert len(shown) < len(nodes)


def test_seeking_goes_round_and_ends_where_it_began(now: Moment) -> None:
    walked = walk(now)
    seen = []
    for _ in range(3):
        found = walked.seek(1, lambda item: now.stands[item.id].bad)
        assert found is not None
        walked.go_to(found)
        seen.append(found.name)
    assert seen == ["Health checks implemented", "Redis connection strings", "Health checks implemented"]
    back = walked.seek(-1, lambda item: now.stands[item.id].bad)
    assert back is not None
    assert back.name == "Redis connection strings"
    assert walked.seek(1, lambda _: False) is None


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("fail", 1),
        ("error", 1),
        ("bad", 2),
        ("waived", 1),
        ("n/a", 1),
        ("@security", 2),
        ("http", 4),
        ("live", 10),
        ("redis !live", 1),
    ],
)
def test_a_filter_knows_standings_kinds_and_positions(now: Moment, words: str, count: int) -> None:
    walked = walk(now)
    walked.narrow(words, now.stands)
    found = [node for node in walked.shown(now.stands) if not node.is_heading]
    assert len(found) == count, [node.name for node in found]


def test_a_filter_finds_titles_ids_and_headings_and_shows_the_headings_over_them(now: Moment) -> None:
    walked = walk(now)
    walked.narrow("environment flask", now.stands)
    assert titles(now, walked) == [
        "Pre-Deployment Checklist",
        "Environment Setup",
        "Production environment variables configured",
        "FLASK_ENV=production",
    ]
    assert walked.node is not None
    assert walked.node.name == "FLASK_ENV=production"


@given(st.text(max_size=12))
@settings(max_examples=60, deadline=None)
def test_no_filter_breaks_the_tree(words: str) -> None:
    now = moment(FakeRun())
    walked = walk(now)
    walked.narrow(words, now.stands)
    shown = walked.shown(now.stands)
    assert {key for node in shown for key in node.above} <= {node.key for node in shown}
    assert bool(Filter(words)) == bool(words.split())


@given(st.lists(st.sampled_from(["up", "down", "fold", "unfold", "all", "toggle", "next"]), max_size=30))
@settings(max_examples=60, deadline=None)
def test_the_cursor_is_always_on_a_row(moves: list[str]) -> None:
    now = moment(FakeRun())
    walked = walk(now)
    for move in moves:
        shown = walked.shown(now.stands)
        match move:
            case "up" | "down":
                walked.move(1 if move == "down" else -1, shown)
            case "fold":
                walked.fold()
            case "unfold":
                walked.unfold()
            case "all":
                walked.fold_all()
            case "toggle":
                walked.toggle()
            case "next":
                if found := walked.seek(1, lambda item: not now.stands[item.id].settled):
                    walked.go_to(found)
        shown = walked.shown(now.stands)
        assert 0 <= walked.row(shown) < len(shown)
        assert walked.node is not None
