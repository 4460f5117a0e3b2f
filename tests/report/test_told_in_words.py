"""Every kind of event is told in words, on the timeline and in the report; so are quick commands and their doubts."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from cockpit.checklist.model import Command, encode
from cockpit.journal import event as ev
from cockpit.report.story.html import html
from cockpit.report.story.markdown import markdown
from cockpit.report.story.telling import act
from cockpit.run.standing import verdict
from cockpit.run.state import fold
from cockpit.views.timeline import tell
from tests.support.launches import story
from tests.support.runs import ADA, T0, document, events, live, manual

KINDS = sorted(set(ev.KINDS.values()) | {ev.Unknown}, key=lambda each: each.__name__)
BY_THE_ENGINE_ALONE = {
    ev.EngineStarted,
    ev.EngineStopped,
    ev.JournalRecovered,
    ev.ClockJumped,
    ev.CheckMeasured,
    ev.ChecksAffirmed,
    ev.StepDoubted,
    ev.StepVerified,
    ev.SoakEnded,
    ev.StepDone,
    ev.PollEnded,
    ev.WatchFired,
    ev.RollbackEnded,
    ev.CommandEnded,
    ev.NoticeBegun,
    ev.NoticeDelivered,
    ev.NoticeFailed,
    ev.NoticeWithheld,
    ev.Unknown,
}
OF = msgspec.structs.replace(
    document(manual("owner"), watch=(live("speed"),)),
    commands=(Command("restart", "Restart", "docker-compose restart", host="app1", changes=True),),
)
DOUBT = ev.CommandEnded("restart", 1, done=False, summary="cut off", unknown=True)


def example(kind: type[ev.Data]) -> ev.Data:
    """Data of a kind, with something in each field that has no default."""
    made = {}
    for field in msgspec.structs.fields(kind):
        if field.required:
            of_type = {"int": 7, "float": 7.0, "bool": True, "dt.datetime": T0, "Raw": msgspec.Raw(encode(OF))}
            words = str(kind.__annotations__.get(field.name, "str"))
            made[field.name] = next((value for name, value in of_type.items() if name in words), "words")
            if words.startswith(("dict", "tuple")):
                made[field.name] = {} if words.startswith("dict") else ()
    return kind(**made)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_has_a_sentence(kind: type[ev.Data]) -> None:
    (event,) = events(OF, example(kind))[1:]
    told = tell(event, {}, dt.UTC)
    assert told.sentence
    assert told.sentence != event.kind, f"add {kind.__name__} to the sentences of cockpit/views"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_a_person_did_has_a_name_of_its_own(kind: type[ev.Data]) -> None:
    assert (act(kind) == "other") == (kind in BY_THE_ENGINE_ALONE)


@pytest.mark.parametrize("later", [(), (ev.CommandBegun("restart", 2), ev.CommandEnded("restart", 2))])
def test_a_quick_command_in_doubt_is_never_plain_green_again(later: tuple[ev.Data, ...]) -> None:
    state = fold(events(OF, ev.ItemConfirmed("owner", "ada"), ev.CommandBegun("restart", 1), DOUBT, *later))
    assert "1 quick command in doubt" in verdict(state, T0).asterisks


def test_one_whose_end_is_not_known_yet_counts_until_it_ended() -> None:
    begun = events(OF, ev.CommandBegun("restart", 1))
    assert "1 quick command under way" in verdict(fold(begun), T0).asterisks
    ended = events(OF, ev.CommandBegun("restart", 1), ev.CommandEnded("restart", 1))
    assert not any("quick" in words for words in verdict(fold(ended), T0).asterisks)


def test_the_report_tells_what_was_run_where_and_how_it_ended() -> None:
    told = story(events(OF, ev.CommandBegun("restart", 1, "docker-compose restart", "app1"), DOUBT))
    assert [(each.by, each.exact, each.host, each.outcome) for each in told.quick] == [
        (ADA.user, "docker-compose restart", "app1", "in doubt")
    ]
    assert "1 quick command in doubt" in told.outcome.asterisks
    for page in (html(told), markdown(told)):
        assert "Quick commands that change something" in page
        assert "in doubt: cut off" in page.replace("</span>", "")


def test_the_figure_of_a_watch_has_its_unit_though_no_condition_compares_it() -> None:
    told = story(events(OF, ev.CheckMeasured("speed", "PASS", "200 in 18 ms", value=0.018, unit="s")))
    (watch,) = told.watches
    assert (watch.threshold, watch.unit, watch.worst) == (None, "s", 0.018)
