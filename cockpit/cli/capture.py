"""`cockpit capture`: a baseline of all values, to be compared with later."""

from __future__ import annotations

import argparse
import datetime as dt
import socket
import time
from pathlib import Path

from cockpit import __version__
from cockpit.checklist import model
from cockpit.cli import output
from cockpit.cli.check import measure_once
from cockpit.cli.document import load_named
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.selecting import to_measure
from cockpit.journal import baseline
from cockpit.journal.baseline import Baseline, ItemBaseline
from cockpit.journal.line import digest
from cockpit.text import safe_line


def capture(args: argparse.Namespace) -> int:
    """Measure everything once and keep what was found; the path is printed.

    What FAILs is a value like any other; only what could not be measured makes the exit status other than good.
    """
    document = load_named(args.file, dict(args.var)).document
    items = to_measure(document, args.items, args.section)
    path = Path(args.output) if args.output else baseline.kept(args.name or baseline.name_for(document.name))
    _refuse_to_replace(path)
    started = time.monotonic()
    measured, interrupted = measure_once(document, items, remember=True)
    if interrupted:
        output.say("cockpit: interrupted; nothing was kept")
        return Exit.INTERRUPTED
    unmeasured = [item.id for item in items if measured.results[item.id].result in ("ERROR", "BLOCKED")]
    results = measured.results
    taken = Baseline(
        checklist=safe_line(document.name),
        digest=digest(model.encode(document)),
        at=dt.datetime.now(dt.UTC),
        took=round(time.monotonic() - started, 3),
        host=safe_line(socket.gethostname(), width=80),
        tool=__version__,
        items={
            item.id: measured.found.get(item.id)
            or ItemBaseline(results[item.id].result, results[item.id].summary)  # blocked: nothing was found
            for item in items
        },
    )
    baseline.write(path, taken)
    print(safe_line(str(path)))
    values = sum(len(each.found) for each in taken.items.values())
    told = f"{output.counted(len(items), 'item')}, {output.counted(values, 'value')} in {taken.took:.1f} s"
    output.say(f"captured {told}" + (f"; could not be measured: {', '.join(unmeasured)}" if unmeasured else ""))
    return Exit.UNDONE if unmeasured else Exit.GOOD


def _refuse_to_replace(path: Path) -> None:
    """A baseline may be replaced by a newer one, any other file may not."""
    if not path.exists():
        return
    try:
        before = baseline.read(path)
    except baseline.NoBaseline as problem:
        raise Ended(Exit.REFUSED, f"{problem}: it is left alone; name another file") from None
    output.say(f"the baseline of {before.at:%Y-%m-%d %H:%M}Z in {safe_line(str(path))} is replaced")
