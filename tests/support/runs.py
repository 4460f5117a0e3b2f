"""Small documents and events to test with."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable

import msgspec

from cockpit.checklist import model
from cockpit.checklist.model import Branch, Check, Confirm, Document, Item, Variable
from cockpit.checklist.source import Source
from cockpit.journal.event import Actor, Data, Event, RunOpened

HERE = Source("checklist.yaml", 1)
T0 = dt.datetime(2026, 11, 24, 22, 0, tzinfo=dt.UTC)
ADA = Actor("ada", 1000, "bastion", "pts/3", "10.0.0.7")
BOB = Actor("bob", 1001, "bastion", "pts/4", "10.0.0.8")
ENGINE = Actor("ada", 1000, "bastion", engine=True)


def live(item_id: str, **changes: object) -> Item:
    """An item with a check."""
    check = Check("http", {"url": "http://127.0.0.1/"}, ("status == 200",))
    return Item(item_id, item_id.title(), HERE, check=msgspec.structs.replace(check, **changes))


def manual(item_id: str, expect: str = "", **changes: object) -> Item:
    """An item that a person confirms."""
    item = Item(item_id, item_id.title(), HERE, confirm=Confirm(f"What is {item_id}?", expect=expect))
    return msgspec.structs.replace(item, **changes)


def document(*items: Item, excluded: Iterable[Item] = (), watch: tuple[Item, ...] = ()) -> Document:
    """One part with a section of a group of `items`, and one that does not count."""
    group = Branch("group", "group", "Group", HERE, children=items)
    section = Branch("section", "section", "Section", HERE, children=(group,))
    out = Branch("section", "other-platform", "Other", HERE, children=tuple(excluded), excluded="not for this run")
    parts = (Branch("part", "part", "Part", HERE, children=(section, out) if out.children else (section,)),)
    return Document(
        "Test", parts, positions={"security": ("grace",), "anyone": ()}, watch=watch, variables=(Variable("base_url"),)
    )


def opened(of: Document, at: dt.datetime = T0, by: Actor = ADA) -> Event:
    """The first event of a run."""
    raw = model.encode(of)
    data = RunOpened("run-1", "live", "1.5.0", "production", msgspec.Raw(raw), hashlib.sha256(raw).hexdigest(), "0.1.0")
    return Event(0, at, data.kind, by, data, mono=0, boot="boot-1")


def events(of: Document, *data: Data | tuple[Actor, Data], every: float = 1.0) -> list[Event]:
    """A journal: the run opened, then `data`, `every` seconds apart, by ada unless said otherwise."""
    happened = [opened(of)]
    for seq, entry in enumerate(data, 1):
        by, what = entry if isinstance(entry, tuple) else (ADA, entry)
        at = T0 + dt.timedelta(seconds=seq * every)
        happened.append(Event(seq, at, what.kind, by, what, mono=int(seq * every * 1e6), boot="boot-1"))
    return happened
