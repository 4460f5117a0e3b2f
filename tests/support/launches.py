"""A launch with everything in it that a report has to tell, always the same to the byte; and its journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from cockpit.checklist.model import Branch, Document
from cockpit.checklist.plan import Abort, Criterion, Plan, Soak, Window
from cockpit.journal import event as ev
from cockpit.journal.chain import origin
from cockpit.journal.event import Actor, Event
from cockpit.journal.line import Stamp, compose, digest
from cockpit.report.story.model import Proof, Story
from cockpit.report.story.telling import story_of
from cockpit.run import command as cmd
from tests.support.plans import Play, World, blue_green
from tests.support.runs import ADA, BOB, ENGINE, HERE, T0, live, manual

GRACE = Actor("grace", 1002, "bastion", "pts/5", "10.0.0.9", position="security")
LINUS = Actor("linus", 1003, "bastion", "pts/6", "10.0.0.11")

RETRIED = "retried"


def checklist() -> Document:
    """A part with every sort of item, two watches, and a plan in which much goes wrong."""
    plan = blue_green().plan
    assert plan is not None
    steps = [
        msgspec.structs.replace(step, soak=Soak(60.0, ("errors",))) if step.id == "switch" else step
        for step in plan.steps
    ]
    latency = live("latency", every=1.0, expect=("latency < 0.5",))
    errors = msgspec.structs.replace(
        live("errors", every=1.0, expect=("value < 0.01",)),
        title="Error rate",
        target="< 1 %",
        abort=Abort(Criterion(of=3, bad=2), action="hold", grace=0.0),
    )
    service = Branch(
        "section",
        "service",
        "Service `and` health",
        HERE,
        (live("health", max_age=1e6), live(RETRIED), live("slow", warn=("latency < 0.2",)), live("fails", max_age=1e6)),
    )
    people = Branch(
        "section",
        "people",
        "People",
        HERE,
        (
            manual("owner"),
            manual("contract", title="The contract | is signed"),
            manual("load-test"),
            manual("chat", required=False),
            manual("left-open", required=False),
            manual("azure", excluded="not for this run: platforms is aws"),
        ),
    )
    return Document(
        "Trading Bot",
        (Branch("part", "before", "Before the launch", HERE, (service, people)),),
        positions={"operations": ("ada",), "security": ("grace",), "management": ("linus",)},
        watch=(errors, latency),
        plan=Plan(tuple(steps), plan.rollback, Window("22:05", "23:30", "Europe/London")),
        plan_checks=(live("schema"), live("serving")),
    )


def everything(of: Document | None = None, *, run_kind: str = "live") -> list[Event]:
    """A launch that fails, holds, is tried again, votes, and goes back."""
    world = World(actions={"migrate": ["failed"], "switch": ["doubt"]})
    play = Play(of or checklist(), world, run_kind=run_kind)
    _checks(play)
    _words(play)
    play.happen(ev.CommandTaken("ada's line dropped", "ada"), by=BOB)
    play.happen(ev.CommandTaken("back again", "bob"))
    _goes_live(play)
    _goes_wrong(play)
    play.ask(cmd.RollBack("1.5.0", "orders fail since the switch"))
    play.let_pass(30)
    play.happen(ev.CheckpointSigned(len(play.events) - 1, "0" * 64, "not a signature", "SHA256:" + "A" * 43))
    play.ask(cmd.Clear("the importer is mended; next week again"))
    play.ask(cmd.Close("rolled back, and quiet"))
    return chained(play.events)


def plain_good() -> list[Event]:
    """A launch in which everything is well, and nothing is to be said beside it."""
    play = Play(msgspec.structs.replace(_small(), plan=None))
    play.measure("health")
    play.happen(ev.ItemConfirmed("owner", "ada, on call until six"))
    play.ask(cmd.Close())
    return chained(play.events)


def big(items: int = 258, count: int = 10_000) -> list[Event]:
    """A long run: so many items, so many events."""
    names = [f"item-{number}" for number in range(items)]
    of = Document(
        "Big",
        (Branch("part", "part", "Part", HERE, tuple(Branch("section", f"s{start}", f"Section {start}", HERE, tuple(live(name) for name in names[start : start + 20])) for start in range(0, items, 20))),),
        watch=(live("errors", expect=("value < 0.01",)),),
    )  # fmt: skip
    play = Play(of)
    for number in range(count - 2):
        play.now += dt.timedelta(seconds=1)
        name = names[number % items] if number % 2 else "errors"
        result = "FAIL" if number % 97 == 0 else "PASS"
        findings = (ev.Finding("value < 0.01", result == "PASS", {"value": "0.004"}),)
        measured = ev.CheckMeasured(name, result, "200 in 18 ms", took=0.018, value=0.004, findings=findings)
        play.events.append(Event(len(play.events), play.now, measured.kind, ENGINE, measured))
    closed = ev.RunClosed("GOOD")
    play.events.append(Event(len(play.events), play.now, closed.kind, ADA, closed))
    return play.events


def story(events: Sequence[Event], **proof: object) -> Story:
    """The story of these events, the chain whole."""
    return story_of(events, Proof(len(events), events[-1].h, **proof))


def chained(events: Iterable[Event]) -> list[Event]:
    """The events as a journal has them, with hashes."""
    return [event for _, event in _lines(events)]


def write_journal(path: Path, events: Iterable[Event]) -> Path:
    """Write a journal of these events."""
    path.write_bytes(b"".join(line for line, _ in _lines(events)))
    return path


def _lines(events: Iterable[Event]) -> Iterable[tuple[bytes, Event]]:
    before = b""
    for event in events:
        data = event.data
        if isinstance(data, ev.RunOpened):
            before = origin(data.run)
            data = msgspec.structs.replace(data, digest=digest(bytes(data.document)))
        stamp = Stamp(event.at, int((event.at - T0).total_seconds() * 1e6), "boot-1")
        line, read, before = compose(event.seq, stamp, event.by, data, before)
        yield line, read


def _small() -> Document:
    return Document(
        "Small",
        (Branch("part", "part", "Part", HERE, (live("health"), manual("owner"))),),
        positions={"operations": ()},
    )


def _measured(name: str, result: str, summary: str, value: float | None = None, **more: object) -> ev.CheckMeasured:
    return ev.CheckMeasured(
        name, result, summary, took=0.021, value=value, request=f"GET http://shop.example/{name}", **more
    )


def _figure(name: str, condition: str, value: float, *, good: bool) -> ev.CheckMeasured:
    shown = {condition.split(maxsplit=1)[0]: f"{value:.6g}"}
    return _measured(
        name, "PASS" if good else "FAIL", f"{value:g}", value, findings=(ev.Finding(condition, good, shown),)
    )


def _checks(play: Play) -> None:
    remembered = {
        "health": ev.Remembered("PASS", 0.018, {"status": 200}),
        "slow": ev.Remembered("PASS", 0.1, {"latency": 0.1}, ("latency",)),
    }
    _later(play, ev.BaselineTaken("last-week", T0 - dt.timedelta(days=7), "bastion", remembered))
    status = ev.Finding("status == 200", True, {"status": "200"})
    _later(
        play, _measured("health", "PASS", "200 in 18 ms", 0.018, findings=(status,), evidence="HTTP/1.1 200 OK\n\n{}")
    )
    _later(play, _measured(RETRIED, "PASS", "200 in 20 ms", flaky=True, tries=3))
    slow = ev.Finding("latency < 0.2", False, {"latency": "412ms"})
    _later(play, _measured("slow", "WARN", "200 in 412 ms", 0.412, findings=(slow,)))
    refused = ev.Finding("status == 200", False, {"status": "503"})
    _later(play, _measured("fails", "FAIL", "503 in 9 ms", findings=(refused,), evidence="HTTP/1.1 503\n\nno database"))
    _later(play, _measured("fails", "ERROR", "connection refused by 10.0.0.5:443"))
    _later(play, _measured("fails", "PASS", "200 in 11 ms", findings=(status,)))
    _later(play, _figure("errors", "value < 0.01", 0.0004, good=True))
    _later(play, _figure("latency", "latency < 0.5", 0.08, good=True))


def _words(play: Play) -> None:
    link = ev.Evidence(link="https://wiki.example/contract")
    file = ev.Evidence(path="/tmp/contract.pdf", size=48123, sha256="ab" * 32)
    _later(play, ev.ItemConfirmed("owner", "ada, until six"))
    _later(play, ev.ItemConfirmed("contract", "not yet", holds=False), by=LINUS)
    _later(
        play, ev.ItemConfirmed("contract", "signed on 12 May", note="by both sides", evidence=(link, file)), by=LINUS
    )
    _later(play, ev.ItemWaived("load-test", "same hardware as last month", T0 + dt.timedelta(days=3)))
    _later(play, ev.ItemRuledOut("chat", "there is no chat any more"))
    _later(play, ev.NoteAdded("the network team is on the bridge"), by=BOB)
    _later(play, ev.NoteAdded("see the dashboard", "health", (ev.Evidence(text="p95 is 80 ms"),)))


def _goes_live(play: Play) -> None:
    """To the go or no-go: a hold, an answer that is changed, a voice that is relayed."""
    assert not play.ask(cmd.Go("freeze"))
    assert not play.ask(cmd.Tell("freeze", "posted at 22:00"))
    assert not play.ask(cmd.Hold("database is slow"))
    play.let_pass(90, every=30)
    assert not play.ask(cmd.Release("a vacuum; it is over"))
    assert not play.ask(cmd.OpenPoll("go-no-go"))
    assert not play.ask(cmd.Answer("security", False, "a key is not rotated"), GRACE, in_command=False)
    play.let_pass(1)
    assert not play.ask(cmd.Answer("security", True, "keys rotated at 22:03"), GRACE, in_command=False)
    assert not play.ask(cmd.Answer("operations", True, "all is well", relayed="Mira | Lindqvist"))
    assert not play.ask(cmd.Go("go-no-go"))


def _goes_wrong(play: Play) -> None:
    """A step that fails and is tried again, one in doubt, one left out, criteria that fire."""
    assert not play.ask(cmd.Go("migrate", action="./migrate --to 42"))
    play.let_pass(20, every=10)
    assert not play.ask(cmd.Retry("migrate", action="./migrate --to 42"))
    play.let_pass(5)
    assert not play.ask(cmd.Go("switch", typed="1.5.0", action="./switch green"))
    play.let_pass(5)
    assert not play.ask(cmd.Settle("switch", True, "the router says green"))
    play.let_pass(5)
    for second in range(40):
        good = not 24 <= second < 30
        play.happen(_figure("errors", "value < 0.01", 0.0004 + (0 if good else 0.03), good=good), by=ENGINE)
        play.happen(_figure("latency", "latency < 0.5", 0.08 + second / 200, good=True), by=ENGINE)
        play.let_pass(1)


def _later(play: Play, data: ev.Data, by: Actor | None = None) -> None:
    play.now += dt.timedelta(seconds=2)
    play.happen(data, by=by or (ENGINE if isinstance(data, ev.CheckMeasured) else ADA))
