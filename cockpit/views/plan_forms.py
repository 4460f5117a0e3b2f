"""What a person is asked before the plan is carried on, or back, and the command that their answers make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from cockpit.checklist.plan import Step
from cockpit.run import command as cmd
from cockpit.run.way import Current, gone_for_good, past_no_more, plan_of
from cockpit.views.detail import Entry
from cockpit.views.fired import pending
from cockpit.views.forms import Blank, Form, Unfit
from cockpit.views.line import Line, line, pad
from cockpit.views.moment import Moment
from cockpit.views.step_detail import action_entries, rehearsal_entries
from cockpit.views.steps import Row
from cockpit.views.way_back import preview_entries
from cockpit.views.words import plural, title

_LABEL = 7


def go_form(step: Step, now: Moment) -> Form:
    """Show exactly what will be done; at a point of no return what will be gone, and ask for the release's name."""
    release = now.state.release
    gone = gone_for_good(step, now.state) if now.state.run_kind == "live" else ()
    about: list[Line] = []
    if gone:
        words = f"POINT OF NO RETURN: after it {', '.join(gone)} cannot be undone."
        about.append(line((words, "bad")))
    if step.gate is not None:
        about.append(line("Everything that the gate asks for holds. It opens, and the plan goes on."))
    elif step.hold:
        about.append(line("A planned hold: ", (step.hold, "strong")))
    else:
        about += _told([*action_entries(step.action, now), *rehearsal_entries(Row(step), now)])
    if step.second and (second := now.state.procedure.step(step.id).second) is not None:
        about.append(line((f"{second} agreed as the second person", "dim")))

    def make(answers: Sequence[str]) -> cmd.Command:
        if gone and answers[0].strip() != release:
            raise Unfit(f"type the release's name, {release}, or go back with escape")
        return cmd.Go(step.id, typed=answers[0].strip() if gone else "")

    blanks = (Blank(f"type {release}"),) if gone else ()
    return Form(
        f"Go: {title(step.title)}", tuple(about), blanks, make, _go_word(step, now), f"{step.id} begun", grave=True
    )


def retry_form(here: Current, now: Moment) -> Form:
    """Show exactly what is done again."""
    action = (here.step.undo.action if here.step.undo is not None else None) if here.undo else here.step.action
    about = (
        *_told([*action_entries(action, now), *rehearsal_entries(Row(here.step, here.undo), now)]),
        line((f"This will be attempt {here.doing.attempt + 1}.", "warn")),
    )
    name = f"Retry: {'undo ' if here.undo else ''}{title(here.step.title)}"
    return Form(name, about, (), lambda _: cmd.Retry(here.step.id), _again(now), "tried again", grave=True)


def skip_form(step: Step, *, undo: bool) -> Form:
    """Ask why a step, or its compensation, is left out."""
    words = "It stays as it was made, and is told as not undone." if undo else "The plan goes on without it."
    about = (line(words), line(("The verdict will say that it was skipped, by you, and why.", "dim")))
    name = f"Skip: {'undo ' if undo else ''}{title(step.title)}"
    form = _asking(name, about, "skip", "skipped")
    return _reasoned(form, lambda reason: cmd.Skip(step.id, reason), "say why it is left out")


def tell_form(here: Current, now: Moment) -> Form:
    """Ask what a person saw after doing what a step asks of them."""
    action = (here.step.undo.action if here.step.undo is not None else None) if here.undo else here.step.action
    about = [line((now.exact(action), "strong"))]
    expect = str(action.spec.get("expect", "")) if action is not None else ""
    if expect:
        about.append(line(("expect   ", "dim"), expect))

    def make(answers: Sequence[str]) -> cmd.Command:
        if not answers[0].strip():
            raise Unfit("say what you saw")
        return cmd.Tell(here.step.id, answers[0].strip())

    blank = Blank("value", "what you saw when it was done")
    return Form(title(here.step.title), tuple(about), (blank,), make, "record", "recorded")


def stop_form(here: Current, now: Moment) -> Form:
    """Ask why the action under way is ended."""
    about = (
        *_told([Entry("runs", here.doing.action or now.exact(here.step.action))]),
        line(("It is ended where it stands. What it had done by then is in doubt: you will be asked.", "warn")),
    )
    form = _asking(f"Stop: {title(here.step.title)}", about, "END IT", "it is being ended")
    return _reasoned(form, lambda reason: cmd.Stop(here.step.id, reason), "say why it is ended")


def settle_form(here: Current) -> Form:
    """Ask whether an action that is in doubt happened."""

    def make(answers: Sequence[str]) -> cmd.Command:
        happened = {"yes": True, "y": True, "no": False, "n": False}.get(answers[0].strip().lower())
        if happened is None:
            raise Unfit("type yes when it happened, no when it did not")
        if not answers[1].strip():
            raise Unfit("say how you know what happened", 1)
        return cmd.Settle(here.step.id, happened, answers[1].strip())

    about = (
        line(("yes  ", "strong"), "it happened: it is verified, and goes on as if it had just ended."),
        line(("no   ", "strong"), "it did not: it counts as failed, and nothing has to be undone."),
    )
    blanks = (Blank("did it happen", "yes or no"), Blank("you know because"))
    return Form(f"In doubt: {title(here.step.title)}", about, blanks, make, "record", "settled", grave=True)


def open_poll_form(step: Step, now: Moment) -> Form:
    """Say what a roll call does before it is opened."""
    poll = step.gate.poll if step.gate is not None else None
    asked = ", ".join(poll.positions) if poll is not None else ""
    about = [line(f"Asks {asked}: GO or NO-GO, each with a reason.")]
    open_poll = now.state.procedure.poll
    if open_poll is not None and open_poll.step == step.id and open_poll.answers:
        about.append(line((f"{plural(len(open_poll.answers), 'answer')} given so far will count no more.", "warn")))
    return Form(
        f"Roll call: {title(step.title)}",
        tuple(about),
        (),
        lambda _: cmd.OpenPoll(step.id),
        "open it",
        "the roll call is open",
    )


def answer_form(now: Moment) -> Form:
    """Ask for a position, GO or NO-GO, and why; a captain may record the voice of somebody else."""
    poll = now.state.procedure.poll
    step = plan_of(now.state).find(poll.step) if poll is not None else None
    asked = (
        step.gate.poll.positions if step is not None and step.gate is not None and step.gate.poll is not None else ()
    )
    captain = now.link.captain

    def make(answers: Sequence[str]) -> cmd.Command:
        position, said, reason, *relayed = (each.strip() for each in answers)
        word = said.upper().replace(" ", "-")
        if word not in ("GO", "NO-GO", "NOGO"):
            raise Unfit("type GO or NO-GO", 1)
        if not reason:
            raise Unfit("a GO or NO-GO needs a reason", 2)
        return cmd.Answer(position, word == "GO", reason, relayed[0] if relayed else "")

    about = [line((f"Asked: {', '.join(asked)}.", "dim"))]
    if captain:
        about.append(line(("For somebody who told you: name them under `voice of`; it is recorded as relayed.", "dim")))
    blanks = [Blank("position", ", ".join(asked), _own_position(asked, now)), Blank("answer", "GO or NO-GO")]
    blanks.append(Blank("because"))
    if captain:
        blanks.append(Blank("voice of", "empty: your own"))
    name = f"Roll call: {title(step.title) if step is not None else ''}"
    return Form(name, tuple(about), tuple(blanks), make, "record it", "recorded", grave=True)


def agree_form(step: Step, now: Moment) -> Form:
    """Show what a second person agrees to."""
    about = (
        *_told(action_entries(step.action, now)),
        line(f"You agree, for {step.second}, that it may begin. The captain begins it."),
    )
    return Form(f"Agree: {title(step.title)}", about, (), lambda _: cmd.Agree(step.id), "agree", "agreed", grave=True)


def veto_form(now: Moment) -> Form:
    """Ask why what a watch has fired is not done."""
    item, fired = pending(now)[0]
    about = (line(f"{item} met its criteria: {fired.criterion}. Without a veto: ", (fired.action.upper(), "bad"), "."),)
    form = _asking(f"Veto: {item}", about, "veto", "vetoed")
    return _reasoned(form, lambda reason: cmd.Veto(item, reason), "a veto needs a reason")


def roll_back_form(now: Moment, to: Step | None = None) -> Form:
    """Show what a rollback, of all or back to a step, will do; ask for the release's name and a reason."""
    release, back_to = now.state.release, to.id if to is not None else ""

    def make(answers: Sequence[str]) -> cmd.Command:
        if answers[0].strip() != release:
            raise Unfit(f"type the release's name, {release}, or go back with escape")
        if not answers[1].strip():
            raise Unfit("say why it is rolled back", 1)
        return cmd.RollBack(answers[0].strip(), answers[1].strip(), back_to)

    blanks = (Blank(f"type {release}"), Blank("because"))
    return Form(
        f"ROLL BACK to {title(to.title)}" if to is not None else "ROLL BACK",
        _told(preview_entries(now, back_to)),
        blanks,
        make,
        "ROLL BACK",
        "the rollback has begun",
        grave=True,
    )


def recycle_form(step: Step, now: Moment) -> Form:
    """Say what is gone through again, and ask why."""
    again = past_no_more(now.state, step.id)
    about = (
        line("Nothing is undone and nothing begins: the plan goes on from here again, step by step."),
        line((f"Gone through again: {', '.join(again)}.", "strong")),
        line(("Answers of old roll calls count no more.", "warn")),
    )
    form = _asking(f"Recycle to: {title(step.title)}", about, "recycle", "recycled")
    return _reasoned(form, lambda reason: cmd.Recycle(step.id, reason), "say why it is carried out again")


def waive_rehearsal_form() -> Form:
    """Ask why the plan is carried out without a rehearsal."""
    about = (line("The plan demands to be rehearsed, and was not. The verdict will say that this was waived."),)
    form = _asking("Waive the rehearsal", about, "waive it", "waived")
    return _reasoned(form, cmd.WaiveRehearsal, "say why it is carried out without a rehearsal")


def clear_form(now: Moment) -> Form:
    """Ask why a run may go on after its rollback."""
    back = now.state.procedure.way_back
    about = [line("The run was rolled back. After this the hold ends, and steps may be begun again.")]
    if back is not None and back.not_undone:
        about.append(line((f"Not undone: {', '.join(back.not_undone)}.", "bad")))
    form = _asking("Clear the run", tuple(about), "clear it", "cleared")
    return _reasoned(form, cmd.Clear, "say why the run may go on")


def _go_word(step: Step, now: Moment) -> str:
    """What enter does, so that a rehearsal is not taken for live."""
    if step.gate is not None:
        return "open the gate"
    if step.hold:
        return "hold"
    if step.action is not None and step.action.kind == "manual":
        return "begin"
    if now.state.run_kind != "live":
        return "do its stand-in" if step.rehearse is not None else "show it, and go on"
    return "DO IT" if step.changes else "do it"


def _again(now: Moment) -> str:
    return "DO IT AGAIN" if now.state.run_kind == "live" else "rehearse it again"


def _reasoned(form: Form, make: Callable[[str], cmd.Command], missing: str) -> Form:
    """`form` with one blank, for a reason; `missing` is said when there is none."""

    def made(answers: Sequence[str]) -> cmd.Command:
        if not answers[0].strip():
            raise Unfit(missing)
        return make(answers[0].strip())

    return replace(form, blanks=(Blank("because"),), make=made)


def _asking(name: str, about: tuple[Line, ...], enter: str, done: str) -> Form:
    """A form without blanks, and without a command yet."""
    return Form(name, about, (), lambda _: None, enter, done, grave=True)


def _told(entries: Iterable[Entry]) -> tuple[Line, ...]:
    """Entries as lines of a form, which wraps them itself."""
    told: list[Line] = []
    for entry in entries:
        for number, text in enumerate(entry.text.split("\n")):
            told.append(line((f"{pad('' if number else entry.label, _LABEL)} ", "dim"), (text, entry.look)))
    return tuple(told)


def _own_position(asked: Sequence[str], now: Moment) -> str:
    """The position to begin with: the one that this view answers for, or that the checklist gives to this person."""
    if now.link.position:
        return now.link.position
    you, positions = now.link.you, now.state.document.positions
    mine = [position for position in asked if you is not None and you.user in positions.get(position, ())]
    return mine[0] if len(mine) == 1 else ""
