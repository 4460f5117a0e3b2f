"""What an action does, in words, as a viewer tells it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cockpit.checklist.plan import Action
from cockpit.engine.exact import exact_in

TOLD_AS_IT_IS_DRAWN = """
import sys
from cockpit.checklist.plan import Action
from cockpit.engine.exact import exact_in
assert exact_in((), Action("command", {"run": "./switch green"})) == "./switch green"
print([name for name in ("http", "sql", "docker", "compose", "swarm") if f"cockpit.actions.{name}" in sys.modules])
"""


def test_to_tell_of_one_action_the_other_kinds_are_not_read_in() -> None:
    done = subprocess.run([sys.executable, "-c", TOLD_AS_IT_IS_DRAWN], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["no_such", "", "../command", "command; x", "a.b", "registry"])
def test_a_kind_of_action_that_is_not_there_is_said(kind: str) -> None:
    assert exact_in((), Action(kind, {})) == f"{kind}: there is no such kind here"


def test_a_kind_of_action_that_a_foreign_journal_made_up_is_told_as_harmless_text() -> None:
    told = exact_in((), Action("\x1b]0;pwned\x07\0\u202e" + "x" * 5000, {}))
    assert told.startswith("␛]0;pwned␇␀<U+202E>xxx")
    assert len(told) == 300
