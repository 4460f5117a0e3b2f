"""Who is told of what happens in a run: what may be written under `notify`, and what is wrong with it."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Collection, Iterator, Mapping, Sequence

from pydantic import Field

from cockpit.checklist import variables
from cockpit.checklist.file import Id, Title, Written
from cockpit.checklist.model import Addressee, Subject, Variable
from cockpit.checklist.node import Node
from cockpit.checklist.problem import Problem, problem_at, suggest
from cockpit.checklist.uses import names_in

USUAL: tuple[Subject, ...] = ("hold", "failure", "poll", "doubt", "rollback", "abort", "closed")
"""What somebody is told of when nothing else is written."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


class Notify(Written):
    """Somebody who is told of what happens: a chat, an address, a pager."""

    id: Id = Field(description="Its name in the record, once under `notify`.")
    to: Title = Field(
        description="The URL of the service, as Apprise writes it (`slack://...`, `mailto://...`, `jsons://...`). One"
        " that holds a token or a password comes from a variable that is `secret: true`."
    )
    on: list[Subject] = Field(list(USUAL), description="What it is told of; everything but milestones if not written.")
    positions: list[str] = Field(
        [], description="Whose it is: what is asked of other positions only is not told. None: everybody's."
    )


def build_notify(
    forms: Sequence[Notify], nodes: Sequence[Node], known: Mapping[str, Variable], positions: Collection[str]
) -> tuple[tuple[Addressee, ...], list[Problem]]:
    """Everybody who is told, and what is wrong with what is written of them."""
    problems: list[Problem] = []
    first: dict[str, Node] = {}
    for form, node in zip(forms, nodes, strict=True):
        at = node.at(("to",))
        problems.extend(variables.check_uses(at, known, strict=True))
        problems.extend(_check_url(form.to, at))
        for name, written in zip(form.positions, node.below("positions"), strict=True):
            if name not in positions:
                hint = suggest(name, list(positions), none="declare it under `positions`")
                problems.append(problem_at(written.source, f"the position `{name}` is not known", hint))
        if form.id in first:
            said = f"the id `{form.id}` is used twice"
            problems.append(problem_at(node.at(("id",)).source, said, f"the first is at {first[form.id].source}"))
        first.setdefault(form.id, node)
    told = tuple(
        Addressee(form.id, form.to, tuple(dict.fromkeys(form.on)), tuple(form.positions), node.source)
        for form, node in zip(forms, nodes, strict=True)
    )
    return told, problems


def _check_url(written: str, at: Node) -> Iterator[Problem]:
    if list(names_in(written)):
        return
    if not _SCHEME.fullmatch(written):
        yield problem_at(at.source, "`to` must be a URL such as `slack://...`, `mailto://...` or `${chat_url}`")
        return
    try:
        password = urllib.parse.urlsplit(written).password
    except ValueError as error:
        yield problem_at(at.source, f"`to` is no URL: {error}")
        return
    if password:
        hint = "put the URL into a variable that is `secret: true`, and change the password: it has been written down"
        yield problem_at(at.source, "a password is never written in a checklist", hint)
