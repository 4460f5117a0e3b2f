"""JUnit XML that build servers read."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from cockpit.report.junit import junit
from tests.servers.need import missing
from tests.support.reports import HOSTILE, compared, report

SCHEMA = Path(__file__).with_name("junit.xsd")


@pytest.fixture
def root() -> ET.Element:
    return ET.fromstring(junit(report(text=HOSTILE)))


def case(root: ET.Element, name: str) -> ET.Element:
    return next(each for each in root.iter("testcase") if each.attrib["name"].startswith(f"{name}:"))


def test_it_keeps_to_the_form_that_build_servers_accept(tmp_path: Path) -> None:
    if shutil.which("xmllint") is None:
        missing("xmllint", "install libxml2-utils")
    for number, each in enumerate((report(text=HOSTILE), compared(), report("rows"), report(rows=[]))):
        path = tmp_path / f"{number}.xml"
        path.write_text(junit(each), "utf-8")
        ended = subprocess.run(
            ["xmllint", "--noout", "--schema", SCHEMA, path], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr


def test_no_locale_can_spoil_it() -> None:
    text = junit(report())
    assert text.isascii()
    assert "ü 🚀" in "".join(ET.fromstring(text).itertext())


def test_each_section_is_a_suite_with_its_counts(root: ET.Element) -> None:
    assert [suite.attrib["name"] for suite in root] == ["Before launch / Service", "Before launch / Data", "watch"]
    service, data, watch = root
    assert (service.attrib["tests"], service.attrib["failures"], service.attrib["skipped"]) == ("4", "1", "0")
    assert (data.attrib["tests"], data.attrib["errors"], data.attrib["skipped"]) == ("3", "1", "2")
    assert len(watch) == 1
    assert root.attrib == {"name": "Launch <1>", "tests": "8", "failures": "1", "errors": "1", "time": "2.250"}


def test_a_failure_says_everything_and_holds_no_character_that_xml_cannot(root: ET.Element) -> None:
    version = case(root, "version")
    (failure,) = version
    assert version.attrib["classname"] == "before.service"
    assert version.attrib["time"] == "0.021"
    assert failure.tag == "failure"
    assert failure.attrib["message"].startswith('it\'s <b>&"quoted"</b>')
    assert failure.attrib["message"].endswith("<U+0000><U+001B><U+FFFE>")
    for part in ("GET http://shop.example/version", "body.version == '2.4.0'", "body.version = 2.3.9", "line 11:"):
        assert part in failure.text


def test_what_could_not_be_measured_is_an_error_and_what_was_blocked_is_skipped_with_the_reason(
    root: ET.Element,
) -> None:
    assert [(each.tag, each.attrib["message"]) for each in case(root, "database")] == [
        ("error", "connection refused by 10.0.0.5:5432")
    ]
    assert [(each.tag, each.attrib["message"]) for each in case(root, "rows")] == [
        ("skipped", "needs database (ERROR)")
    ]


def test_an_advisory_item_breaks_no_build_and_says_that_it_is_one(root: ET.Element) -> None:
    skipped = case(root, "nice-to-have").find("skipped")
    assert skipped.attrib["message"] == "advisory, FAIL: 404 in 3 ms"


def test_what_warns_or_is_flaky_passes_and_says_so(root: ET.Element) -> None:
    assert [each.tag for each in case(root, "slow")] == ["system-out"]
    assert "latency = 0.412" in case(root, "slow").findtext("system-out")
    assert case(root, "retried").findtext("system-out") == "flaky: passed only after a retry"
    assert len(case(root, "api")) == 0


def test_what_differs_from_the_baseline_is_told() -> None:
    told = case(ET.fromstring(junit(compared())), "api").findtext("system-out")
    assert "latency: 0.12 -> 0.4 (+233 %)" in told
