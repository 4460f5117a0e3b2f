"""`cockpit check`: measure a checklist without a run."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from cockpit.checklist.model import Document, Item
from cockpit.cli import output, terminal
from cockpit.cli.comparing import compared, made_rows, named_baseline
from cockpit.cli.document import load_named
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.progress import Progress
from cockpit.cli.selecting import left_out, to_measure
from cockpit.journal.event import CheckMeasured
from cockpit.report.measured import Report, Row

if TYPE_CHECKING:
    from cockpit.cli.measuring import Measured


def check(args: argparse.Namespace) -> int:
    """Measure, print the results in the order of the checklist, and say by the exit status how it came out."""
    if args.format != "nagios":
        return _check(args)
    from cockpit.cli.failing import explain
    from cockpit.report.nagios import PluginState, unknown

    try:
        return _check(args)
    except Exception as problem:  # noqa: BLE001 - a plugin that cannot do its work is UNKNOWN, whatever the reason
        print(unknown(_reason(problem)))
        explain(problem)
        return PluginState.UNKNOWN


def _check(args: argparse.Namespace) -> int:
    document = load_named(args.file, dict(args.var)).document
    items = to_measure(document, args.items, args.section)
    unasked = left_out(document, args.items, args.section)
    if args.watch:
        from cockpit.cli.watch import watch

        return watch(document, items, args)
    if args.every:
        raise Ended(Exit.WRONG, "--every says how often --watch measures again: give both, or neither")
    name = args.baseline or args.changed_since
    baseline = named_baseline(name) if name else None
    at, started = dt.datetime.now(dt.UTC), time.monotonic()
    measured, interrupted = measure_once(document, items, remember=_remembers(args), within=args.within)
    rows = list(made_rows(document, items, measured, baseline, at))
    report = Report(
        document,
        args.file,
        at,
        time.monotonic() - started,
        [row for row in rows if row.differs] if args.changed_since else rows,
        only_failed=args.only == "failed",
        baseline=compared(name, baseline, document) if baseline else None,
        unmeasured=len(items) - len(rows) if interrupted else 0,
    )
    _print(report, args.format)
    if unasked:
        what = "it changes" if len(unasked) == 1 else "they change"
        output.say(f"not measured, as {what} something, unless named: {', '.join(item.id for item in unasked)}")
    return _status(report, args.format, interrupted=interrupted)


def measure_once(
    document: Document, items: Sequence[Item], *, remember: bool, within: float | None = None
) -> tuple[Measured, bool]:
    """Measure `items` one time, and whether that was interrupted by Ctrl-C: then some have no result."""
    from cockpit.cli.measuring import Measured, once

    measured, progress = Measured(remember=remember), Progress(len(items))
    interrupted = False
    try:
        asyncio.run(once(document, items, measured, progress, within))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        progress.end()
    if within is not None and not interrupted:
        for item in items:
            late = CheckMeasured(item.id, "ERROR", f"not measured within {within:g} s")
            measured.results.setdefault(item.id, late)
    return measured, interrupted


def status(rows: Iterable[Row]) -> Exit:
    """What results come to. An advisory check decides nothing."""
    results = {row.result.result for row in rows if not row.advisory}
    if "FAIL" in results:
        return Exit.NO
    return Exit.UNDONE if results & {"ERROR", "BLOCKED"} else Exit.GOOD


def _reason(problem: Exception) -> str:
    """The first thing that is wrong, in a sentence."""
    from cockpit.checklist.problem import ChecklistError
    from cockpit.journal.baseline import NoBaseline

    if isinstance(problem, ChecklistError):
        return str(problem.problems[0])
    known = isinstance(problem, Ended | NoBaseline)
    return str(problem) if known else "it could not be measured: standard error says why"


def _remembers(args: argparse.Namespace) -> bool:
    """Whether everything that is found is needed: to compare it, or to know the unit of a figure."""
    return bool(args.baseline or args.changed_since) or args.format == "nagios"


def _print(report: Report, form: str) -> None:
    """Print the report on standard output, and its summary on standard error."""
    from cockpit.report.table import summary

    _PRINTERS[form](report)
    sys.stdout.flush()
    if report.baseline is not None and not report.baseline.same_checklist:
        output.say(f"cockpit: the baseline {report.baseline.name} is not of this very checklist, or of other variables")
    output.say(summary(report))


def _status(report: Report, form: str, *, interrupted: bool) -> int:
    if form == "nagios":
        from cockpit.report.nagios import plugin_state

        return plugin_state(report)
    return Exit.INTERRUPTED if interrupted else status(report.rows)


def _print_table(report: Report) -> None:
    from cockpit.report.table import table

    paint = terminal.paint if terminal.has_colours(sys.stdout) else terminal.no_paint
    for line in table(report, paint, terminal.columns() if sys.stdout.isatty() else None):
        print(line)


def _print_json(report: Report) -> None:
    from cockpit.report.json import as_json

    output.print_json(as_json(report))


def _print_junit(report: Report) -> None:
    from cockpit.report.junit import junit

    print(junit(report))


def _print_tap(report: Report) -> None:
    from cockpit.report.tap import tap

    for line in tap(report):
        print(line)


def _print_nagios(report: Report) -> None:
    from cockpit.report.nagios import nagios

    for line in nagios(report):
        print(line)


_PRINTERS: dict[str, Callable[[Report], None]] = {
    "table": _print_table,
    "json": _print_json,
    "junit": _print_junit,
    "tap": _print_tap,
    "nagios": _print_nagios,
}
