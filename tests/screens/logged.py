"""A run of a checklist that names logs, and lines of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from driving import cockpit
from fake_run import FakeRun
from launch import ADA, NOW, document, event, opened, story

from cockpit.checklist import model
from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.logs.line import Level, LogLine
from cockpit.logs.tap import Taken
from cockpit.screens.app import CockpitApp
from cockpit.views.signs import UNICODE, Glyphs

SOURCES = (
    model.LogSource("api-1", "The first API server", "file", {"path": "/var/log/api.log"}, via="app1"),
    model.LogSource("worker", "The worker", "journald", {"unit": "worker"}),
    model.LogSource("backend", "The backend", "docker", {"container": "${container}"}, unwired=("container",)),
)
_PRINTED = (
    (0, "api-1", Level.INFO, "GET /health 200 18 ms"),
    (2, "worker", Level.WARNING, "retry 1/5 payments: timeout"),
    (3, "api-1", Level.ERROR, "timeout after 3000 ms calling payments [/etc/pay.conf] [red]not red[/red]"),
    (3, "api-1", Level.ERROR, '  File "/srv/payments.py", line 41, in call'),
    (4, "worker", Level.DEBUG, '{"queue": "orders", "waiting": 12, "oldest": 4.1, "workers": ["a", "b", "c", "d"]}'),
    (6, "api-1", None, "漢字 and a line that goes on for longer than there is room for it on a terminal of 80 cells"),
    (8, "worker", Level.CRITICAL, "no connection to the broker is left"),
)


def story_with_logs(sources: Sequence[model.LogSource] = SOURCES) -> list[Event]:
    """A run that has logs, and a moment that was marked in it."""
    first, *others = story()
    named = msgspec.structs.replace(document(), logs=tuple(sources))
    told = msgspec.structs.replace(opened(), document=msgspec.Raw(model.encode(named)))
    marked = event(others[-1].seq + 1, ev.NoteAdded("mark: api-1 is back in"), ADA, NOW - dt.timedelta(seconds=5.5))
    return [event(first.seq, told, ADA, first.at), *others, marked]


def lines(times: int = 1) -> list[LogLine]:
    """What was printed in the last seconds, over and over."""
    began = NOW.timestamp() - 10 * times
    made = [
        LogLine(0, source, began + 10 * turn + at, began + 10 * turn + at, level, text, continues=text[:1] == " ")
        for turn in range(times)
        for at, source, level, text in _PRINTED
    ]
    notice = "the connection to app1 was lost; followed again since 10:02:38"
    made.append(LogLine(0, "api-1", None, NOW.timestamp() - 1, None, notice, "notice"))
    return [msgspec.structs.replace(each, number=number) for number, each in enumerate(made, 1)]


def with_logs(
    printed: Sequence[LogLine] | None = None,
    *,
    sources: Sequence[model.LogSource] = SOURCES,
    glyphs: Glyphs = UNICODE,
    encoding: str = "utf-8",
) -> CockpitApp:
    """The app over such a run."""
    run = FakeRun(story_with_logs(sources))
    run.tap.ready.append(Taken(list(lines() if printed is None else printed), [], NOW.timestamp()))
    return cockpit(run, glyphs=glyphs, encoding=encoding)
