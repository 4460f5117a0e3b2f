"""`manual`: a person does it, and says what they saw."""

from __future__ import annotations

import pydantic

from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.checklist.kinds import Spec
from cockpit.connect.route import Route


class ManualSpec(Spec):
    """What a person is to do."""

    do: str = pydantic.Field(min_length=1, description="What is to be done, in words.")
    expect: str = pydantic.Field("", description="A CEL condition over `value` (text), what the person says they saw.")


class Manual:
    """Carried out by a person: no runner ever does it."""

    name = "manual"
    about = "A person does it, and says what they saw."
    spec = ManualSpec
    alone = "do"
    on_hosts = False
    changes = False
    example = """\
id: freeze
title: Announce the freeze
run: {manual: Post in the operations channel that the freeze is on.}
"""

    def request(self, spec: ManualSpec) -> str:
        """What is to be done."""
        return spec.do

    async def carry_out(self, spec: ManualSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Never called."""
        raise NotImplementedError


KIND: ActionKind = Manual()
