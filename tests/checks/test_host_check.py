"""`host`: facts of a machine, from this one with Debian's tools and with busybox, and from what others printed."""

from __future__ import annotations

import datetime as dt
import getpass
import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.checks import host_facts
from cockpit.checks.host_facts import Unclear
from cockpit.checks.host_script import Asked, script, sections
from tests.servers.need import missing
from tests.support.measuring import Measure
from tests.support.routes import Detour


@pytest.fixture(params=["as it is", "busybox"])
def tools(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tools of this machine, or busybox's before them."""
    if request.param == "busybox":
        busybox = shutil.which("busybox")
        if busybox is None:
            missing("busybox", "apt-get install busybox-static")
        folder = tmp_path / "busybox"
        folder.mkdir()
        subprocess.run([busybox, "--install", "-s", str(folder)], check=True)
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        assert shutil.which("df") == str(folder / "df")
    return str(request.param)


@pytest.fixture
def worker() -> Iterator[tuple[str, int]]:
    """A process that works hard under a name that no other has: the name and its number."""
    name = f"worker-{uuid.uuid4().hex}"
    program = "print('ready', flush=True)\nwhile True: pass"
    process = subprocess.Popen([sys.executable, "-c", program, name, "it's"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield name, process.pid
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.usefixtures("tools")
def test_what_is_always_looked_at_is_there(measured: Measure) -> None:
    kernel, pages = os.uname().release, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    found = measured(
        "host",
        {},
        "present",
        f"hostname == '{socket.gethostname()}' && kernel == '{kernel}' && cores >= {len(os.sched_getaffinity(0))}",
        f"memory.total == {pages} && memory.available + memory.used == memory.total",
        "memory.used_part > 0.0 && memory.used_part < 1.0 && swap.used <= swap.total",
        "files.used > 0 && files.used_part < 1.0 && files.max > files.used",
        "load.one >= 0.0 && load.five >= 0.0 && load.fifteen >= 0.0",
        "load.per_core * double(cores) - load.one < 0.01 && uptime > duration('1s')",
        "clock.offset < 2.0 && clock.offset > -2.0 && clock.uncertainty >= 0.0 && clock.uncertainty < 5.0",
    )
    assert found.result == "PASS", found
    assert found.request == "facts of the machine: load, memory, clock"
    assert "of memory available" in found.summary


@pytest.mark.usefixtures("tools")
def test_a_disk_is_as_the_system_says(measured: Measure, tmp_path: Path) -> None:
    there = os.statvfs(tmp_path)
    size = there.f_blocks * there.f_frsize
    one = f"disk['{tmp_path}']"
    found = measured(
        "host",
        {"disk": [str(tmp_path), "/"]},
        f"{one}.size == {size} && {one}.used > 0 && {one}.mount.startsWith('/') && {one}.device != ''",
        f"{one}.free > 0 && {one}.free < {one}.size && {one}.used_part > 0.0 && {one}.used_part <= 1.0",
        f"{one}.inodes_free > 0 && {one}.inodes_used_part < 1.0" if there.f_files else "present",
        "disk['/'].mount == '/'",
    )
    assert found.result == "PASS", found
    assert "% used" in found.summary
    assert f"disk {tmp_path}: device " in found.evidence


@pytest.mark.usefixtures("tools")
def test_a_path_that_is_not_there_is_an_error(measured: Measure, tmp_path: Path) -> None:
    hostile = f"/no/such; touch {tmp_path}/never; $(touch {tmp_path}/never)'"
    for path in ("/no/such", "-h", hostile):
        found = measured("host", {"disk": path})
        assert found.result == "ERROR"
        assert found.summary.startswith(f"there is no file system to be seen at {path}: ")
    assert not (tmp_path / "never").exists()


@pytest.mark.usefixtures("tools")
def test_a_process_is_found_by_its_command_line(measured: Measure, worker: tuple[str, int]) -> None:
    name, pid = worker
    found = measured(
        "host",
        {"process": f"{name} it's$"},
        f"process.count == 1 && process.pids == [{pid}] && process.user == '{getpass.getuser()}'",
        "process.cpu > 1.0 && process.cpu < 150.0",
        "process.memory > 1000000 && process.memory < 500000000 && process.threads >= 1",
        "process.age >= duration('0s') && process.age < duration('5m')",
    )
    assert found.result == "PASS", found
    assert found.summary.startswith("1 process, ")


def test_the_second_reading_is_taken_only_for_who_wants_it(measured: Measure, worker: tuple[str, int]) -> None:
    assert "process.cpu" not in measured("host", {"process": worker[0]}, "process.count == 1").evidence
    assert "process.cpu" in measured("host", {"process": worker[0]}, "process.cpu >= 0.0").evidence
    assert "process.cpu" in measured("host", {"process": worker[0]}, figure="process.cpu").evidence


@pytest.mark.usefixtures("tools")
def test_a_search_for_processes_does_not_find_itself(measured: Measure) -> None:
    found = measured("host", {"process": f"nobody-is-called-{uuid.uuid4().hex}"})
    assert (found.result, found.summary.startswith("not there: a process like nobody-")) == ("FAIL", True)


def test_processes_of_cockpit_are_not_counted(measured: Measure, tmp_path: Path) -> None:
    name = f"bot-{uuid.uuid4().hex}.yaml"
    program = tmp_path / "cockpit"
    program.write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)\n", encoding="ascii")
    with subprocess.Popen([sys.executable, str(program), "open", name], stdout=subprocess.PIPE) as viewer:
        assert viewer.stdout is not None
        viewer.stdout.readline()
        found = measured("host", {"process": name}, "process.count == 0")
        viewer.kill()
    assert found.result == "PASS", found


@pytest.mark.usefixtures("tools")
def test_a_port_is_listened_on_or_not(measured: Measure, refusing_port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as here,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        port, port6 = here.getsockname()[1], six.getsockname()[1]
        found = measured(
            "host",
            {"listening": [port, port6]},
            "listening",
            f"'127.0.0.1:{port}' in listening_on",
            f"'[::1]:{port6}' in listening_on",
        )
        assert found.result == "PASS", found
        gone = measured("host", {"listening": [port, refusing_port]})
    assert (gone.result, gone.summary) == ("FAIL", f"not there: port {refusing_port}")


@pytest.mark.usefixtures("tools")
def test_a_user_and_a_group_are_there_or_not(measured: Measure) -> None:
    found = measured(
        "host",
        {"user": "root", "group": "root"},
        "present",
        "user.id == 0 && 'root' in user.groups && group.members == group.members",
    )
    assert (found.result, found.summary) == ("PASS", "user root, group root"), found
    gone = measured("host", {"user": "no-such-user", "group": "no-such-group"})
    assert (gone.result, gone.summary) == ("FAIL", "not there: user no-such-user, group no-such-group")


def test_without_systemd_a_unit_is_an_error(measured: Measure) -> None:
    if Path("/run/systemd/system").exists():
        found = measured("host", {"unit": "no-such-unit"})
        assert (found.result, found.summary) == ("FAIL", "not there: unit no-such-unit")
    else:
        found = measured("host", {"unit": "nginx"}, via="detour", routes=Detour())
        assert (found.result, found.summary) == ("ERROR", "there is no systemd to ask about the unit nginx on detour")


def test_everything_is_one_round_trip_to_a_host(measured: Measure) -> None:
    detour = Detour()
    spec = {"disk": "/", "process": "never-there", "listening": 1, "user": "root", "group": "root"}
    found = measured("host", spec, "disk['/'].used_part > 0.0", via="detour", routes=detour)
    assert (found.result, detour.went) == ("PASS", ["/bin/sh -s"])
    assert found.request.endswith("group root on detour")


def test_what_hangs_is_named(measured: Measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = tmp_path / "df"
    stuck.write_text("#!/bin/sh\nsleep 30\n", encoding="ascii")
    stuck.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = measured("host", {"disk": "/mnt/dead"}, timeout=3.0)
    assert (found.result, found.summary) == ("ERROR", "timed out after 3.0 s while it read: disk /mnt/dead")


def test_a_shell_that_does_something_else_is_an_error(measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.checks.host_script.script", lambda *_: "echo 'This account is not available.'; exit 1")
    found = measured("host", {})
    assert (found.result, found.evidence) == ("ERROR", "This account is not available.")
    assert found.summary == "its shell did not carry out what was asked (status 1)"


def test_a_wrong_pattern_is_refused(measured: Measure) -> None:
    assert "is not a regular expression" in measured("host", {"process": "a("}).summary


UNIT = """\
Type=notify
NRestarts=2
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
ActiveEnterTimestampMonotonic=60000000
"""


def test_a_unit_of_systemd_is_read() -> None:
    values = host_facts.unit("nginx", {"unit": UNIT, "uptime": "100.50 180.00\n"})
    assert values == {
        "unit.loaded": "loaded",
        "unit.active": "active",
        "unit.sub": "running",
        "unit.enabled": "enabled",
        "unit.restarts": 2,
        "unit.active_for": dt.timedelta(seconds=40.5),
    }


def test_a_unit_that_failed_or_is_not_there_is_read() -> None:
    said = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\nActiveEnterTimestampMonotonic=0\n"
    values = host_facts.unit("nginx", {"unit": said, "uptime": "100.50 180.00\n"})
    assert (values["unit.loaded"], values["unit.active"], values["unit.enabled"]) == ("not-found", "inactive", "none")
    assert "unit.active_for" not in values
    assert "unit.restarts" not in values, "systemd before 235 does not count them"
    with pytest.raises(Unclear, match="systemd says nothing of the unit x: Failed to connect to bus"):
        host_facts.unit("x", {"unit": "Failed to connect to bus: Connection refused\n"})


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ("NTPSynchronized=yes\n", True),
        ("NTPSynchronized=no\n", False),
        ("      Local time: Tue\n     NTP enabled: yes\nNTP synchronized: no\n", False),
        ("System clock synchronized: yes\n              NTP service: active\n", True),
        ("Reference ID    : C0A80001\nStratum         : 3\nLeap status     : Normal\n", True),
        ("Stratum         : 0\nLeap status     : Not synchronised\n", False),
        ("associd=0 status=0615 leap_none, sync_ntp, 1 event, clock_sync,\nversion=...\n", True),
        ("associd=0 status=c016 leap_alarm, sync_unspec, 1 event, restart,\n", False),
        ("    esterror:     16000000\n    status:       64 (UNSYNC)\n-p  timeconstant: 2\n", False),
        ("    esterror:     100\n    status:       8193 (PLL)\n", True),
    ],
)
def test_whether_a_clock_follows_a_server_is_read_from_whoever_knows(said: str, good: bool) -> None:
    now = {"time": "1.0\n\n", "time again": "1.0\n\n"}
    assert host_facts.clock({**now, "synchronised": said}, 1.0, 1.0)["clock.synchronised"] is good
    with pytest.raises(Unclear, match="neither timedatectl, chronyc, ntpq nor adjtimex can tell"):
        host_facts.clock({**now, "synchronised": ""}, 1.0, 1.0)


@given(st.floats(-1e5, 1e5), st.floats(0, 5), st.floats(0, 5), st.floats(0, 5), st.booleans())
def test_the_offset_of_a_clock_is_right_within_what_it_says(
    ahead: float, there: float, work: float, back: float, coarse: bool
) -> None:
    asked_at = 1_700_000_000.0
    begun, ended = asked_at + there + ahead, asked_at + there + work + ahead
    said = [f"{int(at)}.%N\n\n" if coarse else f"{at:.9f}\n\n" for at in (begun, ended)]
    found = host_facts.clock({"time": said[0], "time again": said[1]}, asked_at, asked_at + there + work + back)
    assert abs(found["clock.offset"] - ahead) <= found["clock.uncertainty"] + 1e-5
    assert found["clock.uncertainty"] <= (there + back) / 2 + (1.0 if coarse else 1e-5)


def test_the_shells_clock_counts_where_date_knows_no_parts_of_a_second() -> None:
    busybox = "1795509227.%N\n1795509227.783665\n"
    found = host_facts.clock({"time": busybox, "time again": busybox}, 1795509227.0, 1795509227.0)
    assert found["clock.offset"] == pytest.approx(0.783665)


@pytest.mark.parametrize(
    ("blocks", "inodes", "expected"),
    [
        (
            (
                "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"
                "//nas/my share   1000      750       150      84% /mnt/my share\n"
            ),
            "Filesystem     Inodes IUsed IFree IUse% Mounted on\n//nas/my share      0     0     0     - /mnt/my share\n",
            {
                "device": "//nas/my share",
                "mount": "/mnt/my share",
                "size": 1024000,
                "used": 768000,
                "free": 153600,
                "used_part": 750 / 900,
            },
        ),
        (
            "Filesystem           1024-blocks    Used Available Capacity Mounted on\n/dev/vda   100 100 -5 100% /\n",
            "Filesystem              Inodes      Used Available Capacity Mounted on\n/dev/vda  200 50 150  25% /\n",
            {
                "device": "/dev/vda",
                "mount": "/",
                "size": 102400,
                "used": 102400,
                "free": 0,
                "used_part": 1.0,
                "inodes_free": 150,
                "inodes_used_part": 0.25,
            },
        ),
    ],
)
def test_what_df_prints_is_read(blocks: str, inodes: str, expected: dict[str, object]) -> None:
    assert host_facts.disk("/x", {"disk /x": blocks, "inodes /x": inodes}) == expected


def test_addresses_of_listening_sockets_are_read() -> None:
    rows = (
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n"
        "   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000\n"
        "   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n"
    )
    assert host_facts.listening([80, 8080], {"listening": rows}) == {
        "listening": True,
        "listening_on": ["0.0.0.0:80", "127.0.0.1:8080", "[::1]:80"],
    }
    assert host_facts.listening([443], {"listening": rows}) == {"listening": False, "listening_on": []}


def process(pid: int, parent: int, name: str, state: str = "S", ticks: int = 10, started: int = 100) -> str:
    rest = [0] * 48
    rest[9], rest[10], rest[15], rest[17], rest[19] = ticks, 0, 3, started, 25
    return f"{pid} ({name}) {state} {parent} {' '.join(map(str, rest))}\n"


def test_processes_are_read_whatever_they_call_themselves() -> None:
    found = {
        "self": "50\n",
        "page": "KernelPageSize:       16 kB\n",
        "uptime 1": "10.00 1.00\n",
        "uptime 2": "10.50 1.00\n",
        "processes 1": process(1, 0, "init")
        + process(7, 1, "a) S 1 (b")
        + process(8, 1, "bot", started=300)
        + process(9, 1, "bot", state="Z")
        + process(50, 1, "bot")
        + process(51, 50, "bot")
        + process(60, 2, "bot/0")
        + process(70, 1, "python"),
        "processes 2": process(7, 1, "x", ticks=30) + process(8, 1, "bot", ticks=40, started=777),
        "owners": "dr-xr-xr-x    9 ada      staff   0 Nov 20 03:30 /proc/7\ndr-xr-xr-x 9 bob root 0 Nov 20 03:30 /proc/8\n",
        "commands": "==> /proc/7/cmdline <==\n/srv/bot\0--x\0\n==> /proc/8/cmdline <==\nbot\nsecond line\0\n"
        "==> /proc/60/cmdline <==\n\n==> /proc/70/cmdline <==\npython\0-m\0cockpit.engine\0bot\0",
    }
    chosen = host_facts.processes(found, lambda command: "bot" in command)
    assert [(each.pid, each.command) for each in chosen] == [
        (7, "/srv/bot --x"),
        (8, "bot\nsecond line"),
        (60, "[bot/0]"),
    ]
    values = host_facts.of_processes(found, chosen[:2])
    assert values == {
        "process.count": 2,
        "process.pids": [7, 8],
        "process.memory": 2 * 25 * 16384,
        "process.threads": 6,
        "process.user": "ada, bob",
        "process.age": dt.timedelta(seconds=7),
        "process.cpu": pytest.approx(40.0),  # of one that was there both times, not of its successor
    }
    assert host_facts.processes(found, lambda command: "bot" in command, frozenset({7, 8}))[0].pid == 60


def test_old_kernels_and_bare_machines_have_what_they_have() -> None:
    assert host_facts.system({}) == {}
    values = host_facts.system(
        {
            "memory": "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 350 kB\n",
            "cores": "0-3,8\n",
            "load": "2.5 1 1 1/99 7\n",
        }
    )
    assert (values["memory.available"], values["memory.used_part"], values["swap.total"]) == (512000, 0.5, 0)
    assert (values["cores"], values["load.per_core"]) == (5, 0.5)


def test_nothing_on_a_machine_can_pass_for_a_section() -> None:
    printed = b"\nours one\nvalue\nguessed two\n ours three\n\nours four\n\xff\n"
    assert sections(printed, "ours") == {"one": "value\nguessed two\n ours three\n", "four": "\\xff\n"}


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1))
def test_any_name_is_quoted(name: str) -> None:
    text = script(Asked(disks=(name,), unit=name, user=name, group=name), "token")
    assert subprocess.run(["sh", "-n"], input=text.encode(), check=False).returncode == 0
