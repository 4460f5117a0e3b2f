"""The outline of a Markdown text: headings, the tasks and points of their lists, code and prose, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

_BOX = re.compile(r"\[[ xX]\](\s+|$)")
_LISTS = ("bullet_list", "ordered_list")


@dataclass
class Entry:
    """One entry of a list. A task has a box, or tasks below it; a point has neither."""

    text: str
    line: int
    column: int
    task: bool
    note: list[str] = field(default_factory=list)
    below: list[Entry] = field(default_factory=list)


@dataclass
class Code:
    """A block of code."""

    text: str
    line: int


@dataclass(eq=False)
class Heading:
    """A heading with all that stands under it up to the next one, and the deeper headings."""

    title: str
    level: int
    line: int
    prose: list[str] = field(default_factory=list)
    tasks: list[Entry] = field(default_factory=list)
    points: list[Entry] = field(default_factory=list)
    code: list[Code] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)

    def all(self) -> Iterator[Heading]:
        """This heading and all deeper ones, in order."""
        yield self
        for heading in self.headings:
            yield from heading.all()


def read_outline(text: str) -> Heading:
    """The outline of `text`; its root stands for the file itself, and holds what comes before the first heading.

    Prose and points after a rule (`---`) belong to the file again.
    """
    root = Heading("", 0, 1)
    path = [root]
    ruled = False
    lines = re.split(r"\r\n?|\n", text)
    for block in SyntaxTreeNode(MarkdownIt("commonmark").parse(text)).children:
        if block.type == "heading":
            heading = Heading(_text(block), int(block.tag[1:]), _line(block))
            while path[-1].level >= heading.level:
                path.pop()
            path[-1].headings.append(heading)
            path.append(heading)
            ruled = False
        elif block.type == "hr":
            ruled = True
        else:
            _add(path[-1], root if ruled else path[-1], block, lines)
    return root


def _add(tasks_of: Heading, rest_of: Heading, block: SyntaxTreeNode, lines: list[str]) -> None:
    if block.type in _LISTS:
        for entry in _entries(block, lines):
            (tasks_of.tasks if entry.task else rest_of.points).append(entry)
    elif block.type in ("fence", "code_block"):
        rest_of.code.append(Code(block.content, _line(block) + (block.type == "fence")))
    elif not (block.type == "html_block" and block.content.lstrip().startswith("<!--")):
        rest_of.prose.append(_text(block))


def _entries(block: SyntaxTreeNode, lines: list[str]) -> list[Entry]:
    entries = []
    for item in block.children:
        line = _line(item)
        row = lines[line - 1]
        first = item.children[0] if item.children else None
        text = _text(first) if first is not None and first.type == "paragraph" else ""
        box = _BOX.match(text)
        entry = Entry(text[box.end() :] if box else text, line, len(row) - len(row.lstrip()) + 1, box is not None)
        for child in item.children[1:] if text else item.children:
            if child.type in _LISTS:
                _add_below(entry, _entries(child, lines))
            else:
                entry.note.append(_text(child))
        entry.task = entry.task or bool(entry.below)
        entries.append(entry)
    return entries


def _add_below(entry: Entry, below: list[Entry]) -> None:
    """Tasks stand below; points say more about the entry itself."""
    for each in below:
        if each.task:
            entry.below.append(each)
        else:
            entry.note.append("\n".join([f"- {each.text}", *each.note]))


def _line(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 1


def _text(node: SyntaxTreeNode) -> str:
    """The text of a block or span: emphasis is dropped, code keeps its backticks, links keep where they lead."""
    inner = [_text(child) for child in node.children]
    match node.type:
        case "softbreak" | "hardbreak":
            text = " "
        case "code_inline":
            text = f"`{node.content}`"
        case "link":
            shown, target = "".join(inner), str(node.attrs.get("href", ""))
            text = shown if target in ("", shown) else f"{shown} ({target})"
        case "list_item":
            text = "- " + " ".join(inner)
        case "bullet_list" | "ordered_list" | "blockquote":
            text = "\n".join(inner)
        case "inline" | "paragraph":
            text = "".join(inner)
        case _:
            text = "".join(inner) or node.content
    return text
