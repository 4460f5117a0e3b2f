"""What is asked of a machine, as one shell script for any POSIX `sh` on Linux.

Its answer is in sections, each under a line that begins with a token of this run, so that nothing on the machine can
pass for a section. The script goes in by standard input: what it looks for then stands in no command line, and a
search for processes cannot find itself.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

SAMPLE = 0.5
"""Seconds between the two readings that a process's use of the processor is told by."""


@dataclass(frozen=True)
class Asked:
    """What to look at beside what is always looked at."""

    disks: tuple[str, ...] = ()
    unit: str = ""
    processes: bool = False
    cpu: bool = False
    """Of the processes; takes SAMPLE."""
    listening: bool = False
    user: str = ""
    group: str = ""
    synchronised: bool = False


def script(asked: Asked, token: str) -> str:
    """The script for what is asked."""
    parts = [("time", _TIME), *_ALWAYS, *_disks(asked.disks)]
    if asked.unit:
        parts.append(("unit", _UNIT.format(unit=shlex.quote(asked.unit))))
    if asked.user:
        parts.append(("user", f"id -- {shlex.quote(asked.user)} 2>&1"))
    if asked.group:
        parts.append(("group", f"getent group -- {shlex.quote(asked.group)} 2>/dev/null || cat /etc/group"))
    if asked.listening:
        parts.append(("listening", "grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null"))
    if asked.synchronised:
        parts.append(("synchronised", _SYNCHRONISED))
    if asked.processes:
        parts += _PROCESSES + (_AGAIN if asked.cpu else [])
    parts.append(("time again", _TIME))
    lines = [line for name, command in parts for line in (f"printf '\\n%s %s\\n' {token} {shlex.quote(name)}", command)]
    return (
        "\n".join(["LC_ALL=C; export LC_ALL", "PATH=$PATH:/usr/sbin:/sbin", "look() {", *lines, "}", "look </dev/null"])
        + "\n"
    )


def sections(printed: bytes, token: str) -> dict[str, str]:
    """What was printed under each name, in order; the last one may be cut short when time ran out."""
    found = {}
    for part in printed.decode("utf-8", "backslashreplace").split(f"\n{token} ")[1:]:
        name, _, text = part.partition("\n")
        found[name] = text
    return found


_TIME = 'date +%s.%N; echo "${EPOCHREALTIME-}"'
"""Not every `date` knows parts of a second; the shell may."""

_ALWAYS = [
    ("hostname", "cat /proc/sys/kernel/hostname"),
    ("kernel", "cat /proc/sys/kernel/osrelease"),
    ("os", "cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null"),
    ("cores", "cat /sys/devices/system/cpu/online"),
    ("load", "cat /proc/loadavg"),
    ("uptime", "cat /proc/uptime"),
    ("memory", "cat /proc/meminfo"),
    ("files", "cat /proc/sys/fs/file-nr"),
]

_UNIT = """\
if [ -d /run/systemd/system ]
then systemctl show -p LoadState,ActiveState,SubState,UnitFileState,NRestarts -p ActiveEnterTimestampMonotonic \\
    -- {unit} 2>&1
else echo no systemd
fi"""

_SYNCHRONISED = """\
timedatectl show -p NTPSynchronized 2>/dev/null || timedatectl 2>/dev/null || chronyc -n tracking 2>/dev/null ||
ntpq -c rv 2>/dev/null || adjtimex 2>/dev/null"""

_PROCESSES = [
    ("self", "echo $$"),
    ("page", "grep -m 1 KernelPageSize /proc/self/smaps 2>/dev/null"),
    ("uptime 1", "cat /proc/uptime"),
    ("processes 1", "cat /proc/[0-9]*/stat 2>/dev/null"),
    ("owners", "ls -ld /proc/[0-9]* 2>/dev/null"),
    ("commands", "head -c 4096 /proc/[0-9]*/cmdline 2>/dev/null"),
]

_AGAIN = [
    ("wait", f"sleep {SAMPLE} 2>/dev/null || sleep 1"),
    ("uptime 2", "cat /proc/uptime"),
    ("processes 2", "cat /proc/[0-9]*/stat 2>/dev/null"),
]


def _disks(paths: tuple[str, ...]) -> list[tuple[str, str]]:
    parts = []
    for path in paths:
        parts.append((f"disk {path}", f"df -P -k -- {shlex.quote(path)} 2>&1"))
        parts.append((f"inodes {path}", f"df -P -i -- {shlex.quote(path)} 2>/dev/null"))
    return parts
