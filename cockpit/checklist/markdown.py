"""Checklists in Markdown: headings, task lists and a quick reference, read as what YAML would say.

The first heading names the checklist; those below it are parts, sections and groups; a task with tasks below it is a
group, any other task an item. Lists of metrics and contacts and blocks of commands become watches, contacts and quick
commands. A part about platforms gets a variable that says which of them this release runs on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Literal

from cockpit.checklist.ids import slug
from cockpit.checklist.markdown_nodes import Thing, nodes
from cockpit.checklist.node import Node
from cockpit.checklist.outline import Entry, Heading, read_outline
from cockpit.checklist.problem import ChecklistError, Problem
from cockpit.checklist.reference import read_reference, shows
from cockpit.checklist.repair import repair

_OPTIONAL = re.compile(r"\s*\((?:optional|if (?:used|needed|applicable))\)", re.IGNORECASE)
_PLATFORM = re.compile(r"platform", re.IGNORECASE)
_DEPLOYMENT = re.compile(r"\s+deployment$", re.IGNORECASE)
_SIGNS = ("So", "Sk", "Sm", "Cn", "Cf", "Co", "Mn")


def read_markdown(text: str, file: str) -> Node:
    """The checklist that a Markdown text holds, as nodes of the file format.

    Raises ChecklistError when it holds no item.
    """
    root = read_outline(repair(text))
    if not any(heading.tasks for heading in root.all()):
        _take_points_as_tasks(root)
    name, note, headings = _parts(root)
    branches = [_branch(heading, "part") for heading in headings]
    if not any(branch.children for branch in branches):
        hint = "items are list entries such as `- [ ] Backups tested`"
        raise ChecklistError([Problem(file, 1, 1, "this Markdown file holds no checklist", hint)])
    parts = [branch for branch in branches if branch.children or branch.show]
    note += [f"{branch.title}\n\n{branch.note}" for branch in branches if branch not in parts and branch.note]
    platforms = [name for part in parts for name in _platforms(part)]
    return nodes(
        file,
        name=name or Path(file).stem,
        note="\n\n".join(filter(None, note)),
        parts=parts,
        platforms=list(dict.fromkeys(platforms)),
        reference=read_reference(root),
    )


def to_yaml(path: Path, schema: str = "checklist.schema.json") -> str:
    """The Markdown checklist at `path` as YAML, for `cockpit import`; `schema` is where editors find the schema.

    Raises ChecklistError when the file cannot be read or holds no checklist.
    """
    from cockpit.checklist.read import read_text  # noqa: PLC0415 - which itself reads Markdown through this file
    from cockpit.checklist.yaml_text import yaml_text  # noqa: PLC0415 - only an import writes YAML

    _, text = read_text(path)
    return f"# yaml-language-server: $schema={schema}\n{yaml_text(read_markdown(text, str(path)))}"


def _take_points_as_tasks(root: Heading) -> None:
    """In a text without a single box, the entries of plain lists are what there is to do."""
    for heading in root.all():
        if not shows(heading):
            heading.tasks, heading.points = heading.points, []


def _parts(root: Heading) -> tuple[str, list[str], list[Heading]]:
    """The checklist's name and note, and the headings that are its parts."""
    top = root.headings[0] if len(root.headings) == 1 and not shows(root.headings[0]) else root
    own = [
        Heading(heading.title or "Checklist", heading.level, heading.line, tasks=heading.tasks)
        for heading in dict.fromkeys((root, top))
        if heading.tasks
    ]
    note = [text for heading in dict.fromkeys((top, root)) for text in _words(heading)]
    return _undecorated(top.title), note, [*own, *top.headings]


def _branch(heading: Heading, level: Literal["part", "section"]) -> Thing:
    """A heading as a part or section, with all that stands below it in order."""
    branch = Thing(_undecorated(heading.title), level=level, line=heading.line)
    children = list(_tasks(heading.tasks))
    show, words = [shows(heading)], _words(heading)
    for below in heading.headings:
        which = shows(below)
        if which:
            show.append(which)
            words.extend(_words(below))
        elif level == "part":
            section = _branch(below, "section")
            show.extend(section.show)
            section.show = ()
            if section.children:
                children.append(section)
            else:
                words.extend(filter(None, (section.title, section.note) if section.note else ()))
        else:
            children.extend(_groups(below, words, show))
    branch.children = _in_order(children, branch)
    branch.show = tuple(dict.fromkeys(filter(None, show)))
    branch.note = "\n\n".join(filter(None, words))
    return branch


def _groups(heading: Heading, words: list[str], show: list[str], before: str = "") -> Iterator[Thing]:
    """A heading inside a section as a group; headings even deeper become groups beside it, named after both."""
    title = before + _undecorated(heading.title)
    which = shows(heading)
    if which:
        show.append(which)
    group = Thing(title, level="group", line=heading.line, note="\n\n".join(_words(heading)))
    group.children = list(_items(heading.tasks))
    if group.children:
        yield group
    else:
        words.extend([title, group.note] if group.note else [])
    for below in heading.headings:
        yield from _groups(below, words, show, f"{title}: ")


def _tasks(entries: Iterable[Entry]) -> Iterator[Thing]:
    """Tasks as items, and tasks with tasks below them as groups."""
    for entry in entries:
        if entry.below:
            group = _thing(entry, "group")
            group.children = list(_items(entry.below, required=group.required))
            yield group
        else:
            yield _thing(entry, "item")


def _items(entries: Iterable[Entry], before: str = "", note: str = "", *, required: bool = True) -> Iterator[Thing]:
    """The items of a group; a task with tasks even below it is named in front of each of them."""
    for entry in entries:
        if entry.below:
            own = _thing(entry, "item")
            below = f"{before}{own.title}: "
            yield from _items(entry.below, below, own.note, required=required and own.required)
            continue
        item = _thing(entry, "item", before)
        item.required = item.required and required
        item.note = "\n\n".join(filter(None, (note, item.note)))
        yield item


def _thing(entry: Entry, level: Literal["group", "item"], before: str = "") -> Thing:
    title = before + _undecorated(entry.text)
    plain = _OPTIONAL.sub("", title)
    note = "\n\n".join(entry.note)
    return Thing(
        title, slug(plain), level=level, line=entry.line, column=entry.column, note=note, required=plain == title
    )


def _in_order(children: list[Thing], branch: Thing) -> list[Thing]:
    """Children in an order that the file format can say: all of one level stand together.

    Where items and groups alternate, each run of items becomes a group with the title of the branch.
    """
    runs = [(level, list(run)) for level, run in groupby(children, key=lambda child: child.level)]
    if len(runs) == len({level for level, _ in runs}):
        return children
    ordered: list[Thing] = []
    for level, run in runs:
        if level == "item":
            ordered.append(Thing(branch.title, level="group", line=run[0].line, column=run[0].column, children=run))
        else:
            ordered.extend(run)
    return ordered


def _platforms(part: Thing) -> Iterator[str]:
    """The platforms that a part about platforms names: each section is one, and counts when it is chosen."""
    if not _PLATFORM.search(part.title):
        return
    for section in part.children:
        if section.level == "section":
            section.id = slug(_DEPLOYMENT.sub("", section.title))
            section.when = f"'{section.id}' in platforms"
            yield section.id


def _words(heading: Heading) -> list[str]:
    """The prose under a heading, with lists and code that are neither tasks nor reference."""
    which = shows(heading)
    points = [] if which in ("watch", "contacts") else heading.points
    code = [] if which == "commands" else heading.code
    listed = "\n".join("\n".join([f"- {point.text}", *point.note]) for point in points)
    return [text for text in (*heading.prose, listed, *(block.text for block in code)) if text]


def _undecorated(title: str) -> str:
    """A title without the signs before and after it: emoji, arrows, ticks."""
    start, end = 0, len(title)
    while start < end and _is_decoration(title[start]):
        start += 1
    while end > start and _is_decoration(title[end - 1]):
        end -= 1
    return title[start:end]


def _is_decoration(character: str) -> bool:
    return character.isspace() or (not character.isascii() and unicodedata.category(character) in _SIGNS)
