"""The pictures in `screenshots/`: a real run of the demo, recorded once, and drawn from its journal.

    python tests/screenshots.py            draw every picture again
    python tests/screenshots.py --check    say which are stale, and fail
    python tests/screenshots.py --record   carry a demo out for some minutes, and keep its journal

`screenshots/demo.jsonl` is a journal as the engine wrote it; `cockpit replay screenshots/demo.jsonl` plays it. The
pictures show it at chosen events, with the clock of that moment, so that drawing them again gives the same bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import re
import secrets
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from cockpit.actions.registry import kinds as actions
from cockpit.checklist.load import load
from cockpit.checks.registry import kinds
from cockpit.demo.captain import is_live, is_stuck, on_the_way
from cockpit.demo.headless import answers, words
from cockpit.demo.stack import Stack, start
from cockpit.engine.client import start_engine
from cockpit.engine.live import LiveRun
from cockpit.engine.opening import open_run
from cockpit.engine.replayed import ReplayedRun
from cockpit.journal import event as ev
from cockpit.journal import folder
from cockpit.journal.event import Event
from cockpit.journal.reader import read
from cockpit.run import command as cmd
from cockpit.run.standing import Standing, standing
from cockpit.views.run_view import Link
from cockpit.views.signs import UNICODE

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "screenshots"
JOURNAL = FOLDER / "demo.jsonl"

Keys = Sequence[str]


class Shown(ReplayedRun):
    """The recorded run as its captain saw it at one event."""

    def __init__(self, events: Sequence[Event], position: int) -> None:
        """Stand at the event `position`, in command."""
        super().__init__(events)
        self._stand_at(position)
        self.link = Link(connected=True, captain=True, you=self.state.captain.who)


def main() -> int:
    """Draw, check or record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="draw into a temporary folder and compare")
    how.add_argument("--record", action="store_true", help="record the run that is drawn")
    args = parser.parse_args()
    if args.record:
        asyncio.run(record())
        return 0
    if not args.check:
        draw(FOLDER)
        return 0
    with tempfile.TemporaryDirectory() as fresh:
        draw(Path(fresh))
        stale = [path.name for path in Path(fresh).iterdir() if not _same(path, FOLDER / path.name)]
    if stale:
        print(f"stale: {', '.join(sorted(stale))}; run `make screenshots`", file=sys.stderr)
    return 1 if stale else 0


# --- drawing


def draw(target: Path) -> None:
    """Draw every picture into `target`."""
    os.environ.update(TEXTUAL_ANIMATIONS="none", TERM="xterm-256color")
    for name in ("NO_COLOR", "TEXTUAL_THEME"):
        os.environ.pop(name, None)
    events = list(read(JOURNAL))
    failing = _first(
        events, lambda data: isinstance(data, ev.CheckMeasured) and data.item == "blue-fast" and data.result == "FAIL"
    )
    held = _first(events, lambda data: isinstance(data, ev.HoldStarted))
    last_word = _first(events, lambda data: isinstance(data, ev.ItemRuledOut)) - 4
    soaking = _first(events, lambda data: isinstance(data, ev.StepVerified) and data.step == "switch-traffic")
    pictures: list[tuple[str, int, tuple[int, int], Keys]] = [
        ("run", failing, (120, 36), ("f", "f")),
        ("run-80x24", last_word, (80, 24), ("n",)),
        ("confirm", last_word, (100, 30), ("n", "space")),
        ("failure", failing, (100, 30), ("f", "d")),
        ("hold", held, (100, 30), ("f",)),
        ("timeline", len(events) - 1, (100, 30), ("t",)),
        ("golive", soaking, (120, 36), ("s",)),
        ("way-back", soaking, (100, 30), ("b",)),
    ]
    for title, position, size, keys in pictures:
        asyncio.run(_draw(target / f"{title}.svg", Shown(events, position), size, keys, replay=False))
    played = ReplayedRun(events)
    played.go_to(held)
    asyncio.run(_draw(target / "replay.svg", played, (100, 30), (), replay=True))


async def _draw(path: Path, view: ReplayedRun, size: tuple[int, int], keys: Keys, *, replay: bool) -> None:
    from cockpit.screens.app import CockpitApp  # noqa: PLC0415 - after the environment is set

    app = CockpitApp(view, replay=view if replay else None, glyphs=UNICODE, zone=dt.UTC, encoding="utf-8")
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.3)
        drawn = app.export_screenshot(title="cockpit")
    path.write_text(re.sub(r"terminal-\d+", "terminal", drawn))


def _first(events: Sequence[Event], wanted: Callable[[ev.Data], bool]) -> int:
    return next(event.seq for event in events if wanted(event.data))


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


# --- recording


async def record() -> None:
    """Carry the demo out as a captain would: words, a fault, a hold, the mending, going live, the verdict."""
    with a_demo() as (run, stack):
        view = LiveRun(run)
        await view.start()
        said = words(await answers(stack), view.now())
        await _until(view, lambda: _stands(view, "response-time") is Standing.PASS)
        for command in said[:4]:
            await view.send(command)
            await asyncio.sleep(1.5)
        await view.send(cmd.AddNote("Bridge is open, everybody is on the line."))
        await view.send(cmd.Confirm("space-left", "0.4 GiB", note="read on the wrong host"))
        await asyncio.sleep(2)
        await view.send(cmd.TakeBack("space-left", "that was another host"))
        _fault(stack, '{"slow_ms": 1500}', "POST")
        await _until(view, lambda: _stands(view, "blue-fast") is Standing.FAIL)
        await view.send(cmd.Hold("blue has become slow"))
        await asyncio.sleep(4)
        _fault(stack, "", "DELETE")
        await _until(view, lambda: _stands(view, "blue-fast") is Standing.PASS)
        await view.send(cmd.Release("blue is quick again: a backup had run"))
        for command in said[4:]:
            await view.send(command)
            await asyncio.sleep(1)
        await _until(view, lambda: _stands(view, "response-time") is Standing.PASS)
        await _go_live(view)
        await view.send(cmd.Close("live, and quiet"))
        await view.stop()
        FOLDER.mkdir(exist_ok=True)
        shutil.copyfile(run.journal, JOURNAL)


async def _go_live(view: LiveRun) -> None:
    """Carry the plan out, as a captain does who gives people time to look."""
    async with asyncio.timeout(300):
        while not is_live(view.state):
            assert not is_stuck(view.state), view.state.procedure
            wanted = on_the_way(view.state, view.now())
            if wanted is not None:
                await view.send(wanted)
            await asyncio.sleep(1)


@contextlib.contextmanager
def a_demo() -> Iterator[tuple[folder.RunFolder, Stack]]:
    """The sandbox with a run on it."""
    name = folder.new_run_id("demo", dt.datetime.now(dt.UTC), secrets.token_hex(2))
    home = folder.state_home()
    stack = start(home / "demo" / name, until_unlocked=home / "runs" / name / "lock")
    try:
        checklist = load(
            ROOT / "checklists" / "demo.yaml",
            kinds=kinds(),
            actions=actions(),
            given=stack.variables,
            environ=os.environ,
        )
        run = open_run(checklist.document, release="1.5.0", environment="sandbox", run_kind="live", run_id=name)
        start_engine(run)
        yield run, stack
    finally:
        stack.stop()


def _fault(stack: Stack, body: str, method: str) -> None:
    asked = urllib.request.Request(stack.parts["blue"].url + "/_fault", data=body.encode() or None, method=method)
    with urllib.request.urlopen(asked, timeout=5):
        pass


def _stands(view: LiveRun, item_id: str) -> Standing:
    item = view.state.document.find(item_id)
    assert item is not None
    return standing(item, view.state.item(item_id), view.now())


async def _until(view: LiveRun, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not holds():
            view.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await view.changed.wait()


if __name__ == "__main__":
    sys.exit(main())
