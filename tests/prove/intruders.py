"""Other users of the machine, forgers, and servers that would harm whoever asks them: nobody gets in, nobody hangs us."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cockpit.checklist.load import load
from cockpit.checklist.problem import ChecklistError
from cockpit.engine.client import Client, start_engine
from cockpit.engine.opening import open_run
from cockpit.engine.protocol import PROTOCOL, Refused
from cockpit.engine.server import HELLO_WITHIN
from cockpit.journal import folder as runs
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.run import command as cmd
from tests.prove.finding import Cannot, Effort, Finding
from tests.prove.hostile_servers import ssh_servers, web_servers
from tests.prove.surroundings import a_home
from tests.support.engines import kill_engine
from tests.support.runs import document, manual

STRANGER = 65534
NEIGHBOUR = 61234
"""Users of the machine who are neither the captain nor, but for the group, let in."""

HELLO = f'{{"say":"hello","protocol":{PROTOCOL},"tool":"x","role":"observer"}}\n'.encode()

MOST_MEMORY = 400
"""MiB that an engine may take, whatever is sent to it; a quiet one takes some 60."""

AT_ONCE = 2.0
"""Seconds in which the captain's command is carried out meanwhile, on a machine that does much else."""

Attempt = tuple[str, Callable[[], object]]


def prove(effort: Effort, work: Path) -> Iterator[Finding | Cannot]:
    """From outside to inside."""
    with a_home() as home:
        if os.geteuid() == 0:
            yield _strangers(home)
        else:
            yield Cannot("other users of the machine", "it takes root to act as one")
        yield _at_the_socket(effort)
        yield _folders(home, work)
        yield _checklists(work)
    yield from web_servers(effort)
    yield from ssh_servers(effort, work)


def _strangers(home: Path) -> Finding:
    """Users who may not, at a run that is its owner's alone, and at one that a group of theirs may look at."""
    alone, shared = (_begun(group) for group in ("", "users"))
    home.chmod(0o711)  # as it is where any run is shared
    broken, times = [], 0
    for run, groups, may in (
        (alone, [], frozenset[str]()),
        (shared, [], frozenset[str]()),
        (shared, [_gid("users")], frozenset({"list", "read the journal", "say hello"})),
    ):
        for what, attempt in _attempts(run):
            times += 1
            got_in = _as(NEIGHBOUR, groups, attempt)
            if got_in and what not in may:
                broken.append(f"{what} ({'in' if groups else 'not in'} the group): {got_in}")
            if not got_in and what in may:
                broken.append(f"{what} (in the group): refused")
    for run in (alone, shared):
        run.path.chmod(0o777)
        for path in run.path.iterdir():
            path.chmod(0o777)
    bites = sum(bool(_as(NEIGHBOUR, [], attempt)) for _, attempt in _attempts(alone))
    for run in (alone, shared):
        kill_engine(run)
    return Finding(
        "another user lists, reads, writes, replaces, links, connects, commands", times, len(broken),
        "with a folder that is open to all", bites, tuple(broken),
    )  # fmt: skip


def _attempts(run: RunFolder) -> Iterator[Attempt]:
    yield "list", lambda: os.listdir(run.path)  # noqa: PTH208 - the system's own call
    yield "look at the runs", lambda: os.listdir(run.path.parent)  # noqa: PTH208 - likewise
    yield "read the journal", run.journal.read_bytes
    yield "read the engine's log", lambda: run.engine_log.read_bytes() or "nothing in it"
    yield "write the journal", lambda: run.journal.open("ab").close()
    yield "write the lock", lambda: run.lock.open("r+b").close()
    yield "put a file there", lambda: (run.path / "mine").touch() or "done"
    yield "put a link there", lambda: (run.path / "link").symlink_to("/etc") or "done"
    yield "put a run there", lambda: (run.path.parent / "mine").mkdir() or "done"
    yield "take the journal away", lambda: run.journal.rename(run.path / "away")
    yield "say hello", lambda: _say(run, HELLO, b"welcome")
    yield "forge a command", lambda: _forge(run)
    holder = holder_of(run)
    assert holder is not None
    yield "look into the engine", lambda: Path(f"/proc/{holder.pid}/environ").read_bytes()
    yield "end the engine", lambda: os.kill(holder.pid, 15) or "done"


def _forge(run: RunFolder) -> bool:
    """A command of somebody who says to be the captain, in every role."""
    for role in ("captain", "script", "observer"):
        hello = {"say": "hello", "protocol": PROTOCOL, "tool": "x", "role": role, "you": {"user": "root", "uid": 0}}
        request = {"say": "request", "id": 1, "command": {"do": "hold", "reason": "forged", "by": {"uid": 0}}}
        told = json.dumps(hello).encode() + b"\n" + json.dumps(request).encode() + b"\n"
        if _say(run, told, b'"accepted"'):
            return True
    return False


def _say(run: RunFolder, told: bytes, wanted: bytes) -> bool:
    heard = b""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(3)
        door.connect(str(run.socket))
        door.sendall(told)
        with contextlib.suppress(OSError):
            while wanted not in heard and b"refused" not in heard and (data := door.recv(65536)):
                heard += data
    return wanted in heard


def _at_the_socket(effort: Effort) -> Finding:
    """Nonsense, floods, connections without end from those who may connect. The captain goes on commanding."""
    run = _begun("users" if os.geteuid() == 0 else "")
    big = b'{"say":"hello","tool":"' + b"x" * ((100 if effort.full else 20) << 20)
    tries: dict[str, Callable[[contextlib.ExitStack], object]] = {
        "nonsense": lambda _: _heard(run, b"GET / HTTP/1.1\r\n\r\n"),
        "bytes of every kind": lambda _: _heard(run, bytes(range(256)) * 100 + b"\n"),
        "another protocol": lambda _: _heard(run, b'{"say":"hello","protocol":99,"tool":"x"}\n'),
        "a command before hello": lambda _: _heard(run, b'{"say":"request","id":1,"command":{"do":"hold"}}\n'),
        "100,000 levels": lambda _: _heard(run, b"[" * 100_000 + b"\n"),
        "a message without end": lambda _: _heard(run, big),
        "1,000 connections of one user, each with half a message": lambda stack: _crowd(run, stack, 1000),
    }
    broken = []
    with contextlib.ExitStack() as stack:
        for what, attempt in tries.items():
            heard = attempt(stack)
            if heard is not None and b'"refused"' not in heard:
                broken.append(f"{what}: {heard[:200]!r}")
            took, said = asyncio.run(_commanded(run))
            if said or took > AT_ONCE:
                broken.append(f"{what}: the captain's command took {took:.1f} s {said}")
            if (mebibytes := _memory(run)) > MOST_MEMORY:
                broken.append(f"{what}: the engine takes {mebibytes} MiB")
    kill_engine(run)
    bites = int(_swallows(20 << 20))
    return Finding(
        "nonsense, floods and crowds at the socket", len(tries), len(broken), "a reader without a limit", bites,
        tuple(broken),
    )  # fmt: skip


def _heard(run: RunFolder, told: bytes) -> bytes:
    heard = b""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(10)
        door.connect(str(run.socket))
        with contextlib.suppress(OSError):
            door.sendall(told)
        with contextlib.suppress(OSError):
            while b"\n" not in heard and (data := door.recv(65536)):
                heard += data
    return heard


def _crowd(run: RunFolder, stack: contextlib.ExitStack, size: int) -> None:
    """Somebody of the group, where one can be had, who goes on holding so many connections."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                _become(NEIGHBOUR, [_gid("users")])
            doors = [_half_said(run) for _ in range(size)]
            os.write(writer, b"%d" % len(doors))
            time.sleep(60)
        finally:
            os._exit(0)
    stack.callback(os.waitpid, child, 0)
    stack.callback(os.kill, child, 9)
    os.read(reader, 10)
    os.close(reader)
    os.close(writer)
    if os.geteuid() != 0:
        time.sleep(HELLO_WITHIN + 1)  # its own user is refused until those are cut off that say nothing


def _half_said(run: RunFolder) -> socket.socket:
    door = socket.socket(socket.AF_UNIX)
    door.settimeout(0.5)
    with contextlib.suppress(OSError):
        door.connect(str(run.socket))
        door.sendall(HELLO.partition(b"x")[0] + b"x" * (1 << 16))
    return door


async def _commanded(run: RunFolder) -> tuple[float, str]:
    """How long a command of the captain took, who was connected before; what is said against it."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(20):
            client = await Client.connect(run, "script")
            answer = await client.command(cmd.AddNote("still here"))
            await client.close()
    except Exception as problem:
        return time.monotonic() - began, f"{type(problem).__name__}: {problem}"
    return time.monotonic() - began, answer.reason if isinstance(answer, Refused) else ""


def _memory(run: RunFolder) -> int:
    holder = holder_of(run)
    assert holder is not None
    return int(Path(f"/proc/{holder.pid}/statm").read_text().split()[1]) * resource.getpagesize() >> 20


def _swallows(size: int) -> bool:
    """Whether asyncio's reader, given no limit, keeps a message without end."""

    async def kept() -> int:
        reader = asyncio.StreamReader(limit=1 << 40)
        for _ in range(size >> 20):
            reader.feed_data(bytes(1 << 20))
        return len(reader._buffer)  # type: ignore[attr-defined]

    return asyncio.run(kept()) == size


def _folders(home: Path, work: Path) -> Finding:
    """Run folders that somebody else could have put there, and journals that were swapped under a living engine."""
    broken = []
    cases: dict[str, Callable[[RunFolder], object]] = {
        "a link to a run": lambda run: _moved(run, run.path),
        "a folder of somebody else": lambda run: os.chown(run.path, STRANGER, STRANGER) if os.geteuid() == 0 else None,
        "a folder that all may write": lambda run: run.path.chmod(0o777),
        "runs that all may write": lambda run: run.path.parent.chmod(0o777),
        "a journal that is a link": lambda run: _swapped(run, run.journal),
        "a journal with two names": lambda run: os.link(run.journal, work / f"twin-{run.id}"),
        "a journal of somebody else": lambda run: os.chown(run.journal, STRANGER, -1) if os.geteuid() == 0 else None,
        "a lock that is a link": lambda run: (run.lock.unlink(), run.lock.symlink_to(work / "elsewhere")),
    }
    bites = 0
    for what, spoil in cases.items():
        run = _begun(engine=False)
        spoil(run)
        bites += run.journal.exists()
        if wrong := _taken_up(run):
            broken.append(f"{what}: {wrong}")
        home.joinpath("runs").chmod(0o700)
    run = _begun()
    copy = work / "copy"
    shutil.copy(run.journal, copy)
    copy.replace(run.journal)
    said = asyncio.run(_commanded(run))[1]
    if "NOT RECORDED" not in said:
        broken.append(f"a journal swapped under a living engine: {said or 'accepted'}")
    kill_engine(run)
    return Finding(
        "run folders and journals that are links, foreign, open to all, swapped", len(cases) + 1, len(broken),
        "opened without looking", bites, tuple(broken),
    )  # fmt: skip


def _taken_up(run: RunFolder) -> str:
    """What is wrong with how a run is refused; nothing when it is, in plain words."""
    try:
        found = runs.find(run.id)
        start_engine(found)
    except Exception as refused:
        said = str(refused)
        return "" if said and "Traceback" not in said and type(refused).__name__ not in said else repr(refused)
    kill_engine(run)
    return "it was taken up"


def _checklists(work: Path) -> Finding:
    """Checklists that anyone may change, or could have put there."""
    text = "cockpit: 1\nname: x\nparts: []\n"
    place = work / "checklists"
    place.mkdir(mode=0o755)
    (place / "inner").mkdir()
    cases: dict[str, Callable[[], Path]] = {
        "a file that all may write": lambda: _with_mode(place / "file.yaml", text, 0o666),
        "a Markdown file that all may write": lambda: _with_mode(place / "file.md", "# x\n", 0o666),
        "a folder with such a file": lambda: _with_mode(place / "inner" / "a.yaml", text, 0o646).parent,
        "a folder that all may write": lambda: _open_folder(place / "open", text),
        "a file in a folder that all may write": lambda: _open_folder(place / "open", text) / "a.yaml",
        "one that extends such a file": lambda: _extending(place, text),
    }
    if os.geteuid() == 0:
        cases["a file of somebody else where all may put files"] = lambda: _planted(place / "tmp", text)
    broken, bites = [], 0
    for what, made in cases.items():
        path = made()
        bites += path.exists()
        try:
            load(path, kinds={}, environ={})
        except ChecklistError as error:
            said = str(error.problems[0])
            if not (("everyone" in said and "chmod" in said) or "belongs to user" in said or "parts" in said):
                broken.append(f"{what}: {said}")
        else:
            broken.append(f"{what}: it is read")
    return Finding(
        "checklists that anyone may change or could have put there", len(cases), len(broken), "read without looking",
        bites, tuple(broken),
    )  # fmt: skip


def _with_mode(path: Path, text: str, mode: int) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def _open_folder(path: Path, text: str) -> Path:
    path.mkdir(exist_ok=True)
    (path / "a.yaml").write_text(text)
    path.chmod(0o777)
    return path


def _extending(place: Path, text: str) -> Path:
    _with_mode(place / "base.yaml", text, 0o666)
    return _with_mode(place / "over.yaml", "cockpit: 1\nname: y\nextends: ./base.yaml\n", 0o644)


def _planted(place: Path, text: str) -> Path:
    place.mkdir()
    place.chmod(0o1777)
    path = _with_mode(place / "planted.yaml", text, 0o644)
    os.chown(path, STRANGER, STRANGER)
    return path


def _moved(run: RunFolder, link: Path) -> None:
    away = run.path.with_name("away")
    shutil.rmtree(away, ignore_errors=True)
    run.path.rename(away)
    link.symlink_to(away)


def _swapped(run: RunFolder, link: Path) -> None:
    away = run.path / "away.jsonl"
    run.journal.rename(away)
    link.symlink_to(away)


def _begun(group: str = "", *, engine: bool = True) -> RunFolder:
    of = document(manual("owner"))
    run = open_run(of, release="1.5.0", environment="production", run_kind="live", group=group)
    if engine:
        start_engine(run)
    return run


def _gid(group: str) -> int:
    return runs.group_id(group)


def _as(uid: int, groups: list[int], act: Callable[[], object]) -> str:
    """What another user got by doing something; nothing when it was refused."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        said = ""
        try:
            _become(uid, groups)
            said = repr(act() or "")[:100].strip("'")
        except Exception:
            said = ""
        finally:
            os.write(writer, ("" if said in ("False", "b") else said).encode())
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()


def _become(uid: int, groups: list[int]) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    os.setgroups(groups)
    os.setgid(uid)
    os.setuid(uid)
