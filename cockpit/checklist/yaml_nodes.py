"""YAML read strictly, with the place of every key and value.

A checklist is written by hand and holds commands to run, so what is read must be what a reader sees: no aliases, tags
or merge keys, no key twice, no control characters. Of plain scalars only `true`, `false`, `null` and numbers that
would be written back exactly as they stand are typed: `no`, `22:22`, `014` and `1.10` are text. The parser hands over
events one by one, so a file that is too deep or too large is refused before it costs anything.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

import msgspec
import yaml

from cockpit.checklist.node import Node
from cockpit.checklist.problem import ChecklistError, Problem, problem_at
from cockpit.checklist.source import Source

DEEPEST = 20
"""Levels of mappings and lists inside each other."""

MOST_NODES = 50_000
"""Keys and values in one file."""

MOST_PROBLEMS = 100
"""Wrong things in one file after which reading stops."""

_LONGEST_NUMBER = 32
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_FIRST_OF_NUMBER = frozenset("-0123456789")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ANCHORS = "write the value out where it is needed"


def read_yaml(text: str, file: str) -> tuple[Node, list[Problem]]:
    """Read one YAML document: its root, without what is wrong in it, and what is wrong.

    Raises ChecklistError when nothing can be made of it: a syntax error, an empty file, too deep or too large.
    """
    reading = _Reading(file)
    try:
        parser = _LOADER(text)
        while (event := parser.get_event()) is not None:
            reading.take(event)
    except yaml.YAMLError as error:
        raise ChecklistError([*reading.problems, _syntax(error, text, file)]) from None
    if reading.root is None:
        raise ChecklistError([Problem(file, 1, 1, "the file is empty", "a checklist begins with `cockpit: 1`")])
    return reading.root, reading.problems


class _Open(msgspec.Struct):
    """A mapping or list that is being read."""

    node: Node
    key: str = ""
    key_at: Source | None = None
    """In a mapping: where the key was read whose value comes next; None while the next thing is a key."""
    keep: bool = True
    """False: that key is refused, and so is its value."""


class _Reading(msgspec.Struct):
    """One pass over the events of a file."""

    file: str
    root: Node | None = None
    problems: list[Problem] = []
    _open: list[_Open] = []
    _nodes: int = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._start(event, {})
            case yaml.SequenceStartEvent():
                self._start(event, [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case yaml.AliasEvent():
                self._refuse(self._at(event), f"the alias `*{event.anchor}` is not allowed", _ANCHORS)
                self._place(None)
            case yaml.DocumentStartEvent() if self.root is not None:
                self._stop(event, "a second document begins here", "a file holds one checklist: remove the `---`")

    def _scalar(self, event: Any) -> None:
        self._check(event)
        text: str = event.value
        if not text.isprintable() and (hidden := _UNSEEN.search(text)):
            self._refuse(
                self._at(event),
                f"the character U+{ord(hidden[0]):04X}, which cannot be seen, is not allowed",
                "remove it",
            )
        at = self._at(event)
        typed = text if event.style else _typed(text)
        if self._awaits_key():
            self._key(typed, text, at)
            return
        quotes = event.end_mark.column - event.start_mark.column - len(text)
        literal = quotes // 2 if event.start_mark.line == event.end_mark.line and quotes in (0, 2) else -1
        self._place(Node(typed, at, None, literal))

    def _key(self, typed: object, text: str, at: Source) -> None:
        top = self._open[-1]
        top.key, top.key_at, top.keep = text, at, False
        known = top.node.entries().get(text)
        if text == "<<":
            self._refuse(at, "the merge key `<<` is not allowed", _ANCHORS)
        elif not isinstance(typed, str):
            self._refuse(at, f"the key `{text}` is not text", "put it in quotes")
        elif known is not None:
            self._refuse(at, f"`{text}` is written twice", f"the first is on line {known.place.line}")
        else:
            top.keep = True

    def _start(self, event: Any, value: list[Node] | dict[str, Node]) -> None:
        self._check(event)
        if len(self._open) >= DEEPEST:
            self._stop(event, f"more than {DEEPEST} levels inside each other", "a checklist needs far fewer")
        if self._awaits_key():
            self._stop(event, "a key must be text", "put text that begins with `{` or `[` in quotes")
        node = Node(value, self._at(event))
        self._place(node)
        self._open.append(_Open(node))

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].node.value, dict) and self._open[-1].key_at is None

    def _place(self, node: Node | None) -> None:
        if not self._open:
            self.root = node
            return
        top = self._open[-1]
        if isinstance(top.node.value, list):
            if node is not None:
                top.node.value.append(node)
        elif isinstance(top.node.value, dict):
            if not top.keep or node is None:
                top.node.lost |= {top.key}
            else:
                node.key = top.key_at
                top.node.value[top.key] = node
            top.key_at = None

    def _check(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._stop(
                event, f"more than {MOST_NODES:,} keys and values in one file", "split it into a folder of files"
            )
        if event.anchor is not None:
            self._refuse(self._at(event), f"the anchor `&{event.anchor}` is not allowed", _ANCHORS)
        if event.tag is not None and event.tag != "!":
            self._refuse(self._at(event), f"the tag `{event.tag}` is not allowed", "remove it")

    def _at(self, event: Any) -> Source:
        return Source(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, at: Source, message: str, hint: str) -> None:
        self.problems.append(problem_at(at, message, hint))
        if len(self.problems) >= MOST_PROBLEMS:
            raise ChecklistError(self.problems)

    def _stop(self, event: Any, message: str, hint: str) -> NoReturn:
        raise ChecklistError([*self.problems, problem_at(self._at(event), message, hint)])


def _typed(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar: a number only when writing that number gives the same text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER or len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return text
    number = float(text) if "." in text else int(text)
    return number if str(number) == text else text


def _syntax(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    if mark is not None:
        return Problem(file, mark.line + 1, mark.column + 1, f"this is not YAML: {said}", _syntax_hint(str(said)))
    before = text[: getattr(error, "position", 0)]
    column = len(before) - before.rfind("\n")
    return Problem(file, before.count("\n") + 1, column, f"this is not YAML: {said}", "remove that character")


def _syntax_hint(said: str) -> str:
    if "cannot start any token" in said or "mapping values are not allowed" in said:
        return "put text that holds `: ` or begins with a sign in quotes"
    if "tab" in said or "\\t" in said:
        return "indent with spaces"
    return "look at the indentation and the quotes on this line and the one above"
