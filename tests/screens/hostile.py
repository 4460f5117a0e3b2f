"""A run in whose every text somebody tries to reach the terminal, or the screen's markup."""

from __future__ import annotations

import datetime as dt

import msgspec
from launch import NOW, OPENED, event

from cockpit.checklist import model
from cockpit.checklist.source import Source
from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Event

PAYLOADS = (
    "\x1b]0;pwned\x07",  # window title, ended by BEL
    "\x1b]52;c;cHduZWQ=\x1b\\",  # clipboard
    "\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\",  # link
    "\x1b[2J\x1b[H",  # clear, home
    "\x1b[?1049l\x1b[6n\x1bc",  # leave the screen, report, reset
    '\x1bP$q"p\x1b\\',  # DECRQSS
    "\x9b2J\x9d0;t\x9c\x90x\x9c",  # the same in C1
    "a\x00b\x07c\x0bd\x0ce\rf\x0eg\x7fh",  # other controls
    "\u202egnp.exe\u2066\u2069\u200b\u2028\ufeff\U000e0041",  # bidirectional, invisible, tags
    "\ud800x",  # a lone surrogate
    "[red]not red[/red] [/x] [@click=app.quit]quit[/] [ERROR] [b",  # markup
    "e" + "\u0301" * 40,  # a pile of marks
    "line one\nline two\ttabbed",
)
POISON = "".join(PAYLOADS)
EVIL = Actor(POISON, 1000, POISON, POISON, POISON, POISON)


def hostile_document() -> model.Document:
    """Every string of a document is poison, but for ids and kinds."""
    source = Source(POISON, 1)
    confirm = model.Confirm(POISON, POISON, "value != ''", POISON)
    check = model.Check("http", {"url": POISON}, (POISON,), every=10.0, max_age=60.0)
    items = (
        model.Item("manual", POISON, source, confirm=confirm, note=POISON, unwired=("variable",)),
        model.Item("live", POISON, source, check=check, note=POISON),
        model.Item("waived", POISON, source, confirm=confirm, required=False),
        model.Item("excluded", POISON, source, confirm=confirm, excluded=POISON),
    )
    part = model.Branch("part", "part", POISON, source, items, note=POISON)
    away = model.Branch("part", "away", POISON, source, (), excluded=POISON)
    reference = model.Branch("part", "reference", POISON, source, show=("watch", "contacts", "commands"))
    return model.Document(
        POISON,
        (part, away, reference),
        variables=(model.Variable("variable", about=POISON, example=POISON),),
        positions={POISON: (POISON,)},
        contacts=(model.Contact(POISON, POISON, POISON, POISON, POISON, POISON),),
        commands=(model.Command("command", POISON, POISON, changes=True),),
        logs=(model.LogSource("log", POISON, "file", {"path": POISON}, unwired=("variable",)),),
        watch=(model.Item("watch", POISON, source, check=check, target=POISON),),
    )


def hostile_story() -> list[Event]:
    """A run that was written by hand: nothing in it went through Cockpit."""
    evidence = (ev.Evidence(POISON, POISON, POISON, 1, POISON),)
    finding = ev.Finding(POISON, False, {POISON: POISON}, POISON)
    document = hostile_document()
    told = (
        ev.RunOpened(POISON, "live", POISON, POISON, msgspec.Raw(b"{}"), POISON, POISON),
        ev.EngineStarted(1, POISON, "died"),
        ev.ItemConfirmed("manual", POISON, False, POISON, evidence),
        ev.WordTakenBack("manual", 2, POISON),
        ev.NoteAdded(POISON, "manual", evidence),
        ev.NoteAdded(POISON),
        ev.ItemWaived("waived", POISON, NOW + dt.timedelta(hours=1)),
        ev.CheckMeasured("live", "FAIL", POISON, request=POISON, findings=(finding,), evidence=POISON),
        ev.CheckMeasured("watch", "ERROR", POISON, request=POISON, findings=(finding,), evidence=POISON),
        ev.JournalRecovered(1, 2, POISON, POISON),
        ev.CommandTaken(POISON, POISON),
        ev.HoldStarted(POISON),
        ev.Unknown(POISON, msgspec.Raw(b"{}")),
    )
    # Encoding would refuse the lone surrogate; a fold over such a document is what a screen must stand all the same.
    opened = msgspec.structs.replace(told[0], document=msgspec.Raw(_encoded(document)))
    return [event(seq, data, EVIL, OPENED + dt.timedelta(seconds=seq)) for seq, data in enumerate((opened, *told[1:]))]


def _encoded(document: model.Document) -> bytes:
    def without_surrogates(value: object) -> object:
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()
        if isinstance(value, dict):
            return {without_surrogates(key): without_surrogates(each) for key, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [without_surrogates(each) for each in value]
        return value

    return msgspec.json.encode(without_surrogates(msgspec.to_builtins(document)))
