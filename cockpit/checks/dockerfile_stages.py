"""What a Dockerfile says: pure."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cockpit.checks.hiding import names_a_secret, shown


@dataclass
class Stage:
    """One `FROM` and what follows it."""

    image: str
    """Its base, arguments filled in; of an earlier stage the name of that stage."""
    name: str = ""
    line: int = 0
    builds_on: Stage | None = None
    """The earlier stage that it starts from."""
    user: str = ""
    healthcheck: bool | None = None
    """None when nothing is said; False when one that was inherited is switched off."""
    exposes: list[str] = field(default_factory=list)
    entry: str = ""
    """`CMD` and `ENTRYPOINT`, as written."""


@dataclass
class Dockerfile:
    """What is in one."""

    stages: list[Stage] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    """Images that `COPY --from` or `RUN --mount=from` name, beside those of stages."""
    adds: list[str] = field(default_factory=list)
    """Addresses that `ADD` downloads."""
    secrets: list[str] = field(default_factory=list)
    """Names of `ENV` and `ARG` like those of secrets: both stay in the image's history (BuildKit's build check
    `SecretsUsedInArgOrEnv`)."""

    @property
    def images(self) -> list[str]:
        """Every image that is used from outside, once: bases of stages (`scratch` is none), and what is copied from."""
        bases = [stage.image for stage in self.stages if stage.builds_on is None and stage.image != "scratch"]
        return list(dict.fromkeys([*bases, *self.fetched]))


def parse(text: str, arguments: Mapping[str, str]) -> Dockerfile:
    """Read a Dockerfile; `arguments` stand before the defaults of `ARG`. Raises ValueError when it has no `FROM`."""
    found = Dockerfile()
    top: dict[str, str] = {}
    for line, word, value in _instructions(text):
        if word == "FROM":
            found.stages.append(_stage(value, line, top, found.stages))
        elif word == "ARG" and not found.stages:
            top |= _arguments(value, top, arguments)
        if word in ("ARG", "ENV"):
            names = (
                [name for name, text in _pairs(value) if text] if word == "ENV" else [name for name, _ in _given(value)]
            )
            found.secrets += [name for name in names if names_a_secret(name)]
        if found.stages:
            _take(found, found.stages[-1], word, value, top)
    if not found.stages:
        raise ValueError("it has no FROM")
    return found


def without_secrets(value: str) -> str:
    """An image or address without who logs in there."""
    return shown("", value)


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, name and value of each instruction; what stands in here-documents is none."""
    from dockerfile_parse import DockerfileParser  # noqa: PLC0415 - only where a Dockerfile is read

    parser = DockerfileParser(fileobj=io.BytesIO(_without_documents(text).encode("utf-8", "replace")))
    for each in parser.structure:
        if each["instruction"] != "COMMENT":
            yield each["startline"] + 1, each["instruction"], each["value"].strip()


_HERE_DOCUMENT = re.compile(r"<<-?([\"']?)([A-Za-z_]\w*)\1")


def _without_documents(text: str) -> str:
    """The library knows no here-documents (BuildKit's syntax 1.4): their lines are emptied, the numbers stay."""
    kept: list[str] = []
    waiting: list[str] = []
    for line in text.splitlines():
        if waiting:
            if line.strip("\t") == waiting[0]:
                waiting.pop(0)
            kept.append("")
            continue
        if re.match(r"\s*(RUN|COPY|ADD)\s", line, re.IGNORECASE):
            waiting = [name for _, name in _HERE_DOCUMENT.findall(line)]
        kept.append(line)
    return "\n".join(kept) + "\n"


def _stage(value: str, line: int, top: Mapping[str, str], before: list[Stage]) -> Stage:
    words = [word for word in value.split() if not word.startswith("--")]
    image = _filled(words[0], top) if words else ""
    name = words[2] if len(words) > 2 and words[1].upper() == "AS" else ""
    base = next((stage for stage in reversed(before) if stage.name.lower() == image.lower() != ""), None)
    return Stage(
        image, name, line, base, user=base.user if base else "", healthcheck=base.healthcheck if base else None
    )


def _take(found: Dockerfile, stage: Stage, word: str, value: str, top: Mapping[str, str]) -> None:
    match word:
        case "USER":
            stage.user = value
        case "HEALTHCHECK":
            stage.healthcheck = value.split(None, 1)[0].upper() != "NONE" if value else None
        case "EXPOSE":
            stage.exposes += [each.partition("#")[0] for each in value.split()]
        case "CMD" | "ENTRYPOINT":
            stage.entry = value
        case "ADD":
            found.adds += [each for each in _words(value) if re.match(r"https?://|git@|ftp://", each)]
    if word in ("COPY", "ADD", "RUN"):
        for source in re.findall(r"--from=(\S+)|--mount=\S*\bfrom=([^,\s]+)", value):
            image = _filled(source[0] or source[1], top)
            names = {each.name.lower() for each in found.stages}
            if image.lower() not in names and not image.isdecimal() and image not in found.fetched:
                found.fetched.append(image)


def _words(value: str) -> list[str]:
    if value.startswith("["):
        try:
            return [str(each) for each in json.loads(value)]
        except ValueError:
            pass
    return value.split()


def _arguments(value: str, known: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, default in _given(value):
        if name in given or default is not None:
            found[name] = given[name] if name in given else _filled(default or "", {**known, **found})
    return found


def _given(value: str) -> list[tuple[str, str | None]]:
    """The names of an `ARG` with their defaults."""
    pairs = [word.partition("=") for word in _split(value)]
    return [(name, default if sign else None) for name, sign, default in pairs]


def _pairs(value: str) -> list[tuple[str, str]]:
    """The names of an `ENV` with their values; the old form has one name, and a space before its value."""
    words = _split(value)
    if words and "=" not in words[0]:
        name, _, rest = value.partition(" ")
        return [(name, rest.strip())]
    return [(name, rest) for name, _, rest in (word.partition("=") for word in words)]


def _split(value: str) -> list[str]:
    from dockerfile_parse.util import WordSplitter  # noqa: PLC0415 - as above

    return list(WordSplitter(value).split())


_USE = re.compile(r"\$(?:\{(\w+)(?::([-+])([^}]*))?\}|(\w+))")


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    """`text` with its arguments: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`; unknown ones stay."""

    def value(match: re.Match[str]) -> str:
        name, sign, other = match[1] or match[4], match[2], match[3]
        known = arguments.get(name, "")
        if sign == "-":
            return known or other
        if sign == "+":
            return other if known else ""
        return arguments.get(name, match[0])

    return _USE.sub(value, text.strip("\"'"))
