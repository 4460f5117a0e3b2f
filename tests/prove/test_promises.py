"""Every promise, tried for a short time; `make prove` tries them for long."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prove.finding import Cannot, Effort
from tests.prove.promises import PROMISES, prover


# Harnesses leave things behind on purpose, or have programs killed that would have closed them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_holds_and_its_harness_bites(name: str, tmp_path: Path) -> None:
    found = list(prover(name)(Effort(), tmp_path))
    assert found
    for each in found:
        assert isinstance(each, Cannot) or each.good, "\n".join((str(each), *each.examples))
    if all(isinstance(each, Cannot) for each in found):
        pytest.skip("; ".join(each.why for each in found if isinstance(each, Cannot)))
