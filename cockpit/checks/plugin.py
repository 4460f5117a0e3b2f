"""`plugin`: what a Nagios or Monitoring plugin says.

Exit statuses and output are those of the Monitoring Plugins Development Guidelines
(https://www.monitoring-plugins.org/doc/guidelines.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cockpit.checklist.kinds import Field
from cockpit.checks import command
from cockpit.checks.command import CommandSpec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.performance import Printed, read
from cockpit.connect.route import Ended, Program

STATES = ("ok", "warning", "critical", "unknown")
"""What the exit statuses 0 to 3 mean."""

FOLDERS = (
    "/usr/lib/nagios/plugins",
    "/usr/lib64/nagios/plugins",
    "/usr/lib/monitoring-plugins",
    "/usr/local/nagios/libexec",
    "/usr/local/libexec/nagios",
)
"""Where distributions put plugins: they are looked for there when no folder of PATH has them."""


class PluginSpec(CommandSpec):
    """The plugin, and what it is given."""


class Plugin:
    """Measures by running a plugin to its end."""

    name = "plugin"
    about = "What a Nagios or Monitoring plugin says: any of the thousands there are."
    spec = PluginSpec
    via = True
    at_once = command.AT_ONCE
    implied = "state in ['ok', 'warning']"
    implied_warn = "state == 'ok'"
    example = """\
plugin: {argv: [check_disk, -w, "20%", -c, "10%", -p, /srv]}
expect:
  - state == 'ok'
  - perf['/srv'].value < 200000.0
"""
    fields = (
        Field("state", "string", "`ok`, `warning` or `critical`; a plugin that does not know is an ERROR."),
        Field("status", "int", "Its exit status: 0, 1 or 2."),
        Field("text", "string", "The first line that it printed, without performance data."),
        Field("long", "string", "The lines after it, without performance data."),
        Field(
            "perf",
            "map",
            "Performance data by label: maps of `value`, `min`, `max` (double), `unit`, `warn`, `crit` (string, as the"
            " plugin writes ranges); what the plugin leaves out is not there.",
        ),
        Field("took", "double", "From its start to its end.", "seconds"),
    )

    def server(self, spec: Mapping[str, Any]) -> tuple[str, ...]:
        """The plugin: one that hangs holds up no other."""
        return (command.program_named(spec),)

    def request(self, spec: PluginSpec) -> str:
        """The command, exactly as it is run: `check_disk -w 20% -c 10% -p /srv`."""
        return command.shown(spec)

    async def read(self, spec: PluginSpec, session: Session, timeout: float) -> Reading:
        """Run it once. Raises Unmeasurable, Unreachable."""
        return _reading(await command.ended(_found_in_folders(command.program(spec)), session.route, timeout))


KIND: Kind = Plugin()


def _found_in_folders(program: Program) -> Program:
    wanted = ("/bin/sh", "-c", program.command) if isinstance(program.command, str) else program.command
    look = f'PATH="$PATH:{":".join(FOLDERS)}"; export PATH; exec "$@"'
    return replace(program, command=("/bin/sh", "-c", look, "sh", *wanted))


def _reading(ended: Ended) -> Reading:
    printed = read(command.text_of(ended.output))
    shown = _shown(printed, ended)
    said = printed.text or command.text_of(ended.errors).strip().rpartition("\n")[2]
    if ended.status is None:
        raise Unmeasurable(f"the plugin was ended by {ended.signal}" + (f": {said}" if said else ""), shown)
    if ended.status not in range(len(STATES)):
        what = "it could not be run" if ended.status in (126, 127) else "no state of a plugin"
        raise Unmeasurable(f"status {ended.status}, {what}" + (f": {said}" if said else ""), shown)
    state = STATES[ended.status]
    if state == "unknown":
        raise Unmeasurable(f"unknown: {said or 'the plugin said nothing'}", shown)
    values: dict[str, Any] = {
        "state": state,
        "status": ended.status,
        "text": printed.text,
        "long": printed.long,
        "perf": {figure.label: figure.values() for figure in reversed(printed.figures)},
        "took": ended.took,
    }
    figure = next((figure.value for figure in printed.figures if figure.value is not None), None)
    return Reading(values, said or f"{state}, and it said nothing", shown, figure=figure, cut=ended.cut)


def _shown(printed: Printed, ended: Ended) -> str:
    parts = [printed.text, printed.long, *(str(figure) for figure in printed.figures)]
    if ended.errors:
        parts.append(f"standard error:\n{command.text_of(ended.errors)}")
    return "\n".join(part for part in parts if part)
