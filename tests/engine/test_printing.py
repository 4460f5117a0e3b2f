"""What an action prints, followed by a viewer: as it comes, bounded, safe, without waiting for the disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.actions.folder import attempt_folder, runner
from cockpit.engine.printing import LINES, LONGEST, Printing
from cockpit.views.run_view import Printed

PATIENCE = 20.0


@pytest.fixture
def more() -> threading.Event:
    return threading.Event()


@pytest.fixture
def printing(tmp_path: Path, more: threading.Event) -> Iterator[Printing]:
    following = Printing(tmp_path / "steps", more.set)
    yield following
    following.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "printed"]


def seen(printing: Printing, more: threading.Event, step: str = "switch") -> Printed:
    more.clear()
    found = printing.of(step, undo=False, attempt=1)
    if found is None:
        assert more.wait(PATIENCE)
        found = printing.of(step, undo=False, attempt=1)
    assert found is not None
    return found


def test_what_is_printed_is_seen_as_it_comes(printing: Printing, more: threading.Event, tmp_path: Path) -> None:
    folder = attempt_folder(tmp_path / "steps", "switch", 1, undo=False)
    folder.make()
    process = runner(os.getpid())
    assert process is not None
    folder.begun_by(process)
    folder.output.write_text("app1 drained\n")
    first = seen(printing, more)
    assert first.lines == ("app1 drained",)
    assert first.alive
    more.clear()
    with folder.output.open("a") as output:
        output.write("app2 \x1b[2J drained\n")
    assert more.wait(PATIENCE)
    assert seen(printing, more).lines == ("app1 drained", "app2 \u241b[2J drained")


def test_only_the_end_of_much_is_kept_and_what_is_left_out_is_counted(
    printing: Printing, more: threading.Event, tmp_path: Path
) -> None:
    folder = attempt_folder(tmp_path / "steps", "switch", 1, undo=False)
    folder.make()
    folder.output.write_text("".join(f"line {number}\n" for number in range(50_000)))
    found = seen(printing, more)
    assert found.lines[-1] == "line 49999"
    assert len(found.lines) == LINES
    assert found.left_out > found.size - LONGEST
    assert found.alive is False


def test_an_attempt_that_was_not_begun_has_printed_nothing(printing: Printing, more: threading.Event) -> None:
    assert seen(printing, more) == Printed(alive=False)
