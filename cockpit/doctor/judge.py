"""What the facts mean for somebody who carries a run on this machine. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.doctor.facts import Clock, Docker, Facts, Home, Login, Ssh, Terminal
from cockpit.doctor.finding import Finding, hurts, ok, unknown

OLDEST_PYTHON = (3, 11)

SMALLEST_TERMINAL = (80, 24)
"""What the screens are made for; below 60 x 15 they show nothing."""

SLOW_ESCAPE = 100
"""Milliseconds that tmux may wait after an escape: more is felt, and an escape with a key after it is taken for Alt."""

LEAST_ROOM = 200 << 20
"""Bytes: some runs, with what their actions print."""

SLOW_FLUSH = 0.1
"""Seconds: every acknowledged event waits for one."""

LARGEST_ERROR = 1.0
"""Seconds by which a clock may be wrong before the times of two machines cannot be compared."""

FEWEST_FILES = 1024
"""Open files: a hundred measurements at the same time, a few each."""


def judge(facts: Facts) -> list[Finding]:
    """Everything that is known, judged, in the order in which one would look."""
    return [
        _python(facts.python),
        *_terminal(facts.terminal),
        *_multiplexer(facts.terminal),
        *_home(facts.home),
        *_clock(facts.clock),
        _login(facts.login),
        _files(facts.files),
        *_temporary(facts.noexec),
        *_ssh(facts.ssh),
        _docker(facts.docker),
        *_engines(facts),
    ]


def _python(version: tuple[int, int, int]) -> Finding:
    said = ".".join(map(str, version))
    if version[:2] < OLDEST_PYTHON:
        return hurts("Python", f"This is Python {said}.", "Install Python 3.11 or newer.")
    return ok("Python", f"This is Python {said}.")


def _terminal(of: Terminal) -> Iterator[Finding]:
    if of.utf8:
        yield ok("locale", f"{of.locale} is a UTF-8 locale.")
    else:
        said = f"{of.locale} is no UTF-8 locale: signs are drawn in ASCII, and names are not shown as they are written."
        yield hurts("locale", said, "export LC_ALL=C.UTF-8")
    if not of.is_one:
        yield ok("terminal", "There is no terminal: screens cannot be shown here, all other commands work.")
        return
    if of.term in ("", "dumb", "unknown"):
        said = f"TERM is {of.term or 'not set'}: runs are shown line by line, without a screen."
        yield hurts("terminal", said, "export TERM=xterm-256color, if the terminal is one.")
    else:
        yield ok("terminal", f"TERM is {of.term}, with {of.colours}.")
    columns, rows = SMALLEST_TERMINAL
    size = f"The terminal is {of.columns} x {of.rows}"
    if of.columns < columns or of.rows < rows:
        yield hurts("size", f"{size}: screens are made for {columns} x {rows}, and are cut.", "Enlarge the window.")
    else:
        yield ok("size", f"{size}.")


def _multiplexer(of: Terminal) -> Iterator[Finding]:
    if of.inside == "screen":
        yield ok("screen", "Inside screen: the clipboard and desktop notifications may not reach the terminal outside.")
    if of.inside != "tmux":
        return
    if not of.term.startswith(("tmux", "screen")):
        said = f"Inside tmux, but TERM is {of.term}: keys and colours are those of another terminal."
        yield hurts("tmux", said, "Leave TERM as tmux sets it: `set -g default-terminal tmux-256color`.")
    if of.options is None:
        yield unknown("tmux", "Inside tmux, which did not say how it is set.", "Try `tmux show-options -s`.")
        return
    found = list(_tmux(of, of.options))
    yield from found or [ok("tmux", "Inside tmux, which hands keys and the clipboard through.")]


def _tmux(of: Terminal, options: dict[str, str]) -> Iterator[Finding]:
    wait = options.get("escape-time", "")
    if wait.isdigit() and int(wait) > SLOW_ESCAPE:
        said = f"tmux waits {wait} ms after the escape key: going back is slow, and keys after it may be lost."
        yield hurts("tmux", said, "`set -sg escape-time 10` in ~/.tmux.conf")
    clipboard = options.get("set-clipboard", "")
    if clipboard in ("off", "external"):
        said = f"set-clipboard is {clipboard}: what Cockpit copies does not reach the terminal's clipboard."
        yield hurts("tmux", said, "`set -s set-clipboard on` in ~/.tmux.conf, or copy by hand.")
    if "osc9" in of.notify and options.get("allow-passthrough", "") == "off":
        said = "allow-passthrough is off: desktop notifications do not reach the terminal outside."
        yield hurts("tmux", said, "`set -g allow-passthrough on` in ~/.tmux.conf")


def _home(of: Home) -> Iterator[Finding]:
    about = "state home"
    if of.problem:
        said = f"Runs cannot be kept in {of.path}: {of.problem}."
        yield hurts(about, said, "Set COCKPIT_HOME to a folder of yours that can be written to.")
        return
    if of.others:
        said = f"Others could change what is kept in {of.path}: {of.others}."
        yield hurts(about, said, "Take that right away (`chmod o-w`), or set COCKPIT_HOME to a folder of yours.")
    if of.network:
        said = f"{of.path} is on a file system ({of.network}) whose locks and flushes are not to be relied on."
        yield hurts(about, said, "Set COCKPIT_HOME to a folder on a disk of this machine.")
    if of.free < LEAST_ROOM:
        said = f"{of.path} has {of.free >> 20} MB left: a full disk stops a run."
        yield hurts(about, said, "Make room, or set COCKPIT_HOME to another disk.")
    if of.locks is False:
        said = f"Locks do not work in {of.path}: two engines could carry one run."
        yield hurts(about, said, "Set COCKPIT_HOME to a folder on a disk of this machine.")
    if of.flush is None or of.locks is None:
        yield unknown(
            about, f"Flushes and locks in {of.path} could not be tried.", "Look whether it can be written to."
        )
    elif of.flush > SLOW_FLUSH:
        said = f"A flush to the disk takes {of.flush * 1000:.0f} ms in {of.path}: every command waits for one."
        yield hurts(about, said, "Look what else writes there, or set COCKPIT_HOME to a quicker disk.")
    else:
        took = f"a flush takes {of.flush * 1000:.1f} ms, the slowest {of.slowest * 1000:.1f} ms"
        yield ok(about, f"{of.path}: {of.free >> 30} GB free, {took}, locks work.")


def _clock(of: Clock) -> Iterator[Finding]:
    mend = "Start chrony or systemd-timesyncd: `timedatectl set-ntp true`."
    within = f", to within {of.error:.2f} s" if of.error is not None else ""
    if of.synchronised is None:
        yield unknown("clock", "Whether the clock is synchronised could not be found out.", mend)
    elif not of.synchronised:
        yield hurts("clock", "The clock is not synchronised: times in the record may be wrong.", mend)
    elif of.error is not None and of.error > LARGEST_ERROR:
        yield hurts("clock", f"The clock may be wrong by {of.error:.1f} s.", mend)
    else:
        yield ok("clock", f"The clock is synchronised{within}.")
    if not of.boot:
        said = "The boot clock cannot be relied on: lengths of time are taken from the clock on the wall."
        yield hurts("clock", said, "Mount /proc as the system has it: a container may hide it.")


def _login(of: Login) -> Finding:
    about = "logging out"
    if not of.systemd:
        return ok(about, "No systemd-logind here: an engine goes on when its user logs out.")
    if of.kills is None:
        mend = "Look for KillUserProcesses in /etc/systemd/logind.conf."
        return unknown(about, "Whether an engine survives that its user logs out could not be found out.", mend)
    if not of.kills or of.excluded:
        return ok(about, "An engine goes on when its user logs out.")
    if not of.in_session and of.lingers:
        return ok(about, "An engine goes on when its user logs out: it belongs to the user's manager, which lingers.")
    said = "systemd-logind ends what is left of a session (KillUserProcesses): the engine dies when you log out."
    mend = "`loginctl enable-linger`, then start with `systemd-run --user --scope cockpit ...`."
    return hurts(about, said, mend)


def _files(most: int) -> Finding:
    if most < FEWEST_FILES:
        said = f"A process may have {most} files open: many measurements at the same time fail."
        return hurts("open files", said, "Raise the hard limit `nofile` in /etc/security/limits.conf.")
    return ok("open files", f"A process may have {most} files open.")


def _temporary(noexec: str) -> Iterator[Finding]:
    if noexec:
        said = f"{noexec} is mounted noexec: commands that write a program there and run it fail."
        yield hurts("temporary files", said, "Set TMPDIR to a folder on another file system.")


def _ssh(of: Ssh) -> Iterator[Finding]:
    if not of.client:
        said = "There is no program `ssh`: hosts cannot be reached, as it is what reads the SSH configuration."
        yield hurts("ssh", said, "Install the package openssh-client.")
    elif of.config:
        yield hurts("ssh", f"The SSH configuration cannot be read: {of.config}.", "Mend it: `ssh -G localhost` tells.")
    else:
        yield ok("ssh", "The SSH configuration can be read.")
    yield _agent(of)
    for problem in of.unread:
        yield hurts("known hosts", f"{problem}.", "Mend or remove it: it is not relied on.")
    if of.known:
        entries = "1 entry" if of.known == 1 else f"{of.known} entries"
        yield ok("known hosts", f"{entries} can be read.")
    else:
        yield ok("known hosts", "None is known: a host is refused until its key is in known_hosts.")


def _agent(of: Ssh) -> Finding:
    about = "ssh agent"
    if not of.agent:
        return ok(about, "No agent is used: keys come from files.")
    if of.agent_problem:
        said = f"SSH_AUTH_SOCK names an agent that does not answer: {of.agent_problem}."
        return hurts(about, said, "Log in anew, or start one: `eval $(ssh-agent)`.")
    keys = "1 key" if of.keys == 1 else f"{of.keys} keys"
    if of.forwarded:
        said = f"The agent ({keys}) is forwarded: when you log out, the engine cannot log in to hosts any more."
        return hurts(about, said, "Give the engine a key that stays here: a file, or an agent on this machine.")
    if not of.keys:
        return hurts(about, "The agent holds no key.", "`ssh-add`")
    return ok(about, f"The agent holds {keys}.")


def _docker(of: Docker) -> Finding:
    if of.host and not of.host.startswith("unix://"):
        return ok("Docker", f"DOCKER_HOST is {of.host}: whether it answers, checks say (kind docker).")
    if not of.exists:
        return ok("Docker", f"There is no {of.socket}: checks of containers need `host` or `via`.")
    if of.problem:
        mend = "`usermod -aG docker USER`, then log in anew." if "denied" in of.problem else "Look at `docker info`."
        return hurts("Docker", f"The daemon at {of.socket} cannot be used: {of.problem}.", mend)
    return ok("Docker", f"The daemon answers, API version {of.version}.")


def _engines(facts: Facts) -> Iterator[Finding]:
    for each in facts.engines:
        if each.problem:
            said = f"The run {each.run} cannot be read: {each.problem}."
            yield hurts("runs", said, f"`cockpit journal verify {each.run}` says where.")
        elif not each.alive:
            said = f"The run {each.run} is under way and has no engine: nothing is measured."
            yield hurts(
                "runs", said, f"`cockpit attach {each.run}` starts one; `cockpit close {each.run}` ends the run."
            )
    alive = [each.run for each in facts.engines if each.alive]
    if alive:
        yield ok("runs", f"Under way: {', '.join(alive)}.")
    elif not facts.engines:
        yield ok("runs", "No run is under way.")
