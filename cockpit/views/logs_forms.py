"""What is asked on the board of logs: a mark, an item to attach lines to, a file to save them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cockpit.checklist.model import Document, Item
from cockpit.journal.event import Evidence
from cockpit.logs.line import LogLine
from cockpit.logs.saving import as_text
from cockpit.run import command as cmd
from cockpit.views.forms import Blank, Form, Unfit
from cockpit.views.line import line
from cockpit.views.logs_marks import MARK
from cockpit.views.words import plural, title

LINES_LIMIT = 100
"""Lines attached at most: the record is for what was said, and a file for the rest."""

TEXT_LIMIT = 8_000
"""Characters attached at most."""


def mark_form() -> Form:
    """Ask what happens at this moment."""

    def make(answers: Sequence[str]) -> cmd.Command:
        said = answers[0].strip()
        return cmd.AddNote(f"{MARK}: {said}" if said else MARK)

    about = (line("The moment is recorded as a note on the run: it stands in the timeline and among the lines."),)
    return Form("Mark this moment", about, (Blank("what", "may stay empty"),), make, "mark", "marked")


def attach_form(lines: Sequence[LogLine], document: Document, item: str = "") -> Form:
    """Ask to which item `lines` are attached; with a value they back its confirmation, without one a note."""
    text, left_out = attached(lines)
    about = [line((f"{plural(len(lines) - left_out, 'line')}: ", "strong"), (text.partition("\n")[0], "dim"))]
    if left_out:
        words = f"{plural(left_out, 'line')} more are too much for the record: > saves them in a file, attach that."
        about.append(line((words, "warn")))
    about.append(line(("With a value it confirms the item, without one it is a note on it.", "dim")))

    def make(answers: Sequence[str]) -> cmd.Command:
        name, note, value = (each.strip() for each in answers)
        found = document.find(name)
        if not isinstance(found, Item):
            near = document.nearest(name) if name else ""
            raise Unfit(f"there is no item {name!r}" + (f": did you mean {near}?" if near else "") if name else _NAME)
        evidence = (Evidence(text=text),)
        if not value:
            return cmd.AddNote(note or f"{plural(len(lines) - left_out, 'line')} of the logs", found.id, evidence)
        if found.confirm is None:
            raise Unfit(f"{found.id} is measured, not confirmed: leave the value empty", 2)
        return cmd.Confirm(found.id, value, note, evidence)

    known = document.find(item) if item else None
    hint = f"its id, as {title(known.title)}" if isinstance(known, Item) else "the id of an item, as its page shows it"
    blanks = (
        Blank("item", hint, item),
        Blank("note", "may stay empty"),
        Blank("value", "what you saw; may stay empty"),
    )
    return Form("Attach to an item", tuple(about), blanks, make, "attach", "attached")


def attached(lines: Sequence[LogLine]) -> tuple[str, int]:
    """Lines as evidence, and how many of them are too many."""
    kept: list[str] = []
    size = 0
    for each in lines[:LINES_LIMIT]:
        text = as_text(each)
        if size + len(text) > TEXT_LIMIT and kept:
            break
        kept.append(text[:TEXT_LIMIT])
        size += len(text) + 1
    return "\n".join(kept), len(lines) - len(kept)


def save_form(count: int, path: str, save: Callable[[Path], None]) -> Form:
    """Ask for the file in which what is shown is saved."""

    def make(answers: Sequence[str]) -> None:
        if not answers[0].strip():
            raise Unfit("name a file")
        save(Path(answers[0].strip()).expanduser().absolute())

    about = (
        line(f"{plural(count, 'line')} as they are shown now, with times in UTC. Only you can read the file."),
        line(("A file that is there already is left as it is.", "dim")),
    )
    return Form("Save what is shown", about, (Blank("file", value=path),), make, "save", "")


def sources_form(known: Sequence[str], choose: Callable[[frozenset[str]], None]) -> Form:
    """Ask which sources are shown, by their names."""

    def make(answers: Sequence[str]) -> None:
        names = answers[0].replace(",", " ").split()
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None:
            raise Unfit(f"there is no source {unknown!r}: there are {', '.join(known)}")
        choose(frozenset(names or known))

    about = (line("There are ", (", ".join(known), "strong"), "."), line(("None named: all of them.", "dim")))
    return Form("Show only", about, (Blank("sources", "names, with spaces between"),), make, "show", "")


_NAME = "say which item: its id stands on its page"
