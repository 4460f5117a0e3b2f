"""What the document needs to know of a kind of check, so that it can refuse a wrong one by name, line and column.

The kinds themselves live in `cockpit.checks`; they are handed to the loader, which imports none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

import pydantic


class Spec(pydantic.BaseModel):
    """What a kind needs to know. Unknown keys are refused; each field's description is its documentation."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Meaning(Enum):
    """What a key of a Spec is, beyond its type: `run: Annotated[str, Meaning.SHELL]`."""

    SHELL = "shell"
    """A shell command: values of variables stand in it quoted, and none of them may be a secret."""
    ARGUMENTS = "arguments"
    """A program and its arguments: others on the machine can list them, so none of them may be a secret."""
    HOST = "host"
    """One of the checklist's `hosts`."""


def keys_that_are(spec: type[Spec], *meanings: Meaning) -> tuple[str, ...]:
    """The keys of a Spec with one of these meanings, as they are written."""
    return tuple(
        field.alias or name
        for name, field in spec.model_fields.items()
        if any(meaning in field.metadata for meaning in meanings)
    )


@dataclass(frozen=True, eq=False)
class Field:
    """A name that conditions may use; each is its own, so that compiled conditions are found again at once."""

    name: str
    type: Literal["int", "double", "string", "bool", "duration", "timestamp", "list", "map", "dyn"]
    about: str
    unit: str = ""


class DocumentedKind(Protocol):
    """The part of a kind that a checklist is checked against and documented from."""

    @property
    def name(self) -> str:
        """As it is written in a checklist."""

    @property
    def about(self) -> str:
        """What it measures, in one sentence."""

    @property
    def spec(self) -> type[Spec]:
        """The model of what it needs to know."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The names that conditions may use."""

    @property
    def implied(self) -> str:
        """The condition that holds when none is written; empty when a check of this kind must have one."""

    @property
    def example(self) -> str:
        """A check in YAML, shown in the documentation and loaded by a test."""


def goes_through_hosts(kind: DocumentedKind) -> bool:
    """Whether a check of this kind may say `via: HOST`."""
    return bool(getattr(kind, "via", False))
