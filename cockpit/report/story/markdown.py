"""The report as Markdown, for a pull request or a wiki: the same story in fewer words.

GitHub's dialect: tables and nothing else beyond CommonMark. All foreign text is escaped, so that it is read as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cockpit.report.measured import change_text
from cockpit.report.story import wording
from cockpit.report.story.model import Backing, GoLive, ItemStory, PollStory, StepStory, Story
from cockpit.report.story.wording import NONE, Clock, lateness, plural, span

_ITEM = ("state", "item", "what was seen", "who or what says so")

LIMIT = 200
"""Failures that are listed; JSON has all."""

_MARKS = re.compile(r"[\\`*_{}\[\]<>|&~$]|:(?=//|[a-z_+-][\w+-]*:|100:|1234:)|(?<=www)\.")
_MENTION = re.compile(r"([@#])(?=\w)")
"""What a forge makes a link of after all Markdown is read, so that a backslash does not keep it from it."""
_BLOCK = re.compile(r"(?:([-+=#])|\d+([.)]))(?=\s|$|[-=#])")
"""What begins a list, a heading or a rule at the beginning of a line."""


def markdown(story: Story) -> str:
    """The report as Markdown."""
    return whole(_lines(story))


def whole(lines: Iterable[str]) -> str:
    """Lines as a document, with no more than one empty line between two."""
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _lines(story: Story) -> Iterator[str]:
    clock = Clock.of(story)
    yield f"# {text(wording.name_line(story))}"
    yield ""
    yield f"**{text(wording.verdict_line(story.outcome))}**"
    yield from _notices(story, clock)
    yield ""
    yield from table(("", ""), _facts(story, clock))
    if story.golive is not None:
        yield from _golive(story, story.golive, clock)
    yield from _holds(story, clock)
    yield from _watches(story)
    yield from _failures(story, clock)
    yield from _waivers(story, clock)
    yield from _flaky(story)
    yield from _baseline(story, clock)
    yield from _checklist(story, clock)
    yield from _notes(story, clock)
    yield from _quick(story, clock)
    yield from _people(story, clock)
    yield from _proof(story)
    yield ""
    yield f"Times are {text(clock.name)}. Told by Cockpit from the run's journal alone."


def text(foreign: str) -> str:
    """Foreign text on one line that Markdown, and a forge that shows it, reads as text."""
    return _MENTION.sub(r"\1<!-- -->", _MARKS.sub(r"\\\g<0>", " ".join(foreign.split())))


def line(foreign: str) -> str:
    """The same where it begins a line or an entry of a list: no list, heading or rule comes of it."""
    told = text(foreign)
    begins = _BLOCK.match(told)
    return f"{told[: begins.end() - 1]}\\{told[begins.end() - 1 :]}" if begins is not None else told


def link(address: str) -> str:
    """An address as a link; what is no address of a page stays text."""
    plain = re.fullmatch(r"https?://[^\s<>\\]+", address)
    return f"<{address.replace('|', '%7C')}>" if plain else text(address)


def code(foreign: str) -> str:
    """Foreign text as code."""
    line = " ".join(foreign.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{room}{line}{room}{fence}".replace("|", "\\|") if line else ""


def heading(words: str, level: int = 2) -> Iterator[str]:
    """A heading with empty lines around it."""
    yield ""
    yield f"{'#' * level} {text(words)}"
    yield ""


def texts(row: Iterable[str]) -> tuple[str, ...]:
    """The cells of a row, as text."""
    return tuple(text(each) or " " for each in row)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table; cells are Markdown already."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _notices(story: Story, clock: Clock) -> Iterator[str]:
    words = []
    if story.proof.damage:
        words.append(f"The record is damaged at {story.proof.damage}. Only what stands before is told.")
    if not story.closed and not story.proof.damage:
        words.append(f"The run is not closed: this is how it stood at event {story.proof.events - 1}, ")
        words[-1] += f"{clock.date(story.until)}."
    words += [each] if (each := wording.KINDS.get(story.run_kind, "")) else []
    for each in words:
        yield ""
        yield f"> {line(each)}"


def _facts(story: Story, clock: Clock) -> Iterator[tuple[str, str]]:
    yield "Run", f"{code(story.run)}, {text(story.run_kind)}"
    yield "Opened", text(clock.date(story.opened))
    yield "Closed" if story.closed else "Told up to", text(clock.date(story.until))
    yield "Captain", text(f"{story.captain.user} {story.captain.where}")
    standings = ", ".join(f"{number} {standing}" for standing, number in story.counts.standings.items())
    yield "Items settled", text(f"{story.counts.settled} of {story.counts.total} ({standings})")
    if story.golive is not None:
        done = sum(step.state == "done" for step in story.golive.steps)
        yield "Steps", f"{done} of {len(story.golive.steps)} done"
        late = f", {lateness(story.golive.late)}" if story.golive.late is not None and story.run_kind == "live" else ""
        yield "T-0", text(clock(story.golive.zero) + late)
    yield "Record", text(wording.proof_line(story))


def _golive(story: Story, golive: GoLive, clock: Clock) -> Iterator[str]:
    yield from heading("Going live" + (", and back" if golive.rollbacks else ""))
    steps = [(f"{number}. {step.title}", step) for number, step in enumerate(golive.steps, 1)]
    steps += [(step.title, step) for step in golive.way_back]
    yield from table(
        ("step", "state", "begun", "late", "took", "planned", "attempts", "who pressed go"),
        (_step(name, step, clock, live=story.run_kind == "live") for name, step in steps),
    )
    yield ""
    for _, step in steps:
        for each in (*step.attempts, *step.undo):
            if each.outcome in ("failed", "in doubt") or each.choice:
                undo = "undo of " if each.undo else ""
                choice = f"; {each.choice}" if each.choice else ""
                where = f" ({each.failed_in})" if each.failed_in else ""
                told = f"{undo}{step.title}, attempt {each.number}, {clock(each.begun)}: {each.outcome}{where}"
                yield f"- {line(f'{told}: {each.summary}{choice}')}"
    if story.plan_checks:
        yield from heading("Checks of the plan", 3)
        yield from table(_ITEM, (_item(item, clock) for item in story.plan_checks))
    for back in golive.rollbacks:
        yield from heading("Rollback", 3)
        took = f" It took {span((back.until - back.at).total_seconds())}." if back.until else " It has not ended."
        cleared = f" Cleared by {back.cleared}." if back.cleared else ""
        yield line(f"Begun {clock(back.at)} by {back.by}: {back.reason}.{took}{cleared}")
        yield ""
        for title, why in back.not_undone.items():
            yield f"- **Not undone:** {text(f'{title}: {why}')}"
        if back.until and not back.not_undone:
            yield "Everything that was done is undone."
    for poll in golive.polls:
        yield from _poll(poll, clock)
    if golive.fired:
        yield from heading("Abort criteria that fired", 3)
        rows = ((clock(each.at), each.title, each.criterion, each.action, each.outcome) for each in golive.fired)
        yield from table(("at", "watch", "criterion", "asks for", "what came of it"), map(texts, rows))


def _step(name: str, step: StepStory, clock: Clock, *, live: bool) -> tuple[str, ...]:
    tries = len(step.attempts)
    pressed = NONE if step.pressed is None else "by itself" if step.pressed.engine else str(step.pressed)
    pressed += f", {step.second} agreed" if step.second is not None else ""
    state = f"{step.state}: {step.skipped}" if step.skipped else step.state
    return texts(
        (
            name,
            state,
            clock(step.begun),
            lateness(step.late) if live else NONE,
            span(step.seconds),
            span(step.planned_seconds) if step.planned_seconds else NONE,
            str(tries),
            pressed,
        )
    )


def _poll(poll: PollStory, clock: Clock) -> Iterator[str]:
    yield from heading(f"Roll call: {poll.title}", 3)
    yield line(f"{poll.need} must say GO; opened {clock(poll.at)} by {poll.by}; {poll.ended or 'it is open'}.")
    yield ""
    rows = (
        (
            voice.position + (" (veto)" if voice.veto else ""),
            voice.answer or "no answer",
            voice.who + (f" (relayed by {voice.relayed_by})" if voice.relayed_by else ""),
            clock(voice.at),
            "; ".join((voice.reason, *(f"before: {each}" for each in voice.before))),
        )
        for voice in poll.voices
    )
    yield from table(("position", "answer", "who", "at", "because"), map(texts, rows))


def _holds(story: Story, clock: Clock) -> Iterator[str]:
    if not story.holds:
        return
    yield from heading("Holds")
    summed = (f"{each.cause}: {span(each.seconds)} ({each.count})" for each in story.hold_causes)
    yield line("; ".join(summed) + ".")
    yield ""
    rows = (
        (
            clock(hold.at),
            span(hold.seconds),
            hold.cause,
            hold.reason,
            str(hold.by),
            f"{hold.released_by}: {hold.released}".removesuffix(": ") if hold.released_by else "not released",
        )
        for hold in story.holds
    )
    yield from table(("from", "for", "cause", "reason", "by", "released"), map(texts, rows))


def _watches(story: Story) -> Iterator[str]:
    if not story.watches:
        return
    yield from heading("Watches")
    rows = (
        (
            watch.item.title,
            watch.item.standing,
            wording.figure(watch.series[-1][1] if watch.series else None, watch.unit),
            wording.figure(watch.worst, watch.unit),
            f"{watch.bound} {wording.figure(watch.threshold, watch.unit)}" if watch.threshold is not None else NONE,
            watch.target or NONE,
            str(len(watch.series)),
        )
        for watch in story.watches
    )
    yield from table(("watch", "state", "last", "worst", "agreed on", "target", "measured"), map(texts, rows))


def _failures(story: Story, clock: Clock) -> Iterator[str]:
    if not story.failures:
        return
    yield from heading("What failed, and how it ended")
    rows = (
        (
            clock(each.at),
            f"{each.title} ({each.what})",
            each.how,
            each.summary,
            each.resolved or "NOT RESOLVED",
            span((each.until - each.at).total_seconds()) if each.until else NONE,
        )
        for each in wording.lasting_first(story.failures)[:LIMIT]
    )
    yield from table(("at", "what", "how", "what was found", "how it ended", "after"), map(texts, rows))
    if len(story.failures) > LIMIT:
        yield ""
        yield f"The first {LIMIT} of {len(story.failures)}."


def _waivers(story: Story, clock: Clock) -> Iterator[str]:
    if not story.waivers:
        return
    yield from heading("Accepted undone or failing")
    rows = (
        (
            each.title,
            "waived" if each.what == "item" else "left out",
            each.reason,
            f"{each.by}, {clock(each.at)}",
            (("expired " if each.expired else "") + clock(each.expires)) if each.expires else NONE,
        )
        for each in story.waivers
    )
    yield from table(("what", "how", "because", "by", "until"), map(texts, rows))


def _flaky(story: Story) -> Iterator[str]:
    if story.flaky:
        yield from heading("Flaky checks")
        rows = ((each.title, str(each.after_retry), str(each.turns)) for each in story.flaky)
        yield from table(("check", "good only after a retry", "turned bad"), map(texts, rows))


def _baseline(story: Story, clock: Clock) -> Iterator[str]:
    base = story.baseline
    if base is None:
        return
    yield from heading("Compared with the baseline")
    taken = f"{base.name}, measured {clock.date(base.at)} on {base.host}"
    yield line(f"{taken}: {plural(base.compared, 'item')} compared, {base.differ} differ.")
    yield ""
    for item in story.checkable():
        for change in item.differs:
            yield f"- {line(f'{item.title}: {change_text(change)}')}"


def _checklist(story: Story, clock: Clock) -> Iterator[str]:
    for part in story.parts:
        yield from heading(f"{part.title} ({part.counts.settled}/{part.counts.total})")
        for section in part.sections:
            if section.title:
                yield from heading(section.title, 3)
            rows = (_item(item, clock) for item in section.items)
            yield from table(_ITEM, rows)


def _item(item: ItemStory, clock: Clock) -> tuple[str, ...]:
    marks = " (advisory)" if item.advisory else "" if item.required else " (optional)"
    said = item.said
    found = [text(wording.found_line(item))]
    if said is not None:
        found.append(text(said.note))
        found += [f"evidence: {each}" for each in map(_backing, said.evidence)]
    state, title, source = texts((item.standing, item.title + marks, wording.source_line(item, clock)))
    return state, title, "; ".join(filter(None, found)) or " ", source


def _backing(each: Backing) -> str:
    return link(each.link) if each.link else text(each.path or each.text)


def _notes(story: Story, clock: Clock) -> Iterator[str]:
    if not story.notes:
        return
    yield from heading("Notes")
    for note in story.notes:
        about = f" on {note.item}" if note.item else ""
        backing = "".join(f" (evidence: {each})" for each in map(_backing, note.evidence))
        yield f"- {line(f'{clock(note.at)} {note.by}{about}: {note.text}')}{backing}"


def _people(story: Story, clock: Clock) -> Iterator[str]:
    yield from heading("People")
    rows = (
        (
            each.who,
            ", ".join(f"{act} \u00d7 {count}" if count > 1 else act for act, count in each.acts.items()),
            ", ".join(each.where) or NONE,
            f"{clock(each.first)} {NONE} {clock(each.last)}",
        )
        for each in story.people
    )
    yield from table(("who", "did", "where", "first and last act"), map(texts, rows))
    yield ""
    for each in story.commands:
        yield f"- {line(f'{clock(each.at)} {each.who} {each.how}')}"


def _quick(story: Story, clock: Clock) -> Iterator[str]:
    if not story.quick:
        return
    yield from heading("Quick commands that change something")
    rows = (
        (
            clock(each.at),
            each.by,
            f"{each.exact or each.command}{f' (on {each.host})' if each.host else ''}",
            f"{each.outcome}{f': {each.summary}' if each.summary else ''}",
        )
        for each in story.quick
    )
    yield from table(("when", "who", "what", "outcome"), map(texts, rows))


def _proof(story: Story) -> Iterator[str]:
    yield from heading("Proof")
    yield f"- {line(wording.proof_line(story))}"
    yield f"- event {story.proof.events - 1} has the hash {code(story.proof.head)}"
    yield f"- the checklist's SHA-256 is {code(story.digest)}"
    for each in story.proof.checkpoints:
        signed = f"signed at event {each.seq} by {each.by}"
        yield f"- {line(signed)} with {code(each.key)}: {text(each.problem or 'holds')}"
    if story.proof.torn:
        yield f"- an unfinished last line of {story.proof.torn} bytes does not count"
    for words in (*story.trouble, *(f"fault put in: {fault}" for fault in story.faults)):
        yield f"- {line(words)}"
