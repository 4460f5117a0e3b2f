"""The quick reference of a Markdown checklist: figures to watch, people to call, commands to have at hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cockpit.checklist.outline import Code, Entry, Heading

_TITLES = {"watch": r"metric|indicator|\bslo", "contacts": r"contact|on.call", "commands": r"command"}
_CHANGES = re.compile(
    r"\b(restart|reload|reboot|shutdown|stop|start|kill|pkill|rm|rmdir|mv|remove|delete|drop|truncate|flush\w*|prune"
    r"|deploy|up|down|apply|scale|rollback|roll back|revert|migrate|upgrade|install|push|insert|update|alter)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"^(\[[^\]]*\]|<[^>]*>|tbd|todo|n/?a|-)?$", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{5,}[0-9]")
_CHAT = re.compile(r"(?<!\S)[#@][\w.-]+")


@dataclass(frozen=True)
class Metric:
    """A figure to watch, and what was agreed on."""

    title: str
    target: str
    line: int


@dataclass(frozen=True)
class Person:
    """Somebody to call."""

    name: str
    line: int
    phone: str = ""
    chat: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True)
class Shell:
    """A command to have at hand."""

    title: str
    command: str
    line: int

    @property
    def changes(self) -> bool:
        """Whether its title or words say that it changes something; a doubtful one is taken to."""
        return bool(_CHANGES.search(self.title) or _CHANGES.search(self.command))


@dataclass
class Reference:
    """All that a checklist's reference sections hold."""

    metrics: list[Metric] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    commands: list[Shell] = field(default_factory=list)


def shows(heading: Heading) -> str:
    """Which list of the document stands under this heading: `watch`, `contacts`, `commands`, or none."""
    if heading.tasks or heading.headings:
        return ""
    for which, words in _TITLES.items():
        if (heading.code if which == "commands" else heading.points) and re.search(words, heading.title, re.IGNORECASE):
            return which
    return ""


def read_reference(root: Heading) -> Reference:
    """What stands in all reference sections, in order."""
    reference = Reference()
    for heading in root.all():
        match shows(heading):
            case "watch":
                reference.metrics.extend(map(_metric, heading.points))
            case "contacts":
                reference.people.extend(map(_person, heading.points))
            case "commands":
                reference.commands.extend(command for code in heading.code for command in _commands(code))
    return reference


def _metric(point: Entry) -> Metric:
    title, _, target = point.text.partition(":")
    return Metric(title.strip(), target.strip(), point.line)


def _person(point: Entry) -> Person:
    name, _, rest = point.text.partition(":")
    rest = "" if _PLACEHOLDER.match(rest.strip()) else rest.strip()
    found = {}
    for key, pattern in (("email", _EMAIL), ("phone", _PHONE), ("chat", _CHAT)):
        match = pattern.search(rest)
        if match:
            found[key] = match[0]
            rest = rest.replace(match[0], " ", 1)
    note = re.sub(r"\s+", " ", rest).strip(" ,;/()-")
    return Person(name.strip(), point.line, note="; ".join(filter(None, [note, *point.note])), **found)


def _commands(code: Code) -> Iterator[Shell]:
    """The commands of a block: a comment is the title of the lines below it; a line without one is its own title."""
    title, body, line = "", list[str](), code.line
    for number, row in enumerate([*code.text.rstrip("\n").split("\n"), "#"], code.line):
        comment = re.match(r"\s*#+\s*(.*)", row)
        if body and (comment or not row.strip() or not title) and not body[-1].endswith("\\"):
            yield Shell(title or body[0], "\n".join(body), line)
            title, body = "", []
        if comment:
            title, line = comment[1].strip(), number
        elif row.strip():
            line = line if body or title else number
            body.append(row.rstrip())
