"""What the document needs to know of a kind of action, so that it can refuse a wrong one by name, line and column.

The kinds themselves live in `cockpit.actions`; they are handed to the loader, which imports none of them.
"""

from __future__ import annotations

from typing import Protocol

from cockpit.checklist.kinds import Spec


class DocumentedAction(Protocol):
    """The part of a kind of action that a plan is checked against and documented from."""

    @property
    def name(self) -> str:
        """As it is written in a plan."""

    @property
    def about(self) -> str:
        """What it does, in one sentence."""

    @property
    def spec(self) -> type[Spec]:
        """The model of what it needs to know."""

    @property
    def alone(self) -> str:
        """The key that a text stands for when it is written in place of the mapping; empty when none can be."""

    @property
    def on_hosts(self) -> bool:
        """Whether it can be carried out on hosts."""

    @property
    def changes(self) -> bool:
        """Whether it changes production, as long as a step does not say otherwise."""

    @property
    def example(self) -> str:
        """A step in YAML, shown in the documentation and loaded by a test."""


def needs_host(kind: DocumentedAction) -> bool:
    """Whether it is carried out on hosts only: a step must name one."""
    return bool(getattr(kind, "needs_host", False))
