"""Servers that would like to hang, flood or fool whoever measures them, and what is said of each."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Self

import msgspec

from cockpit.checklist.model import Check, Host
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.routes import HostRoutes
from tests.prove.finding import Cannot, Effort, Finding
from tests.prove.leaking import Serve
from tests.servers.ssh import Sshd, sshd
from tests.servers.ssh import keys as made_keys
from tests.support.measuring import no_values

LIMIT = 1.0
"""Seconds that a check of a hostile server has."""

LATE = 4.0
"""Seconds more after which it would have ignored that, even on a machine that does much else."""

MEMORY = 80
"""MiB by which this process may grow at its highest, what it imports first included."""

NOT_PLAIN = ("Traceback", "Error(", "Exception", "object at 0x", "<class", "errno", "Errno", "bytearray", "b'")

OK = b"HTTP/1.1 200 OK\r\n"
HTTP = (
    "headers without end", "a header line without end", "a body without end", "redirects without end",
    "headers that drip", "a body that drips", "a gzip bomb", "a chunk of 2^63 bytes", "a chunk of -1 bytes",
    "chunk extensions without end", "trailers without end", "100 Continue without end", "a length of many digits",
    "two lengths", "a status of letters", "silence", "a greeting of another protocol", "100,000 levels of JSON",
)  # fmt: skip
DOCKER = ("a frame of 4 GiB", "frames of garbage", "a log without end", "JSON of another shape", *HTTP)
SSH = (
    "a banner without end", "a banner line without end", "a packet of 4 GiB", "garbage for a key exchange",
    "silence after the banner", "a key exchange that drips",
)  # fmt: skip

NAIVE = (
    "import sys, urllib.request as u, resource as r;"
    "r.setrlimit(r.RLIMIT_AS, (1 << 29, 1 << 29));"
    "u.urlopen(sys.argv[1], timeout=1).read()"
)


def web_servers(effort: Effort) -> Iterator[Finding]:
    """HTTP servers and Docker endpoints."""
    for tried, names, kind in (("hostile HTTP servers", HTTP, "http"), ("hostile Docker endpoints", DOCKER, "docker")):
        with _serving_each(names, _hostile_web) as ports:
            found = asyncio.run(_measured({name: _check(kind, port) for name, port in ports.items()}, effort))
            broken = [f"{name}: {wrong}" for name, wrong in found.items() if wrong]
            tries = ("a gzip bomb", "a body without end", "a body that drips")
            bites = sum(_naive(ports[name]) for name in (tries if effort.full else tries[:1]))
        yield Finding(tried, len(names), len(broken), "urllib with a timeout", bites, tuple(broken))


def ssh_servers(effort: Effort, work: Path) -> Iterator[Finding | Cannot]:
    """SSH servers whose keys are wrong, and those that misbehave."""
    with contextlib.ExitStack() as stack:
        try:
            keys = stack.enter_context(made_keys())
            server = stack.enter_context(sshd(keys, host_key="changed"))
        except BaseException as missing:  # pytest's own way to skip is no Exception
            yield Cannot("SSH servers", str(missing))
            return
        yield _host_keys(server, work)
        ports = stack.enter_context(_serving_each(SSH, _hostile_ssh))
        hosts = {
            name: msgspec.structs.replace(server.host(client=client), ssh=f"root@127.0.0.1:{port}")
            for name, port in ports.items()
            for client in (("paramiko", "openssh") if effort.full else ("paramiko",))
        }
        stuck = stack.enter_context(_stuck_after_auth(keys["host"]))
        hosts["stuck after the login"] = msgspec.structs.replace(
            server.host(known_hosts=f"[127.0.0.1]:{stuck} {keys.public('host')}"), ssh=f"root@127.0.0.1:{stuck}"
        )
        found = asyncio.run(_all_through(hosts))
        broken = [f"{name}: {wrong}" for name, wrong in found.items() if wrong]
        bites = sum(_waits(ports[name]) for name in SSH[:2])
        yield Finding(
            "hostile SSH servers", len(found), len(broken), "a client that waits for what is promised", bites,
            tuple(broken),
        )  # fmt: skip


def _host_keys(server: Sshd, work: Path) -> Finding:
    """A server that shows another key than is known, one that is not known, a revoked one, one that an authority signed."""
    keys, at = server.keys, f"[127.0.0.1]:{server.port}"
    shown, other = keys.public("changed"), keys.public("host")
    known = {
        "changed": (f"{at} {other}", "has changed"),
        "unknown": (f"elsewhere {shown}", "is not known"),
        "revoked": (f"{at} {shown}\n@revoked {at} {shown}", "revoked"),
        "revoked for all": (f"@revoked * {shown}\n{at} {shown}", "revoked"),
        "of an authority, without a certificate": (f"@cert-authority {at} {other}", "is not known"),
        "of a file that is broken": (f"{at} ssh-ed25519 AAAA\n{at} {shown[:40]}", "the host key of app"),
    }
    broken = []
    for name, (line, words) in known.items():
        for client in ("paramiko", "openssh"):
            said = asyncio.run(_said(server.host(known_hosts=line, client=client), 10.0))
            if words not in said and not (client == "openssh" and "REVOKED" in said.upper()):
                broken.append(f"{name} ({client}): {said[:300]}")
    trusting = ["ssh", "-F", str(server.config("", StrictHostKeyChecking="no")), "-p", str(server.port)]
    wanted = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={work}/none", "root@127.0.0.1", "true"]
    let_in = subprocess.run([*trusting, *wanted], capture_output=True, timeout=30, check=False).returncode == 0
    return Finding(
        "host keys changed, unknown, revoked, of an authority, broken; both clients", 2 * len(known), len(broken),
        "with StrictHostKeyChecking=no", int(let_in), tuple(broken),
    )  # fmt: skip


def _check(kind: str, port: int) -> Check:
    if kind == "http":
        spec: dict[str, Any] = {"url": f"http://127.0.0.1:{port}/", "follow_redirects": True}
        return Check(kind, spec, ("status == 200", "text == 'never'"), timeout=LIMIT)
    spec = {"container": "x", "host": f"tcp://127.0.0.1:{port}", "logs": {"tail": 10, "must": ["never"]}}
    return Check(kind, spec, ("running",), timeout=LIMIT)


async def _measured(checks: dict[str, Check], effort: Effort) -> dict[str, str]:
    """What is wrong with how each came out; nothing where it is as it must be. In short, all at the same time."""
    if effort.full:
        return {name: await _wrong(check, 1) for name, check in checks.items()}
    found = await asyncio.gather(*(_wrong(check, len(checks)) for check in checks.values()))
    return dict(zip(checks, found, strict=True))


async def _wrong(check: Check, of: int) -> str:
    session = Session()
    began = time.monotonic()
    with _Growth() as growth:
        try:
            result = await measure("item", check, kinds=kinds(), values=no_values(), session=session)
        finally:
            await session.close()
    if growth.mebibytes > MEMORY * (1 if of == 1 else 3):
        return f"{growth.mebibytes} MiB more memory"
    if result.result not in ("FAIL", "ERROR"):
        return f"it is {result.result}: {result.summary}"
    return _wrong_with(result.summary, time.monotonic() - began)


async def _all_through(hosts: dict[str, Host]) -> dict[str, str]:
    return dict(zip(hosts, await asyncio.gather(*map(_through, hosts.values())), strict=True))


async def _through(host: Host) -> str:
    began = time.monotonic()
    said = await _said(host, LIMIT)
    return _wrong_with(said, time.monotonic() - began)


async def _said(host: Host, limit: float) -> str:
    session = Session(HostRoutes([host]))
    try:
        check = Check("command", {"run": "echo hello"}, ("status == 0",), timeout=limit, via=host.name)
        found = await measure("item", check, kinds=kinds(), values=no_values(), session=session)
    finally:
        await session.close()
    return found.summary if found.result != "PASS" else f"PASS: {found.summary}"


def _wrong_with(said: str, took: float) -> str:
    if took > LIMIT + LATE:
        return f"it took {took:.1f} s: {said}"
    if any(each in said for each in NOT_PLAIN) or not said.strip() or "\n" in said:
        return f"not in plain words: {said!r}"
    return f"it let us in: {said}" if said.startswith("PASS") else ""


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@contextlib.contextmanager
def _serving_each(names: tuple[str, ...], made: Callable[[str], Serve]) -> Iterator[dict[str, int]]:
    """A port of each server: in a process of their own, whose memory is not counted."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            asyncio.run(_serve_all(names, made, writer))
        finally:
            os._exit(0)
    os.close(writer)
    try:
        with os.fdopen(reader) as pipe:
            yield json.loads(pipe.readline())
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


async def _serve_all(names: tuple[str, ...], made: Callable[[str], Serve], writer: int) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    servers = {name: await asyncio.start_server(made(name), "127.0.0.1", 0) for name in names}
    ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    os.write(writer, json.dumps(ports).encode() + b"\n")
    await asyncio.sleep(600)


class _Growth:
    """How much memory this process took more than before, at its highest: a context manager."""

    def __enter__(self) -> Self:
        self._before = self.highest = _memory()
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look)
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._looking.join()

    @property
    def mebibytes(self) -> int:
        """So far."""
        return (self.highest - self._before) >> 20

    def _look(self) -> None:
        while not self._over.wait(0.01):
            self.highest = max(self.highest, _memory())


def _hostile_web(name: str) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                async for piece in _answers(name, head):
                    writer.write(piece)
                    await writer.drain()
        writer.transport.abort()

    return serve


INSPECTED = (
    b'{"Id":"x","Name":"/x","State":{"Status":"running","Running":true,"StartedAt":"2026-01-01T00:00:00Z"},'
    b'"Config":{"Env":[],"Tty":false,"Image":"x"},"HostConfig":{"LogConfig":{"Type":"json-file"}},"Image":"x",'
    b'"RestartCount":0,"NetworkSettings":{"Ports":{},"Networks":{}},"Mounts":[]}'
)


async def _answers(name: str, head: bytes) -> AsyncIterator[bytes]:
    logs = b"/logs" in head
    if name in DOCKER[:3] and not logs:
        body = b"OK" if b"_ping" in head else b'{"ApiVersion":"1.41"}' if b"/version" in head else INSPECTED
        yield (
            OK + b"Content-Type: application/json\r\nApi-Version: 1.41\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        return
    match name:
        case "a frame of 4 GiB":
            yield OK + b"\r\n" + b"\x01\0\0\0\xff\xff\xff\xff"
            while True:
                yield b"x" * 65536
        case "frames of garbage":
            yield OK + b"\r\n"
            while True:
                yield bytes(range(256)) * 256
        case "a log without end":
            yield OK + b"\r\n"
            while True:
                yield (b"\x01\0\0\0\0\0\0\x32" + b"y" * 49 + b"\n") * 1000
        case "JSON of another shape":
            yield OK + b"Content-Type: application/json\r\nContent-Length: 11\r\n\r\n[[1,2],{}] "
        case "headers without end":
            yield OK
            while True:
                yield b"X-More: x\r\n" * 1000
        case "a header line without end":
            yield OK + b"X-Long: "
            while True:
                yield b"x" * 65536
        case "a body without end":
            yield OK + b"\r\n"
            while True:
                yield b"y" * 65536
        case "redirects without end":
            yield b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % time.monotonic_ns()
        case "headers that drip":
            yield OK
            for number in itertools.count():
                yield b"X-%d: x\r\n" % number
                await asyncio.sleep(0.2)
        case "a body that drips":
            yield OK + b"Content-Length: 1000000\r\n\r\n"
            while True:
                yield b"z"
                await asyncio.sleep(0.2)
        case "a gzip bomb":
            yield OK + b"Content-Encoding: gzip\r\n\r\n"
            bomb = zlib.compressobj(1, zlib.DEFLATED, 31)
            for _ in range(400):
                yield bomb.compress(bytes(1 << 20))
            yield bomb.flush()
        case "a chunk of 2^63 bytes" | "a chunk of -1 bytes":
            size = b"7fffffffffffffff" if "63" in name else b"-1"
            yield OK + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n"
            while True:
                yield b"c" * 65536
        case "chunk extensions without end":
            yield OK + b"Transfer-Encoding: chunked\r\n\r\n1;"
            while True:
                yield b"e" * 65536
        case "trailers without end":
            yield OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
            while True:
                yield b"T: t\r\n" * 1000
        case "100 Continue without end":
            while True:
                yield b"HTTP/1.1 100 Continue\r\n\r\n" * 100
        case "a length of many digits":
            yield OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nshort"
        case "two lengths":
            yield OK + b"Content-Length: 5\r\nContent-Length: 50000\r\n\r\nhello"
        case "a status of letters":
            yield b"HTTP/1.1 \x1b[2J twohundred\r\n\r\n"
        case "a greeting of another protocol":
            yield b"220 mail.example ESMTP\r\n\r\n"
        case "100,000 levels of JSON":
            body = b"[" * 100_000 + b"]" * 100_000
            yield OK + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        case _:
            await asyncio.sleep(60)
            yield b""


def _naive(port: int) -> bool:
    """Whether the usual way to ask hangs, or takes half a gigabyte."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", NAIVE, f"http://127.0.0.1:{port}/"], capture_output=True, timeout=3, check=False
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def _hostile_ssh(name: str) -> Serve:
    async def pieces() -> AsyncIterator[bytes]:
        match name:
            case "a banner without end":
                while True:
                    yield b"please wait\r\n" * 1000
            case "a banner line without end":
                while True:
                    yield b"w" * 65536
            case "a packet of 4 GiB":
                yield b"SSH-2.0-Huge\r\n" + struct.pack(">IB", 0xFFFFFFFB, 4)
                while True:
                    yield b"\0" * 65536
            case "garbage for a key exchange":
                yield b"SSH-2.0-Odd\r\n" + struct.pack(">IBB", 1036, 4, 20) + bytes(range(256)) * 4 + bytes(8)
            case "a key exchange that drips":
                yield b"SSH-2.0-Slow\r\n" + struct.pack(">IBB", 2000, 4, 20)
                while True:
                    yield b"\0"
                    await asyncio.sleep(0.2)
            case _:
                yield b"SSH-2.0-Silent\r\n"
        await asyncio.sleep(60)

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            async for piece in pieces():
                writer.write(piece)
                await writer.drain()
        writer.transport.abort()

    return serve


def _waits(port: int) -> bool:
    """Whether somebody who reads up to the end of the banner, each read with its time limit, is still at it."""
    ends = time.monotonic() + LIMIT
    with socket.create_connection(("127.0.0.1", port), timeout=LIMIT) as naive:
        while time.monotonic() < ends:
            if b"SSH-2.0" in naive.recv(65536):
                return False
    return True


@contextlib.contextmanager
def _stuck_after_auth(host_key: Path) -> Iterator[int]:
    """A server that lets everybody in, and then does nothing that is asked."""
    import paramiko  # noqa: PLC0415 - heavy

    class LetsIn(paramiko.ServerInterface):
        def check_auth_publickey(self, username: str, key: object) -> int:
            return paramiko.AUTH_SUCCESSFUL

        def check_auth_none(self, username: str) -> int:
            return paramiko.AUTH_SUCCESSFUL

        def get_allowed_auths(self, username: str) -> str:
            return "publickey,none"

        def check_channel_request(self, kind: str, chanid: int) -> int:
            over.wait(20)
            return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                transport = paramiko.Transport(connection)
                transport.add_server_key(paramiko.PKey.from_path(host_key))
                with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                    transport.start_server(threading.Event(), LetsIn())

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
