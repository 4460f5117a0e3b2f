"""A report with everything in it that a format must get right."""

from __future__ import annotations

import msgspec

from cockpit.checklist.model import Branch, Document
from cockpit.journal.event import CheckMeasured, Finding
from cockpit.report.measured import Compared, Report, Row, headings
from cockpit.run.difference import Change
from tests.support.runs import HERE, T0, live

TRICKY = 'it\'s <b>&"quoted"</b> | x=1 # not \\ a directive ]]> \u241b[31m ü 🚀'
"""Text with what XML, TAP, YAML and performance data take for signs of their own."""

HOSTILE = f"{TRICKY} \x00\x1b\ufffe"
"""The same with what XML cannot hold at all; a measurement keeps no such text, a checklist might."""


def results(text: str) -> tuple[CheckMeasured, ...]:
    """Every result there is, `text` in them."""
    return (
        CheckMeasured("api", "PASS", "200 in 18 ms", took=0.018, value=0.018, request="GET http://shop.example/health"),
        CheckMeasured("retried", "PASS", "200", flaky=True, tries=2, took=1.5),
        CheckMeasured(
            "slow",
            "WARN",
            "200 in 412 ms",
            took=0.412,
            value=0.412,
            findings=(Finding("latency < 0.25", False, {"latency": "0.412"}),),
        ),
        CheckMeasured(
            "version",
            "FAIL",
            text,
            took=0.021,
            value=12345678.0,
            request="GET http://shop.example/version",
            findings=(
                Finding("status == 200", True, {"status": "200"}),
                Finding("body.version == '2.4.0'", False, {"body.version": "2.3.9"}),
                Finding("body.colour == 'green'", False, {}, "there is no body.colour"),
            ),
            evidence="HTTP/1.1 200 OK\n\n" + "\n".join(f"line {number}: {text}" for number in range(12)),
        ),
        CheckMeasured("database", "ERROR", "connection refused by 10.0.0.5:5432", took=0.003),
        CheckMeasured("rows", "BLOCKED", "needs database (ERROR)"),
        CheckMeasured("nice-to-have", "FAIL", "404 in 3 ms", took=0.003),
        CheckMeasured("error-rate", "PASS", "0.0004", value=0.0004),
    )


def document(text: str) -> Document:
    """Two sections, one with a group, and a watch."""
    items = {result.item: live(result.item) for result in results(text)}
    items["nice-to-have"] = live("nice-to-have", advisory=True)
    items["version"] = msgspec.structs.replace(items["version"], title=f"The version {text}")
    group = Branch("group", "health", "Health & more", HERE, (items["api"], items["retried"], items["slow"]))
    service = Branch("section", "service", "Service", HERE, (group, items["version"]))
    data = Branch("section", "data", "Data", HERE, (items["database"], items["rows"], items["nice-to-have"]))
    return Document(
        "Launch <1>", (Branch("part", "before", "Before launch", HERE, (service, data)),), watch=(items["error-rate"],)
    )


def report(*names: str, text: str = TRICKY, **changes: object) -> Report:
    """The report of the items that are named, or of all."""
    of = document(text)
    above = headings(of)
    rows = [
        Row(of.find(result.item), result, above.get(result.item, ()), unit="s" if result.item == "api" else "")
        for result in results(text)
        if not names or result.item in names
    ]
    settings = {"document": of, "file": "launch.yaml", "at": T0, "took": 2.25, "rows": rows}
    return Report(**(settings | changes))


def compared() -> Report:
    """A report on one item that differs from its baseline and one that is not in it."""
    made = report("api", "retried")
    api, retried = made.rows
    changed = Row(api.item, api.result, api.headings, (Change("latency", 0.12, 0.4, 233.3), Change("v", "1", None)))
    new = Row(retried.item, retried.result, retried.headings, in_baseline=False)
    return report(rows=[changed, new], baseline=Compared("launch", T0, "bastion"))
