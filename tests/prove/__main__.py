"""Try the promises: `python -m tests.prove [--short] [PROMISE...]`.

Prints what each came to, and ends with status 1 when one does not hold, or when a harness found nothing even without
the guard it is about. `--write FILE` also puts the figures of a trial of everything, at full length, into FILE.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import sys
import tempfile
import time
from pathlib import Path

from tests.prove.finding import Cannot, Effort, Finding
from tests.prove.promises import PROMISES, prover

BEGIN, END = "<!-- figures: written by `make prove` -->", "<!-- end of figures -->"


def main() -> int:
    """Try what was asked for."""
    parser = argparse.ArgumentParser(prog="make prove", description="Try what Cockpit promises.")
    parser.add_argument("promise", nargs="*", help=f"which: {', '.join(PROMISES)} (all)")
    parser.add_argument("--short", action="store_true", help="for seconds instead of many minutes")
    parser.add_argument("--write", type=Path, help="put the figures of a whole, long trial into this file")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.promise if name not in PROMISES]:
        parser.error(f"there is no promise {', '.join(unknown)}")
    rows: list[tuple[str, Finding | Cannot]] = []
    good = True
    for name in arguments.promise or PROMISES:
        print(PROMISES[name], flush=True)
        for finding in tried(name, Effort(full=not arguments.short)):
            rows.append((PROMISES[name], finding))
            good = good and (isinstance(finding, Cannot) or finding.good)
    if arguments.write is not None and not arguments.promise and not arguments.short:
        write(arguments.write, rows)
    print("Every promise held." if good else "NOT EVERY PROMISE HELD.")
    return 0 if good else 1


def tried(name: str, effort: Effort) -> list[Finding | Cannot]:
    """Try one promise, telling as it goes."""
    found = []
    with tempfile.TemporaryDirectory(prefix="prove-") as work:
        began = time.monotonic()
        for finding in prover(name)(effort, Path(work)):
            took = time.monotonic() - began
            sign = "-" if isinstance(finding, Cannot) else "✓" if finding.good else "✗"
            words = f"{finding.tried}: cannot be tried here: {finding.why}" if isinstance(finding, Cannot) else finding
            print(f"  {sign} {words} ({took:.0f} s)", flush=True)
            found.append(finding)
            began = time.monotonic()
    return found


def write(page: Path, rows: list[tuple[str, Finding | Cannot]]) -> None:
    """Put the figures into `page`, between its marks."""
    table = ["| promise | tried by | times | broken | control, and how often it broke |", "|---|---|---:|---:|---|"]
    last = ""
    for promise, each in rows:
        name = promise if promise != last else ""
        last = promise
        if isinstance(each, Cannot):
            table.append(f"| {name} | {each.tried} | - | - | could not be tried there: {each.why} |")
        else:
            table.append(
                f"| {name} | {each.tried} | {each.times:,} | {each.broken:,} | {each.without}: {each.bites:,} |"
            )
    where = f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    said = f"Last tried on {dt.datetime.now(dt.UTC):%Y-%m-%d} with {where}."
    text = page.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{said}\n\n" + "\n".join(table) + f"\n\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
