"""Finding out what is so on this machine. Nothing here judges, changes anything that stays, or asks the network."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from cockpit.doctor import gather_home
from cockpit.doctor.facts import Clock, Docker, Engine, Facts, Login, Ssh, Terminal
from cockpit.text import safe_line

ASKED_WITHIN = 3.0
"""Seconds that a program or a daemon may take to answer."""

_TMUX_OPTIONS = ("escape-time", "set-clipboard", "focus-events", "allow-passthrough")
_UNSYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2)."""


def gather(environ: Mapping[str, str]) -> Facts:
    """All facts; takes a second or two at most, and more only when a program does not answer."""
    return Facts(
        home=gather_home.home(),
        python=(sys.version_info.major, sys.version_info.minor, sys.version_info.micro),
        terminal=_terminal(environ),
        ssh=_ssh(environ),
        docker=_docker(environ),
        clock=_clock(),
        login=_login(),
        files=_files(),
        noexec=_noexec(Path(tempfile.gettempdir())),
        engines=_engines(),
    )


# --- the terminal


def _terminal(environ: Mapping[str, str]) -> Terminal:
    locale = next((environ[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(name)), "C")
    size = shutil.get_terminal_size()
    inside = "tmux" if environ.get("TMUX") else ("screen" if environ.get("STY") else "")
    return Terminal(
        is_one=all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__)),
        term=safe_line(environ.get("TERM", ""), width=40),
        locale=safe_line(locale, width=40),
        utf8="utf-8" in locale.lower() or "utf8" in locale.lower(),
        columns=size.columns,
        rows=size.lines,
        colours=_colours(environ),
        inside=inside,
        options=_tmux() if inside == "tmux" else None,
        notify=environ.get("COCKPIT_NOTIFY", ""),
    )


def _colours(environ: Mapping[str, str]) -> str:
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return "16 million colours"
    return "256 colours" if "256" in environ.get("TERM", "") else "16 colours"


def _tmux() -> dict[str, str] | None:
    found = {name: _printed("tmux", "show-options", "-Aqv", name) for name in _TMUX_OPTIONS}
    server = {name: _printed("tmux", "show-options", "-sqv", name) for name in _TMUX_OPTIONS}
    options = {name: server[name] or found[name] for name in _TMUX_OPTIONS}
    return {name: value for name, value in options.items() if value} or None


# --- ssh


def _ssh(environ: Mapping[str, str]) -> Ssh:
    agent, client = environ.get("SSH_AUTH_SOCK", ""), shutil.which("ssh") is not None
    keys, problem = _keys(agent) if agent else (0, "")
    known, unread = _known_hosts()
    return Ssh(
        client=client,
        config=_config() if client else "",
        agent=agent,
        agent_problem=problem,
        keys=keys,
        forwarded=bool(environ.get("SSH_CONNECTION")) and re.fullmatch(r"/tmp/ssh-[^/]+/agent\.\d+", agent) is not None,  # noqa: S108 - where sshd(8) puts it
        known=known,
        unread=unread,
    )


def _config() -> str:
    try:
        ended = subprocess.run(
            ["ssh", "-G", "localhost"], stdin=subprocess.DEVNULL, capture_output=True, timeout=ASKED_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return f"`ssh -G` did not end within {ASKED_WITHIN:g} s"
    lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if ended.returncode == 0 else safe_line(lines[0] if lines else "no reason is given", width=200)


def _keys(agent: str) -> tuple[int, str]:
    from cockpit.connect.ssh import agent as agents  # noqa: PLC0415 - only where there is one

    try:
        asked = agents.Agent(agent, ASKED_WITHIN)
    except agents.AgentFailed as failed:
        return 0, str(failed)
    try:
        return len(asked.held()), ""
    except agents.AgentFailed as failed:
        return 0, str(failed)
    finally:
        asked.close()


def _known_hosts() -> tuple[int, tuple[str, ...]]:
    from cockpit.connect.ssh.known_hosts import parse  # noqa: PLC0415 - as above

    known, unread = 0, []
    for path in (Path.home() / ".ssh/known_hosts", Path("/etc/ssh/ssh_known_hosts")):
        try:
            entries, notes = parse(path.read_text("utf-8", "replace"), str(path))
        except FileNotFoundError:
            continue
        except OSError as error:
            unread.append(f"{path} cannot be read: {error.strerror}")
            continue
        known += len(entries)
        unread += [f"{note.file}:{note.line}: {safe_line(note.problem, width=100)}" for note in notes]
    return known, tuple(unread[:20])


# --- Docker


def _docker(environ: Mapping[str, str]) -> Docker:
    host = safe_line(environ.get("DOCKER_HOST", ""), width=100)
    path = host.removeprefix("unix://") if host.startswith("unix://") else "/var/run/docker.sock"
    if host and not host.startswith("unix://"):
        return Docker(host)
    if not Path(path).exists():
        return Docker(host, path, exists=False)
    version, problem = _api_version(path)
    return Docker(host, path, version=version, problem=problem)


def _api_version(path: str) -> tuple[str, str]:
    import socket  # noqa: PLC0415 - only where there is a daemon

    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(ASKED_WITHIN)
        try:
            door.connect(path)
            door.sendall(b"GET /version HTTP/1.0\r\nHost: docker\r\n\r\n")
            answer = b""
            while len(answer) < 1 << 16 and (more := door.recv(1 << 14)):
                answer += more
        except TimeoutError:
            return "", f"it did not answer within {ASKED_WITHIN:g} s"
        except OSError as error:
            return "", (error.strerror or str(error)).lower()
    found = re.search(rb'"ApiVersion"\s*:\s*"([0-9.]+)"', answer)
    return (found[1].decode(), "") if found else ("", "it does not answer as Docker does")


# --- the clock, the session, limits


def _clock() -> Clock:
    synchronised, error = _adjtimex()
    try:
        ahead = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
        boot = ahead > -1 and bool(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    except OSError:
        boot = False
    return Clock(synchronised, error, boot)


def _adjtimex() -> tuple[bool | None, float | None]:
    """Whether the kernel holds its clock for synchronised, and its largest error in seconds (adjtimex(2))."""
    timex = (ctypes.c_long * 64)()  # `modes`, an unsigned int and its padding; then offset, freq, maxerror, esterror
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
            return None, None
    except (AttributeError, OSError):
        return None, None
    if ctypes.sizeof(ctypes.c_long) != 8:
        return None, None
    status = timex[5] & 0xFFFFFFFF
    return not status & _UNSYNCHRONISED, timex[3] / 1e6 if not status & _UNSYNCHRONISED else None


def _login() -> Login:
    if not Path("/run/systemd/system").exists():
        return Login(systemd=False)
    user = _user()
    bus = ("busctl", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1")
    kills = _printed(*bus, "org.freedesktop.login1.Manager", "KillUserProcesses")
    excluded = _printed(*bus, "org.freedesktop.login1.Manager", "KillExcludeUsers")
    with contextlib.suppress(OSError):
        group = Path("/proc/self/cgroup").read_text()
        return Login(
            kills={"b true": True, "b false": False}.get(kills),
            excluded=f'"{user}"' in excluded,
            in_session=re.search(r"session-[^/]*\.scope", group) is not None,
            lingers=Path("/var/lib/systemd/linger", user).exists(),
        )
    return Login(kills=None)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _files() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 20 if hard == resource.RLIM_INFINITY else hard


def _noexec(path: Path) -> str:
    try:
        return str(path) if os.statvfs(path).f_flag & os.ST_NOEXEC else ""
    except OSError:
        return ""


def _engines() -> tuple[Engine, ...]:
    from cockpit.engine.overview import summaries  # noqa: PLC0415 - reads every journal's ends
    from cockpit.journal.folder import StateHomeUnusable  # noqa: PLC0415 - as above

    with contextlib.suppress(OSError, StateHomeUnusable):
        return tuple(
            Engine(each.folder.id, each.engine_alive, safe_line(each.problem, width=200))
            for each in summaries()
            if not each.closed
        )
    return ()


def _printed(*argv: str) -> str:
    """What a program prints on one line; empty when it cannot be run, fails or does not answer."""
    try:
        ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASKED_WITHIN, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return safe_line(ended.stdout.strip(), width=200)
