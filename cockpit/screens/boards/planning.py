"""A board with a step under its cursor: the keys that carry the plan on."""

from __future__ import annotations

from cockpit.run import command as cmd
from cockpit.run.way import Current, current
from cockpit.screens.boards.board import Board
from cockpit.views import plan_forms as forms
from cockpit.views.steps import Row


class PlanningBoard(Board):
    """A board on which the plan is carried on. Each key asks before it does anything."""

    @property
    def row(self) -> Row | None:
        """The step, or the compensation, that the cursor stands on."""
        raise NotImplementedError

    @property
    def here(self) -> Current | None:
        """What is under way, failed or in doubt."""
        return current(self.now.state)

    def do_go(self) -> None:
        """Show exactly what the step does, and ask."""
        if self.row is not None:
            self.ask(forms.go_form(self.row.step, self.now))

    def do_retry(self) -> None:
        """Show what is done again, and ask."""
        if self.here is not None:
            self.ask(forms.retry_form(self.here, self.now))

    def do_verify(self) -> None:
        """Look again whether it worked."""
        if self.here is not None:
            self.send(cmd.Retry(self.here.step.id, verify_only=True), f"{self.here.step.id} is verified again")

    def do_skip(self) -> None:
        """Ask why it is left out."""
        if self.here is not None:
            self.ask(forms.skip_form(self.here.step, undo=self.here.undo))
        elif self.row is not None:
            self.ask(forms.skip_form(self.row.step, undo=False))

    def do_tell(self) -> None:
        """Ask what was seen."""
        if self.here is not None:
            self.ask(forms.tell_form(self.here, self.now))

    def do_stop(self) -> None:
        """Ask why the action is ended."""
        if self.here is not None:
            self.ask(forms.stop_form(self.here, self.now))

    def do_settle(self) -> None:
        """Ask what happened."""
        if self.here is not None:
            self.ask(forms.settle_form(self.here))

    def do_open_poll(self) -> None:
        """Say who is asked, and ask."""
        if self.row is not None:
            self.ask(forms.open_poll_form(self.row.step, self.now))

    def do_answer(self) -> None:
        """Ask for GO or NO-GO."""
        self.ask(forms.answer_form(self.now))

    def do_agree(self) -> None:
        """Show what is agreed to, and ask."""
        if self.row is not None:
            self.ask(forms.agree_form(self.row.step, self.now))

    def do_roll_back_to(self) -> None:
        """Show what is undone back to the step, and ask for the release's name and a reason."""
        if self.row is not None:
            self.ask(forms.roll_back_form(self.now, self.row.step))

    def do_recycle(self) -> None:
        """Say what is gone through again, and ask why."""
        if self.row is not None:
            self.ask(forms.recycle_form(self.row.step, self.now))

    def do_waive_rehearsal(self) -> None:
        """Ask why it is carried out without a rehearsal."""
        self.ask(forms.waive_rehearsal_form())

    def do_clear(self) -> None:
        """Ask why the run may go on."""
        self.ask(forms.clear_form(self.now))
