"""What the detail pane shows of a heading, a contact or a command; and the rule over a pane."""

from __future__ import annotations

from cockpit.checklist.model import Branch, Command, Contact
from cockpit.run.standing import Standing
from cockpit.views.cells import wrap
from cockpit.views.line import Line, Piece, apart, line
from cockpit.views.moment import Moment
from cockpit.views.outline import Node
from cockpit.views.signs import Glyphs
from cockpit.views.words import plural, title


def rule(name: str, glyphs: Glyphs, cells: int, hint: str = "") -> Line:
    """A rule across a pane with its name, and a hint at its end."""
    left = line((f"{glyphs.rule} ", "dim"), (name, "strong"), " ")
    right = line((f" {hint} {glyphs.rule}" if hint else "", "dim"))
    return apart(left, right, cells, glyphs.mark, Piece(glyphs.rule, "dim"))


def heading_lines(node: Node, now: Moment, cells: int) -> list[Line]:
    """How a heading stands: its items by standing, and what is said of it."""
    branch = node.subject
    if not isinstance(branch, Branch):
        return other_lines(node, now, cells)
    lines = [rule(title(branch.title), now.glyphs, cells, branch.level)]
    if branch.excluded:
        lines.append(line((f" Not counted in this run: {branch.excluded}.", "dim")))
    counted = now.counts(node.items)
    told = [
        Piece(f" {now.glyphs.signs[stands].sign} {counted[stands]} {stands.value}  ", now.glyphs.signs[stands].look)
        for stands in Standing
        if counted.get(stands)
    ]
    if told:
        lines.append(tuple(told))
    if node.items:
        lines.append(line((f" {plural(len(node.items), 'item')} stand under this heading; enter folds it", "dim")))
    lines += [line(f" {text}") for text in wrap(branch.note, cells - 2) if text]
    lines.append(line((f" written  {branch.source.file}:{branch.source.line}", "dim")))
    return lines


def other_lines(node: Node, now: Moment, cells: int) -> list[Line]:
    """A contact or a quick command, whole."""
    subject = node.subject
    lines: list[Line] = []
    if isinstance(subject, Contact):
        lines.append(rule(subject.name, now.glyphs, cells, "contact"))
        for label in ("position", "phone", "chat", "email", "note"):
            if value := getattr(subject, label):
                lines += [line((f" {label:<9}", "dim"), text) for text in wrap(value, cells - 11)]
    elif isinstance(subject, Command):
        lines.append(rule(title(subject.title), now.glyphs, cells, "quick command"))
        lines += [line((" $ ", "dim"), (text, "accent")) for text in wrap(subject.run, cells - 4)]
        if subject.changes:
            lines.append(line((" It changes things: never run it without a question.", "warn")))
        lines.append(line((" c: copy it from the page of contacts and commands", "dim")))
    return lines
