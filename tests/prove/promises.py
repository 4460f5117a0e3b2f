"""Every promise, in the words of SECURITY.md, and the module that tries it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.prove.finding import Prove

PROMISES = {
    "killed": "Acknowledged events survive the death of the engine",
    "power_cut": "Acknowledged events survive a power cut",
    "failing_disk": "Acknowledged events survive a failing disk",
    "damaged": "A damaged journal is noticed, a torn one is mended",
    "steps": "No step is done twice, and none is guessed",
    "rules": "The rules of a run hold for every history",
    "secrets": "Secrets stay secret",
    "intruders": "Nobody gets in",
    "captain": "A run has one engine and one captain, and nobody slows them",
    "foreign_text": "Foreign text is harmless",
    "lasting": "It lasts",
    "bad_input": "Bad input gets one message, never a traceback",
}


def prover(name: str) -> Prove:
    """The function that tries the promise `name`."""
    prove: Prove = import_module(f"tests.prove.{name}").prove
    return prove
