"""`cockpit explain`: where each value of an item or a step was written."""

from __future__ import annotations

import argparse

from cockpit.checklist.explain import explain as explained
from cockpit.checklist.kinds import Meaning, keys_that_are
from cockpit.checklist.model import Check, Document
from cockpit.checklist.problem import suggest
from cockpit.cli.document import known_kinds, load_named
from cockpit.cli.exits import Ended, Exit


def explain(args: argparse.Namespace) -> int:
    """Print each value of an item, step or heading with its file, line and column, and what its variables stand for."""
    loaded = load_named(args.file, dict(args.var))
    if args.item not in loaded.nodes:
        near = suggest(args.item, list(loaded.nodes))
        raise Ended(Exit.WRONG, f"there is no item or step {args.item!r} in {args.file}; {near}")
    for line in explained(loaded, args.item, lambda check: _request(check, loaded.document)):
        print(line)
    return Exit.GOOD


def _request(check: Check, document: Document) -> str:
    """What a check asks, exactly; secrets are named, not told."""
    from cockpit.connect.values import Values

    kind = known_kinds()[check.kind]
    shown = Values(document.variables, {}).shown(check.spec, keys_that_are(kind.spec, Meaning.SHELL))
    try:
        return kind.request(kind.spec.model_validate(shown))
    except ValueError as problem:
        return f"{check.kind}: {problem}"
