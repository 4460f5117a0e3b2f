"""The terminal rings, or shows a desktop notification, when something happens that is news to whoever looks on."""

from __future__ import annotations

import os
from collections.abc import Callable

from cockpit.views.alert import alert, news
from cockpit.views.moment import Moment


class Alerts:
    """Tells each event at most once; what happened before it was made is never told."""

    def __init__(self, ways: frozenset[str], write: Callable[[str], None], now: Moment) -> None:
        """Tell by `ways` what happens after `now`, with what `write` hands to the terminal."""
        self._ways = ways
        self._write = write
        self._told = now.state.seq

    def look(self, now: Moment) -> None:
        """Tell what is new; of much at once, the newest."""
        if not self._ways or now.replay is not None or now.state.seq <= self._told:
            return
        notice = news(now.events, now.state, after=self._told, you=now.link.you)
        self._told = now.state.seq
        if notice is not None:
            self._write(alert(notice, self._ways, os.environ))
