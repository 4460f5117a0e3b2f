"""An engine whose wall clock somebody sets: see `tests/engine/engine_with_a_clock.py`."""

from __future__ import annotations

from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "engine" / "engine_with_a_clock.py"


def set_clock(file: Path, seconds: float) -> None:
    """Have the clock be wrong by `seconds` from now on. The file is there whole at every moment: an engine reads it."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(file)
