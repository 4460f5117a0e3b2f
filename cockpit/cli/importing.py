"""`cockpit import`: a checklist in Markdown becomes YAML."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit


def import_markdown(args: argparse.Namespace) -> int:
    """Write the YAML to a file of its own, or print it. A file that exists is left alone."""
    from cockpit.checklist.markdown import to_yaml

    yaml = to_yaml(Path(args.file))
    if not args.output:
        sys.stdout.write(yaml)
        return Exit.GOOD
    try:
        with Path(args.output).open("x", encoding="utf-8") as file:
            file.write(yaml)
    except FileExistsError:
        raise Ended(Exit.REFUSED, f"{args.output} exists and is left alone; give another name") from None
    output.say(f"wrote {args.output}; `cockpit lint {args.output}` checks it")
    return Exit.GOOD
