"""Everything that is given a secret, here and over SSH, gives it back in every form: nothing that is kept or shown has it."""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import cockpit
from cockpit.actions.printed import Printed
from cockpit.cli import main
from cockpit.cli.document import load_named
from cockpit.engine.client import NoEngine, start_engine
from cockpit.engine.opening import open_run
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.run import command as cmd
from cockpit.run.procedure import Phase
from cockpit.text import Redactor
from tests.prove.finding import Cannot, Effort, Finding
from tests.prove.leaking import PHRASE, Sentinels, checklist, files_below, forms_of, lay_out, repeats
from tests.prove.surroundings import environment as laid_over
from tests.servers.ssh import Sshd, keys, sshd
from tests.servers.web import serving
from tests.support.engines import PATIENCE, answers, ask, kill_engine, stands, the_run, until
from tests.support.terminal import NotShown, Terminal

ROOT = Path(cockpit.__file__).parents[1]

UNGUARDED = """\
import cockpit.text
cockpit.text.Redactor.__call__ = lambda self, text: text
cockpit.text.Redactor.of_stream = lambda self, text: (text, "")
"""
"""What Python does at its start in the control: it takes the redactor out."""

STUMBLING = """\
import cockpit.checks.measure as measure
async def stumble(item, check, *, values, **_):
    raise BaseExceptionGroup("stumbled", [RuntimeError(repr(values.fill({"all": check.spec})))])
measure.measure = stumble
"""
"""What it does where Cockpit itself must stumble, with a secret in its hand."""

CLOSED = "closed"
"""The host that lets nobody in."""

UNKNOWN = {(command, PHRASE) for command in ("check", "capture", "doctor")}
"""What a command has no way of knowing: nobody was asked for a passphrase, so it is a text like any other."""

CAPTURED = "baselines"
"""Where `capture`, which has no way of knowing that either, keeps what it found."""

KEYS = (
    "n",
    "j",
    "l",
    "\x1b",
    "\r",
    "\x1b",
    "z",
    "\x1b",
    "t",
    "\x1b",
    "s",
    "\r",
    "\x1b",
    "\x1b",
    "w",
    "\x1b",
    "c",
    "1",
    "z",
    "\x1b",
    "\x1b",
)
FORMATS = ("table", "json", "junit", "tap", "nagios")


def prove(effort: Effort, work: Path) -> Iterator[Finding]:
    """Try the forms alone, then a run with all that comes of it."""
    yield _forms(effort.times(full=3000, short=12), work)
    broken, times = [], effort.times(full=10, short=1)
    with contextlib.ExitStack() as running:
        try:
            server: Sshd | None = running.enter_context(_host(work))
        except (pytest.skip.Exception, pytest.fail.Exception) as missing:
            yield Cannot("the same over SSH", str(missing))
            server = None
        for number in range(times):
            seen = _seen(work / f"world-{number}", number, server, full=effort.full)
            broken += [f"{where}: {name}" for where, name in seen]
        bites = len(_seen(work / "control", 1000, server, before=UNGUARDED, full=False))
    yield Finding(
        "runs in which every check, action and log, here and on hosts, every notification and person repeats every"
        " secret; all that is kept, shown or listed searched",
        times,
        len(broken),
        "without the redactor",
        bites,
        tuple(dict.fromkeys(broken))[:12],
    )


def _forms(times: int, work: Path) -> Finding:
    """Secrets made up, in every form, split anywhere, as an action prints them."""
    broken: list[str] = []
    bites = 0
    for number in range(times):
        chance = random.Random(number)
        sentinels = Sentinels(chance)
        redactor = Redactor(sentinels.values)
        for guarded in (True, False):
            place = work / f"printed-{number}-{guarded}"
            with Printed(place, redactor) as printed:
                stream = printed.stream()
                for piece in sentinels.pieces(chance):
                    if guarded:
                        stream(piece.encode())
                    else:
                        stream(redactor(piece).encode())
                        stream.close()
            content = place.read_bytes()
            found = [
                name
                for name, value in sentinels.values.items()
                if any(told.encode() in content for _, told in forms_of(value))
            ]
            place.unlink()
            if guarded and found:
                broken.append(f"seed {number}: {', '.join(found)}")
            bites += not guarded and bool(found)
    return Finding(
        "random secrets in every form, split at random", times, len(broken), "each piece by itself", bites,
        tuple(broken[:5]),
    )  # fmt: skip


@contextlib.contextmanager
def _host(work: Path) -> Iterator[Sshd]:
    """A server that greets whoever comes, before they are let in, with what stands in `banner`."""
    (work / "banner").touch()
    with keys() as made, sshd(made, f"Banner {work}/banner") as server:
        yield server


def _hosts(server: Sshd | None) -> dict[str, dict[str, str]]:
    """The ways to it that a checklist may have: by both clients, and with a key that it does not let in."""
    if server is None:
        return {}
    ways = {
        "paramiko": server.host(),
        "openssh": server.host(client="openssh"),
        CLOSED: server.host(IdentityFile=server.keys["stranger"]),
    }
    return {name: {"ssh": host.ssh, "config": host.config, "client": host.client} for name, host in ways.items()}


def _seen(work: Path, seed: int, server: Sshd | None, *, before: str = "", full: bool) -> list[tuple[str, str]]:
    """Where which secret is seen, after a run in a world of its own."""
    home, world, code = work / "home", work / "world", work / "code"
    for folder in (home, world, code):
        folder.mkdir(parents=True, mode=0o700)
    (code / "sitecustomize.py").write_text(before)
    sentinels = Sentinels(random.Random(seed))
    told: list[bytes] = []
    with serving(repeats(sentinels, seed, told)) as port, _everywhere(sentinels) as listed:
        sentinels.point_to(port)
        environment = lay_out(world, sentinels, random.Random(seed)) | {
            "COCKPIT_HOME": str(home),
            "TMPDIR": str(work / "home"),
            "PYTHONPATH": f"{code}{os.pathsep}{ROOT}",
            "HOME": str(home),
        }
        file = world / "checklist.json"
        file.write_text(checklist(world, port, _hosts(server), CLOSED, full=full))
        if server is not None:
            (work.parent / "banner").write_bytes((world / "said.txt").read_bytes())
        with _as(environment):
            said = dict(_all_that_is_said(file, sentinels, full=full, brief=bool(before)))
            if not before:
                (code / "sitecustomize.py").write_text(STUMBLING)
                said["check that stumbles"] = _call("check", str(file), "by-command")
                _stumble(the_run(home))
    seen = [
        (where, name)
        for where, content in said.items()
        for name in sentinels.found_in(content)
        if (where.split()[0], name) not in UNKNOWN
    ]
    seen += [("a notification", name) for name in sentinels.found_in(b"\n".join(told))]
    if not before and not told:
        seen.append(("nobody", "was told of anything"))
    if server is not None:
        seen += [("the log of the SSH server", name) for name in sentinels.found_in(server.log.encode())]
    for path in files_below(home):
        where = path.relative_to(home)
        unknown = {PHRASE} if where.parts[0] == CAPTURED else set()
        seen += [(str(where), name) for name in sentinels.found_in(path.read_bytes()) if name not in unknown]
    return seen + sorted(listed)


def _all_that_is_said(file: Path, sentinels: Sentinels, *, full: bool, brief: bool) -> Iterator[tuple[str, bytes]]:
    """What every command prints and every screen shows, in the course of a run."""
    document = load_named(str(file), {}).document
    run = open_run(document, release="1.5.0", environment="production", run_kind="live")
    start_engine(run, {"/home/ada/.ssh/id": sentinels.values[PHRASE]})
    try:
        until(run, lambda state: all(state.item(each.id).measurement for each in document.checkable() if each.check))
        secret = " and ".join(sentinels.values.values())
        ask(run, cmd.Confirm("owner", secret, note=secret), cmd.AddNote(secret), cmd.Hold(secret), cmd.Release(secret))
        yield "refusals", "".join(answers(run, cmd.Confirm(secret, secret), cmd.Skip(secret, secret))).encode()
        if brief:
            return
        assert document.plan is not None
        *steps, last = (step.id for step in document.plan.steps)
        for step in steps:
            failing = not step.startswith("run")
            _insist(run, cmd.Go(step))
            until(run, stands(step, Phase.FAILED if failing else Phase.DONE))
            if failing:
                _insist(run, cmd.Skip(step, secret))
        _insist(run, cmd.Go(last))
        until(run, stands(last, Phase.FAILED))
        yield "the screen", _on_a_screen("attach", run.id)
        if full:
            yield "line by line", _on_a_screen("attach", run.id, "--plain")
        for command in document.commands:
            said = _call("command", run.id, command.id, "--yes", apart=full)
            assert b"\n***from_file***\n" in said, said
            yield f"command {command.id}", said
        yield from _printed(file, run, full=full)
        for path in files_below(run.path):  # the next engine takes away what commands that only read have printed
            yield f"{path.relative_to(run.path)} meanwhile", path.read_bytes()
        yield "a core", _core(run)
    finally:
        kill_engine(run)


def _insist(run: RunFolder, command: cmd.Command) -> None:
    """Ask until it is done: what stands on disk, the engine itself knows a moment later."""
    ends = time.monotonic() + PATIENCE
    while refused := answers(run, command)[0]:
        assert time.monotonic() < ends, refused
        time.sleep(0.05)


def _printed(file: Path, run: RunFolder, *, full: bool) -> Iterator[tuple[str, bytes]]:
    calls = [("status", run.id, "--json"), ("journal", "show", run.id)]
    calls += [("report", run.id, "--format", kind) for kind in ("html", "markdown", "json", "junit")]
    if full:
        calls += [("status", run.id), ("journal", "show", run.id, "--json"), ("compare", run.id, run.id)]
        calls += [("show", str(file), "--json"), ("explain", str(file), "by-header"), ("lint", str(file))]
        calls += [("doctor", str(file)), ("capture", str(file))]
        calls += [("check", str(file), "--format", kind) for kind in FORMATS]
    for call in calls:
        yield " ".join((call[0], *call[2:])), _call(*call, apart=full)


def _call(*arguments: str, apart: bool = True) -> bytes:
    """What a command prints, in a process of its own or, for the sake of time, in this one."""
    if apart:
        program = [sys.executable, "-m", "cockpit", *arguments]
        done = subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        return done.stdout + done.stderr
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        main(list(arguments))
    out.flush()
    return out.buffer.getvalue()  # type: ignore[attr-defined]


def _on_a_screen(*arguments: str) -> bytes:
    with Terminal([sys.executable, "-m", "cockpit", *arguments], columns=120, rows=40) as terminal:
        with contextlib.suppress(NotShown):
            terminal.until("captain", 20)
        for key in KEYS:
            terminal.send(key)
            with contextlib.suppress(NotShown):
                terminal.quiet(0.05, 1)
        # What is drawn with colours in the midst of a word is still read by people.
        shown = "\n".join(terminal.text()).encode()
        return terminal.bytes_since() + b"\n" + shown


def _stumble(run: RunFolder) -> None:
    """Let an engine end by an error of its own; its log is looked at with all files."""
    with contextlib.suppress(NoEngine):
        start_engine(run)
        while holder_of(run) is not None:
            time.sleep(0.02)


def _core(run: RunFolder) -> bytes:
    """Kill the engine as a crash does, where the system heeds no limit of cores: whatever it leaves behind."""
    holder = holder_of(run)
    assert holder is not None
    limit, most = resource.prlimit(holder.pid, resource.RLIMIT_CORE)
    resource.prlimit(holder.pid, resource.RLIMIT_CORE, (most, most))
    place = Path(f"/proc/{holder.pid}/cwd").resolve()
    before = set(place.glob("core*"))
    os.kill(holder.pid, signal.SIGSEGV)
    kill_engine(run)
    left = set(place.glob("core*")) - before
    told = b"".join(each.read_bytes() for each in left)
    for each in left:
        each.unlink()
    return told if limit == 0 else f"a core may be written: {PHRASE} and all others".encode()


@contextlib.contextmanager
def _as(environment: Mapping[str, str]) -> Iterator[None]:
    """This process as one that was started with such an environment."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    with laid_over(environment):
        yield


@contextlib.contextmanager
def _everywhere(sentinels: Sentinels) -> Iterator[set[tuple[str, str]]]:
    """What everybody on the machine can see of any process meanwhile: its arguments; and what other users' know."""
    seen: set[tuple[str, str]] = set()
    over = threading.Event()
    ours = {os.getuid(), 0}  # root may look everywhere, and a process that keeps its memory private is root's to see

    def look() -> None:
        known: set[bytes] = set()
        while not over.wait(0.02):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    told = [("the arguments of a process", process.read_bytes())]
                    if process.stat().st_uid not in ours:
                        words = (process.parent / "environ").read_bytes()
                        told.append(("the environment of another user", words))
                    new = [each for each in told if each[1] not in known]
                    known.update(words for _, words in new)
                    seen.update((where, name) for where, words in new for name in sentinels.found_in(words))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()
