"""The table that people read, and the JSON that programs do."""

from __future__ import annotations

import json

from cockpit.report.json import as_json
from cockpit.report.table import summary, table
from tests.support.reports import compared, report


def test_items_stand_in_the_order_of_the_checklist_with_what_went_wrong_below() -> None:
    lines = list(table(report()))
    first = [line.split()[:2] for line in lines if not line.startswith(" ")]
    assert [word for word, _ in first] == ["PASS", "PASS", "WARN", "FAIL", "ERROR", "BLOCKED", "FAIL", "PASS"]
    at = next(number for number, line in enumerate(lines) if line.startswith("FAIL     version"))
    assert lines[at + 2] == "         asked     GET http://shop.example/version"
    assert lines[at + 3 : at + 5] == [
        "         expected  body.version == '2.4.0'",
        "         found     body.version = 2.3.9",
    ]


def test_long_evidence_is_shown_from_both_ends() -> None:
    evidence = [line.split("evidence")[1].strip() for line in table(report("version")) if "evidence" in line]
    assert len(evidence) == 8
    assert evidence[0] == "HTTP/1.1 200 OK"
    assert evidence[2] == "[7 lines: --format json has them]"
    assert evidence[-1].startswith("line 11:")


def test_every_line_fits_the_terminal_and_goes_on_below_itself() -> None:
    lines = list(table(report(), columns=40))
    assert max(map(len, lines)) <= 40
    assert "".join("".join(lines).split()) == "".join("".join(table(report())).split())


def test_only_the_word_of_the_result_is_painted() -> None:
    painted = list(table(report("api", "database"), lambda text, result: f"<{result}:{text.strip()}>"))
    assert painted[0].startswith("<PASS:PASS>  api")
    assert painted[1].startswith("<ERROR:ERROR>  database")


def test_only_failed_leaves_out_what_is_good_and_counts_it_still() -> None:
    made = report(only_failed=True)
    assert {row.item.id for row in made.shown} == {"version", "database", "rows", "nice-to-have"}
    assert summary(made) == "3 PASS, 1 WARN, 2 FAIL, 1 ERROR, 1 BLOCKED in 2.2 s"


def test_the_summary_says_what_was_interrupted_and_what_differs() -> None:
    assert summary(report("api", unmeasured=3)) == "1 PASS in 2.2 s; INTERRUPTED: 3 not measured"
    assert summary(compared()) == "2 PASS in 2.2 s; 2 differ from launch of 2026-11-24 22:00Z"


def test_what_differs_stands_below_its_item() -> None:
    assert list(table(compared())) == [
        "PASS     api        0.02 s  200 in 18 ms",
        "         differs   latency: 0.12 -> 0.4 (+233 %)",
        "         differs   v: 1 -> nothing",
        "PASS     retried    1.50 s  200 (flaky)",
        "         differs   it is not in the baseline",
    ]


def test_json_has_everything_and_can_be_written() -> None:
    whole = json.loads(json.dumps(as_json(report())))
    assert (whole["format"], whole["file"], whole["interrupted"], whole["baseline"]) == (1, "launch.yaml", 0, None)
    version = next(each for each in whole["results"] if each["item"] == "version")
    assert version["headings"] == ["Before launch", "Service"]
    assert len(version["evidence"].splitlines()) == 14
    assert "differences" not in version
    other = as_json(compared())
    assert other["baseline"] == {
        "name": "launch",
        "at": "2026-11-24T22:00:00+00:00",
        "host": "bastion",
        "same_checklist": True,
    }
    api, retried = other["results"]
    assert api["differences"][0] == {"name": "latency", "before": 0.12, "now": 0.4, "percent": 233.3}
    assert retried["in_baseline"] is False
