"""`tcp`: whether a port takes connections, how fast, and what is said there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect import dial
from cockpit.connect.dial import NoConnection
from cockpit.connect.opening import Opened, Phase, open_socket
from cockpit.connect.stream import Stream

RECEIVED_LIMIT = 64 * 1024
"""Bytes that are read while waiting for what is expected."""


class TcpSpec(Spec):
    """One port."""

    host: str = pydantic.Field(min_length=1, description="Name or address to connect to.")
    port: int = pydantic.Field(ge=1, le=65535, description="Port.")
    send: str = pydantic.Field("", description='Text to send once it is connected: `"PING\\r\\n"`.')
    expect: str = pydantic.Field("", description="Text that has to come, anywhere in what the server says first.")
    listen: bool = pydantic.Field(False, description="Wait for what the server says first, for `received`.")

    @property
    def at(self) -> tuple[str, int]:
        """Where to connect to."""
        return self.host.strip("[]"), self.port


class Tcp:
    """Measures by connecting."""

    name = "tcp"
    about = "Whether a port takes connections, how fast, and whether the server there says what it should."
    spec = TcpSpec
    via = True
    server = ("host", "port")
    at_once = 16
    implied = "open && matched"
    example = """\
tcp: {host: mail.example.com, port: 25, expect: "220 "}
expect:
  - open && matched
  - latency < 0.1
"""
    fields = (
        Field(
            "open", "bool", "It takes connections; false when it refuses, or nothing answers in time (not with `via`)."
        ),
        Field("latency", "double", "Connecting, without the name lookup; with `via`, with it.", "seconds"),
        Field("problem", "string", "Why it is not open, or what did not come; empty when all is well."),
        Field("matched", "bool", "The expected text came, or none was expected; false when it is not open."),
        Field("received", "string", "What the server said, as text: up to what was expected, or its first words."),
        Field(
            "remote", "string", "Address and port that it leads to; unknown where `via` has the name looked up there."
        ),
    )

    def request(self, spec: TcpSpec) -> str:
        """`connect to mail.example.com:25`."""
        said = ", send text" if spec.send else ""
        awaited = f", expect {spec.expect!r}" if spec.expect else ""
        return f"connect to {dial.at(*spec.at)}{said}{awaited}"

    async def read(self, spec: TcpSpec, session: Session, timeout: float) -> Reading:
        """Connect once. Raises Unreachable, Unmeasurable when it cannot be said whether the port is open.

        Silence on the way through a host is one such case: it may be that host's.
        """
        phase = Phase()
        talk = _Talk(spec)
        opened = None
        try:
            async with asyncio.timeout(timeout):
                opened = await open_socket(session.route, *spec.at, phase)
                await talk.over(opened)
        except NoConnection as error:
            return _closed(str(error))
        except TimeoutError:
            if opened is not None:
                talk.problem = f"timed out waiting for {talk.awaited} after {timeout:.1f} s"
            elif phase.words.startswith("in connect") and not session.route.name:
                return _closed(f"timed out {phase.words} after {timeout:.1f} s")
            else:
                raise Unmeasurable(f"timed out {phase.words} after {timeout:.1f} s") from None
        return _reading(opened, talk)


KIND: Kind = Tcp()


@dataclass
class _Talk:
    """What is said once it is connected."""

    spec: TcpSpec
    received: bytes = b""
    problem: str = ""

    @property
    def awaited(self) -> str:
        return repr(self.spec.expect) if self.spec.expect else "the server's first words"

    async def over(self, opened: Opened) -> None:
        """Say and hear what the check asks for."""
        if not (self.spec.send or self.spec.expect or self.spec.listen):
            opened.socket.close()
            return
        stream = await Stream.over(opened.socket)
        try:
            await stream.write(self.spec.send.encode())
            if self.spec.expect or self.spec.listen:
                await self._hear(stream)
        except OSError as error:
            self.problem = f"{dial.why(error, opened.where) or 'the connection broke'}, before {self.awaited} came"
        finally:
            await stream.close()

    async def _hear(self, stream: Stream) -> None:
        expected = self.spec.expect.encode()
        while not self.received or expected not in self.received:
            piece = await stream.read()
            self.received += piece
            if not piece or len(self.received) > RECEIVED_LIMIT:
                ending = "closed the connection" if not piece else f"said more than {RECEIVED_LIMIT} bytes"
                self.problem = f"the server {ending} before {self.awaited} came"
                return


def _closed(problem: str) -> Reading:
    return Reading({"open": False, "matched": False, "problem": problem}, summary=problem, evidence=problem)


def _reading(opened: Opened, talk: _Talk) -> Reading:
    text = talk.received.decode(errors="backslashreplace")
    values: dict[str, Any] = {
        "open": True,
        "latency": opened.connect,
        "problem": talk.problem,
        "matched": not talk.problem,
        "received": text,
    }
    if opened.remote:
        values["remote"] = opened.remote
    took = f"open in {opened.connect * 1000:.1f} ms"
    said = next(iter(text.splitlines()), "")
    summary = f"{took}; {talk.problem}" if talk.problem else f"{took}: {said}" if said else took
    return Reading(values, summary, f"{summary}\n\n{text}" if text else summary, figure=opened.connect)
