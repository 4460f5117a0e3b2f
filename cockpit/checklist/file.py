"""The file format: what people may write in a checklist, key by key. The whole is in `whole_file.py`.

These models say which keys there are and what each may hold. What only the whole document can tell (ids, variables,
conditions) is decided in `build.py`. Keys that begin with `x-` are left alone at every level.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator
from pydantic_core import PydanticCustomError

CHILDREN = ("sections", "groups", "items")
"""The keys under which a branch holds what stands below it."""

ORIGINS = ("value", "env", "file", "command")
"""The keys that say where a variable's value comes from; a variable has at most one."""

SHAPE_OF_ID = "[a-z0-9]+(-[a-z0-9]+)*"

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")


def seconds(written: object) -> float:
    """The seconds in `500ms`, `10s`, `5m`, `2h` or `1d`. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        raise ValueError(f"must be a time with its unit, as in `500ms`, `10s`, `5m`, `2h` or `1d`, not `{written}`")
    return round(float(match[1]) * _SECONDS[match[2]], 6)


def _kebab(text: str) -> str:
    if not re.fullmatch(SHAPE_OF_ID, text):
        raise ValueError("must be lower-case letters, digits and single dashes, as in `base-url`")
    return text


def _title(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _anyone(value: object) -> object:
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, ())
    return value


def under(key: str) -> Any:
    """A shorthand: text alone stands for a mapping with `key`."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def variable(value: object) -> object:
    """A shorthand: a value alone stands for a variable that has it."""
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"value": value}


Id = Annotated[str, AfterValidator(_kebab), Field(json_schema_extra={"pattern": f"^{SHAPE_OF_ID}$"})]
Title = Annotated[str, AfterValidator(_title), Field(json_schema_extra={"minLength": 1})]
Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$", "examples": ["10s", "5m"]}),
]
Conditions = Annotated[
    list[str],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Positions = Annotated[
    dict[str, tuple[str, ...]],
    BeforeValidator(_anyone),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
            ]
        }
    ),
]
Scalar = str | int | float | bool


class Written(BaseModel):
    """A mapping in a checklist: unknown keys are refused, numbers may stand where text is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    @field_validator("*", mode="before")
    @classmethod
    def _has_a_value(cls, value: object) -> object:
        """A key without a value was meant to have one: an undo that is left empty is not the same as none."""
        if value is None:
            raise PydanticCustomError("no_value", "has no value")
        return value


class Variable(Written):
    """A value that differs between users: its value alone, or where it comes from and what it is for."""

    value: Scalar | list[Scalar] | None = Field(None, description="The value, written out. Never a secret.")
    env: str = Field("", description="Read from this environment variable.")
    file: str = Field("", description="Read from this file, each time it is used.")
    command: str = Field("", description="Read from the output of this shell command, each time it is used.")
    secret: bool = Field(False, description="Never shown or recorded; needs `env`, `file` or `command`.")
    about: str = Field("", description="What it is, for somebody who has to set it.")
    example: str = Field("", description="What a value looks like.")


class Retry(Written):
    """Trying again while a measurement is not good."""

    for_: Duration = Field(alias="for", description="The window in which it is tried again.")
    every: Duration = Field(2.0, description="The pause between two tries.")


class Check(Written):
    """A measurement with conditions. One further key names the kind and holds what it needs to know."""

    model_config = ConfigDict(extra="allow")

    expect: Conditions = Field([], description="CEL conditions; each must hold for PASS.")
    warn: Conditions = Field([], description="CEL conditions; each must hold, or PASS becomes WARN.")
    figure: str = Field("", description="A CEL expression for the number to plot; else the one that the kind plots.")
    timeout: Duration = Field(10.0, description="The limit of one try; 10s when not written.")
    retry: Retry | None = Field(None, description="Try again while it is not good.")
    deadline: Duration = Field(0.0, description="The limit of the whole measurement with all tries.")
    every: Duration = Field(0.0, description="Measure again this often.")
    max_age: Duration = Field(0.0, description="Older than this, the result is STALE.")
    needs: list[Id] = Field([], description="Ids of items whose checks must PASS first; else this one is BLOCKED.")
    advisory: bool = Field(False, description="Measure and show it, but let it block nothing.")
    on_demand: bool = Field(False, description="It changes something: measured only when it is asked for by name.")
    via: str = Field("", description="The host, one of `hosts`, from which it is measured; else this machine.")


class Confirm(Written):
    """The question whose answer is a person's word: the value they saw. Text alone is the question."""

    ask: str = Field("", description="The question; its answer is a value, not yes or no.")
    look: str = Field("", description="Where to look for the answer.")
    expect: str = Field("", description="A CEL condition over `value` (text) that an acceptable answer satisfies.")
    position: str = Field("", description="The position that has to answer.")
    always: bool = Field(False, description="Ask even when the check is live: the item then needs both.")


class Item(Written):
    """One thing that must be true: measured by a check, confirmed by a person, or both."""

    id: Id = Field(description="Its name in commands and records, once in the document: `base-url`.")
    title: Title = Field(description="What must be true.")
    check: Check | None = Field(None, description="How it is measured.")
    confirm: Annotated[Confirm | None, under("ask")] = Field(None, description="What a person is asked.")
    required: bool = Field(True, description="False: it may be set not applicable without a reason.")
    note: str = Field("", description="What a captain should know of it.")
    target: str = Field("", description="The figure agreed on, as people write it: `> 99.9 %`.")
    when: str = Field("", description="A CEL condition over the variables; the item does not count when it is false.")


class Branch(Written):
    """A heading with what stands under it."""

    id: Id = Field(description="Its name in commands and records, once in the document.")
    title: Title = Field(description="The heading.")
    note: str = Field("", description="What a captain should know of it.")
    when: str = Field("", description="A CEL condition over the variables; nothing below counts when it is false.")


class Group(Branch):
    """A heading over items."""

    items: list[Item] = Field([], description="What must be true.")


class Section(Branch):
    """A heading over groups and items."""

    groups: list[Group] = Field([], description="Headings over items.")
    items: list[Item] = Field([], description="What must be true.")


class Part(Branch):
    """A heading over sections, groups and items, or a reference part that shows lists of the document."""

    sections: list[Section] = Field([], description="Headings over groups and items.")
    groups: list[Group] = Field([], description="Headings over items.")
    items: list[Item] = Field([], description="What must be true.")
    show: list[Literal["watch", "contacts", "commands"]] = Field([], description="A reference part: what stands here.")


class Contact(Written):
    """Somebody to call."""

    name: Title = Field(description="Who it is.")
    position: str = Field("", description="The position they hold.")
    phone: str = Field("", description="A telephone number.")
    chat: str = Field("", description="A channel or handle.")
    email: str = Field("", description="An address.")
    note: str = Field("", description="When to call them, say.")


class Host(Written):
    """A host that is reached over SSH, on top of what the SSH configuration says of it. Text alone is `ssh`."""

    ssh: Title = Field(
        description="Whom to log in as, and where: `deploy@10.0.0.5`, `host:2222`, a name that ~/.ssh/config knows."
    )
    via: str = Field("", description="The host, one of `hosts`, through which it is reached.")
    client: Literal["paramiko", "openssh"] = Field(
        "paramiko", description="`openssh`: use the system's `ssh`, for what the built-in client cannot do."
    )
    config: str = Field("", description="Another configuration file than ~/.ssh/config.")


class DockerLogs(Written):
    """The log of a container."""

    container: Title = Field(description="Its name or id.")
    tail: int = Field(100, ge=0, description="How many lines to begin with.")
    follow: bool = Field(False, description="Go on with lines as they come.")


class Run(Written):
    """What a quick command runs: exactly one of these."""

    command: str = Field("", description="A shell command.")
    docker_logs: DockerLogs | None = Field(None, description="The log of a container.")


class Command(Written):
    """A quick command, a key away."""

    id: Id = Field(description="Its name, once among the commands.")
    title: Title = Field(description="What it is for.")
    run: Annotated[Run, under("command")] = Field(
        description='What it runs. A secret is set for the shell as a variable of its name: `psql "${database_url}"`.'
    )
    host: str = Field("", description="The host that it runs on; nothing: where the engine runs.")
    timeout: Duration = Field(3600.0, description="It is ended after this time.")
    changes: bool = Field(False, description="It changes something: never run without a question.")
