"""The timeline in sentences, the detail of an item, the verdict, the keys."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from fake_run import FakeRun
from launch import ADA, ENGINE, GRACE, NOW, event, opened, story

from cockpit.journal import event as ev
from cockpit.journal.event import KINDS, Actor, Data
from cockpit.views.answers import judge
from cockpit.views.contacts import contact_lines
from cockpit.views.detail import detail_lines, detail_strip
from cockpit.views.forms import Unfit, read_evidence, read_place
from cockpit.views.keys import help_lines, key_bar, run_keys, timeline_keys
from cockpit.views.line import line_width, text_of
from cockpit.views.moment import moment
from cockpit.views.notice_sentences import NOTICE_SENTENCES
from cockpit.views.plan_sentences import SENTENCES
from cockpit.views.status import closing_lines, verdict_line
from cockpit.views.timeline import _SENTENCES, tell, told_line, wanted_events
from cockpit.views.walk import Walk
from cockpit.views.watches import watch_rows

UTC = dt.UTC
NAMES = {"a": "Keys rotated", "b": "Health"}


def said(data: Data, by: Actor = ADA) -> str:
    return text_of(told_line(tell(event(7, data, by), NAMES, UTC), moment(FakeRun(), zone=UTC))).strip()


@pytest.mark.parametrize(
    ("data", "by", "sentence"),
    [
        (opened(), ADA, "ada opened a live run of 2026.11.3 in production"),
        (ev.EngineStarted(9, "0.1", "died"), ENGINE, "engine 9 took the run up after the one before it died"),
        (ev.EngineStopped("idle"), ENGINE, "the engine stopped: idle"),
        (ev.ItemConfirmed("a", "key 7"), ADA, 'ada confirmed "Keys rotated": key 7'),
        (ev.ItemConfirmed("a", "no", False), ADA, 'ada confirmed "Keys rotated": no, which is not what is expected'),
        (
            ev.ItemConfirmed("a", "x", True, "n", (ev.Evidence("t"),)),
            ADA,
            'ada confirmed "Keys rotated": x (n) [1 piece of evidence]',
        ),
        (
            ev.ItemWaived("a", "vendor", NOW + dt.timedelta(hours=2)),
            ADA,
            'ada waived "Keys rotated" until 12:02: vendor',
        ),
        (ev.ItemRuledOut("a"), ADA, 'ada said that "Keys rotated" is not applicable'),
        (ev.WordTakenBack("a", 5, "wrong one"), ADA, 'ada took back what event 5 says on "Keys rotated": wrong one'),
        (ev.NoticeBegun(3, "chat", "Shop: HOLD", 2), ENGINE, "tells chat of event 3, attempt 2: Shop: HOLD"),
        (ev.NoticeDelivered(3, "chat", took=1.5), ENGINE, "chat was told of event 3 after 1.5s"),
        (
            ev.NoticeFailed(3, "chat", "connection refused", again=True),
            ENGINE,
            "chat was not told of event 3: connection refused; it is tried again",
        ),
        (
            ev.NoticeFailed(3, "chat", "no answer", doubt=True),
            ENGINE,
            "whether chat was told of event 3 is not known: no answer",
        ),
        (ev.NoticeWithheld(3, ("chat", "pager"), "Shop: HOLD"), ENGINE, "would have told chat, pager: Shop: HOLD"),
        (ev.NoteAdded("late"), GRACE, "grace noted: late"),
        (ev.NoteAdded("late", "a"), GRACE, 'grace noted on "Keys rotated": late'),
        (ev.CheckMeasured("b", "FAIL", "503 in 9 ms"), ENGINE, 'FAIL "Health": 503 in 9 ms'),
        (ev.CheckMeasured("b", "PASS", "200", flaky=True), ENGINE, 'PASS after a retry "Health": 200'),
        (ev.CheckAsked("b", "POST /x", "app1"), ADA, 'ada asked to measure "Health" on app1: POST /x'),
        (
            ev.CheckAsked("b", "POST /x", rehearsed=True),
            ADA,
            'ada was shown (a rehearsal) what measuring "Health" does: POST /x',
        ),
        (ev.ChecksAffirmed({"b": NOW}), ENGINE, "1 check came out as before"),
        (ev.HoldStarted("db"), ADA, "ada put the run in hold: db"),
        (ev.HoldReleased(), ADA, "ada released the hold"),
        (ev.CommandTaken("train", "ada on pts/3"), GRACE, "grace took command from ada on pts/3: train"),
        (ev.JournalRecovered(9, 41, "ab", "torn-1"), ENGINE, "a torn last line of 41 bytes was set aside as torn-1"),
        (ev.ClockJumped(-90.0), ENGINE, "the machine's clock was set 1m back"),
        (ev.RunClosed("GOOD", "done"), ADA, "ada closed the run: GOOD: done"),
        (
            ev.CheckpointSigned(41, "9c1f22ab34cd55ef", "-----", "SHA256:abc"),
            ADA,
            "ada signed the record up to event 41, hash 9c1f22ab34cd, with key SHA256:abc",
        ),
        (
            ev.Unknown("gate.painted", msgspec.Raw(b"{}")),
            ENGINE,
            "something that this version does not know: gate.painted",
        ),
    ],
)
def test_what_happened_is_told_in_plain_english(data: Data, by: Actor, sentence: str) -> None:
    assert said(data, by) == f"7 10:02:41 {sentence}"


def test_every_kind_of_event_has_a_sentence_of_its_own() -> None:
    assert set(KINDS.values()) <= {*_SENTENCES, *SENTENCES, *NOTICE_SENTENCES}


def test_a_timeline_is_filtered_by_kind_person_item_and_text() -> None:
    events = story()
    assert {each.by.user for each in wanted_events(events, "grace", NAMES, UTC)} == {"grace"}
    assert {each.kind for each in wanted_events(events, "check.measured", NAMES, UTC)} == {"check.measured"}
    assert len(wanted_events(events, "redis-connection", NAMES, UTC)) == 2
    assert not [each for each in wanted_events(events, "!check", NAMES, UTC) if each.kind == "check.measured"]
    assert wanted_events(events, " ", NAMES, UTC) == events


def detail_of(item_id: str, view: FakeRun | None = None, cells: int = 78) -> str:
    now = moment(view or FakeRun(), zone=UTC)
    item = now.state.document.find(item_id)
    assert item is not None
    return "\n".join(text_of(row) for row in detail_lines(item, now, cells))


def test_a_failure_shows_what_was_asked_each_condition_and_what_was_found() -> None:
    text = detail_of("health-checks-implemented")
    assert "✗ latency < duration('300ms')   found latency = 812ms" in text
    assert "✓ status == 200   found status = 200" in text
    assert "GET http://127.0.0.1:8080/health" in text
    assert '{"status": "ok", "db": "slow"}' in text
    assert text.index("✗") < text.index("✓")


def test_a_word_has_its_author_its_note_its_evidence_and_what_was_taken_back() -> None:
    text = detail_of("email-notification-service-credentials")
    for words in (
        "smtp-prod@example.com",
        "by ada (you) at 09:59",
        "rotates in March",
        "https://vault.example/secret/smtp",
    ):
        assert words in text
    taken_back = detail_of("requirements-txt-with-pinned-versions", cells=118)
    assert 'ada (you) took back "not all pinned": looked at the wrong branch' in taken_back


def test_an_unwired_item_says_which_variable_would_make_it_live() -> None:
    text = detail_of("api-keys-for-exchanges-encrypted")
    assert "exchange_kms_key is set: alias of the KMS key, for example" in text
    assert "alias/trading-bot" in text


def test_a_stale_measurement_says_how_old_it_is() -> None:
    view = FakeRun()
    view.time += dt.timedelta(minutes=20)
    assert "older than 10m is not relied on" in detail_of("flask-env-production", view)


def test_a_blocked_item_names_what_it_waits_for() -> None:
    view = FakeRun()
    item = view.state.document.find("debug-false")
    assert item is not None
    check = msgspec.structs.replace(item.check, needs=("redis-connection-strings",))
    view.add(ev.CheckMeasured("debug-false", "BLOCKED", "waits"))
    now = moment(view, zone=UTC)
    rows = detail_lines(msgspec.structs.replace(item, check=check), now, 78)
    assert "waits for redis-connection-strings (ERROR)" in "\n".join(map(text_of, rows))


def test_a_waiver_that_ran_out_says_so() -> None:
    view = FakeRun()
    view.time += dt.timedelta(hours=3)
    assert "it has run out" in detail_of("package-lock-json-committed", view)


@pytest.mark.parametrize("cells", [20, 46, 78, 118])
def test_no_row_of_a_detail_is_wider_than_its_pane(cells: int) -> None:
    now = moment(FakeRun(), zone=UTC)
    for item in now.state.document.checkable():
        assert all(line_width(row) <= cells for row in detail_lines(item, now, cells)), item.id


def test_a_strip_that_is_too_short_says_how_much_is_left_out() -> None:
    now = moment(FakeRun(), zone=UTC)
    item = now.state.document.find("health-checks-implemented")
    assert item is not None
    rows = detail_strip(item, now, 78, 4)
    assert len(rows) == 4
    assert "more lines: d" in text_of(rows[-1])


def test_the_verdict_names_what_keeps_it_from_being_good_and_from_being_plain() -> None:
    now = moment(FakeRun(), zone=UTC)
    assert text_of(verdict_line(now, 200)).startswith(" NOT GOOD YET · 1 fail · 1 error · 211 open · 1 waived")
    assert line_width(verdict_line(now, 40)) <= 40
    text = "\n".join(map(text_of, closing_lines(now)))
    assert "228 items counted, 10 settled; 30 not counted in this run." in text


def test_every_watch_has_its_target_and_says_why_it_is_not_live() -> None:
    rows = [text_of(row) for row in watch_rows(moment(FakeRun(), zone=UTC), 80)]
    assert [
        target
        for row, target in zip(rows, ("> 99.9 %", "< 2 s", "< 0.1 %", "0", "0"), strict=True)
        if target not in row
    ] == []
    assert "not live: set prometheus_url" in rows[0]
    assert "▁▂▃▄▅▆▇█" in rows[1]


def test_a_contact_without_a_number_says_so() -> None:
    now = moment(FakeRun())
    lines = (text_of(each) for contact in now.state.document.contacts for each in contact_lines(contact, now, 80))
    assert any("no phone, chat or address is given" in each for each in lines)


def test_keys_that_change_something_never_stand_beside_keys_that_look() -> None:
    now = moment(FakeRun(), zone=UTC)
    walked = Walk(now.state.document, now.stands)
    for keys in (run_keys(now, walked.node), timeline_keys(now)):
        first, _ = key_bar(keys, "", 200)
        changing = {key.bar for key in keys if key.group in ("say", "run") and key.bar}
        assert not any(f" {words} " in text_of(first) for words in changing)


def test_no_key_of_a_board_has_two_meanings() -> None:
    now = moment(FakeRun(), zone=UTC)
    keys = run_keys(now, None)
    names = [name for key in keys for name in (key.show, *key.also)]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.startswith(("ctrl", "alt", "f1"))]


def test_help_lists_every_key_and_says_why_one_does_nothing() -> None:
    now = moment(FakeRun(captain=False, you=GRACE), zone=UTC)
    text = "\n".join(text_of(row) for row in help_lines(run_keys(now, None), 80))
    assert "not now: not captain: ada on pts/3 from 10.0.0.7 since 09:58" in text
    assert "filter" in text


def test_an_answer_is_judged_by_what_the_item_expects() -> None:
    item = FakeRun().state.document.find("api-keys-for-exchanges-encrypted")
    assert item is not None
    assert item.confirm is not None
    assert judge(item.confirm, "arn:aws:kms:eu:1").holds
    verdict = judge(item.confirm, "rotate")
    assert not verdict.holds
    assert "value.startsWith('arn:aws:kms:') does not hold" in verdict.why


def test_evidence_is_a_link_a_path_or_a_text() -> None:
    assert read_evidence("https://x.example/1") == (ev.Evidence(link="https://x.example/1"),)
    assert read_evidence("~/plan.txt") == (ev.Evidence(path="~/plan.txt"),)
    assert read_evidence("see https://x.example/1") == (ev.Evidence(text="see https://x.example/1"),)
    assert read_evidence("  ") == ()


def test_a_place_in_a_replay_is_a_number_or_a_time() -> None:
    now = moment(FakeRun(), zone=UTC)
    assert read_place("214", now) == 214
    assert read_place("10:00:20", now) == dt.datetime(2026, 11, 24, 10, 0, 20, tzinfo=UTC)
    assert read_place("2026-11-24 09:59", now) == dt.datetime(2026, 11, 24, 9, 59, tzinfo=UTC)
    with pytest.raises(Unfit, match="neither an event's number nor a time"):
        read_place("later", now)
