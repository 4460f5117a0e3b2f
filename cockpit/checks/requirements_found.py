"""What files of requirements and lock files say, and what follows when they are read together: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from cockpit.checks.hiding import shown

World = Literal["python", "npm"]


class Requirement(NamedTuple):
    """One package that is wanted."""

    world: World
    name: str
    wanted: str
    """As written: `>=2,<3`, `^1.2`."""
    version: str
    """The one version that it can only be; nothing when it can be several."""
    hashed: bool
    """What is fetched is compared with a digest."""
    where: str
    """`requirements.txt:3`."""

    @property
    def words(self) -> str:
        """`flask>=2 (requirements.txt:3)`, without who logs in at an address."""
        return f"{self.name}{shown('', self.wanted)} ({self.where})"


@dataclass
class Found:
    """What one file says."""

    path: str
    requirements: list[Requirement] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    """Files whose requirements count as this one's."""
    constraints: list[str] = field(default_factory=list)
    """Files that only say which version, if a package is wanted at all."""
    lock: bool = False
    asked: dict[tuple[World, str], set[str]] = field(default_factory=dict)
    """Of a lock file that says so: what was wanted when it was made."""


@dataclass(frozen=True)
class Together:
    """Files read together."""

    packages: dict[str, str]
    """Name to version; nothing for one that is not pinned."""
    unpinned: list[str]
    unhashed: list[str]
    locks: list[str]


def together(files: Iterable[Found], constraints: Iterable[Found] = ()) -> Together:
    """What `files` come to: a package is pinned where it is wanted, or by another of the files, or by a constraint."""
    files = list(files)
    wanted = [each for file in files for each in file.requirements]
    pins = {
        (each.world, each.name): each for file in (*constraints, *files) for each in file.requirements if each.version
    }
    asked: dict[tuple[World, str], set[str]] = {}
    for file in files:
        for key, texts in file.asked.items():
            asked.setdefault(key, set()).update(texts)
    packages: dict[str, str] = {}
    unpinned, unhashed = [], []
    for each in wanted:
        pin = pins.get((each.world, each.name))
        stale = pin is not None and not _fits(each, pin, asked)
        version = each.version or (pin.version if pin is not None and not stale else "")
        packages[each.name] = packages.get(each.name) or version
        if not version:
            unpinned.append(f"{each.words}: {pin.where} has another" if stale and pin else each.words)
        if not (each.hashed or (pin is not None and pin.hashed)):
            unhashed.append(each.words)
    return Together(packages, _once(unpinned), _once(unhashed), [file.path for file in files if file.lock])


def _fits(wanted: Requirement, pin: Requirement, asked: Mapping[tuple[World, str], set[str]]) -> bool:
    """Whether a version is one that is wanted; of npm's, whether the lock file was made for what is wanted now."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - only where files are read
    from packaging.version import InvalidVersion  # noqa: PLC0415 - as above

    if wanted.world == "npm":
        return wanted.wanted in asked.get((wanted.world, wanted.name), {wanted.wanted})
    try:
        return SpecifierSet(wanted.wanted).contains(pin.version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True  # Poetry's `^1.2`, a commit


def python_name(name: str) -> str:
    """The name of a Python package as all of its spellings have it in common (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def each_of(value: object) -> Iterator[tuple[str, object]]:
    """The entries of a mapping in foreign data; none when it is no mapping."""
    if isinstance(value, dict):
        yield from ((str(key), each) for key, each in value.items())
