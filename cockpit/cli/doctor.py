"""`cockpit doctor`: what on this machine will hurt, and how to mend it."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.doctor.finding import Finding

FORMAT = 1
"""Version of the JSON output: `{format, findings: [{about, state, what, mend}]}`; state: OK, hurts or cannot tell."""


def doctor(args: argparse.Namespace) -> int:
    """Print every finding; what hurts says how to mend it."""
    from cockpit.doctor.gather import gather
    from cockpit.doctor.judge import judge

    if args.connect and not args.file:
        raise Ended(Exit.WRONG, "--connect logs in to the hosts of a checklist: name its FILE")
    of_file = _of_checklist(args.file, dict(args.var), connect=args.connect) if args.file else []
    findings = judge(gather(os.environ)) + of_file
    if args.json:
        import msgspec

        output.print_json({"format": FORMAT, "findings": msgspec.to_builtins(findings)})
    else:
        _print(findings)
    return exit_of(findings)


def exit_of(findings: Sequence[Finding]) -> Exit:
    """1 when something hurts; 3 when nothing does, and something could not be told."""
    states = {each.state for each in findings}
    return Exit.NO if "hurts" in states else Exit.UNDONE if "cannot tell" in states else Exit.GOOD


def _of_checklist(file: str, given: dict[str, str], *, connect: bool) -> list[Finding]:
    from cockpit.cli.document import known_actions, known_kinds, load_named
    from cockpit.connect.values import Values
    from cockpit.doctor.gather_needs import gather_needs
    from cockpit.doctor.needs import judge_needs

    document = load_named(file, given).document
    meanings = {name: kind.spec for name, kind in known_actions().items()}
    meanings |= {name: kind.spec for name, kind in known_kinds().items()}
    values = Values(document.variables, os.environ)
    values.learn()
    return judge_needs(gather_needs(document, values, meanings, connect=connect))


def _print(findings: Sequence[Finding]) -> None:
    import shutil
    import textwrap

    about = max(len(each.about) for each in findings)
    cells = max(60, min(shutil.get_terminal_size().columns, 120))
    for each in findings:
        begins = f"{each.state:11}  {each.about:{about}}  "
        for text in (each.what, each.mend and f"> {each.mend}"):
            for row in textwrap.wrap(text, cells - len(begins), break_long_words=False, break_on_hyphens=False):
                print(begins + row)
                begins = " " * len(begins)
    hurt = sum(each.state == "hurts" for each in findings)
    untold = sum(each.state == "cannot tell" for each in findings)
    said = "nothing hurts" if not hurt else f"{output.counted(hurt, 'thing')} will hurt"
    output.say(said + (f", {output.counted(untold, 'thing')} could not be told" if untold else ""))
