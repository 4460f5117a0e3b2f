"""From what a Markdown checklist holds to nodes of the file format."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from cockpit.checklist.ids import assign_ids
from cockpit.checklist.node import Node
from cockpit.checklist.reference import Metric, Person, Reference, Shell
from cockpit.checklist.source import Source
from cockpit.text import safe, safe_line

_PLURAL = {"section": "sections", "group": "groups", "item": "items"}
_SHELL_VARIABLE = re.compile(r"\$\{(\w+)\}")
_ABOUT_PLATFORMS = "The platforms that this release runs on; the others do not count."

_EMOJI_STYLE = "\ufe0f"
_UNTITLED = "(without a title)"


@dataclass(eq=False)
class Thing:
    """A branch or item of a Markdown checklist. `id` may hold a wish; `nodes` makes it unique."""

    title: str
    id: str = ""
    level: Literal["part", "section", "group", "item"] = "item"
    line: int = 1
    column: int = 1
    note: str = ""
    required: bool = True
    when: str = ""
    show: tuple[str, ...] = ()
    children: list[Thing] = field(default_factory=list)


def nodes(file: str, *, name: str, note: str, parts: list[Thing], platforms: list[str], reference: Reference) -> Node:
    """The whole checklist as nodes."""
    watch = [Thing(metric.title, line=metric.line) for metric in reference.metrics]
    commands = [Thing(shell.title, line=shell.line) for shell in reference.commands]
    assign_ids([*parts, *watch])
    assign_ids(commands)
    top = Source(file, 1)
    entries: dict[str, Node] = {"cockpit": Node(1, top), **_texts(top, name=name, note=note)}
    if platforms:
        chosen = Node([Node(platform, top) for platform in platforms], top)
        entries["variables"] = Node(
            {"platforms": Node({"value": chosen, **_texts(top, about=_ABOUT_PLATFORMS)}, top)}, top
        )
    lists = {
        "contacts": [_contact(file, person) for person in reference.people],
        "commands": [_command(file, *pair) for pair in zip(commands, reference.commands, strict=True)],
        "parts": [_branch(file, part) for part in parts],
        "watch": [_metric(file, *pair) for pair in zip(watch, reference.metrics, strict=True)],
    }
    entries.update({key: Node(list(listed), top) for key, listed in lists.items() if listed})
    return Node(entries, top)


def _branch(file: str, thing: Thing) -> Node:
    at = Source(file, thing.line, thing.column)
    entries = _texts(at, id=thing.id, title=thing.title, when=thing.when, note=thing.note)
    if not thing.required and not thing.children:
        entries["required"] = Node(value=False, source=at)
    if thing.show:
        entries["show"] = Node([Node(each, at) for each in thing.show], at)
    for child in thing.children:
        listed = entries.setdefault(_PLURAL[child.level], Node([], at))
        listed.elements().append(_branch(file, child))
    return Node(entries, at)


def _metric(file: str, thing: Thing, metric: Metric) -> Node:
    at = Source(file, metric.line)
    ask = "What is the figure?" + (f" Agreed on: {metric.target}" if metric.target else "")
    return Node(_texts(at, id=thing.id, title=metric.title, target=metric.target, confirm=ask), at)


def _contact(file: str, person: Person) -> Node:
    at = Source(file, person.line)
    texts = _texts(at, name=person.name, phone=person.phone, chat=person.chat, email=person.email, note=person.note)
    return Node(texts, at)


def _command(file: str, thing: Thing, shell: Shell) -> Node:
    at = Source(file, shell.line)
    run = Node({"command": Node(_SHELL_VARIABLE.sub(r"$\1", shell.command), at)}, at)
    entries = {**_texts(at, id=thing.id, title=shell.title), "run": run}
    if shell.changes:
        entries["changes"] = Node(value=True, source=at)
    return Node(entries, at)


def _texts(at: Source, **texts: str) -> dict[str, Node]:
    """Nodes for the texts that are not empty; titles and names never are."""
    clean = {key: _clean(text, one_line=key != "note") for key, text in texts.items()}
    clean.update({key: _UNTITLED for key in ("title", "name") if key in clean and not clean[key]})
    return {key: Node(text, at) for key, text in clean.items() if text}


def _clean(text: str, *, one_line: bool) -> str:
    """Safe text. Markdown knows no variables: `${name}` is the shell's `$name`."""
    text = _SHELL_VARIABLE.sub(r"$\1", text.replace(_EMOJI_STYLE, ""))
    return (safe_line(text) if one_line else safe(text)).strip()
