"""`cockpit compare`: two runs side by side."""

from __future__ import annotations

import argparse

from cockpit.cli import output
from cockpit.cli.exits import Exit
from cockpit.cli.report import story_named, write


def compare(args: argparse.Namespace) -> int:
    """Write what differs between two runs; the status says whether anything does."""
    from cockpit.report.comparison import model, writing

    before, after = story_named(args.before), story_named(args.after)
    found = model.compare(before, after)
    writers = {
        "table": writing.as_table,
        "markdown": writing.as_markdown,
        "json": writing.as_json,
        "html": writing.as_html,
    }
    write(writers[args.format](found), args.output)
    damages = [each.proof.damage for each in (before, after) if each.proof.damage]
    for damage in damages:
        output.say(f"only what stands before the damage is compared: {damage}")
    return Exit.NO if found.differ or damages else Exit.GOOD
