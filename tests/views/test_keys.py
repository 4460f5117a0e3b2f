"""A key of a page does one thing there: none hides another that works on every page."""

from __future__ import annotations

from collections import Counter

import golive
import pytest
from golive import view_of

from cockpit.views import keys
from cockpit.views.key import Key
from cockpit.views.moment import Moment, moment
from cockpit.views.steps import step_rows
from cockpit.views.walk import Walk

NOW = moment(view_of(golive.soaking()))


def pages(now: Moment) -> dict[str, tuple[Key, ...]]:
    node, row = Walk(now.state.document, now.stands).node, step_rows(now.state)[0]
    commands = now.state.document.commands
    return {
        "run": keys.run_keys(now, node),
        "item": keys.item_keys(now, node),
        "timeline": keys.timeline_keys(now),
        "contacts": keys.contacts_keys(now, None),
        "commands": keys.commands_keys(now, commands[0] if commands else None, zoomed=False),
        "watches": keys.watches_keys(now),
        "wall": keys.wall_keys(now),
        "steps": keys.steps_keys(now, row),
        "step": keys.step_keys(now, row),
        "way back": keys.way_back_keys(now),
        "replay": keys.replay_keys(now, node),
        "replayed steps": keys.replay_steps_keys(now),
    }


@pytest.mark.parametrize("page", pages(NOW))
def test_no_two_keys_of_a_page_are_the_same(page: str) -> None:
    pressed = Counter(name for key in pages(NOW)[page] for name in {key.show, *key.also})
    assert [name for name, count in pressed.items() if count > 1] == []
