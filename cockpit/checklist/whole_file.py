"""The file format as a whole: a checklist, or one file of a folder of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cockpit.checklist.file import (
    Command,
    Contact,
    Host,
    Id,
    Part,
    Positions,
    Title,
    Variable,
    Written,
    under,
    variable,
)
from cockpit.checklist.log_file import LogSource
from cockpit.checklist.notify import Notify
from cockpit.checklist.plan_file import GoLive, Rollback, Watch


class Checklist(Written):
    """A checklist, or one file of a folder of them."""

    cockpit: Literal[1] = Field(description="The version of this format: 1.")
    name: Title = Field(description="What is being released.")
    note: str = Field("", description="What a captain should know before anything else.")
    extends: str = Field("", description="A shipped checklist, or the path of one, that this one adds to by id.")
    variables: dict[str, Annotated[Variable, BeforeValidator(variable)]] = Field(
        {}, description="Values that differ between users, used as `${name}`."
    )
    hosts: dict[Id, Annotated[Host, under("ssh")]] = Field({}, description="Hosts that are reached over SSH, by name.")
    positions: Positions = Field({}, description="Who answers for what: positions, and the users who may hold them.")
    contacts: list[Contact] = Field([], description="Somebody to call.")
    commands: list[Command] = Field([], description="Quick commands.")
    logs: list[LogSource] = Field([], description="Logs to follow.")
    notify: list[Notify] = Field([], description="Who is told of what happens: a chat, an address, a pager.")
    parts: list[Part] = Field([], description="The checklist itself.")
    watch: list[Watch] = Field([], description="Checks that keep running through the run, with the figures agreed on.")
    golive: GoLive | None = Field(None, description="The steps of going live.")
    rollback: Rollback | None = Field(None, description="The way back.")
