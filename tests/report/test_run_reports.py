"""A run as others read it afterwards."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html.parser
import json
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt

from cockpit.journal import event as ev
from cockpit.report.story.html import html as as_html
from cockpit.report.story.json import as_json
from cockpit.report.story.junit import junit
from cockpit.report.story.markdown import markdown
from cockpit.report.story.model import Story
from cockpit.run import command as cmd
from cockpit.text import safe_line
from tests.servers.need import missing
from tests.support import browser as chromium
from tests.support.launches import big, checklist, everything, plain_good, story
from tests.support.plans import Play
from tests.support.runs import T0, document, events, live, manual
from tests.support.samples import assert_as_in

SAMPLES = Path(__file__).with_name("samples")
SCHEMA = Path(__file__).with_name("junit.xsd")

HOSTILE = (
    "<script>alert(1)</script> <img src=https://evil.example/x onerror=alert(1)> \"'& `x` [a](javascript:b) | "
    "*b* _c_ # -- @ada #1 :tada: {{7*7}} {% x %} \x1b[31m \u202e ]]> &amp; </style></title>"
)


@pytest.fixture(scope="module")
def launch() -> Story:
    return story(everything())


@pytest.fixture(scope="module")
def hostile() -> Story:
    """A run in which every text that comes from outside is a trap."""
    of = document(live("health"), manual("owner"), watch=(live("errors"),))
    of = msgspec.structs.replace(of, name=HOSTILE)
    group = msgspec.structs.replace(of.parts[0].children[0], title=HOSTILE)
    of = msgspec.structs.replace(of, parts=(msgspec.structs.replace(of.parts[0], title=HOSTILE, children=(group,)),))
    finding = ev.Finding(HOSTILE, False, {HOSTILE: HOSTILE}, HOSTILE)
    evidence = (
        ev.Evidence(link=f"javascript:{HOSTILE}"),
        ev.Evidence(link=f"https://x/{HOSTILE}"),
        ev.Evidence(HOSTILE),
    )
    return story(
        events(
            of,
            ev.CheckMeasured("health", "FAIL", HOSTILE, request=HOSTILE, findings=(finding,), evidence=HOSTILE),
            ev.ItemConfirmed("owner", HOSTILE, note=HOSTILE, evidence=evidence),
            ev.NoteAdded(HOSTILE),
            ev.HoldStarted(HOSTILE),
            ev.HoldReleased(HOSTILE),
            ev.CommandTaken(HOSTILE, HOSTILE),
            ev.CheckMeasured("errors", "PASS", HOSTILE, value=1.0),
            ev.CheckMeasured("errors", "PASS", HOSTILE, value=2.0),
            ev.ItemWaived("health", HOSTILE),
        ),
        damage=safe_line(HOSTILE),
    )


class _Page(html.parser.HTMLParser):
    """What a page is made of, and what is read on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action", "xlink:href")]
        if tag not in ("meta", "br", "line", "rect", "polyline", "path"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "rect", "polyline", "path"):
            assert self._open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if "style" not in self._open and data.strip():
            self.words.append(" ".join(data.split()))


def test_a_sample_of_each_format_is_kept(launch: Story) -> None:
    assert_as_in(SAMPLES / "launch.md", markdown(launch))
    assert_as_in(SAMPLES / "launch.json", as_json(launch))
    assert_as_in(SAMPLES / "launch.xml", junit(launch))
    assert_as_in(SAMPLES / "launch.html.txt", "\n".join(_Page(as_html(launch)).words) + "\n")


def test_a_good_run_says_so_plainly() -> None:
    good = story(plain_good())
    assert good.outcome.plain
    assert good.outcome.final
    assert "GOOD" in _Page(as_html(good)).words
    assert "**GOOD**" in markdown(good)
    assert not [each for each in ET.fromstring(junit(good)).iter("testcase") if len(each)]


def test_each_item_says_how_it_was_established(launch: Story) -> None:
    items = {item.id: item for item in launch.items()}
    assert {name: item.established for name, item in items.items()} == {
        "health": "measured",
        "retried": "measured",
        "slow": "measured",
        "fails": "measured",
        "owner": "confirmed",
        "contract": "confirmed",
        "load-test": "waived",
        "chat": "not applicable",
        "left-open": "",
        "azure": "excluded",
    }
    said = items["contract"].said
    assert (said.value, said.by.user, said.by.where) == ("signed on 12 May", "linus", "on pts/6 from 10.0.0.11")
    assert [each.link or each.sha256 for each in said.evidence] == ["https://wiki.example/contract", "ab" * 32]
    assert [word.value for word in items["contract"].earlier] == ["not yet"]
    measured = items["slow"].measured
    assert (measured.summary, measured.value, measured.findings[0].found) == (
        "200 in 412 ms",
        0.412,
        {"latency": "412ms"},
    )


def test_the_verdict_forgets_nothing_that_was_so_on_the_way(launch: Story) -> None:
    for words in (
        "1 waived",
        "1 flaky",
        "1 step tried again",
        "1 step in doubt for a time",
        "1 voice relayed",
        "2 aborts fired",
        "1 rollback cleared",
        "plan not rehearsed",
    ):
        assert words in launch.outcome.asterisks


def test_each_failure_says_how_it_ended(launch: Story) -> None:
    told = {(each.id, each.how): each.resolved for each in launch.failures}
    assert told["fails", "FAIL"] == "it became ERROR"
    assert told["fails", "ERROR"] == "measured PASS: 200 in 11 ms"
    assert told["contract", "value"] == "linus confirmed: signed on 12 May"
    assert told["migrate", "action"] == "tried again by ada, attempt 2"
    assert told["switch", "in doubt"] == "ada said that it happened: the router says green"
    assert told["switch", "soak"] == "ada went the way back"


def test_a_failure_that_lasts_is_not_said_to_be_over() -> None:
    told = story(events(document(live("health")), ev.CheckMeasured("health", "FAIL", "503")))
    assert [(each.resolved, each.until) for each in told.failures] == [("", None)]
    assert "not resolved" in _Page(as_html(told)).words
    assert "NOT RESOLVED" in markdown(told)


def test_what_is_not_over_stands_first() -> None:
    fail, well = ev.CheckMeasured("health", "FAIL", "503"), ev.CheckMeasured("health", "PASS", "200")
    lasts = ev.CheckMeasured("other", "FAIL", "no answer")
    text = markdown(story(events(document(live("health"), live("other")), fail, well, lasts)))
    assert text.index("no answer") < text.index("503")


def test_steps_stand_as_planned_and_as_they_went(launch: Story) -> None:
    steps = {step.id: step for step in launch.golive.steps}
    migrate = steps["migrate"]
    assert [(each.number, each.outcome, each.choice) for each in migrate.attempts] == [
        (1, "failed", "tried again by ada"),
        (2, "done", ""),
    ]
    assert [each.outcome for each in migrate.undo] == ["done"]
    assert migrate.planned.isoformat() == "2026-11-24T22:05:00+00:00"
    assert steps["switch"].planned.isoformat() == "2026-11-24T22:06:00+00:00"
    assert (migrate.pressed.user, migrate.seconds, migrate.late) == ("ada", 21.0, -177.0)
    assert steps["drop"].state == "not begun"
    assert launch.golive.late == -177.0


def test_holds_are_summed_by_cause(launch: Story) -> None:
    assert [(each.cause, each.count, each.seconds) for each in launch.hold_causes] == [
        ("called by a person", 1, 90.0),
        ("after a rollback", 1, 30.0),
        ("abort criteria", 1, 14.0),
    ]


def test_lengths_of_time_stay_true_when_the_clock_is_set() -> None:
    happened = events(
        document(live("health")), ev.HoldStarted("slow"), ev.ClockJumped(3600.0), ev.HoldReleased(), every=10.0
    )
    later = [msgspec.structs.replace(event, at=event.at + dt.timedelta(hours=1)) for event in happened[2:]]
    told = story([*happened[:2], *later])
    assert [(hold.seconds, hold.at) for hold in told.holds] == [(20.0, T0 + dt.timedelta(hours=1, seconds=10))]
    assert told.until - told.opened == dt.timedelta(seconds=30)
    assert told.trouble == ("the machine's clock was set 60m on at event 2: times are told by it",)


def test_a_roll_call_says_whose_voice_was_relayed_and_what_was_said_before(launch: Story) -> None:
    (poll,) = launch.golive.polls
    voices = {voice.position: voice for voice in poll.voices}
    assert poll.opened
    assert (voices["operations"].who, voices["operations"].relayed_by) == ("Mira | Lindqvist", "ada")
    assert voices["security"].before == ("NO-GO of grace: a key is not rotated",)
    assert voices["security"].veto


def test_a_watch_knows_its_threshold_and_its_worst(launch: Story) -> None:
    errors, latency = launch.watches
    assert (errors.bound, errors.threshold, errors.target) == ("<", 0.01, "< 1 %")
    assert errors.worst == pytest.approx(0.0304)
    assert (latency.bound, latency.threshold) == ("<", 0.5)
    assert len(errors.series) == 41


def test_who_was_captain_and_what_each_person_did(launch: Story) -> None:
    assert [(each.who.user, each.how) for each in launch.commands] == [
        ("ada", "opened the run"),
        ("bob", "took command from ada: ada's line dropped"),
        ("ada", "took command from bob: back again"),
    ]
    assert {each.who for each in launch.people} == {"ada", "bob", "grace", "linus"}


def test_the_checks_of_the_plan_are_told_though_they_count_in_no_part(launch: Story) -> None:
    assert [(item.id, item.standing) for item in launch.plan_checks] == [("schema", "pass"), ("serving", "pass")]
    assert "schema" not in {item.id for item in launch.items()}
    assert "Checks of the plan, as they stood last" in _Page(as_html(launch)).words


def test_figures_and_plans_without_measure_are_told_too() -> None:
    of = checklist()
    steps = tuple(msgspec.structs.replace(step, takes=1e17) for step in of.plan.steps)
    of = msgspec.structs.replace(of, plan=msgspec.structs.replace(of.plan, steps=steps))
    huge = (ev.CheckMeasured("errors", "FAIL", "much", value=value) for value in (1e308, -1e308, 1.0))
    told = story(events(of, *huge, ev.StepBegun("freeze")))
    assert "nan" not in as_html(told)
    assert "inf " not in as_html(told)
    assert told.watches[0].worst == 1.0


def test_what_a_rollback_left_is_told() -> None:
    of = msgspec.structs.replace(checklist())
    left = ev.RollbackEnded({"drop": "it cannot be undone"})
    told = story(events(of, ev.RollbackBegun(steps=("migrate",), reason="orders fail"), left))
    assert told.golive.rollbacks[0].not_undone == {"Drop": "it cannot be undone"}
    assert "it cannot be undone" in _Page(as_html(told)).words
    assert "**Not undone:** Drop: it cannot be undone" in markdown(told)


def test_a_run_under_way_is_told_so_far() -> None:
    play = Play(checklist())
    play.happen(ev.ItemConfirmed("owner", "ada"))
    assert not play.ask(cmd.Go("freeze"))
    told = story(play.events)
    assert not told.outcome.final
    assert "NOT GOOD so far" in markdown(told)
    assert "NOT GOOD so far" in _Page(as_html(told)).words
    assert [step.state for step in told.golive.steps][:2] == ["under way", "not begun"]


def test_a_rehearsal_cannot_be_taken_for_live() -> None:
    told = story(everything(run_kind="rehearsal"))
    page = _Page(as_html(told))
    assert "REHEARSAL" in page.words
    assert "Rehearsal: what changes production was shown" in markdown(told)
    assert {each.outcome for each in told.golive.fired} <= {"not live: nothing was done; live, it asks for hold"}


def test_damage_is_said_and_what_stands_before_it_is_told(launch: Story) -> None:
    told = story(plain_good(), damage="line 9 (byte 3, event 8): its hash does not match")
    assert not told.outcome.good
    assert "the record is damaged" in told.outcome.blockers
    assert "The record is damaged" in _Page(as_html(told)).words
    assert "The record is damaged at line 9" in markdown(told)
    record = next(each for each in ET.fromstring(junit(told)).iter("testcase") if "record" in each.attrib["name"])
    assert [each.tag for each in record] == ["failure"]


def test_nothing_of_a_hostile_text_becomes_markup_in_html(hostile: Story) -> None:
    page = _Page(as_html(hostile))
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "style"]
    assert all(link.startswith(("#", "https://x/")) for link in page.links)
    assert page.tags.count("style") == 1
    text = " ".join(page.words)
    assert "<script>alert(1)</script>" in text
    assert "\u241b[31m" in text
    assert "\u202e" not in as_html(hostile)


def test_nothing_of_a_hostile_text_becomes_markup_in_markdown(hostile: Story) -> None:
    text = markdown(hostile)
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    inline = [child for token in tokens for child in token.children or ()]
    assert not [each for each in tokens if each.type == "html_block"]
    assert {each.content for each in inline if each.type == "html_inline"} == {"<!-- -->"}
    assert all(each.attrGet("href").startswith("https://x/") for each in inline if each.type == "link_open")
    assert not [each for each in inline if each.type in ("image", "em_open")]
    assert "@ada" not in text
    widths = {len(token.children or ()) for token in tokens if token.type == "tr_open"}
    assert widths == {0}


def test_no_text_breaks_the_xml_or_the_json(hostile: Story) -> None:
    assert "<script>alert(1)</script>" in "".join(
        each.attrib.get("message", "") + (each.text or "") for each in ET.fromstring(junit(hostile)).iter()
    )
    assert as_json(hostile).isascii()
    assert json.loads(as_json(hostile))["format"] == 1


def test_the_junit_form_is_the_one_that_build_servers_accept(launch: Story, hostile: Story, tmp_path: Path) -> None:
    if shutil.which("xmllint") is None:
        missing("xmllint", "install libxml2-utils")
    for number, each in enumerate((launch, hostile)):
        path = tmp_path / f"{number}.xml"
        path.write_text(junit(each), "utf-8")
        ended = subprocess.run(
            ["xmllint", "--noout", "--schema", SCHEMA, path], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr


def test_the_page_is_complete_in_itself(launch: Story) -> None:
    text = as_html(launch)
    page = _Page(text)
    assert [link for link in page.links if not link.startswith("#")] == ["https://wiki.example/contract"]
    policy = next(value for name, value in page.attributes if "default-src" in value)
    style = text.partition("<style>")[2].partition("</style>")[0]
    sha256 = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{sha256}'; base-uri 'none'; form-action 'none'"
    assert text.isascii()
    assert "url(" not in text
    assert "@import" not in text


def test_ten_thousand_events_are_told_quickly() -> None:
    happened = big()
    begun = time.process_time()
    told = story(happened)
    pages = as_html(told), markdown(told), junit(told), as_json(told)
    took = time.process_time() - begun
    assert len(told.items()) == 258
    assert all(pages)
    assert took < 20, f"{took:.1f} s; a quiet machine needs less than one"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_a_phone_and_a_desk_and_asks_for_nothing(width: int, tmp_path: Path, hostile: Story) -> None:
    if chromium.program() is None:
        pytest.skip("Chromium is not here: install chromium, 100 MB, to have the page looked at")
    page = tmp_path / "launch.html"
    with chromium.browser(tmp_path / "profile") as tab:
        for told in (story(everything()), hostile):
            page.write_text(as_html(told), "utf-8")
            tab.open(page, width)
            tab.unfold()
            assert tab.value("document.documentElement.scrollWidth") <= width
            assert tab.value("document.querySelectorAll('script, img').length") == 0
            assert tab.requests == [page.as_uri()]
            assert tab.complaints == []
