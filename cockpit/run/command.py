"""What somebody wants to happen. `cockpit.run.decide` says whether it may, and what then happened."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.journal.event import Evidence


class Command(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="do"):
    """A request from a viewer, a script or a timer."""


class Confirm(Command, frozen=True, tag="confirm"):
    """Say what was seen on an item."""

    item: str
    value: str
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


class Waive(Command, frozen=True, tag="waive"):
    """Accept an item undone or failing, until `expires`."""

    item: str
    reason: str
    expires: dt.datetime | None = None


class RuleOut(Command, frozen=True, tag="rule-out"):
    """Say that an item, or every item under a heading, is not applicable."""

    item: str
    reason: str = ""


class TakeBack(Command, frozen=True, tag="take-back"):
    """Take back what was said last on an item."""

    item: str
    reason: str = ""


class AddNote(Command, frozen=True, tag="note"):
    """Leave a remark, on an item or on the run."""

    text: str
    item: str = ""
    evidence: tuple[Evidence, ...] = ()


class Hold(Command, frozen=True, tag="hold"):
    """Stop the run where it stands."""

    reason: str


class Release(Command, frozen=True, tag="release"):
    """End the hold."""

    reason: str = ""


class TakeCommand(Command, frozen=True, tag="take-command"):
    """Become captain in place of whoever is."""

    reason: str = ""


class Close(Command, frozen=True, tag="close"):
    """End the run with the verdict that it has."""

    reason: str = ""


class Attest(Command, frozen=True, tag="attest"):
    """Put a signature of how far the journal has got into it. `signature` is as `ssh-keygen -Y sign` writes it."""

    seq: int
    head: str
    signature: str
    key: str


class Go(Command, frozen=True, tag="go"):
    """Begin the step whose turn it is. `typed` is the release's name, where a step asks for it."""

    step: str
    typed: str = ""
    action: str = ""
    """Exactly what will be done; the engine fills it in."""


class Retry(Command, frozen=True, tag="retry"):
    """Try a step, or its compensation, again that failed: its action too, or only what shows that it worked."""

    step: str
    verify_only: bool = False
    action: str = ""
    """As in `Go`."""


class Skip(Command, frozen=True, tag="skip"):
    """Leave a step, or its compensation, out."""

    step: str
    reason: str


class Tell(Command, frozen=True, tag="tell"):
    """Say what was seen after doing what a step asks a person to do."""

    step: str
    value: str


class Stop(Command, frozen=True, tag="stop"):
    """End the action that is under way; what it had done by then is in doubt."""

    step: str
    reason: str


class Settle(Command, frozen=True, tag="settle"):
    """Say whether an action that is in doubt happened."""

    step: str
    happened: bool
    reason: str


class Agree(Command, frozen=True, tag="agree"):
    """Agree, as a second person, that a step may begin."""

    step: str


class OpenPoll(Command, frozen=True, tag="open-poll"):
    """Begin the roll call of a gate, or begin it again."""

    step: str


class Answer(Command, frozen=True, tag="answer"):
    """Say GO or NO-GO for a position. `relayed` names whose voice the captain records."""

    position: str
    go: bool
    reason: str
    relayed: str = ""


class Veto(Command, frozen=True, tag="veto"):
    """Keep what a watch has fired from being done."""

    item: str
    reason: str


class RollBack(Command, frozen=True, tag="roll-back"):
    """Go the way back, or back to a step. `typed` is the release's name."""

    typed: str
    reason: str
    to: str = ""
    """The last step to be undone; empty: all that was done is."""


class Clear(Command, frozen=True, tag="clear"):
    """Say, after a rollback, that the run may go on."""

    reason: str


class Recycle(Command, frozen=True, tag="recycle"):
    """Carry the plan out again from an earlier step on, after which nothing stands that was changed."""

    step: str
    reason: str


class WaiveRehearsal(Command, frozen=True, tag="waive-rehearsal"):
    """Carry a plan out that demands to be rehearsed, and was not."""

    reason: str


class RunCommand(Command, frozen=True, tag="run-command"):
    """Run a quick command of the checklist."""

    command: str
    action: str = ""
    """Exactly what will be run; the engine fills it in."""


class StopCommand(Command, frozen=True, tag="stop-command"):
    """End a quick command that is under way."""

    command: str


class NoteCall(Command, frozen=True, tag="note-call"):
    """Put on record that a contact was called, and what came of it."""

    contact: str
    said: str = ""


class Measure(Command, frozen=True, tag="measure"):
    """Measure an item now; empty: every item but those whose check changes something."""

    item: str = ""
    action: str = ""
    """Exactly what a check that changes something will do; the engine fills it in."""


AnyCommand = (
    Confirm | Waive | RuleOut | TakeBack | AddNote | Hold | Release | TakeCommand | Close | Attest | Measure
    | Go | Retry | Skip | Tell | Stop | Settle | Agree | OpenPoll | Answer | Veto | RollBack | Clear | Recycle
    | WaiveRehearsal | RunCommand | StopCommand | NoteCall
)  # fmt: skip
