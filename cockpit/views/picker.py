"""What `cockpit` without arguments offers: runs under way, recent runs, checklists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from cockpit.views.ages import age
from cockpit.views.line import Line, apart, line
from cockpit.views.signs import Glyphs
from cockpit.views.words import plural


@dataclass(frozen=True)
class RunChoice:
    """A run that can be gone on with, looked at or replayed."""

    run: str
    run_kind: str
    release: str
    environment: str
    name: str
    """Of its checklist."""
    opened: dt.datetime
    captain: str = ""
    settled: int = 0
    total: int = 0
    alive: bool = False
    """An engine carries it at this moment."""
    verdict: str = ""
    """Of a closed run."""
    problem: str = ""
    """Why its journal cannot be read, or where it is damaged."""


@dataclass(frozen=True)
class ChecklistChoice:
    """A checklist that a run can be started from."""

    path: str
    name: str
    items: int = 0
    shipped: bool = False
    problem: str = ""
    """Why it cannot be loaded."""


Choice = RunChoice | ChecklistChoice


@dataclass(frozen=True)
class PickerRow:
    """A row of the picker; without a choice it is a heading or a remark."""

    shown: Line
    choice: Choice | None = field(default=None)


def picker_rows(choices: Sequence[Choice], now: dt.datetime, glyphs: Glyphs, cells: int) -> list[PickerRow]:
    """All rows, in three groups; an empty group says why it is empty."""
    runs = [choice for choice in choices if isinstance(choice, RunChoice)]
    checklists = [choice for choice in choices if isinstance(choice, ChecklistChoice)]
    groups: tuple[tuple[str, str, Sequence[Choice]], ...] = (
        (
            "Runs under way",
            "none: start one from a checklist below",
            [run for run in runs if not (run.verdict or run.problem)],
        ),
        ("Recent runs", "none yet on this machine", [run for run in runs if run.verdict or run.problem]),
        ("Checklists", "none in this folder, and none are shipped", checklists),
    )
    rows: list[PickerRow] = []
    for heading, empty, found in groups:
        rows.append(PickerRow(line((f" {heading}", "strong"))))
        rows += [PickerRow(_row(choice, now, glyphs, cells), choice) for choice in found]
        if not found:
            rows.append(PickerRow(line((f"   {empty}", "dim"))))
        rows.append(PickerRow(()))
    return rows[:-1]


def _row(choice: Choice, now: dt.datetime, glyphs: Glyphs, cells: int) -> Line:
    if isinstance(choice, ChecklistChoice):
        return _checklist(choice, glyphs, cells)
    return _run(choice, now, glyphs, cells)


def _run(run: RunChoice, now: dt.datetime, glyphs: Glyphs, cells: int) -> Line:
    live = run.run_kind == "live"
    left = line(
        "   ",
        (f"{run.run_kind.upper():<10}", "live" if live else "rehearsal"),
        f" {run.environment} ",
        (run.release, "strong"),
        (f"  {run.name}", "dim"),
    )
    if run.problem:
        return apart(left, line((f"  {run.problem} ", "bad")), cells, glyphs.mark)
    when = f"{age(run.opened, now)} ago" if age(run.opened, now) != "now" else "just now"
    if run.verdict:
        good = run.verdict.startswith("GOOD")
        return apart(
            left, line("  ", (run.verdict, "good" if good else "bad"), (f"  {when} ", "dim")), cells, glyphs.mark
        )
    engine = "under way" if run.alive else "no engine: enter starts one"
    facts = f"  {run.settled}/{run.total}  {run.captain}  {when}  "
    return apart(left, line((facts, "dim"), (f"{engine} ", "good" if run.alive else "warn")), cells, glyphs.mark)


def _checklist(choice: ChecklistChoice, glyphs: Glyphs, cells: int) -> Line:
    left = line("   ", (choice.name, "strong"), (f"  {choice.path}" if choice.path != choice.name else "", "dim"))
    if choice.problem:
        return apart(left, line((f"  {choice.problem} ", "bad")), cells, glyphs.mark)
    facts = (plural(choice.items, "item") if choice.items else "") + ("  shipped" if choice.shipped else "")
    return apart(left, line((f"  {facts} ", "dim")), cells, glyphs.mark)
