"""The table of figures: what it keeps, what it takes in, what it says of promises not tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prove import figures
from tests.prove.finding import Cannot, Finding
from tests.prove.promises import PROMISES

PAGE = f"# Promises\n\nBefore.\n\n{figures.BEGIN}\n{figures.END}\n\nAfter.\n"
KILLED, RULES = PROMISES["killed"], PROMISES["rules"]
FINDING = Finding("kill -9: at once; or later", 1_000_000, 0, "without the hold: 3; without", 20)
CANNOT = Cannot("the power cut (ext4)", "it takes root: mkfs")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "SECURITY.md"
    path.write_text(PAGE)
    return path


def test_a_promise_that_was_never_tried_at_full_length_says_so(page: Path) -> None:
    figures.put(page, {})
    text = page.read_text()
    assert all(f"| {promise} | {figures.NOT_YET} |" in text for promise in PROMISES.values())
    assert text.startswith("# Promises\n\nBefore.\n")
    assert text.endswith("\n\nAfter.\n")


def test_the_rows_of_other_promises_stay_as_they_are(page: Path) -> None:
    figures.put(page, {KILLED: figures.rows(KILLED, [FINDING, CANNOT], "2026-01-01, here")})
    first = page.read_text()
    figures.put(page, {RULES: figures.rows(RULES, [FINDING], "2026-02-02, there")})
    kept = [line for line in page.read_text().splitlines() if "2026-01-01" in line]
    assert kept == [line for line in first.splitlines() if "2026-01-01" in line]
    assert len(kept) == 2
    assert f"| {RULES} | kill -9: at once; or later | 1,000,000 | 0 |" in page.read_text()


def test_what_is_tried_again_takes_the_place_of_what_was_found_before(page: Path) -> None:
    for tried in ("2026-01-01, here", "2026-02-02, here"):
        figures.put(page, {KILLED: figures.rows(KILLED, [FINDING, FINDING], tried)})
    assert page.read_text().count("2026-02-02") == 2
    assert "2026-01-01" not in page.read_text()


def test_what_was_printed_elsewhere_gives_the_same_rows() -> None:
    printed = (
        f"At full length, 2026-01-01, Python 3.11.7, Linux 6.18.\n{RULES}\n  ✓ {FINDING} (12 s)\n{KILLED}\n"
        f"  ✗ {FINDING} (3 s)\n    an example: 3 times, 4 broken\n"
        f"  - {CANNOT.tried}: cannot be tried here: {CANNOT.why} (0 s)\nNOT EVERY PROMISE HELD.\n"
    )
    tried = "2026-01-01, Python 3.11.7, Linux 6.18"
    assert figures.heard(printed) == {
        RULES: figures.rows(RULES, [FINDING], tried),
        KILLED: figures.rows(KILLED, [FINDING, CANNOT], tried),
    }


def test_what_was_tried_for_a_short_time_is_not_written() -> None:
    with pytest.raises(ValueError, match="At full length"):
        figures.heard(f"For a short time, 2026-01-01, here.\n{RULES}\n  ✓ {FINDING} (12 s)\n")
