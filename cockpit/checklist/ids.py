"""Ids made from titles: readable, stable, and each only once in a document."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

LONGEST = 60
"""Characters in an id made from a title, before anything is put in front of it."""


class Titled(Protocol):
    """Something with a title that needs an id, and what stands under it."""

    title: str
    id: str

    @property
    def children(self) -> Sequence[Titled]:
        """What stands under it."""


def slug(title: str) -> str:
    """The title in lower-case letters, digits and single dashes; `item` when it has none of them."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_only.replace("'", "")).strip("-")
    if len(words) > LONGEST:
        words = words[: LONGEST + 1].rpartition("-")[0] or words[:LONGEST]
    return words or "item"


def assign_ids(roots: Iterable[Titled]) -> None:
    """Give everything an id: the slug of its title, or of `id` where one is wished for.

    Where a slug occurs more than once, each occurrence takes that of what it stands under as a prefix; where that is
    not enough, the one above; where nothing is left, a number.
    """
    ancestry = list(_walk(roots, ()))
    names = [slug(each.id or each.title) for each, _ in ancestry]
    slugs = {id(each): name for (each, _), name in zip(ancestry, names, strict=True)}
    above = [[slugs[id(parent)] for parent in parents] for _, parents in ancestry]
    while _prefix(names, above):
        pass
    taken = set(names)
    number: Counter[str] = Counter()
    for (each, _), name in zip(ancestry, names, strict=True):
        number[name] += 1
        each.id = name
        while number[name] > 1 and each.id in taken:
            each.id = f"{name}-{number[name]}"
            number[name] += each.id in taken
        taken.add(each.id)


def _prefix(names: list[str], above: list[list[str]]) -> bool:
    """Put one more prefix before every name that is not alone; False when none could take one."""
    count = Counter(names)
    doubtful = [index for index, name in enumerate(names) if count[name] > 1 and above[index]]
    for index in doubtful:
        names[index] = f"{above[index].pop()}-{names[index]}"
    return bool(doubtful)


def _walk(things: Iterable[Titled], above: tuple[Titled, ...]) -> Iterator[tuple[Titled, tuple[Titled, ...]]]:
    for each in things:
        yield each, above
        yield from _walk(each.children, (*above, each))
