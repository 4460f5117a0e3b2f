"""`cockpit` alone: runs under way, recent runs, and checklists to begin with; one key goes on."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli import output
from cockpit.cli.exits import Exit

if TYPE_CHECKING:
    from cockpit.engine.overview import RunSummary
    from cockpit.views.picker import ChecklistChoice, Choice, RunChoice

RECENT = 10
"""Closed runs that are offered; `cockpit runs` lists all."""


def pick(_: argparse.Namespace) -> int:
    """Offer what is here, and do what is chosen."""
    from cockpit.cli.looking import has_screen

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        output.say("`cockpit` alone needs a terminal; `cockpit runs` lists the runs, `cockpit --help` the commands")
        return Exit.WRONG
    choices: list[Choice] = [*_runs(), *_checklists()]
    chosen = _on_the_screen(choices) if has_screen() else _line_by_line(choices)
    return Exit.GOOD if chosen is None else _go_on(chosen)


def _go_on(chosen: Choice) -> int:
    from cockpit.cli import call
    from cockpit.views.picker import RunChoice

    if isinstance(chosen, RunChoice):
        return call.call(["replay" if chosen.verdict or chosen.problem else "attach", chosen.run])
    return call.call(["open", chosen.path])


def _on_the_screen(choices: list[Choice]) -> Choice | None:
    from cockpit.screens.app import pick as pick_on_screen

    return pick_on_screen(choices)


def _line_by_line(choices: list[Choice]) -> Choice | None:
    from cockpit.views.line import text_of
    from cockpit.views.picker import picker_rows
    from cockpit.views.signs import ASCII

    offered: list[Choice] = []
    for row in picker_rows(choices, dt.datetime.now(dt.UTC), ASCII, 100):
        if row.choice is not None:
            offered.append(row.choice)
        number = f"{len(offered):3}" if row.choice is not None else "   "
        print(f"{number}{text_of(row.shown).rstrip()}")
    try:
        answer = input("number (empty: none): ").strip()
    except EOFError:
        return None
    if not answer.isdecimal() or not 1 <= int(answer) <= len(offered):
        return None
    return offered[int(answer) - 1]


def _runs() -> Iterator[RunChoice]:
    from cockpit.engine.overview import summaries

    closed = 0
    for summary in summaries():
        closed += summary.closed
        if not summary.closed or closed <= RECENT:
            yield _run_choice(summary)


def _run_choice(summary: RunSummary) -> RunChoice:
    from cockpit.run.standing import tally
    from cockpit.views.picker import RunChoice

    choice = RunChoice(
        run=summary.folder.id,
        run_kind=summary.run_kind,
        release=summary.release,
        environment=summary.environment,
        name=summary.checklist,
        opened=summary.opened or dt.datetime.fromtimestamp(0, dt.UTC),
        captain=str(summary.opened_by or ""),
        alive=summary.engine_alive,
        verdict=summary.verdict,
        problem=summary.problem,
    )
    if not summary.under_way:
        return choice
    import dataclasses

    import msgspec

    from cockpit.journal.reader import JournalUnreadable, read
    from cockpit.run.state import fold

    try:
        state = fold(read(summary.folder.journal))
    except (OSError, ValueError, msgspec.DecodeError, JournalUnreadable) as problem:
        return dataclasses.replace(choice, problem=str(problem))
    counted = tally(state.document.items(), state, dt.datetime.now(dt.UTC))
    return dataclasses.replace(choice, captain=state.captain.who.user, settled=counted.settled, total=counted.total)


def _checklists() -> Iterator[ChecklistChoice]:
    """Those in this folder and in its `checklists/`, and those that come with Cockpit, each once."""
    from cockpit.checklist.shipped import shipped
    from cockpit.views.picker import ChecklistChoice

    known: set[Path] = set()
    for path in shipped():
        known.add(path.resolve())
        yield ChecklistChoice(path.stem, path.stem, shipped=True)
    for folder in (Path(), Path("checklists")):
        for path in sorted(folder.glob("*.y*ml")) if folder.is_dir() else ():
            if path.resolve() not in known and _is_checklist(path):
                known.add(path.resolve())
                yield ChecklistChoice(str(path), path.stem)


def _is_checklist(path: Path) -> bool:
    try:
        return b"\ncockpit:" in b"\n" + path.read_bytes()[:4096]
    except OSError:
        return False
