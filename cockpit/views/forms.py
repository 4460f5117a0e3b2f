"""What a person is asked before something is recorded, and the command that their answers make.

A form is data: a screen draws it, plain mode asks it line by line, and both hand the answers to `make`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

from cockpit.checklist.model import Branch, Check, Confirm, Item
from cockpit.journal import event as ev
from cockpit.journal.event import Evidence
from cockpit.run import command as cmd
from cockpit.views.ages import age, ago, clock
from cockpit.views.expiry import HINT, read_expiry
from cockpit.views.line import Line, line
from cockpit.views.moment import Moment
from cockpit.views.status import closing_lines
from cockpit.views.words import one_line, person, plural, title, where


class Unfit(Exception):
    """An answer that cannot be used. The message is for the person; `blank` is the place of the answer."""

    def __init__(self, message: str, blank: int = 0) -> None:
        """Say what to write instead."""
        super().__init__(message)
        self.blank = blank


@dataclass(frozen=True)
class Blank:
    """One answer to be written."""

    label: str
    hint: str = ""
    value: str = ""
    """What stands in it at first."""


@dataclass(frozen=True)
class Form:
    """A question with its blanks."""

    title: str
    about: tuple[Line, ...]
    blanks: tuple[Blank, ...]
    make: Callable[[Sequence[str]], cmd.Command | None]
    """Answers, one for each blank, to a command; None when the engine is not asked for anything. Raises Unfit."""
    enter: str
    """What the enter key does."""
    done: str
    """What to say when it is on disk."""
    grave: bool = False
    """It changes who commands, or ends the run."""


def confirm_form(item: Item, asked: Confirm, now: Moment) -> Form:
    """Ask what a person sees on a manual item: its value, then a note and evidence."""
    word = now.known(item).word
    about = [line((asked.ask, "strong"))]
    if asked.look:
        about.append(line(("look     ", "dim"), asked.look))
    if asked.expect:
        about.append(line(("expect   ", "dim"), asked.expect))
    if word is not None:
        said = getattr(word.said, "value", "") or getattr(word.said, "reason", "") or "not applicable"
        about.append(
            line((f"{person(word.by, now.link.you)} said {age(word.at, now.now)} ago: ", "dim"), one_line(said))
        )

    def make(answers: Sequence[str]) -> cmd.Command:
        value, note, evidence = answers
        if not value.strip():
            raise Unfit("say what you saw: an empty value is no confirmation")
        return cmd.Confirm(item.id, value.strip(), note.strip(), read_evidence(evidence))

    blanks = (
        Blank("value", "what you saw"),
        Blank("note", "if something is worth adding"),
        Blank("evidence", "a link, a path like ./plan.txt, or text"),
    )
    return Form(title(item.title), tuple(about), blanks, make, "record, and on to the next", "confirmed")


def measure_form(item: Item, check: Check, now: Moment) -> Form:
    """Ask before a check that changes something is made: exactly what it does, and where."""
    practice = now.state.run_kind != "live"
    about = [*what_and_where(now.exact(check), check.via, now)]
    known = now.known(item).measurement
    if item.note:
        about.insert(0, line(item.note))
    if known is not None:
        about.append(line(("last     ", "dim"), f"{known.result.result} {ago(known.at, now.now)}"))

    def make(answers: Sequence[str]) -> cmd.Command:
        must_say_run(answers)
        return cmd.Measure(item.id)

    return Form(
        title=f"{title(item.title)}: measuring it changes something",
        about=tuple(about),
        blanks=(Blank("type run"),),
        make=make,
        enter="show it" if practice else "measure it",
        done=f"{title(item.title)}: {'shown' if practice else 'is being measured'}",
        grave=True,
    )


def what_and_where(exact: str, host: str, now: Moment) -> tuple[Line, ...]:
    """What is told of something that changes things before it is done: where, what, and that a rehearsal does not."""
    kind = now.state.run_kind
    shown = (line((f"This is a {kind}: it is shown and recorded, and not done.", "warn")),) if kind != "live" else ()
    labels = chain(("runs     ",), repeat("         "))
    runs = (line((label, "dim"), (text, "accent")) for label, text in zip(labels, exact.splitlines(), strict=False))
    return (*shown, line(("where    ", "dim"), where(host)), *runs)


def must_say_run(answers: Sequence[str]) -> None:
    """Raise Unfit unless the word was typed that lets it run."""
    if answers[0].strip() != "run":
        raise Unfit("type run to run it, or esc to leave it")


def waive_form(item: Item, now: Moment) -> Form:
    """Ask why an item is accepted undone, and until when."""

    def make(answers: Sequence[str]) -> cmd.Command:
        reason, until = answers
        if not reason.strip():
            raise Unfit("a waiver needs a reason")
        try:
            expires = read_expiry(until, now.now, now.zone)
        except ValueError as error:
            raise Unfit(str(error), 1) from None
        return cmd.Waive(item.id, reason.strip(), expires.astimezone(dt.UTC) if expires else None)

    about = (
        line("It is accepted undone or failing, counted, and never shown as plain green."),
        line(("The verdict will say that it was waived, by you, and why.", "dim")),
    )
    return Form(f"Waive: {title(item.title)}", about, (Blank("reason"), Blank("until", HINT)), make, "waive", "waived")


def rule_out_form(subject: Item | Branch) -> Form:
    """Ask why an item, or all under a heading, is not applicable."""
    items = [subject] if isinstance(subject, Item) else [item for item in subject.items() if not item.excluded]
    optional = not any(item.required for item in items)

    def make(answers: Sequence[str]) -> cmd.Command:
        if not answers[0].strip() and not optional:
            raise Unfit("say why it is not applicable: only optional items go without a reason")
        return cmd.RuleOut(subject.id, answers[0].strip())

    about = [line("It will not be asked for in this run, and it is counted as not applicable.")]
    if isinstance(subject, Branch):
        about.append(line((f"This is a heading: it takes in all {plural(len(items), 'item')} under it.", "warn")))
    blank = Blank("reason", "may stay empty: it is optional" if optional else "")
    done = "not applicable" if isinstance(subject, Item) else f"{plural(len(items), 'item')} not applicable"
    return Form(f"Not applicable: {title(subject.title)}", tuple(about), (blank,), make, "record", done)


def note_form(item: Item | None) -> Form:
    """Ask for a remark on an item, or on the run."""

    def make(answers: Sequence[str]) -> cmd.Command:
        text, evidence = answers
        if not text.strip() and not evidence.strip():
            raise Unfit("an empty note says nothing")
        return cmd.AddNote(text.strip(), item.id if item else "", read_evidence(evidence))

    name = f"Note on {title(item.title)}" if item else "Note on the run"
    blanks = (Blank("note"), Blank("evidence", "a link, a path like ./plan.txt, or text"))
    return Form(name, (), blanks, make, "record", "noted")


def take_back_form(item: Item, now: Moment) -> Form:
    """Show what is taken back, and ask why."""
    word = now.known(item).word
    about = [line("Nothing is erased: the record will say that it was said, and that it was taken back.")]
    if word is not None:
        by = f"{person(word.by, now.link.you)} at {clock(word.at, now.zone, now.now)}"
        about.insert(0, line(("takes back  ", "dim"), (_said(word.said), "strong"), (f"  {by}", "dim")))
    earlier = now.known(item).earlier
    if earlier:
        about.insert(1, line(("then stands ", "dim"), _said(earlier[-1].said)))
    return Form(
        f"Take back: {title(item.title)}",
        tuple(about),
        (Blank("reason", "may stay empty"),),
        lambda answers: cmd.TakeBack(item.id, answers[0].strip()),
        "take back",
        "taken back",
    )


def hold_form(now: Moment) -> Form:
    """Ask why the run is put in hold, or released."""
    hold = now.state.hold
    if hold is not None:
        since = f"{hold.by.user} put it in hold {age(hold.since, now.now)} ago: "
        return Form(
            "Release the hold",
            (line((since, "dim"), hold.reason),),
            (Blank("reason", "may stay empty"),),
            lambda answers: cmd.Release(answers[0].strip()),
            "release",
            "released",
        )

    def make(answers: Sequence[str]) -> cmd.Command:
        if not answers[0].strip():
            raise Unfit("a hold needs a reason")
        return cmd.Hold(answers[0].strip())

    about = (line("Nothing advances until it is released. A hold harms nothing: checks and watches go on."),)
    return Form("HOLD", about, (Blank("reason"),), make, "hold", "in hold")


def take_command_form(now: Moment) -> Form:
    """Show who is captain, and ask for the word `take`."""
    captain = now.state.captain

    def make(answers: Sequence[str]) -> cmd.Command:
        if answers[0].strip() != "take":
            raise Unfit("type the word take, or go back with escape")
        return cmd.TakeCommand(answers[1].strip())

    about = (
        line("Captain is ", (str(captain.who), "strong"), f", since {clock(captain.since, now.zone, now.now)}."),
        line("Both screens will say that you took command. The one before you looks on."),
    )
    blanks = (Blank("type take"), Blank("reason", "may stay empty"))
    return Form("Take command", about, blanks, make, "take command", "you are captain", grave=True)


def close_form(now: Moment) -> Form:
    """Show the verdict; a live run asks for the release's name, typed."""
    release = now.state.release
    typed = now.state.run_kind == "live"

    def make(answers: Sequence[str]) -> cmd.Command:
        if typed and answers[0].strip() != release:
            raise Unfit(f"type the release, {release}, or go back with escape")
        return cmd.Close(answers[-1].strip())

    blanks = (*((Blank(f"type {release}"),) if typed else ()), Blank("reason", "may stay empty"))
    return Form("End the run", tuple(closing_lines(now)), blanks, make, "end the run", "closed", grave=True)


def go_to_form(go_to: Callable[[int | dt.datetime], None], now: Moment) -> Form:
    """Ask for a place in a replay: an event's number, or a time of day."""

    def make(answers: Sequence[str]) -> None:
        go_to(read_place(answers[0], now))

    first = clock(now.state.opened, now.zone, seconds=True)
    about = (line(f"A number is an event; a time like {first} is the last event until then."),)
    return Form("Go to", about, (Blank("place", "214 or 10:14:32"),), make, "go", "")


def read_place(text: str, now: Moment) -> int | dt.datetime:
    """An event's number or a time, on the day that the moment shown has. Raises Unfit."""
    asked = text.strip()
    if asked.isdecimal():
        return int(asked)
    try:
        if len(asked) > len("10:14:32"):
            when = dt.datetime.fromisoformat(asked)
            return when if when.tzinfo else when.replace(tzinfo=now.now.astimezone(now.zone).tzinfo)
        time = dt.time.fromisoformat(asked.zfill(5))
    except ValueError:
        raise Unfit(f"{asked!r} is neither an event's number nor a time like 10:14:32") from None
    local = now.now.astimezone(now.zone)
    return local.replace(hour=time.hour, minute=time.minute, second=time.second, microsecond=0)


def read_evidence(text: str) -> tuple[Evidence, ...]:
    """What somebody wrote as evidence: a link, a path, or a text."""
    written = text.strip()
    if not written:
        return ()
    if "://" in written and " " not in written:
        return (Evidence(link=written),)
    if written.startswith(("/", "./", "../", "~/")):
        return (Evidence(path=written),)
    return (Evidence(text=written),)


def _said(said: ev.ItemConfirmed | ev.ItemWaived | ev.ItemRuledOut) -> str:
    match said:
        case ev.ItemConfirmed():
            return f'"{one_line(said.value)}"'
        case ev.ItemWaived():
            return f"the waiver: {one_line(said.reason)}"
        case ev.ItemRuledOut():
            return "not applicable" + (f": {one_line(said.reason)}" if said.reason else "")
