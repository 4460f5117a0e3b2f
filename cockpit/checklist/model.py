"""What should be true: the loaded document.

A document is complete in itself: `extends` is merged, ids are unique, durations are seconds, defaults are filled in,
and every item knows whether it is live or manual and why. It is what the first event of a journal carries, so it
encodes to plain JSON and back without loss. The file format that people write is `cockpit.checklist.file`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from cockpit.checklist.plan import Abort, Plan
from cockpit.checklist.source import Source


class Variable(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value that differs between users of a checklist.

    `value` is None while it is not set, and always None for a secret: a secret is read again each time it is used.
    """

    name: str
    value: Any = None
    is_set: bool = False
    secret: bool = False
    origin: str = ""
    """In words: `default`, `--var`, `environment variable DATABASE_URL`, `file /run/secrets/db`, `command ...`."""
    env: str = ""
    file: str = ""
    command: str = ""
    about: str = ""
    example: str = ""


class Confirm(msgspec.Struct, frozen=True, omit_defaults=True):
    """The question whose answer is a person's word on an item."""

    ask: str
    look: str = ""
    """Where to look for the answer."""
    expect: str = ""
    """CEL over `value` (string): what an acceptable answer satisfies. Empty: any answer that is not empty."""
    position: str = ""
    always: bool = False
    """Ask even when the check is wired: the item then needs both."""


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """A measurement with conditions. All times are seconds."""

    kind: str
    spec: dict[str, Any]
    """What the kind needs to know, as written: `${variable}` is filled in when it is measured."""
    expect: tuple[str, ...] = ()
    """CEL; each must hold for PASS. Empty: the condition that the kind implies."""
    warn: tuple[str, ...] = ()
    """CEL; each must hold, or PASS becomes WARN."""
    figure: str = ""
    """CEL that comes to the number to plot. Empty: the number that the kind plots."""
    timeout: float = 10.0
    """One try."""
    retry_for: float = 0.0
    """The window in which a failing measurement is tried again; 0 tries once."""
    retry_every: float = 2.0
    deadline: float = 0.0
    """The whole measurement with all tries; 0 means `timeout + retry_for`."""
    every: float = 0.0
    """Measure again this often; 0 measures once, and again when asked."""
    max_age: float = 0.0
    """Older than this, the result is STALE; 0 means never."""
    needs: tuple[str, ...] = ()
    """Ids of items whose checks must PASS first; else this one is BLOCKED."""
    advisory: bool = False
    """Measured and shown; blocks nothing."""
    on_demand: bool = False
    """It changes something, if only for a while: never measured by itself, only when it is asked for by name."""
    via: str = ""
    """The host from which it is measured; empty: this machine."""


class Item(msgspec.Struct, frozen=True, omit_defaults=True, tag="item", tag_field="is"):
    """One thing that must be true.

    Live when `check` is set, manual when `confirm` is set, both when both are. An item whose check uses a variable
    that is not set has no `check`; `unwired` names those variables.
    """

    id: str
    title: str
    source: Source
    check: Check | None = None
    confirm: Confirm | None = None
    unwired: tuple[str, ...] = ()
    required: bool = True
    """False: marked optional or "(if used)"; may be set not applicable without a reason."""
    note: str = ""
    target: str = ""
    """For a watch: the figure agreed on, as people write it (`> 99.9 %`)."""
    excluded: str = ""
    """Why this item does not count in this run (another platform); empty when it counts."""
    abort: Abort | None = None
    """For a watch: what it must not do."""

    @property
    def mode(self) -> Literal["live", "manual", "both"]:
        """How it becomes true: measured, confirmed, or both."""
        if self.check is None:
            return "manual"
        return "both" if self.confirm is not None and self.confirm.always else "live"


class Branch(msgspec.Struct, frozen=True, omit_defaults=True, tag="branch", tag_field="is"):
    """A part, section or group: a heading with what stands under it, in order."""

    level: Literal["part", "section", "group"]
    id: str
    title: str
    source: Source
    children: tuple[Branch | Item, ...] = ()
    note: str = ""
    excluded: str = ""
    show: tuple[str, ...] = ()
    """For a reference part: which of `watch`, `contacts`, `commands` stand here."""

    def items(self) -> Iterator[Item]:
        """All items under this heading, in order."""
        for child in self.children:
            if isinstance(child, Item):
                yield child
            else:
                yield from child.items()

    def branches(self) -> Iterator[Branch]:
        """This heading and all below it, in order."""
        yield self
        for child in self.children:
            if isinstance(child, Branch):
                yield from child.branches()


class Contact(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody to call."""

    name: str
    position: str = ""
    phone: str = ""
    chat: str = ""
    email: str = ""
    note: str = ""


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """A quick command: something a captain wants a key away."""

    id: str
    title: str
    run: str
    """The exact shell command, `${variable}` not yet filled in."""
    changes: bool = False
    """It changes something: never run without a question."""
    source: Source | None = None
    host: str = ""
    """Where it runs; empty: this machine."""
    timeout: float = 3600.0
    """Seconds after which it is ended."""

    @property
    def processes(self) -> bool:
        """Whether it is `top`: it is shown as a table of processes."""
        return _TOP.match(self.run) is not None

    @property
    def exact(self) -> str:
        """What is given to the shell: as written, but `top` prints a page at a time, for no terminal."""
        return _TOP.sub("top -b -d 2 -w 200 ", self.run, count=1)


_TOP = re.compile(r"\s*top(?:\s+|$)(?!-b)")


class Host(msgspec.Struct, frozen=True, omit_defaults=True):
    """A host that is reached over SSH. `${variable}` in its texts is filled in when it is reached."""

    name: str
    ssh: str
    """`[USER@]HOST[:PORT]`; HOST may be a name that the SSH configuration knows."""
    via: str = ""
    """The host through which it is reached."""
    client: Literal["paramiko", "openssh"] = "paramiko"
    config: str = ""
    """The SSH configuration file; empty: the user's."""
    source: Source | None = None


class LogSource(msgspec.Struct, frozen=True, omit_defaults=True):
    """A log to follow."""

    id: str
    title: str
    kind: Literal["docker", "compose", "swarm", "file", "journald"]
    spec: dict[str, Any]
    """What the kind needs to know, as written: `${variable}` is filled in when it is followed."""
    via: str = ""
    """The host where it is; empty: this machine."""
    tail: int = 100
    """Lines to begin with."""
    zone: str = ""
    """The time zone of times that do not say theirs; empty: this machine's."""
    unwired: tuple[str, ...] = ()
    """The variables that are not set and would have to be."""
    excluded: str = ""
    """Why it is not followed in this run; empty when it is."""
    source: Source | None = None


Subject = Literal["milestone", "hold", "failure", "poll", "doubt", "rollback", "abort", "command", "engine", "closed"]
"""What somebody can be told of."""


class Addressee(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who is told of what happens: a chat, an address, a pager."""

    id: str
    to: str
    """The URL of the service, as written: `${variable}` is filled in when it is used."""
    on: tuple[Subject, ...]
    positions: tuple[str, ...] = ()
    """What is asked of other positions only is not told; none: everything is."""
    source: Source | None = None

    @property
    def service(self) -> str:
        """What may be shown of `to`: its scheme, or the variable that it comes from. The rest may be a secret."""
        scheme, separator, _ = self.to.partition("://")
        return f"{scheme}://" if separator else self.to


class File(msgspec.Struct, frozen=True):
    """A file that the document was loaded from."""

    path: str
    sha256: str


class Document(msgspec.Struct, frozen=True, omit_defaults=True):
    """A checklist as loaded."""

    name: str
    parts: tuple[Branch, ...]
    files: tuple[File, ...] = ()
    variables: tuple[Variable, ...] = ()
    hosts: tuple[Host, ...] = ()
    positions: dict[str, tuple[str, ...]] = {}
    """Position to the users who may answer for it; an empty tuple means anyone."""
    contacts: tuple[Contact, ...] = ()
    commands: tuple[Command, ...] = ()
    logs: tuple[LogSource, ...] = ()
    notify: tuple[Addressee, ...] = ()
    watch: tuple[Item, ...] = ()
    plan: Plan | None = None
    plan_checks: tuple[Item, ...] = ()
    """Checks that only the plan uses: they count in no part."""
    note: str = ""

    def items(self) -> Iterator[Item]:
        """All items of all parts, in order; watches are not among them."""
        for part in self.parts:
            yield from part.items()

    def branches(self) -> Iterator[Branch]:
        """All headings, each before what stands under it."""
        for part in self.parts:
            yield from part.branches()

    def find(self, item_id: str) -> Item | None:
        """The item or watch with this id."""
        return next((item for item in self.checkable() if item.id == item_id), None)

    def branch(self, branch_id: str) -> Branch | None:
        """The heading with this id."""
        return next((branch for branch in self.branches() if branch.id == branch_id), None)

    def command(self, command_id: str) -> Command | None:
        """The quick command with this id."""
        return next((command for command in self.commands if command.id == command_id), None)

    def nearest(self, item_id: str) -> str:
        """The known id most like `item_id`; empty when none is like it."""
        near = difflib.get_close_matches(item_id, [item.id for item in self.checkable()], n=1)
        return near[0] if near else ""

    def checkable(self) -> Iterator[Item]:
        """Items, watches and the plan's own checks: all that can be measured or confirmed."""
        yield from self.items()
        yield from self.watch
        yield from self.plan_checks


def encode(document: Document) -> bytes:
    """The document as JSON, the same bytes for the same document."""
    return msgspec.json.encode(document, order="deterministic")


def decode(data: bytes) -> Document:
    """The document that `encode` wrote. Raises msgspec.ValidationError when it is none."""
    return msgspec.json.decode(data, type=Document)
