"""The commands for those who write checklists."""

from __future__ import annotations

from cockpit.cli import completers
from cockpit.cli.arguments.shared import checklist, item, json
from cockpit.cli.command import Command


def add(cockpit: Command) -> None:
    """Add them to the command line."""
    lint = cockpit.command(
        "lint",
        "lint:lint",
        "Name every error of a checklist: file, line, column, what to do.",
        "cockpit lint checklists/production",
    )
    json(checklist(lint))
    show = cockpit.command(
        "show",
        "show:show",
        "Show a checklist as loaded: its tree, what is live, what is manual and why.",
        "cockpit show production",
        "cockpit show production --json | jq .counts",
        "cockpit show production --markdown > how-it-is-measured.md",
    )
    form = checklist(show).add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print a page: how each item is measured or asked")
    explain = cockpit.command(
        "explain",
        "explain:explain",
        "Tell where each value of an item or a step was written.",
        "cockpit explain production flask-env",
    )
    item(checklist(explain))
    cockpit.command(
        "schema",
        "kinds:schema",
        "Print the JSON Schema of checklists, for completion in editors.",
        "cockpit schema > checklist.schema.json",
    )
    _kinds(cockpit, "kinds", "Document the kinds of check.", "http", completers.kinds)
    _kinds(cockpit, "actions", "Document the kinds of action.", "swarm", completers.actions)
    imported = cockpit.command(
        "import",
        "importing:import_markdown",
        "Turn a checklist in Markdown into YAML.",
        "cockpit import launch.md -o launch.yaml",
    )
    imported.argument("file", metavar="FILE.md", help="the Markdown file")
    imported.argument("--output", "-o", metavar="OUT", help="write it here; a file that exists is left alone")


def _kinds(cockpit: Command, name: str, about: str, one: str, complete: completers.Completer) -> None:
    added = cockpit.command(name, f"{name}:{name}", about, f"cockpit {name}", f"cockpit {name} {one}")
    added.argument("kind", metavar="KIND", nargs="?", complete=complete, help="one kind, with all that it takes")
    form = added.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--markdown", action="store_true", help="print a page of Markdown")
