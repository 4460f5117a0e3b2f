"""What tests of the screens share: a terminal without surprises, and screens compared as text."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.cli.plain import loop_in_thread

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
for name in [name for name in os.environ if name in ("NO_COLOR", "COLUMNS", "LINES")]:
    del os.environ[name]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-screens", action="store_true", help="write the text screens anew")


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment of whoever runs the tests changes what is drawn."""
    for name in ("NO_COLOR", "COLUMNS", "LINES", "COCKPIT_GLYPHS", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop beside which a room line by line runs."""
    running = loop_in_thread()
    yield running
    running.call_soon_threadsafe(running.stop)
    while running.is_running():
        time.sleep(0.01)
    running.close()


@pytest.fixture
def same_screen(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a screen with `__screens__/NAME.txt`; `--update-screens` writes it."""

    def compare(text: str, name: str) -> None:
        path = HERE / "__screens__" / f"{name}.txt"
        if request.config.getoption("--update-screens", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n")
        assert path.exists(), f"{path.name} is missing: run pytest tests/screens --update-screens, and look at it"
        assert text + "\n" == path.read_text()

    return compare
