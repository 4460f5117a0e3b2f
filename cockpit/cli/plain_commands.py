"""Quick commands, contacts and calls line by line."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cockpit.cli.plain_talk import PlainTalk
from cockpit.run import command as cmd
from cockpit.views import commands as quick
from cockpit.views.addressees import addressee_lines, found_addressees
from cockpit.views.contacts import call_form, contact_lines, found_contacts
from cockpit.views.forms import Unfit

_LOOK_EVERY = 0.25

_LOOKS_WITHIN = 1.0
"""Seconds for which what a command printed is waited for after its end: the view reads it in a thread of its own."""


class PlainCommands(PlainTalk):
    """The commands on quick commands, contacts and calls."""

    def do_commands(self, _: str) -> None:
        """List the quick commands, and how the last time of each went."""
        now = self._now
        if not now.state.document.commands:
            self._say("This checklist has no quick commands.")
        for _key, command in quick.listed(now.state.document):
            self._say(command.id)
            self._say_line(quick.command_row("", command, now, self._width))
            self._say_line(quick.exact_line(command, now))

    def do_run(self, text: str) -> None:
        """Run COMMAND: run a quick command and tell what it prints; Ctrl-C ends one that only reads."""
        now = self._now
        command = now.state.document.command(text.strip())
        if command is None:
            self._say(f"There is no quick command {text.strip()!r}: `commands` lists them.")
            return
        if command.changes:
            if not self._may(cmd.RunCommand(command.id)):
                return
            form = quick.command_form(command, now)
            for each in form.about:
                self._say_line(each)
            try:
                wanted = form.make([self._ask(form.blanks[0].label)])
            except Unfit as unfit:
                self._say(f"Not run: {unfit}.")
                return
            begun = wanted is not None and self._send(wanted)
        else:
            begun = self._send(cmd.RunCommand(command.id))
        if begun:
            try:
                self._follow(command.id)
            except KeyboardInterrupt:
                if not command.changes:
                    self._send(cmd.StopCommand(command.id))

    def do_stop_command(self, text: str) -> None:
        """stop_command COMMAND: end a quick command that is under way."""
        self._send(cmd.StopCommand(text.strip()))

    def do_contacts(self, text: str) -> None:
        """Contacts [TEXT]: whom to call, and what they are on the hook for."""
        now = self._now
        contacts, addressees = found_contacts(now, text), found_addressees(now, text)
        for contact in contacts:
            for each in contact_lines(contact, now, self._width):
                self._say_line(each)
        for told in addressees:
            for each in addressee_lines(told, now):
                self._say_line(each)
        if not contacts and not addressees:
            self._say(f"Nobody is found by {text.strip()!r}." if text.strip() else "This checklist names no contacts.")

    def do_call(self, text: str) -> None:
        """Call NAME: put on record that somebody was called; asks what came of it."""
        found = found_contacts(self._now, text)
        if len(found) != 1:
            self._say("Nobody is called that." if not found else f"Which of {', '.join(each.name for each in found)}?")
            return
        if not self._may(cmd.NoteCall(found[0].name), self._now.may_not_note_a_call):
            return
        form = call_form(found[0], self._now)
        for each in form.about:
            self._say_line(each)
        wanted = form.make([self._ask(form.blanks[0].label)])
        if wanted is not None:
            self._send(wanted)

    def _follow(self, command_id: str) -> None:
        """Tell what it prints until it is over."""
        told: Sequence[str] = ()
        ends = 0.0
        while True:
            now = self._now
            command = now.state.document.command(command_id)
            ran = quick.last(command, now) if command is not None else None
            if ran is not None and now.view is not None:
                found = now.view.printed_by(command_id, ran.number)
                lines = found.lines if found is not None else ()
                if ran.over and not lines:
                    lines = ran.output
                for text in _new(told, lines):
                    self._say(text)
                unchanged, told = lines == told, lines
                ends = ends or (time.monotonic() + _LOOKS_WITHIN if ran.over else 0.0)
                if ran.over and ((lines and unchanged) or time.monotonic() >= ends):
                    self._say(f"{ran.word}: {ran.summary}")
                    return
            time.sleep(_LOOK_EVERY)


def _new(before: Sequence[str], lines: Sequence[str]) -> Sequence[str]:
    """What came since; the oldest lines fall out of what is kept. A last line that has grown is told again."""
    if lines[: len(before)] == before:
        return lines[len(before) :]
    for place in range(len(lines), 0, -1):
        if before and lines[place - 1] == before[-1]:
            return lines[place:]
    return lines
