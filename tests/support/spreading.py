"""How tests are spread over the processes that carry them out: a file in one, for it shares servers; long ones first.

A file that takes minutes and comes last leaves all other cores idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

LONG = (
    "tests/stack/test_system.py",
    "tests/engine/test_plan_crashes.py",
    "tests/prove/test_promises.py",
    "tests/screens/test_going_live.py",
    "tests/screens/test_saying.py",
    "tests/engine/test_plan_on_lost_hosts.py",
    "tests/engine/test_plan_on_a_full_disk.py",
    "tests/actions/test_swarm_action.py",
    "tests/checks/test_databases_leave_nothing.py",
)
"""Files that take a minute or more on two cores, the longest first."""

APART = ("tests/prove/test_promises.py",)
"""Files whose tests share nothing: each may go elsewhere."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of long files first, in their order; the others stay as they are."""
    rank = {file: number for number, file in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(_file(item.nodeid), len(LONG)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Hand out files in the order in which they were collected."""
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415 - where tests run in one process it may be missing

    class Spreading(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if _file(nodeid) in APART else _file(nodeid)

    config.option.loadscopereorder = False
    return Spreading(config, log)


def _file(nodeid: str) -> str:
    return nodeid.partition("::")[0]
