"""JUnit XML, as build servers read it: a suite for each section, a case for each item.

FAIL is a failure, ERROR an error, BLOCKED skipped with its reason. An advisory item that is not good breaks no build:
it is skipped, and its message says that it is advisory and how it came out. WARN passes, with what was found in
`system-out`. The form is the one that Jenkins' xUnit plugin and its kin accept (junit-10.xsd).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from cockpit.report.measured import Report, Row, change_text, failure_text

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {"FAIL": "failure", "ERROR": "error", "BLOCKED": "skipped"}


def junit(report: Report) -> str:
    """The report as an XML document, in ASCII, which every encoding can carry."""
    suites: dict[str, list[Row]] = {}
    for row in report.shown:
        suites.setdefault(_suite_name(row), []).append(row)
    root = ET.Element("testsuites", _attributes(report.document.name, report.shown))
    root.set("time", _seconds(report.took))
    for name, rows in suites.items():
        suite = ET.SubElement(root, "testsuite", _attributes(name, rows))
        suite.set("skipped", str(sum(_tag(row) == "skipped" for row in rows)))
        suite.set("time", _seconds(sum(row.result.took for row in rows)))
        suite.set("timestamp", report.at.strftime("%Y-%m-%dT%H:%M:%S"))
        for row in rows:
            _add_case(suite, row)
    return document_text(root)


def document_text(root: ET.Element) -> str:
    """An XML document in ASCII."""
    ET.indent(root)
    encoded: bytes = ET.tostring(root, "us-ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{encoded.decode()}'


def text(foreign: str) -> str:
    """A text that XML can hold: what it cannot is shown as `<U+XXXX>`."""
    return _NOT_XML.sub(lambda match: f"<U+{ord(match[0]):04X}>", foreign)


def _suite_name(row: Row) -> str:
    """The titles down to the section, which may be left out."""
    titles = [branch.title for branch in row.headings if branch.level != "group"]
    return text(" / ".join(titles) or "watch")


def _add_case(suite: ET.Element, row: Row) -> None:
    path = ".".join([branch.id for branch in row.headings] or ["watch"])
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "name": text(f"{row.item.id}: {row.item.title}"),
            "classname": text(path),
            "time": _seconds(row.result.took),
        },
    )
    tag, result = _tag(row), row.result
    told_below = text(failure_text(result))
    if tag:
        advisory = f"advisory, {result.result}: " if row.advisory else ""
        told = ET.SubElement(case, tag, {"type": result.result, "message": text(advisory + result.summary)})
        if tag != "skipped":
            told.text = told_below
    said = [told_below] if result.result == "WARN" or (tag == "skipped" and result.result != "BLOCKED") else []
    said += ["flaky: passed only after a retry"] if result.flaky else []
    said += [text(f"differs from the baseline: {change_text(change)}") for change in row.changes]
    if said:
        ET.SubElement(case, "system-out").text = "\n".join(said)


def _tag(row: Row) -> str:
    """The element that says how a case came out; empty when it passed."""
    tag = _TAGS.get(row.result.result, "")
    return "skipped" if tag and row.advisory else tag


def _attributes(name: str, rows: Sequence[Row]) -> dict[str, str]:
    return {
        "name": text(name),
        "tests": str(len(rows)),
        "failures": str(sum(_tag(row) == "failure" for row in rows)),
        "errors": str(sum(_tag(row) == "error" for row in rows)),
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
