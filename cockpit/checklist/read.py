"""From a path to nodes: one file, a folder of them, and the checklists that they extend."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from cockpit.checklist import merge, shipped
from cockpit.checklist.model import File
from cockpit.checklist.node import Node
from cockpit.checklist.problem import ChecklistError, Problem, problem_at
from cockpit.checklist.source import Source
from cockpit.checklist.trusted import check_trusted
from cockpit.checklist.yaml_nodes import read_yaml

LARGEST = 1 << 20
"""Bytes in one file."""

LARGEST_MARKDOWN = 1 << 18
"""Bytes in one Markdown file, which takes far longer to read."""

MOST_FILES = 200
"""Files in one folder."""

DEEPEST = 10
"""Checklists that extend each other."""

_YAML = (".yaml", ".yml")
_MARKDOWN = (".md", ".markdown", ".txt")


class Read(msgspec.Struct, frozen=True):
    """What was read: everything as written, `extends` already carried out."""

    root: Node
    files: tuple[File, ...]
    problems: tuple[Problem, ...]


def read(path: Path, _above: tuple[Path, ...] = ()) -> Read:
    """Read the checklist at `path`. Raises ChecklistError when nothing can be made of it."""
    own = _read_folder(path) if path.is_dir() else _read_file(path)
    extends = own.root.entries().get("extends")
    if extends is None or not isinstance(extends.value, str):
        return own
    try:
        base = _read_base(extends.value, extends.source, (*_above, path.resolve()))
    except ChecklistError as error:
        raise ChecklistError([*own.problems, *error.problems]) from None
    wrong = merge.extend(base.root, own.root)
    return Read(base.root, (*base.files, *own.files), (*base.problems, *own.problems, *wrong))


def _read_base(name: str, written: Source, above: tuple[Path, ...]) -> Read:
    beside = Path(written.file).parent / name
    try:
        path = beside if shipped.exists(beside) else shipped.resolve(name)
    except ChecklistError as error:
        raise ChecklistError(
            problem_at(written, f"`{name}`: {each.message}", each.hint) for each in error.problems
        ) from None
    if path.resolve() in above:
        circle = " > ".join(each.name for each in (*above[above.index(path.resolve()) :], path.resolve()))
        raise ChecklistError([problem_at(written, f"checklists extend each other in a circle: {circle}")])
    if len(above) > DEEPEST:
        raise ChecklistError([problem_at(written, f"more than {DEEPEST} checklists extend each other")])
    return read(path, above)


def _read_folder(folder: Path) -> Read:
    check_trusted(folder)
    try:
        found = sorted(each for each in folder.iterdir() if each.suffix in _YAML and not each.name.startswith("."))
    except OSError as error:
        raise ChecklistError([Problem(str(folder), 0, 0, f"the folder cannot be read: {error.strerror}")]) from None
    if not found:
        hint = "a checklist is a YAML or Markdown file, or a folder of `*.yaml` files"
        raise ChecklistError([Problem(str(folder), 0, 0, "there is no checklist in this folder", hint)])
    if len(found) > MOST_FILES:
        raise ChecklistError([Problem(str(folder), 0, 0, f"more than {MOST_FILES} files in one checklist")])
    pieces: list[Read] = []
    broken: list[Problem] = []
    for path in found:
        try:
            pieces.append(_read_file(path))
        except ChecklistError as error:
            broken.extend(error.problems)
    if broken:
        raise ChecklistError([*(problem for piece in pieces for problem in piece.problems), *broken])
    root, problems = merge.unite(piece.root for piece in pieces)
    files = tuple(file for piece in pieces for file in piece.files)
    return Read(root, files, (*(problem for piece in pieces for problem in piece.problems), *problems))


def _read_file(path: Path) -> Read:
    data, text = read_text(path)
    digest = File(str(path), hashlib.sha256(data).hexdigest())
    if path.suffix.lower() in _MARKDOWN:
        if len(data) > LARGEST_MARKDOWN:
            hint = "write it as a folder of YAML files"
            raise ChecklistError([Problem(str(path), 0, 0, "the Markdown file is larger than 256 KiB", hint)])
        from cockpit.checklist.markdown import read_markdown  # noqa: PLC0415 - YAML does not pay for it

        return Read(read_markdown(text, str(path)), (digest,), ())
    root, problems = read_yaml(text, str(path))
    return Read(root, (digest,), tuple(problems))


def read_text(path: Path) -> tuple[bytes, str]:
    """The bytes of a file, and its text.

    Raises ChecklistError when it cannot be read or trusted, is too large or not UTF-8.
    """
    name = str(path)
    check_trusted(path)
    try:
        # Asked first: opening a pipe would wait for somebody to write.
        if path.exists() and not path.is_file():
            raise ChecklistError([Problem(name, 0, 0, "this is neither a file nor a folder")])
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise ChecklistError([Problem(name, 0, 0, "there is no such file")]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ChecklistError([Problem(name, 0, 0, f"the file cannot be read: {reason}")]) from None
    if len(data) > LARGEST:
        raise ChecklistError([Problem(name, 0, 0, "the file is larger than 1 MiB", "split it into a folder of files")])
    try:
        return data, data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        said = f"the file is not UTF-8: byte 0x{data[error.start]:02X}"
        raise ChecklistError([Problem(name, line, column, said, "save it as UTF-8")]) from None
