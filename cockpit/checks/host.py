"""`host`: facts of a machine, here or on a host, read with nothing but a shell."""

from __future__ import annotations

import os
import secrets
import time
from typing import Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import command, host_facts, host_script
from cockpit.checks.host_facts import Unclear, size_in_words
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.pattern import Pattern, matcher
from cockpit.connect.route import Ended, Program

ANSWER_LIMIT = 16 * 1024 * 1024
"""Bytes of the answer: the command lines of some thousands of processes."""


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Port = Annotated[int, pydantic.Field(ge=1, le=65535)]


class HostSpec(Spec):
    """What to look at beside load, memory, files, uptime, clock and names, which are always looked at."""

    disk: Annotated[tuple[command.Text, ...], pydantic.BeforeValidator(_listed)] = pydantic.Field(
        (), description="Paths whose file systems to look at: `/`, or `[/, /srv]`."
    )
    unit: str = pydantic.Field("", description="A unit of systemd: `nginx`, `backup.timer`.")
    process: Pattern | None = pydantic.Field(
        None,
        min_length=1,
        description="Regular expression (RE2) that is searched in the command line of each process, as `pgrep -f` does."
        " Cockpit's own processes are not counted.",
    )
    listening: Annotated[tuple[Port, ...], pydantic.BeforeValidator(_listed)] = pydantic.Field(
        (), description="TCP ports that something should listen on: `8080`, or `[80, 443]`."
    )
    user: str = pydantic.Field("", description="A user that should exist.")
    group: str = pydantic.Field("", description="A group that should exist.")


class Host:
    """Measures by one script: one round trip, whatever is asked."""

    name = "host"
    about = "Facts of a machine: disks, memory, load, clock, a service, processes, ports; nothing is installed on it."
    spec = HostSpec
    imports = ("re2",)
    via = True
    at_once = 16
    implied = "present"
    example = """\
host: {disk: /srv, unit: nginx, process: trading-bot, listening: 8080}
expect:
  - disk['/srv'].used_part < 0.8
  - memory.available > 500000000
  - load.per_core < 2.0
  - unit.active == 'active' && unit.restarts == 0
  - process.count == 1 && process.cpu < 90.0
  - clock.offset < 0.5 && clock.offset > -0.5
"""
    fields = (
        Field(
            "present",
            "bool",
            "All that was asked for is there: the unit is active, a process matches, every port is listened on, user"
            " and group exist.",
        ),
        Field("hostname", "string", "Its name, as the machine has it."),
        Field("os.name", "string", "`Debian GNU/Linux`."),
        Field("os.id", "string", "`debian`, `alpine`, `rhel`."),
        Field("os.version", "string", "`12`; a rolling release has none."),
        Field("kernel", "string", "Release of the kernel: `6.1.0-18-amd64`."),
        Field("cores", "int", "Processor cores that are in use."),
        Field("uptime", "duration", "Since the machine was started."),
        Field("load.one", "double", "Load of the last minute."),
        Field("load.five", "double", "Load of the last five minutes."),
        Field("load.fifteen", "double", "Load of the last fifteen minutes."),
        Field("load.per_core", "double", "Load of the last minute for each core."),
        Field("memory.total", "int", "Memory.", "bytes"),
        Field("memory.available", "int", "What programs can still have without swapping.", "bytes"),
        Field("memory.used", "int", "The rest.", "bytes"),
        Field("memory.used_part", "double", "The rest, as a part of all: 0.0 to 1.0."),
        Field("swap.total", "int", "Swap space; 0: none.", "bytes"),
        Field("swap.used", "int", "What of it is used.", "bytes"),
        Field("swap.used_part", "double", "0.0 to 1.0."),
        Field("files.used", "int", "Open files of all processes."),
        Field("files.max", "int", "How many there may be."),
        Field("files.used_part", "double", "0.0 to 1.0."),
        Field("clock.offset", "double", "How far its clock is ahead of ours; negative: behind.", "seconds"),
        Field(
            "clock.uncertainty", "double", "By how much `clock.offset` may be wrong: half the round trip.", "seconds"
        ),
        Field(
            "clock.synchronised",
            "bool",
            "Its clock follows a time server, as timedatectl, chronyc, ntpq or adjtimex says. Asked only when it is"
            " used; an ERROR when none of them can tell.",
        ),
        Field(
            "disk",
            "map",
            "Each path to a map of its file system: `size`, `used`, `free` (int, bytes), `used_part` (double, 0.0 to"
            " 1.0), `inodes_free` (int), `inodes_used_part` (double), `mount`, `device` (string).",
        ),
        Field("unit.loaded", "string", "`loaded`; `not-found` when there is no such unit."),
        Field("unit.active", "string", "`active`, `inactive`, `failed`, `activating`, ..."),
        Field("unit.sub", "string", "`running`, `exited`, `dead`, `waiting`, ..."),
        Field("unit.enabled", "string", "`enabled`, `disabled`, `static`, ...; `none` when nothing starts it."),
        Field("unit.restarts", "int", "How often systemd has restarted it."),
        Field("unit.active_for", "duration", "Since it became active; not there when it is not."),
        Field("process.count", "int", "Processes that match."),
        Field("process.pids", "list", "Their numbers."),
        Field(
            "process.cpu",
            "double",
            "What they use of the processor now, as `top` shows it: 100.0 is one core. Read twice, half a second apart,"
            " and only when it is used.",
            "percent of a core",
        ),
        Field("process.memory", "int", "Memory that they hold (resident set).", "bytes"),
        Field("process.threads", "int", "Their threads."),
        Field("process.age", "duration", "Since the youngest of them was started."),
        Field("process.user", "string", "Whom they run as; several names are joined by `, `."),
        Field("listening", "bool", "Every port asked for is listened on."),
        Field("listening_on", "list", "Where: `0.0.0.0:8080`, `[::1]:8080`."),
        Field("user.exists", "bool", "There is such a user."),
        Field("user.id", "int", "The user's number."),
        Field("user.groups", "list", "Names of the user's groups."),
        Field("group.exists", "bool", "There is such a group."),
        Field("group.members", "list", "Users that belong to it beside those whose first group it is."),
    )

    def request(self, spec: HostSpec) -> str:
        """`facts of the machine: disk /srv, unit nginx`."""
        asked = [f"disk {path}" for path in spec.disk]
        asked += [f"unit {spec.unit}"] if spec.unit else []
        asked += [f"processes like {spec.process}"] if spec.process else []
        asked += [f"port {port}" for port in spec.listening]
        asked += [f"{what} {name}" for what, name in _accounts(spec)]
        return f"facts of the machine: {', '.join(asked) or 'load, memory, clock'}"

    async def read(self, spec: HostSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        token = f"cockpit-{secrets.token_hex(8)}"
        script = host_script.script(_asked(spec, session.used), token)
        program = Program(("/bin/sh", "-s"), input=script.encode(), limit=ANSWER_LIMIT)
        asked_at = time.time()
        ended = await session.route.run(program, max(timeout * 0.9, timeout - command.TELLING))
        answered_at = time.time()
        found = _answered(ended, token, timeout)
        own = frozenset({os.getpid()}) if not session.route.name else frozenset()
        try:
            return _reading(spec, _values(spec, found, own) | host_facts.clock(found, asked_at, answered_at))
        except Unclear as unclear:
            raise Unmeasurable(f"{unclear}{session.route.words}") from None


KIND: Kind = Host()


def _asked(spec: HostSpec, used: frozenset[str]) -> host_script.Asked:
    return host_script.Asked(
        disks=tuple(dict.fromkeys(spec.disk)),
        unit=spec.unit,
        processes=bool(spec.process),
        cpu="process.cpu" in used,
        listening=bool(spec.listening),
        user=spec.user,
        group=spec.group,
        synchronised="clock.synchronised" in used,
    )


def _answered(ended: Ended, token: str, timeout: float) -> dict[str, str]:
    """The sections of an answer that is whole. Raises Unmeasurable."""
    found = host_script.sections(ended.output, token)
    if ended.timed_out:
        at = f" while it read: {list(found)[-1]}" if found else ""
        raise Unmeasurable(f"timed out after {timeout:.1f} s{at}")
    if ended.cut:
        raise Unmeasurable(f"it answered with more than {size_in_words(ANSWER_LIMIT)}")
    if "time again" not in found:
        raise Unmeasurable(
            f"its shell did not carry out what was asked ({command.how(ended)})", command.evidence(ended)
        )
    return found


def _values(spec: HostSpec, found: dict[str, str], own: frozenset[int]) -> dict[str, Any]:
    values = host_facts.system(found)
    if spec.disk:
        values["disk"] = {path: host_facts.disk(path, found) for path in spec.disk}
    if spec.unit:
        values |= host_facts.unit(spec.unit, found)
    if spec.process:
        values |= host_facts.of_processes(found, host_facts.processes(found, matcher(spec.process), own))
    if spec.listening:
        values |= host_facts.listening(spec.listening, found)
    return values | host_facts.account(found, spec.user, spec.group)


def _reading(spec: HostSpec, values: dict[str, Any]) -> Reading:
    missing = _missing(spec, values)
    words = [f"not there: {', '.join(missing)}"] if missing else []
    words += [f"{path} {100 * of['used_part']:.0f} % used" for path, of in values.get("disk", {}).items()]
    if values.get("unit.active") == "active":
        words.append(f"{spec.unit} active ({values['unit.sub']})")
    if count := values.get("process.count"):
        words.append(f"{count} process{'es' if count > 1 else ''}, {size_in_words(values['process.memory'])}")
    words += [f"port {port} open" for port in spec.listening if values["listening"]]
    words += [f"{what} {name}" for what, name in _accounts(spec) if values[f"{what}.exists"]]
    if not words and "load.one" in values:
        words.append(f"load {values['load.one']:g} on {values.get('cores', '?')} cores")
        words.append(f"{size_in_words(values.get('memory.available', 0))} of memory available")
    return Reading({**values, "present": not missing}, ", ".join(words), "\n".join(_lines(values)))


def _lines(values: dict[str, Any]) -> list[str]:
    """What was asked for first, then what is always looked at."""
    always = ("hostname", "os.", "kernel", "cores", "uptime", "load.", "memory.", "swap.", "files.", "clock.")
    lines = []
    for name in sorted(values, key=lambda name: name.startswith(always)):
        value = values[name]
        if isinstance(value, dict):
            lines += [
                f"{name} {path}: {', '.join(f'{key} {_shown(each)}' for key, each in of.items())}"
                for path, of in value.items()
            ]
        else:
            lines.append(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else _shown(value)}")
    return lines


def _shown(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.4g}"
        case _:
            return str(value)


def _accounts(spec: HostSpec) -> list[tuple[str, str]]:
    return [(what, name) for what, name in (("user", spec.user), ("group", spec.group)) if name]


def _missing(spec: HostSpec, values: dict[str, Any]) -> list[str]:
    missing = []
    if spec.unit and values["unit.active"] != "active":
        gone = values["unit.loaded"] == "not-found"
        missing.append(f"unit {spec.unit}" if gone else f"unit {spec.unit} ({values['unit.active']})")
    if spec.process and not values["process.count"]:
        missing.append(f"a process like {spec.process}")
    if spec.listening and not values["listening"]:
        ports = {int(where.rpartition(":")[2]) for where in values["listening_on"]}
        missing += [f"port {port}" for port in spec.listening if port not in ports]
    return missing + [f"{what} {name}" for what, name in _accounts(spec) if not values[f"{what}.exists"]]
