"""The content of a file as data, in the formats that configuration is written in."""

from __future__ import annotations

import configparser
import io
import json
import tomllib
from collections.abc import Mapping
from typing import Any, Literal

from cockpit.checks.plain import DEPTH_LIMIT, plain

Format = Literal["json", "yaml", "toml", "dotenv", "ini"]

NODES_LIMIT = 100_000
"""Values in one file. A few lines of YAML can stand for billions by naming each other."""

VARIABLE_LIMIT = 128 * 1024
"""Characters of one variable: what Linux allows (MAX_ARG_STRLEN). Variables in variables could double without end."""


def format_of(path: str) -> Format | None:
    """The format that a file's name tells: `.env`, `.env.production`, `bot.toml`; None when it tells none."""
    name = path.rpartition("/")[2].lower()
    if name == ".env" or name.startswith(".env.") or name.endswith(".env"):
        return "dotenv"
    return _ENDINGS.get(name.rpartition(".")[2]) if "." in name else None


def data_in(text: str, written: Format, *, limit: int = NODES_LIMIT) -> Any:
    """The data in `text` as plain data of at most `limit` values.

    Raises ValueError saying what is wrong with it and where, quoting nothing.
    """
    try:
        data = _READERS[written](text.removeprefix("\ufeff"))
        _count(data, limit)
        return plain(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def dotenv(text: str) -> dict[str, str]:
    """The variables of a `.env` file, as python-dotenv reads it; a variable in a value is one of the same file.

    A name without `=` is no variable. Raises ValueError with the first line that is none.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 - only where such a file is read
    from dotenv.variables import parse_variables  # noqa: PLC0415 - as above

    variables: dict[str, str | None] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise ValueError(f"line {binding.original.line} is no NAME=value")
        if binding.key is not None and binding.value is not None:
            value = ""
            for atom in parse_variables(binding.value):
                value += atom.resolve(variables)
                if len(value) > VARIABLE_LIMIT:
                    raise ValueError(f"line {binding.original.line}: longer than {VARIABLE_LIMIT} characters")
            variables[binding.key] = value
    return {name: value or "" for name, value in variables.items()}


_ENDINGS: dict[str, Format] = {
    "json": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "toml": "toml",
    "ini": "ini",
    "cfg": "ini",
    "properties": "ini",
}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg.lower()}") from None


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - only where such a file is read

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Takes what an application's own tag (`!Ref`, `!vault`) stands before as if there were no tag."""

    Loader.add_multi_constructor("!", _without_tag)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=Loader):
            # The library loads by recursion in native code, which very deep data would crash.
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEPTH_LIMIT:
                raise ValueError(f"nested more than {DEPTH_LIMIT} levels deep")
        documents = list(yaml.load_all(text, Loader=Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"{where}{error.problem}") from None
    except yaml.YAMLError:
        raise ValueError("it has characters that YAML does not allow") from None
    return documents[0] if len(documents) == 1 else documents


def _without_tag(loader: Any, _: str, node: Any) -> Any:
    if node.id == "scalar":
        return loader.construct_scalar(node)
    return loader.construct_sequence(node, True) if node.id == "sequence" else loader.construct_mapping(node, True)


def _toml(text: str) -> Any:
    # The library takes quadratic time for the parts of a key.
    if any(line.partition("=")[0].count(".") > 10 * DEPTH_LIMIT for line in text.splitlines()):
        raise ValueError("it is nested too deeply")
    return tomllib.loads(text)


def _ini(text: str) -> Any:
    reader = configparser.RawConfigParser(strict=False, allow_no_value=True)
    reader.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        reader.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise ValueError(f"line {error.lineno} stands in no [section]") from None
    except configparser.ParsingError as error:
        raise ValueError(f"line {error.errors[0][0]} is no NAME = value") from None
    sections = {name: dict(reader.items(name)) for name in reader.sections()}
    return {**reader.defaults(), **sections}


_READERS = {"json": _json, "yaml": _yaml, "toml": _toml, "dotenv": dotenv, "ini": _ini}


def _count(data: Any, limit: int) -> None:
    waiting, count = [data], 0
    while waiting:
        each = waiting.pop()
        count += 1
        if count > limit:
            raise ValueError(f"it has more than {limit} values")
        if isinstance(each, Mapping):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
