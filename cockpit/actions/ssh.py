"""`ssh`: a command on hosts; the same as `command`, for those who look for it under this name."""

from __future__ import annotations

from cockpit.actions.command import Command, CommandSpec
from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.connect.route import Route


class Ssh(Command):
    """Runs a command on a host."""

    name = "ssh"
    about = "A shell command, or a program, on hosts, in turn: it must end with status 0 on each."
    needs_host = True
    example = """\
id: drain
title: Take the traders out, two at a time
run: {ssh: sudo systemctl stop trader, hosts: [app1, app2, app3], batch: 2, timeout: 1m}
"""

    async def carry_out(self, spec: CommandSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Run it to its end. Raises Unreachable, CutOff."""
        if not route.name:
            return Outcome(done=False, summary="`ssh` needs a host, and the step names none", nothing=True)
        return await super().carry_out(spec, route, output, timeout)


KIND: ActionKind = Ssh()
