"""Why a command would be refused now: the one table of the rules is asked, so that a grey key tells its reason."""

from __future__ import annotations

from cockpit.journal.event import Actor
from cockpit.run.command import Command
from cockpit.run.refusal import Refusal
from cockpit.views.moment import Moment

SAID = "said"
"""Stands for the words that a person has yet to write when the rules are asked in advance."""


def refused(now: Moment, command: Command) -> str:
    """Why `command` of this viewer would be refused; empty when it would be carried out."""
    if now.replay is not None or now.state.closed or not now.link.connected:
        return now.not_allowed
    from cockpit.run.decide import decide  # noqa: PLC0415 - heavy, by its conditions; the first screen needs none

    who = now.link.you or Actor("", -1)
    decision = decide(now.state, command, now=now.now, who=who, in_command=now.link.captain)
    return decision.reason if isinstance(decision, Refusal) else ""
