"""`cockpit show`: a checklist as loaded, for people and for programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from cockpit.checklist.model import Branch, Document, Item
from cockpit.cli import output
from cockpit.cli.document import load_named
from cockpit.cli.exits import Exit
from cockpit.cli.shown_plan import plan_as_json, plan_lines
from cockpit.text import safe_line

FORMAT = 1
"""Version of the JSON output.

`{format, name, note, counts, variables, hosts, positions, parts, watch, plan, contacts, commands, logs, files}`.
Parts, and what stands under them, are `{level, id, title, children, ...}`; an item has `level: "item"`, `mode` (`live`,
`manual`, `both`) and `why`, and its `check` and `confirm` as loaded. `counts` has `parts`, `sections`, `groups`,
`items`, `live` (items that a check measures, those that need both included) and `manual`. `plan` is null, or `{window,
rehearsed, steps, rollback, checks}`; what its steps wait for and are verified by are ids of items, of `watch` and of
`checks`, which only the plan uses. Times are seconds. A secret has no value.
"""


def show(args: argparse.Namespace) -> int:
    """Print the tree, or everything as JSON."""
    if args.markdown:
        from cockpit.cli.measures import page

        print(page(args.file, dict(args.var)), end="")
        return Exit.GOOD
    document = load_named(args.file, dict(args.var)).document
    if args.json:
        output.print_json(as_json(document))
    else:
        for line in tree(document):
            print(safe_line(line))
    return Exit.GOOD


def as_json(document: Document) -> dict[str, Any]:
    """The document as plain values; its shape is that of `FORMAT`."""
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(document)
    plan = plan_as_json(document.plan)
    return {
        "format": FORMAT,
        "name": document.name,
        "note": document.note,
        "counts": counts(document),
        "variables": [
            {"name": each.name, "set": each.is_set, "secret": each.secret, "value": each.value, "origin": each.origin}
            | {"about": each.about, "example": each.example}
            for each in document.variables
        ],
        "hosts": [
            {**host, "source": str(each.source)}
            for host, each in zip(plain.get("hosts", []), document.hosts, strict=True)
        ],
        "positions": plain.get("positions", {}),
        "parts": [_node(part) for part in document.parts],
        "watch": [_node(watch) for watch in document.watch],
        "plan": plan and {**plan, "checks": [_node(check) for check in document.plan_checks]},
        "contacts": plain.get("contacts", []),
        "commands": plain.get("commands", []),
        "logs": plain.get("logs", []),
        "files": plain.get("files", []),
    }


def counts(document: Document) -> dict[str, int]:
    """How many there are of each level, and how many items are live and manual."""
    headings = list(document.branches())
    items = list(document.items())
    live = sum(item.check is not None for item in items)
    levels = {f"{level}s": sum(each.level == level for each in headings) for level in ("part", "section", "group")}
    return levels | {"items": len(items), "live": live, "manual": len(items) - live}


def why(item: Item) -> str:
    """Why an item is live or manual, in words."""
    if item.unwired:
        several = len(item.unwired) > 1
        return (
            f"{'variables' if several else 'variable'} {', '.join(item.unwired)} {'are' if several else 'is'} not set"
        )
    if item.check is None:
        return "it has no check"
    through = f" via {item.check.via}" if item.check.via else ""
    when = " when asked for by name, as it changes something" if item.check.on_demand else ""
    return f"{item.check.kind} measures it{through}{when}" + (
        ", and a person confirms it" if item.mode == "both" else ""
    )


def tree(document: Document) -> Iterator[str]:
    """The document as lines for people."""
    total = counts(document)
    levels = ", ".join(output.counted(total[f"{noun}s"], noun) for noun in ("part", "section", "group", "item"))
    yield document.name
    yield f"{levels}: {total['live']} live, {total['manual']} manual"
    for part in document.parts:
        yield ""
        yield from _lines(part, 0)
    if document.watch:
        yield ""
        yield "Watches"
        for watch in document.watch:
            yield from _lines(watch, 1)
    if document.plan is not None:
        yield ""
        yield from plan_lines(document)
    if document.hosts:
        yield ""
        yield "Hosts"
        for host in document.hosts:
            yield f"  {host.name}: {host.ssh}" + (f", via {host.via}" if host.via else "")
    unset = [variable for variable in document.variables if not variable.is_set]
    if unset:
        yield ""
        yield "Variables that are not set (--var NAME=VALUE)"
        width = max(len(variable.name) for variable in unset)
        for variable in unset:
            yield f"  {variable.name:{width}}  {variable.about}".rstrip()


def _lines(node: Branch | Item, depth: int) -> Iterator[str]:
    indent = "  " * depth
    excluded = f"  (not counted: {node.excluded})" if node.excluded else ""
    if isinstance(node, Item):
        optional = "" if node.required else "  (optional)"
        reason = "" if node.check is None and not node.unwired else f": {why(node)}"
        yield f"{indent}- {node.id}: {node.title}{optional}  [{node.mode}{reason}]{excluded}"
        return
    yield f"{indent}{node.title}  ({node.id}){excluded}"
    for child in node.children:
        yield from _lines(child, depth + 1)


def _node(node: Branch | Item) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(node)
    plain.pop("is", None)
    plain["source"] = str(node.source)
    if isinstance(node, Item):
        return {"level": "item", "id": node.id, "title": node.title, "mode": node.mode, "why": why(node)} | plain
    first = {"level": node.level, "id": node.id, "title": node.title}
    return first | plain | {"children": [_node(child) for child in node.children]}
