"""The report as JUnit XML: a suite for each section, one for the watches, and one for the plan's steps.

An item that passed passes; FAIL, and a value that is not what is expected, is a failure; ERROR an error. What is open,
BLOCKED or STALE fails too, for a run is good only when it is settled; but what is waived, not applicable, not counted,
optional or advisory is skipped, with the reason. A step that is not done is skipped when nothing came of it.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from cockpit.report.junit import document_text, text
from cockpit.report.story.model import ItemStory, StepStory, Story
from cockpit.report.story.wording import verdict_line

_FAILURES = ("fail", "open", "blocked", "stale")
_SKIPPED = ("waived", "n/a", "not counted")


@dataclass(frozen=True)
class _Case:
    id: str
    title: str
    path: str
    tag: str
    """`failure`, `error`, `skipped`; empty when it passed."""
    sort: str
    message: str
    told: str = ""
    seconds: float = 0.0


def junit(story: Story) -> str:
    """The report as an XML document, in ASCII."""
    suites = {name: cases for name, cases in _suites(story) if cases}
    every = [case for cases in suites.values() for case in cases]
    root = ET.Element("testsuites", _attributes(story.checklist, every))
    root.set("time", f"{(story.until - story.opened).total_seconds():.3f}")
    for name, cases in suites.items():
        suite = ET.SubElement(root, "testsuite", _attributes(name, cases))
        suite.set("skipped", str(sum(case.tag == "skipped" for case in cases)))
        suite.set("time", f"{sum(case.seconds for case in cases):.3f}")
        suite.set("timestamp", story.opened.strftime("%Y-%m-%dT%H:%M:%S"))
        for case in cases:
            _add(suite, case)
    return document_text(root)


def _suites(story: Story) -> Iterator[tuple[str, list[_Case]]]:
    for part in story.parts:
        for section in part.sections:
            name = f"{part.title} / {section.title}" if section.title else part.title
            yield name, [_of_item(item, f"{part.id}.{section.id}") for item in section.items]
    yield "watch", [_of_item(watch.item, "watch") for watch in story.watches]
    if story.golive is not None:
        yield "golive", [_of_step(step, "golive") for step in story.golive.steps]
        yield "rollback", [_of_step(step, "rollback") for step in story.golive.way_back]
    damaged = "failure" if story.proof.damage else ""
    good = "" if story.outcome.good else "failure"
    yield (
        "run",
        [
            _Case("record", "The record is whole", "run", damaged, "DAMAGED", story.proof.damage),
            _Case("verdict", "The run is good", "run", good, story.outcome.headline, verdict_line(story.outcome)),
        ],
    )


def _of_item(item: ItemStory, path: str) -> _Case:
    tag = "failure" if item.standing in _FAILURES else "error" if item.standing == "error" else ""
    said = item.said.value if item.said is not None else ""
    found = item.measured.summary if item.measured is not None else ""
    message = (said or found) if item.established != "measured" else found
    if item.standing in _SKIPPED or (tag and (item.advisory or (item.standing == "open" and not item.required))):
        tag = "skipped"
        mark = "advisory" if item.advisory else item.standing
        message = f"{mark}: {said or item.excluded or found}"
    flaky = item.measured is not None and item.measured.flaky
    told = "flaky: passed only after a retry" if flaky else ""
    if item.measured is not None and tag in ("failure", "error"):
        told = "\n".join(
            [
                item.measured.request,
                *(
                    f"expected {each.condition}, found {each.found}"
                    for each in item.measured.findings
                    if not each.holds
                ),
                item.measured.evidence,
            ]
        )
    took = item.measured.took if item.measured is not None else 0.0
    return _Case(item.id, item.title, path, tag, item.standing, message or item.standing, told, took)


def _of_step(step: StepStory, path: str) -> _Case:
    tag = {"done": "", "failed": "failure", "in doubt": "error", "undone": "failure"}.get(step.state, "skipped")
    last = step.attempts[-1] if step.attempts else None
    message = ": ".join(
        each for each in (step.state, step.skipped or (last.summary if last is not None else "")) if each
    )
    told = "\n".join(each.output for each in step.attempts if each.output)
    return _Case(step.id, step.title, path, tag, step.state, message, told, step.seconds or 0.0)


def _add(suite: ET.Element, case: _Case) -> None:
    made = ET.SubElement(
        suite,
        "testcase",
        {"name": text(f"{case.id}: {case.title}"), "classname": text(case.path), "time": f"{case.seconds:.3f}"},
    )
    if case.tag:
        told = ET.SubElement(made, case.tag, {"type": case.sort, "message": text(case.message)})
        if case.tag != "skipped":
            told.text = text(case.told)
    elif case.told:
        ET.SubElement(made, "system-out").text = text(case.told)


def _attributes(name: str, cases: list[_Case]) -> dict[str, str]:
    return {
        "name": text(name),
        "tests": str(len(cases)),
        "failures": str(sum(case.tag == "failure" for case in cases)),
        "errors": str(sum(case.tag == "error" for case in cases)),
    }
