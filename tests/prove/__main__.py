"""Try the promises: `python -m tests.prove [--short] [PROMISE...]`.

Prints what each came to, and ends with status 1 when one does not hold, or when a harness found nothing even without
the guard it is about. At full length, `--write FILE` puts each promise's figures into FILE's table as soon as they are
there. What was printed somewhere else, and saved, is put there with `--write FILE --from SAVED`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.prove import figures
from tests.prove.finding import Cannot, Effort, Finding
from tests.prove.promises import PROMISES, prover


def main() -> int:
    """Try what was asked for."""
    parser = argparse.ArgumentParser(prog="make prove", description="Try what Cockpit promises.")
    parser.add_argument("promise", nargs="*", help=f"which: {', '.join(PROMISES)} (all)")
    parser.add_argument("--short", action="store_true", help="for seconds instead of many minutes")
    parser.add_argument("--write", type=Path, help="put the figures of long trials into this file")
    parser.add_argument(
        "--from", type=Path, dest="printed", help="try nothing, write what was printed elsewhere and saved here"
    )
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.promise if name not in PROMISES]:
        parser.error(f"there is no promise {', '.join(unknown)}")
    if arguments.printed is not None:
        if arguments.write is None:
            parser.error("--from needs --write FILE")
        try:
            figures.put(arguments.write, figures.heard(arguments.printed.read_text()))
        except ValueError as problem:
            parser.error(f"{arguments.printed}: {problem}")
        return 0
    where = figures.here_and_now()
    print(f"For a short time, {where}." if arguments.short else f"At full length, {where}.")
    good = True
    for name in arguments.promise or PROMISES:
        promise = PROMISES[name]
        print(promise, flush=True)
        found = tried(name, Effort(full=not arguments.short))
        good = good and all(isinstance(each, Cannot) or each.good for each in found)
        if arguments.write is not None and not arguments.short:
            figures.put(arguments.write, {promise: figures.rows(promise, found, where)})
    print("Every promise held." if good else "NOT EVERY PROMISE HELD.")
    return 0 if good else 1


def tried(name: str, effort: Effort) -> list[Finding | Cannot]:
    """Try one promise, telling as it goes."""
    found = []
    with tempfile.TemporaryDirectory(prefix="prove-") as work:
        began = time.monotonic()
        for finding in prover(name)(effort, Path(work)):
            took = f"({time.monotonic() - began:.0f} s)"
            if isinstance(finding, Cannot):
                print(f"  - {finding.tried}: cannot be tried here: {finding.why} {took}", flush=True)
            else:
                print(f"  {'✓' if finding.good else '✗'} {finding} {took}", flush=True)
                for example in finding.examples:
                    print(f"    {example}", flush=True)
            found.append(finding)
            began = time.monotonic()
    return found


if __name__ == "__main__":
    sys.exit(main())
