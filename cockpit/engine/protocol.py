"""What viewers and the engine say to each other: one JSON object a line, over the run's Unix socket.

The journal is the record; the socket carries commands and their answers, and what is too light for the record. Both
sides say hello first. A viewer of another protocol version is told so in plain words and refused.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from cockpit.journal.event import Actor
from cockpit.run.command import AnyCommand
from cockpit.views.run_view import Look

PROTOCOL = 2
"""Goes up when a message changes its meaning, and when one is added: the other side hangs up on what it cannot read."""

LONGEST = 1 << 20
"""Bytes in one message; a longer one ends the connection."""


class Hello(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="hello"):
    """The first message of a viewer."""

    protocol: int
    tool: str
    role: Literal["captain", "observer", "script"] = "captain"
    """`captain`: command, if it is free or mine. `observer`: look on. `script`: one command, as whoever I am."""


class Request(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="request"):
    """A command. `id` is the viewer's own number, repeated in the answer."""

    id: int
    command: AnyCommand


class FollowLogs(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="follow-logs"):
    """This viewer looks at the logs, or does so no more. There is no answer: they come in the run's folder."""

    wanted: bool = True


class Welcome(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="welcome"):
    """The engine's answer to hello."""

    protocol: int
    tool: str
    run: str
    you: Actor
    captain: bool
    """Whether this viewer is in command."""


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="accepted"):
    """The command was carried out; its events are on disk up to `seq`."""

    id: int
    seq: int


class Refused(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="refused"):
    """The command, or the hello (`id` 0), was refused. Nothing was recorded."""

    id: int
    reason: str
    recorded: bool = True
    """False: it was refused because it could not be recorded (NOT RECORDED)."""


class Recorded(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="recorded"):
    """The journal grew: its events are on disk up to `seq`."""

    seq: int


class Measuring(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="measuring"):
    """The items being measured at this moment."""

    items: tuple[str, ...]


class InCommand(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="in-command"):
    """This viewer gained or lost command."""

    captain: bool


class Recording(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="recording"):
    """Whether the journal can be written; `problem` says why not."""

    problem: str = ""


class Looks(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="say", tag="looks"):
    """The quick commands that only read, the last time of each."""

    commands: tuple[Look, ...]


FromViewer = Hello | Request | FollowLogs
FromEngine = Welcome | Accepted | Refused | Recorded | Measuring | InCommand | Recording | Looks
