"""TAP that harnesses read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cockpit.report.measured import Report
from cockpit.report.tap import tap
from tests.servers.need import missing
from tests.support.reports import TRICKY, compared, report

_LINE = re.compile(r"(not )?ok (\d+) - ((?:[^\\#]|\\.)*?)(?: # (SKIP|todo) (.*))?")


class Point(NamedTuple):
    """A test point, as a consumer understands it."""

    ok: bool
    said: str
    directive: str
    reason: str
    diagnostics: Any


def read(lines: list[str]) -> list[Point]:
    """The points of a TAP 14 document; every line has to be one that the specification knows."""
    left = iter(lines)
    assert next(left) == "TAP version 14"
    planned = int(re.fullmatch(r"1\.\.(\d+)(?: # .*)?", next(left))[1])
    points: list[Point] = []
    for line in left:
        if line == "  ---":
            block = []
            while (inside := next(left)) != "  ...":
                assert inside.startswith("  ")
                block.append(inside[2:])
            points[-1] = points[-1]._replace(diagnostics=yaml.safe_load("\n".join(block)))
            continue
        match = _LINE.fullmatch(line)
        assert match, line
        assert int(match[2]) == len(points) + 1
        points.append(Point(not match[1], re.sub(r"\\(.)", r"\1", match[3]), match[4] or "", match[5] or "", None))
    assert len(points) == planned
    return points


def points(of: Report) -> dict[str, Point]:
    return {point.said.partition(":")[0]: point for point in read(list(tap(of)))}


def test_every_item_is_a_point_with_its_title_and_hostile_text_stays_text() -> None:
    version = points(report())["version"]
    assert not version.ok
    assert version.said == f"version: The version {TRICKY}"
    assert version.diagnostics["message"] == TRICKY
    assert version.diagnostics["evidence"][-1] == f"line 11: {TRICKY}"


def test_a_failure_has_the_request_and_each_condition_that_does_not_hold() -> None:
    told = points(report())["version"].diagnostics
    assert told["severity"] == "fail"
    assert told["asked"] == "GET http://shop.example/version"
    assert told["conditions"] == [
        {"expected": "body.version == '2.4.0'", "found": {"body.version": "2.3.9"}},
        {"expected": "body.colour == 'green'", "problem": "there is no body.colour"},
    ]


def test_blocked_is_skipped_and_advisory_does_not_count() -> None:
    found = points(report())
    assert (found["rows"].ok, found["rows"].directive, found["rows"].reason) == (True, "SKIP", "needs database (ERROR)")
    nice = found["nice-to-have"]
    assert (nice.ok, nice.directive, nice.reason) == (False, "todo", "advisory: FAIL")
    assert not found["database"].ok


def test_what_passes_plainly_has_no_diagnostics() -> None:
    found = points(report())
    assert found["api"].diagnostics is None
    assert found["retried"].diagnostics["flaky"] is True
    assert (found["slow"].ok, found["slow"].diagnostics["severity"]) == (True, "warn")


def test_what_differs_from_the_baseline_is_told() -> None:
    assert points(compared())["api"].diagnostics["differs"][0] == "latency: 0.12 -> 0.4 (+233 %)"


def test_an_interrupted_measuring_bails_out() -> None:
    assert list(tap(report("api", unmeasured=3)))[-1] == "Bail out! interrupted: 3 not measured"


def test_nothing_to_show_is_a_plan_of_nothing() -> None:
    assert list(tap(report(rows=[]))) == ["TAP version 14", "1..0 # SKIP nothing to show"]


def test_perl_harness_counts_as_we_do(tmp_path: Path) -> None:
    if shutil.which("prove") is None:
        missing("prove", "install perl")
    # Perl's harness of Debian 12 knows versions up to 13, which these lines are, too.
    path = tmp_path / "report.tap"
    path.write_text("\n".join(["TAP version 13", *list(tap(report()))[1:]]) + "\n", "utf-8")
    ended = subprocess.run(
        ["prove", "--exec", "cat", path.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Tests: 8 Failed: 2" in ended.stdout, ended.stdout
    assert "Parse errors" not in ended.stdout
    assert "Failed tests:  4-5" in ended.stdout
