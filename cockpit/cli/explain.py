"""`cockpit explain`: where each value of an item was written."""

from __future__ import annotations

import argparse

from cockpit.checklist.explain import explain as explained
from cockpit.checklist.problem import suggest
from cockpit.cli.document import load_named
from cockpit.cli.exits import Ended, Exit


def explain(args: argparse.Namespace) -> int:
    """Print each value of an item or a heading with its file, line and column, and what its variables stand for."""
    loaded = load_named(args.file, dict(args.var))
    if args.item not in loaded.nodes:
        near = suggest(args.item, list(loaded.nodes))
        raise Ended(Exit.WRONG, f"there is no item {args.item!r} in {args.file}; {near}")
    for line in explained(loaded, args.item):
        print(line)
    return Exit.GOOD
