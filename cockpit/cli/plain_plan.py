"""Going live and the way back line by line: the same forms, rules and sentences as on the screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from cockpit.checklist.plan import Step
from cockpit.cli.plain_talk import PlainTalk
from cockpit.run import command as cmd
from cockpit.run.way import Current, current, next_step, plan_of
from cockpit.views import plan_forms as forms
from cockpit.views.fired import fired_lines, pending
from cockpit.views.forms import Form, Unfit
from cockpit.views.line import Line, text_of
from cockpit.views.moment import Moment
from cockpit.views.plan_keys import plan_keys, roll_back_key, veto_key
from cockpit.views.printed import printed_lines
from cockpit.views.rehearsed import rehearsed_entry
from cockpit.views.step_detail import step_detail
from cockpit.views.steps import Row, row_to_look_at, step_line, step_rows
from cockpit.views.turning_back import turning_words
from cockpit.views.way_back import way_back_lines, way_back_title

_LOOKS_WITHIN = 1.0
"""Seconds for which what is printed is waited for."""

_OUTPUT = 100
"""Lines of the end of an output."""


class PlainPlan(PlainTalk):
    """The commands on the plan."""

    def do_steps(self, _: str) -> None:
        """List the steps of going live, and of the way back once it was begun."""
        now = self._now
        rows = step_rows(now.state)
        if not rows:
            self._say("This checklist has no plan.")
        self._lines(step_line(row, now, self._width) for row in rows)
        if (told := rehearsed_entry(now)) is not None:
            self._say(f"The plan: {told.text}")
        if back := turning_words(now):
            self._say(f"If we turned back now: {back}")
        self._lines(fired_lines(now))

    def do_step(self, text: str) -> None:
        """Step [STEP]: everything about a step; without a name of the one under way, or next."""
        row = self._row(text)
        if row is not None:
            self._look_at_the_output(row)
            self._lines(step_detail(row, self._now, self._width))

    def do_output(self, text: str) -> None:
        """Output [STEP]: the end of what a step printed."""
        row = self._row(text)
        doing = row.doing(self._now.state) if row is not None else None
        if row is None or doing is None:
            self._say("It has not been begun.")
            return
        self._look_at_the_output(row)
        self._lines(printed_lines(row.step.id, doing, self._now, self._width, _OUTPUT, undo=row.undo))

    def do_go(self, text: str) -> None:
        """Go [STEP]: begin the step whose turn it is; shows exactly what it does, and asks."""
        step = self._step(text)
        if step is not None:
            self._fill("go", lambda now: forms.go_form(step, now), step)

    def do_retry(self, _: str) -> None:
        """Try what failed again; shows exactly what it does, and asks."""
        self._on_here("retry", forms.retry_form)

    def do_verify(self, _: str) -> None:
        """Look again whether what failed to be verified is good now. Nothing is done again."""
        here = self._here()
        if here is not None:
            self._send(cmd.Retry(here.step.id, verify_only=True))

    def do_skip(self, text: str) -> None:
        """Skip [STEP]: leave it out; asks for the reason."""
        here = current(self._now.state)
        step = here.step if here is not None else self._step(text)
        if step is not None:
            self._fill("skip", lambda _: forms.skip_form(step, undo=here is not None and here.undo), step)

    def do_tell(self, _: str) -> None:
        """Say what you saw after doing what a step asks a person to do."""
        self._on_here("tell", forms.tell_form)

    def do_stop(self, _: str) -> None:
        """End the action under way; asks for the reason."""
        self._on_here("stop", forms.stop_form)

    def do_settle(self, _: str) -> None:
        """Say whether what is in doubt happened."""
        self._on_here("settle", lambda here, _: forms.settle_form(here))

    def do_poll(self, text: str) -> None:
        """Poll [STEP]: open the roll call of a gate."""
        step = self._step(text)
        if step is not None:
            self._fill("open_poll", lambda now: forms.open_poll_form(step, now), step)

    def do_answer(self, _: str) -> None:
        """Answer GO or NO-GO for a position, with a reason."""
        self._fill("answer", forms.answer_form)

    def do_agree(self, text: str) -> None:
        """Agree [STEP]: agree, as the second person, that a step may begin."""
        step = self._step(text)
        if step is not None:
            self._fill("agree", lambda now: forms.agree_form(step, now), step)

    def do_veto(self, _: str) -> None:
        """Keep what a watch has fired from being done; asks for the reason."""
        if pending(self._now):
            self._fill("veto", forms.veto_form)
        else:
            self._say("No watch has fired anything that could be vetoed.")

    def do_wayback(self, _: str) -> None:
        """Show what a rollback would do now, or how far it is, or what it left."""
        self._say(way_back_title(self._now))
        self._lines(way_back_lines(self._now, self._width))

    def do_rollback(self, text: str) -> None:
        """Rollback [STEP]: go the way back, or back to a step; shows what it does, asks for the release's name, why."""
        step = self._step(text) if text.strip() else None
        if step is not None:
            self._fill("roll_back_to", lambda now: forms.roll_back_form(now, step), step)
            return
        if text.strip():
            return
        why = roll_back_key(self._now).why
        if why:
            self._say(f"Not now: {why}")
        else:
            self._ask_form(forms.roll_back_form(self._now))

    def do_recycle(self, text: str) -> None:
        """Recycle STEP: go on with the plan from an earlier step again; asks for the reason."""
        step = self._step(text)
        if step is not None:
            self._fill("recycle", lambda now: forms.recycle_form(step, now), step)

    def do_unrehearsed(self, _: str) -> None:
        """Carry a plan out that demands to be rehearsed, and was not; asks for the reason."""
        self._fill("waive_rehearsal", lambda _: forms.waive_rehearsal_form())

    def do_clear(self, _: str) -> None:
        """Say, after a rollback, that the run may go on; asks for the reason."""
        self._fill("clear", forms.clear_form)

    def _fill(self, does: str, make: Callable[[Moment], Form], step: Step | None = None) -> None:
        """Ask what the form asks, and send the command; say why not when the rules refuse it now."""
        now = self._now
        keys = (*plan_keys(now, Row(step) if step is not None else None), veto_key(now))
        why = next((key.why for key in keys if key.does == does), "")
        if why:
            self._say(f"Not now: {why}")
        else:
            self._ask_form(make(now))

    def _ask_form(self, form: Form) -> None:
        self._say(form.title)
        self._lines(form.about)
        answers = []
        for blank in form.blanks:
            hint = f" [{blank.value}]" if blank.value else f" ({blank.hint})" if blank.hint else ""
            answers.append(self._ask(f"{blank.label}{hint}") or blank.value)
        if not form.blanks and self._ask(f"type `yes`: {form.enter}") != "yes":
            self._say("Nothing was done.")
            return
        try:
            command = form.make(answers)
        except Unfit as unfit:
            self._say(f"Nothing was done: {unfit}.")
            return
        if command is not None:
            self._send(command)

    def _on_here(self, does: str, make: Callable[[Current, Moment], Form]) -> None:
        here = self._here()
        if here is not None:
            self._fill(does, lambda now: make(here, now))

    def _here(self) -> Current | None:
        here = current(self._now.state)
        if here is None:
            self._say("No step is under way, failed or in doubt.")
        return here

    def _step(self, name: str) -> Step | None:
        """The step of that name; without one, the one whose turn it is."""
        state = self._now.state
        found = plan_of(state).find(name.strip()) if name.strip() else next_step(state)
        if found is None:
            known = ", ".join(step.id for step in plan_of(state).every())
            self._say(f"There is no step {name.strip()!r}: {known}." if name.strip() and known else "No step is left.")
        return found

    def _row(self, name: str) -> Row | None:
        state = self._now.state
        rows = step_rows(state)
        if not name.strip():
            return rows[row_to_look_at(state, rows)] if rows else None
        step = self._step(name)
        return next((row for row in reversed(rows) if step is not None and row.step.id == step.id), None)

    def _look_at_the_output(self, row: Row) -> None:
        """Give the view, which reads in a thread of its own, a moment to see what was printed, and what runs."""
        now, doing = self._now, row.doing(self._now.state)
        if doing is None or not doing.attempt or now.view is None or now.replay is not None:
            return
        ends = time.monotonic() + _LOOKS_WITHIN
        while time.monotonic() < ends:
            if now.view.printed(row.step.id, undo=row.undo, attempt=doing.attempt) is not None:
                return
            time.sleep(0.05)

    def _lines(self, lines: Iterable[Line]) -> None:
        for each in lines:
            self._say(text_of(each).rstrip())
