"""What a machine answered to `host_script`, as facts. Pure: text in, values out."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Sections = Mapping[str, str]

TICKS = 100
"""Ticks of the processor's clock a second, as Linux counts for programs on every machine that it is common on."""


class Unclear(Exception):
    """What was asked for cannot be told: why, in words of the field."""


def system(found: Sections) -> dict[str, Any]:
    """Who the machine is, and how it is loaded."""
    values: dict[str, Any] = {}
    for name in ("hostname", "kernel"):
        if said := found.get(name, "").strip():
            values[name] = said
    os = _assignments(found.get("os", ""))
    values |= {
        f"os.{name}": os[key] for name, key in (("name", "NAME"), ("id", "ID"), ("version", "VERSION_ID")) if key in os
    }
    cores = sum(_span(part) for part in found.get("cores", "").strip().split(",") if part)
    if cores:
        values["cores"] = cores
    load = _numbers(found.get("load", ""))
    if len(load) >= 3:
        values |= {"load.one": load[0], "load.five": load[1], "load.fifteen": load[2]}
        values |= {"load.per_core": load[0] / cores} if cores else {}
    if uptime := _numbers(found.get("uptime", "")):
        values["uptime"] = dt.timedelta(seconds=uptime[0])
    files = _numbers(found.get("files", ""))
    if len(files) == 3:
        values |= _used("files", int(files[0] - files[1]), int(files[2]), total="max")
    return values | _memory(found.get("memory", ""))


def disk(path: str, found: Sections) -> dict[str, Any]:
    """The file system that a path is on. Raises Unclear."""
    said = found.get(f"disk {path}", "")
    row = _DISK.search(said)
    if row is None:
        complaint = said.strip().rpartition("\n")[2].removeprefix("df: ")
        raise Unclear(f"there is no file system to be seen at {path}: {complaint}")
    used, free = int(row["used"]) * 1024, max(0, int(row["free"])) * 1024
    values: dict[str, Any] = {
        "device": row["device"].strip(),
        "mount": row["mount"],
        "size": int(row["size"]) * 1024,
        "used": used,
        "free": free,
        "used_part": used / (used + free) if used + free else 0.0,
    }
    inodes = _DISK.search(found.get(f"inodes {path}", ""))
    if inodes is not None and int(inodes["size"]):  # some file systems have no fixed number of them
        values["inodes_free"] = int(inodes["free"])
        values["inodes_used_part"] = int(inodes["used"]) / int(inodes["size"])
    return values


def unit(name: str, found: Sections) -> dict[str, Any]:
    """A unit of systemd. Raises Unclear."""
    said = found.get("unit", "")
    if said.strip() == "no systemd":
        raise Unclear(f"there is no systemd to ask about the unit {name}")
    facts = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if "ActiveState" not in facts:
        raise Unclear(f"systemd says nothing of the unit {name}: {said.strip().rpartition(chr(10))[2]}")
    values: dict[str, Any] = {
        "unit.loaded": facts.get("LoadState", ""),
        "unit.active": facts["ActiveState"],
        "unit.sub": facts.get("SubState", ""),
        "unit.enabled": facts.get("UnitFileState", "") or "none",
    }
    if facts.get("NRestarts", "").isdecimal():
        values["unit.restarts"] = int(facts["NRestarts"])
    began, uptime = facts.get("ActiveEnterTimestampMonotonic", ""), _numbers(found.get("uptime", ""))
    if facts["ActiveState"] == "active" and began.isdecimal() and int(began) and uptime:
        values["unit.active_for"] = dt.timedelta(seconds=max(0.0, uptime[0] - int(began) / 1e6))
    return values


def listening(ports: Sequence[int], found: Sections) -> dict[str, Any]:
    """Whether all ports are listened on, and at which addresses."""
    sockets = sorted({_address(row) for row in found.get("listening", "").splitlines() if len(row.split()) > 1})
    wanted = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in sockets if port in ports]
    return {"listening": set(ports) <= {port for _, port in sockets}, "listening_on": wanted}


def account(found: Sections, user: str, group: str) -> dict[str, Any]:
    """A user and a group."""
    values: dict[str, Any] = {}
    if user:
        row = _ID.search(found.get("user", ""))
        values["user.exists"] = row is not None
        if row is not None:
            values["user.id"] = int(row["id"])
            values["user.groups"] = re.findall(r"\d+\(([^)]*)\)", row["groups"] or "")
    if group:
        rows = [line.split(":") for line in found.get("group", "").splitlines()]
        row_of = next((row for row in rows if row[0] == group and len(row) == 4), None)
        values["group.exists"] = row_of is not None
        if row_of is not None:
            values["group.members"] = [name for name in row_of[3].split(",") if name]
    return values


def clock(found: Sections, asked_at: float, answered_at: float) -> dict[str, Any]:
    """How far the clock is ahead of ours, when the question and the answer were at these times of ours. Raises Unclear.

    The clock was read once after we asked and once before we had the answer, which bounds how far it can be off.
    """
    begun, ended = _moment(found.get("time", "")), _moment(found.get("time again", ""))
    if begun is None or ended is None:
        return {}
    latest, earliest = begun[0] - asked_at, ended[0] - answered_at
    values: dict[str, Any] = {
        "clock.offset": (latest + earliest) / 2 + begun[1] / 2,
        "clock.uncertainty": abs(latest - earliest) / 2 + begun[1] / 2,
    }
    if "synchronised" in found:
        values["clock.synchronised"] = _synchronised(found["synchronised"])
    return values


@dataclass(frozen=True)
class Process:
    """A process as it was at one moment."""

    pid: int
    parent: int
    ticks: int
    """Processor time so far."""
    threads: int
    started: int
    """Ticks after the machine was."""
    memory: int
    """Bytes that are resident."""
    command: str = ""
    user: str = ""


def processes(found: Sections, matches: Callable[[str], bool], own: frozenset[int] = frozenset()) -> list[Process]:
    """The processes whose command line matches; without the probe itself, `own` and other processes of Cockpit."""
    commands, owners = _commands(found.get("commands", "")), _owners(found.get("owners", ""))
    all_there = {each.pid: each for each in _stats(found, "processes 1", owners, commands)}
    probe = int(found.get("self", "0").strip() or 0)
    return [
        each
        for each in all_there.values()
        if each.pid not in own
        and not _belongs_to(each, probe, all_there)
        and not _COCKPIT.search(each.command)
        and matches(each.command)
    ]


def of_processes(found: Sections, chosen: Sequence[Process]) -> dict[str, Any]:
    """What can be said of these processes together."""
    values: dict[str, Any] = {
        "process.count": len(chosen),
        "process.pids": sorted(each.pid for each in chosen),
        "process.memory": sum(each.memory for each in chosen),
        "process.threads": sum(each.threads for each in chosen),
        "process.user": ", ".join(sorted({each.user for each in chosen})),
    }
    before, after = (_numbers(found.get(f"uptime {reading}", "")) for reading in (1, 2))
    if chosen and before:
        values["process.age"] = dt.timedelta(seconds=max(0.0, before[0] - max(each.started for each in chosen) / TICKS))
    if before and after and after[0] > before[0]:
        later = {each.pid: each for each in _stats(found, "processes 2", {}, {})}
        spent = sum(
            later[each.pid].ticks - each.ticks
            for each in chosen
            if each.pid in later and later[each.pid].started == each.started
        )
        values["process.cpu"] = 100 * spent / TICKS / (after[0] - before[0])
    return values


def size_in_words(size: float) -> str:
    """`1.5 GiB`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} TiB"


_DISK = re.compile(
    r"^(?P<device>.*?)\s+(?P<size>\d+)\s+(?P<used>\d+)\s+(?P<free>-?\d+)\s+(?:\d+%|-)\s+(?P<mount>/.*)$", re.MULTILINE
)
_ID = re.compile(r"uid=(?P<id>\d+)\S* gid=\S+(?: groups=(?P<groups>\S+))?")
_STAT = re.compile(r"^(\d+) \((.*)\) (\S) (\d+) (.*)$")
_OWNER = re.compile(r"^\S+\s+\d+\s+(\S+)\s.* /proc/(\d+)$", re.MULTILINE)
_COMMAND = re.compile(r"(?:^|\n)==> /proc/(\d+)/cmdline <==\n")
_COCKPIT = re.compile(r"^(?:\S*python\S* )?(?:-\S+ )*(?:-m cockpit(?:\.engine)?|\S*/cockpit|cockpit)(?: |$)")
_SYNCHRONISED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"^NTPSynchronized=(\w+)", re.MULTILINE), lambda said: said == "yes"),
    (re.compile(r"(?:NTP|System clock) synchronized: (\w+)"), lambda said: said == "yes"),
    (re.compile(r"^Leap status\s*: (.+)$", re.MULTILINE), lambda said: said.strip() != "Not synchronised"),
    (re.compile(r"\bleap_(\w+)"), lambda said: said != "alarm"),
    (re.compile(r"^\s*status:\s+(\d+)", re.MULTILINE), lambda said: not int(said) & 0x40),
)
"""What timedatectl (new and old), chronyc, ntpq and adjtimex print."""


def _synchronised(said: str) -> bool:
    for pattern, good in _SYNCHRONISED:
        if match := pattern.search(said):
            return good(match[1])
    raise Unclear("neither timedatectl, chronyc, ntpq nor adjtimex can tell whether the clock follows a time server")


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split() if re.fullmatch(r"\d+(\.\d+)?", word)]


def _assignments(text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        name, is_one, value = line.partition("=")
        if is_one:
            try:
                found[name.strip()] = " ".join(shlex.split(value))
            except ValueError:
                found[name.strip()] = value
    return found


def _span(part: str) -> int:
    """How many `0-3` or `5` are."""
    first, _, last = part.partition("-")
    return int(last or first) - int(first) + 1 if first.isdecimal() and (not last or last.isdecimal()) else 0


def _memory(text: str) -> dict[str, Any]:
    kilobytes = {name: int(size) for name, size in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    if not kilobytes.get("MemTotal"):
        return {}
    free = sum(kilobytes.get(name, 0) for name in ("MemFree", "Buffers", "Cached"))
    total, available = kilobytes["MemTotal"] * 1024, kilobytes.get("MemAvailable", free) * 1024
    swap = kilobytes.get("SwapTotal", 0) * 1024
    used_swap = swap - kilobytes.get("SwapFree", 0) * 1024
    return {
        **_used("memory", total - available, total),
        "memory.available": available,
        **_used("swap", used_swap, swap),
    }


def _used(name: str, used: int, most: int, total: str = "total") -> dict[str, Any]:
    return {f"{name}.{total}": most, f"{name}.used": used, f"{name}.used_part": used / most if most else 0.0}


def _address(row: str) -> tuple[str, int]:
    """Address and port of a row of /proc/net/tcp, where each word of the address has its bytes in reverse."""
    address, _, port = row.split()[1].partition(":")
    words = [bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8)]
    return str(ipaddress.ip_address(b"".join(words))), int(port, 16)


def _moment(text: str) -> tuple[float, float] | None:
    """A time of the machine's clock, and how coarse it is, in seconds."""
    precise = [line for line in text.split() if re.fullmatch(r"\d+\.\d+", line)]
    if precise:
        return float(precise[0]), 0.0
    whole = re.match(r"\s*(\d+)", text)
    return (float(whole[1]), 1.0) if whole else None


def _commands(text: str) -> dict[int, str]:
    parts = _COMMAND.split(text)
    return {int(pid): line.replace("\0", " ").strip() for pid, line in zip(parts[1::2], parts[2::2], strict=True)}


def _owners(text: str) -> dict[int, str]:
    return {int(pid): user for user, pid in _OWNER.findall(text)}


def _stats(found: Sections, section: str, owners: Mapping[int, str], commands: Mapping[int, str]) -> Iterator[Process]:
    page = 1024 * int((_numbers(found.get("page", "")) or [4])[0])
    for line in found.get(section, "").splitlines():
        match = _STAT.match(line)
        rest = match[5].split() if match else []
        if match is None or match[3] in "ZX" or len(rest) < 20:  # what has ended only waits to be noticed
            continue
        pid = int(match[1])
        yield Process(
            pid,
            parent=int(match[4]),
            ticks=int(rest[9]) + int(rest[10]),
            threads=int(rest[15]),
            started=int(rest[17]),
            memory=max(0, int(rest[19])) * page,
            command=commands.get(pid) or f"[{match[2]}]",
            user=owners.get(pid, ""),
        )


def _belongs_to(process: Process, ancestor: int, all_there: Mapping[int, Process]) -> bool:
    seen: set[int] = set()
    pid = process.pid
    while pid and pid not in seen:
        if pid == ancestor:
            return True
        seen.add(pid)
        pid = all_there[pid].parent if pid in all_there else 0
    return False
