"""`websocket`: whether a server speaks WebSocket, what it says to a message, and whether it stays."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from cockpit.checklist.file import Duration
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.http import CREDENTIALS, Auth, without_userinfo
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.plain import parsed
from cockpit.checks.tls_fields import TLS_FIELDS, tls_values
from cockpit.connect.opening import Phase
from cockpit.connect.thread import imported
from cockpit.connect.tls import Trust

if TYPE_CHECKING:
    from cockpit.connect.websocket import Conversation, Opening

ENDING = 1.0
"""Seconds that the server has to close in form."""

PING_EVERY = 5.0
"""Seconds between two pings while a connection is held, and for the answer to each."""


def _address(url: str) -> str:
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme not in ("ws", "wss") or not parsed.hostname:
        raise ValueError("must begin with ws:// or wss:// and name a host")
    _ = parsed.port
    return url


def _one_message(value: Any) -> Any:
    if isinstance(value, dict) and value.get("send") is not None and value.get("json") is not None:
        raise ValueError("has both `send` and `json`: send one of them")
    return value


class WebsocketSpec(Spec):
    """One conversation."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    url: Annotated[str, pydantic.AfterValidator(_address)] = pydantic.Field(
        description="Where to ask: `ws://` or `wss://`."
    )
    send: str | None = pydantic.Field(None, description="Text message to send; the next message is the `reply`.")
    json_: Any = pydantic.Field(None, alias="json", description="Data to send as JSON, instead of `send`.")
    expect: str = pydantic.Field(
        "", description="Text in the message to wait for; others before it are passed over. It is the `reply`."
    )
    listen: bool = pydantic.Field(False, description="Wait for the first message, without sending one.")
    hold: Duration = pydantic.Field(
        0.0,
        description="Then keep it open for this long, as `20s`: the server's pings are answered, and one is sent every "
        "5 seconds, which it must answer within 5. `timeout` must be longer.",
    )
    subprotocols: list[str] = pydantic.Field([], description="Subprotocols to offer, the best first.")
    headers: dict[str, str] = pydantic.Field({}, description="Headers to send, `Origin` for example.")
    auth: Auth | None = pydantic.Field(None, description="Who asks.")
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of the system's.")
    verify: bool = pydantic.Field(
        True, description="Refuse a certificate that is not valid for the host; without it, `tls.verified` is false."
    )
    cert: str = pydantic.Field("", description="File (PEM) with the certificate to show to the server, and its key.")
    key: str = pydantic.Field("", description="File (PEM) with the key of `cert`, when it is not in the same file.")
    resolve_to: str = pydantic.Field(
        "", description="Address to connect to instead of looking the host up; name and certificate stay the URL's."
    )

    _messages = pydantic.model_validator(mode="before")(_one_message)

    @property
    def message(self) -> str | None:
        """What to send."""
        return json.dumps(self.json_) if self.json_ is not None else self.send

    @property
    def waits(self) -> bool:
        """Whether a message is waited for."""
        return self.message is not None or bool(self.expect) or self.listen


class Websocket:
    """Measures by a conversation of its own."""

    name = "websocket"
    about = "Whether a server speaks WebSocket, how fast it agrees to, what it says to a message, and whether it stays."
    spec = WebsocketSpec
    imports = ("cockpit.connect.websocket",)
    via = True
    server = ("url",)
    at_once = 16
    implied = "connected && matched && stable"
    example = """\
websocket: {url: "wss://api.example.com/feed", json: {op: ping}, expect: pong}
expect:
  - connected && reply.op == 'pong'
  - reply_latency < 0.5
"""
    fields = (
        Field("connected", "bool", "The server agreed to speak WebSocket."),
        Field("status", "int", "HTTP status of the handshake: 101 when it agreed."),
        Field("latency", "double", "From the request to the server's consent, on an open connection.", "seconds"),
        Field("timing.dns", "double", "Looking the name up; 0 with `via`.", "seconds"),
        Field("timing.connect", "double", "Connecting, with `via` also the name lookup.", "seconds"),
        Field("timing.tls", "double", "TLS handshake; 0 without TLS.", "seconds"),
        Field("subprotocol", "string", "The one that was agreed on; empty when none was."),
        Field("headers", "map", "Headers of the server's consent; names in lower case."),
        Field("matched", "bool", "The message that was waited for came, or none was."),
        Field("reply", "dyn", "That message: JSON as data, anything else as text."),
        Field("text", "string", "That message as text."),
        Field("reply_latency", "double", "From sending to that message, or from the consent.", "seconds"),
        Field("messages", "int", "Messages that came: up to that one, and with `hold` all."),
        Field("stable", "bool", "It stayed open as long as `hold` says, and the server answered each ping."),
        Field("held", "double", "How long it was kept open for `hold`.", "seconds"),
        Field("pings", "int", "Pings of the server's; each was answered."),
        Field("round_trip", "double", "The longest time to the answer to a ping of ours, with `hold`.", "seconds"),
        Field("close_code", "int", "What the server closed with: 1000 in answer to our closing in form."),
        Field("close_reason", "string", "The reason that it gave."),
        Field("problem", "string", "What is wrong, in words; empty when all is well."),
        Field("remote", "string", "Address and port that answered; unknown where `via` has the name looked up there."),
        *(Field(f"tls.{each.name}", each.type, each.about, each.unit) for each in TLS_FIELDS),
    )

    def request(self, spec: WebsocketSpec) -> str:
        """`WebSocket wss://api.example.com/feed, send a message`."""
        through = f" at {spec.resolve_to}" if spec.resolve_to else ""
        said = ", send a message" if spec.message is not None else ""
        awaited = f", expect {spec.expect!r}" if spec.expect else ""
        held = f", hold for {spec.hold:g} s" if spec.hold else ""
        return f"WebSocket {without_userinfo(spec.url)}{through}{said}{awaited}{held}"

    async def read(self, spec: WebsocketSpec, session: Session, timeout: float) -> Reading:
        """Hold one conversation. Raises Unmeasurable, Unreachable."""
        from cockpit.connect.websocket import Conversation, Refused  # noqa: PLC0415 - heavy

        if spec.url.startswith("wss:"):
            await imported("cryptography.x509")  # what goes without TLS needs not to wait for
        if spec.hold >= timeout:
            raise Unmeasurable(f"cannot hold for {spec.hold:g} s in a `timeout` of {timeout:.0f} s: make that longer")
        phase, ends = Phase(), time.monotonic() + timeout
        try:
            async with asyncio.timeout(timeout):
                conversation = await Conversation.begin(_opening(spec), session.route, phase)
        except TimeoutError:
            raise Unmeasurable(f"timed out {phase.words} after {timeout:.1f} s") from None
        except Refused as refused:
            never = {"connected": False, "matched": False, "stable": False}
            values = {**never, "status": refused.status, "problem": str(refused)}
            return Reading(values, str(refused), f"{refused}\n\n{refused.body.decode(errors='backslashreplace')}")
        try:
            heard = await _talk(spec, conversation, ends - time.monotonic())
        finally:
            await conversation.abort()
        return _reading(spec, conversation, heard)


KIND: Kind = Websocket()


def _opening(spec: WebsocketSpec) -> Opening:
    from cockpit.connect.websocket import Opening  # noqa: PLC0415 - heavy

    headers = {**spec.headers, **({"Authorization": spec.auth.header} if spec.auth else {})}
    trust = Trust(spec.ca, spec.verify, spec.cert, spec.key, alpn=("http/1.1",))
    return Opening(spec.url, headers, tuple(spec.subprotocols), trust, spec.resolve_to)


@dataclass
class _Heard:
    """What came."""

    text: str | None = None
    latency: float = 0.0
    count: int = 0
    matched: bool = True
    held: float | None = None
    """Seconds; None when it was not to be held, or broke before."""
    stable: bool = True
    problem: str = ""


async def _talk(spec: WebsocketSpec, conversation: Conversation, timeout: float) -> _Heard:
    """Say and hear what the check asks for, and close; what goes wrong from here on was measured."""
    from cockpit.connect.websocket import MESSAGES_LIMIT, Broken  # noqa: PLC0415 - heavy

    heard, started = _Heard(), time.monotonic()
    awaited = f"a message with {spec.expect!r}" if spec.expect else "a message"
    try:
        async with asyncio.timeout(timeout):
            if spec.message is not None:
                await conversation.say(spec.message)
            while spec.waits and heard.text is None and heard.count < MESSAGES_LIMIT:
                message = (await conversation.hear()).decode(errors="backslashreplace")
                heard.count += 1
                if spec.expect in message:
                    heard.text, heard.latency = message, time.monotonic() - started
            if spec.waits and heard.text is None:
                heard.problem = f"{heard.count} messages came, and none was {awaited}"
    except TimeoutError:
        heard.problem = f"timed out waiting for {awaited} after {timeout:.1f} s"
    except Broken as broken:
        heard.problem = f"{broken}, before {awaited} came" if spec.waits else str(broken)
    heard.matched = not heard.problem
    if spec.hold and heard.matched:
        await _hold(spec.hold, conversation, heard, timeout - (time.monotonic() - started))
    heard.stable = not (spec.hold and heard.problem)
    left = max(0.0, timeout - (time.monotonic() - started))
    try:
        async with asyncio.timeout(min(ENDING, left)):
            await conversation.end()
    except (TimeoutError, Broken):
        pass  # then there is no code
    return heard


async def _hold(seconds: float, conversation: Conversation, heard: _Heard, timeout: float) -> None:
    from cockpit.connect.websocket import Broken  # noqa: PLC0415 - heavy

    started = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            await conversation.stay(seconds, PING_EVERY)
    except TimeoutError:
        heard.problem = f"timed out while it was held for {seconds:g} s"
    except Broken as broken:
        heard.problem = f"{broken}, {time.monotonic() - started:.1f} s after it was opened and not {seconds:g} s"
    heard.held = time.monotonic() - started
    heard.count += conversation.passed_over


def _reading(spec: WebsocketSpec, conversation: Conversation, heard: _Heard) -> Reading:
    line, response = conversation.line, conversation.response
    values: dict[str, Any] = {
        "connected": True,
        "status": 101,
        "latency": conversation.latency,
        "timing.dns": line.opened.lookup,
        "timing.connect": line.opened.connect,
        "timing.tls": line.handshake,
        "subprotocol": conversation.subprotocol,
        "headers": {name.lower(): value for name, value in response.headers.raw_items()} if response else {},
        "matched": heard.matched,
        "messages": heard.count,
        "stable": heard.stable,
        "pings": conversation.pings,
        "problem": heard.problem,
    }
    if heard.text is not None:
        values |= {"text": heard.text, "reply": parsed(heard.text), "reply_latency": heard.latency}
    if heard.held is not None:
        values |= {"held": heard.held, "round_trip": conversation.round_trip}
    if conversation.close_code is not None:
        values |= {"close_code": conversation.close_code, "close_reason": conversation.close_reason}
    if line.opened.remote:
        values["remote"] = line.opened.remote
    if line.secured is not None:
        found = {**tls_values(line.secured, dt.datetime.now(dt.UTC)), "verified": spec.verify}
        values |= {f"tls.{name}": value for name, value in found.items()}
    summary = f"connected in {conversation.latency * 1000:.0f} ms"
    if heard.text is not None:
        summary += f", reply in {heard.latency * 1000:.0f} ms"
    if heard.held is not None and heard.stable:
        summary += f", held for {heard.held:.0f} s, {heard.count} messages"
    if heard.problem:
        summary += f"; {heard.problem}"
    hidden = {name: "***" if name in CREDENTIALS else value for name, value in values["headers"].items()}
    headers = "\n".join(f"{name}: {value}" for name, value in hidden.items())
    figure = heard.latency if heard.text is not None else conversation.latency
    evidence = f"{summary}\n{headers}\n\n{heard.text or ''}"
    return Reading(values, summary, evidence, figure, shown={**values, "headers": hidden})
