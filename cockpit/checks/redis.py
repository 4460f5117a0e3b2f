"""`redis`: whether a Redis server answers, what a command replies, and how the server stands."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import re
import time
from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks import redis_info
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.plain import CELL_LIMIT, plain
from cockpit.checks.redis_commands import SECRET_SETTINGS, only_reads
from cockpit.connect import certificate
from cockpit.connect.database import Address, read_url
from cockpit.connect.dial import Unreachable
from cockpit.connect.kept import Kept

if TYPE_CHECKING:
    from cockpit.connect.redis import Connection, Reply

SCHEMES = {"redis": False, "rediss": True}
PORT = 6379
ITEMS_LIMIT = 1000
"""Members of a reply that are kept; all are counted."""


def _reading_only(command: tuple[str, ...]) -> tuple[str, ...]:
    if command and not only_reads(command):
        raise ValueError(f"must only read: {' '.join(command[:2]).upper()} is not known to change nothing")
    return command


def _plain_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch("[a-z0-9-]+", name) or name in SECRET_SETTINGS:
            raise ValueError(f"{name} is no setting that can be shown")
    return names


def _address(url: str) -> str:
    if not re.fullmatch("[0-9]*", read_url(url, SCHEMES, PORT).database):
        raise ValueError("names a database that is no number: redis://HOST/0")
    return url


class RedisSpec(Spec):
    """One connection, and what to ask on it."""

    url: Annotated[str, pydantic.AfterValidator(_address)] = pydantic.Field(
        description="Where to connect: `redis://USER:PASSWORD@HOST:6379/0`, `rediss://` with TLS, `unix:///PATH?db=0`;"
        " usually a secret variable."
    )
    user: str = pydantic.Field("", description="The ACL user, when the URL does not name it.")
    password: str = pydantic.Field("", description="The password, when the URL does not hold it; a secret variable.")
    command: Annotated[
        tuple[str, ...],
        pydantic.BeforeValidator(lambda words: tuple(map(str, words))),
        pydantic.AfterValidator(_reading_only),
    ] = pydantic.Field((), description="One command that only reads, word by word: `[GET, version]`.")
    settings: Annotated[tuple[str, ...], pydantic.AfterValidator(_plain_names)] = pydantic.Field(
        (), description="Settings of the server to read: `[appendonly, timeout]`; the user must be allowed CONFIG GET."
    )
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of the system's.")
    verify: bool = pydantic.Field(True, description="Refuse a certificate that is not valid for the host.")

    @property
    def address(self) -> Address:
        """Where to connect, and as whom."""
        found = read_url(self.url, SCHEMES, PORT)
        return replace(
            found,
            user=self.user or found.user,
            password=self.password or found.password,
            ca=self.ca,
            verify=self.verify,
        )


class Redis:
    """Measures on a connection that is kept."""

    name = "redis"
    about = "Whether a Redis server answers, what a command that reads replies, and how the server stands."
    spec = RedisSpec
    imports = ("cockpit.connect.redis",)
    via = True
    server = ("url",)
    implied = "alive"
    example = """\
redis: {url: "redis://cache.example:6379/0", password: "${redis_password}"}
expect:
  - alive && !replica && latency < 0.05
  - memory.policy == 'noeviction' && memory.used_part < 0.8
  - rdb.ok && evicted == 0
"""
    fields = (
        Field("alive", "bool", "It answers; false while it loads its data or takes no more connections."),
        Field("latency", "double", "The command, or PING, on an open connection.", "seconds"),
        Field("version", "string", "As the server says it: `7.0.15`; none when the user may not run INFO."),
        Field("value", "dyn", "What the command replied: text, a number, a list, or null; pairs of HGETALL as a map."),
        Field("size", "int", "Members of the reply when it is a list or a map, else its characters."),
        Field("settings", "map", "The settings asked for: true or false, a number, or text."),
        Field("user.name", "string", "The ACL user that the connection acts as."),
        Field("auth_required", "bool", "Who gives no password is refused; asked on a connection of its own."),
        Field("slowlog.length", "int", "Commands in the log of slow ones."),
        Field("slowlog.threshold", "double", "From which time on they are logged; none when none are.", "seconds"),
        Field("tls.in_use", "bool", "The connection is encrypted."),
        Field("tls.version", "string", "`TLSv1.3`; none without TLS."),
        Field("tls.expires_in", "duration", "Until the server's certificate expires."),
        *redis_info.FIELDS,
    )

    def request(self, spec: RedisSpec) -> str:
        """`GET version on redis://cache.example:6379/0`."""
        return f"{' '.join(spec.command) or 'PING'} on {spec.address.words}"

    async def read(self, spec: RedisSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        from cockpit.connect.redis import Broken, Refusing, connect  # noqa: PLC0415 - heavy

        kept: Kept[Connection] = session.keep("redis", Kept)
        address, phase, reading = spec.address, _verb(spec), None
        connection = await kept.take(address)
        try:
            async with asyncio.timeout(timeout):
                if connection is not None:
                    with contextlib.suppress(Broken):  # ended since its last use: that says nothing of the server now
                        reading = await _ask(connection, spec, session.used)
                if reading is None:
                    phase = "connect"
                    connection = await connect(address, session.route)
                    phase = _verb(spec)
                    reading = await _ask(connection, spec, session.used)
                if "auth_required" in session.used:
                    phase = "asking without a password"
                    reading = await _with_auth_required(reading, address, session)
                return reading
        except TimeoutError:
            raise Unmeasurable(f"timed out in {phase} on {address.where} after {timeout:.1f} s") from None
        except Refusing as refusing:
            return Reading({"alive": False}, summary=str(refusing), evidence=str(refusing))
        except Broken as broken:
            raise Unmeasurable(str(broken)) from None
        finally:
            if connection is not None and connection.good:
                await kept.give(address, connection)


KIND: Kind = Redis()


async def _ask(connection: Connection, spec: RedisSpec, used: frozenset[str]) -> Reading:
    """All that is measured on one connection: what is timed first and alone, then the rest together."""
    started = time.monotonic()
    command = spec.command or ("PING",)
    (reply,) = _granted(await connection.ask(command), [command], spec.address)
    values = {"alive": True, "latency": time.monotonic() - started, **_known(connection, used)}
    questions = _questions(spec, used)
    if questions:
        replies = _granted(await connection.ask(*questions), questions, spec.address)
        values |= _answers(dict(zip(questions, replies, strict=True)), spec, used)
    took = f"{values['latency'] * 1000:.1f} ms"
    facts = "\n".join(f"{name}: {value}" for name, value in values.items())
    if not spec.command:
        words = f"Redis {values.get('version', '')} answers in {took}".replace("  ", " ")
        return Reading(values, words, facts, figure=values["latency"])
    value, size = _shaped(spec.command[0], reply)
    values |= {"value": value, "size": size}
    number = float(value) if isinstance(value, int) else values["latency"]
    shown = f"{size} members" if isinstance(value, list | dict) else ("null" if value is None else str(value))
    return Reading(values, f"{shown} in {took}", f"{shown if not size else value}\n{facts}", number)


def _known(connection: Connection, used: frozenset[str]) -> dict[str, Any]:
    """What the connection alone tells."""
    version = connection.server.get("valkey_version") or connection.server.get("redis_version")
    known: dict[str, Any] = {"version": version} if version else {}
    tls = connection.tls
    known["tls.in_use"] = tls is not None
    if tls is not None:
        known["tls.version"] = tls.version() or ""
        der = tls.getpeercert(binary_form=True)
        if "tls.expires_in" in used and der:
            known["tls.expires_in"] = certificate.read(der).not_after - dt.datetime.now(dt.UTC)
    return known


def _questions(spec: RedisSpec, used: frozenset[str]) -> list[tuple[str, ...]]:
    asked: list[tuple[str, ...]] = [("CONFIG", "GET", name) for name in spec.settings]
    if not redis_info.NAMES.isdisjoint(used):
        asked.append(("INFO",))
    if "user.name" in used:
        asked.append(("ACL", "WHOAMI"))
    if "slowlog.length" in used:
        asked.append(("SLOWLOG", "LEN"))
    if "slowlog.threshold" in used and SLOWER_THAN not in asked:
        asked.append(SLOWER_THAN)
    return asked


def _answers(replies: Mapping[tuple[str, ...], Reply], spec: RedisSpec, used: frozenset[str]) -> dict[str, Any]:
    from cockpit.connect.redis import info  # noqa: PLC0415 - heavy

    values: dict[str, Any] = {}
    if spec.settings:
        values["settings"] = {name: _setting(name, replies["CONFIG", "GET", name]) for name in spec.settings}
    if ("INFO",) in replies:
        values |= redis_info.values(info(replies[("INFO",)]), used)
    if ("ACL", "WHOAMI") in replies:
        values["user.name"] = replies["ACL", "WHOAMI"]
    if ("SLOWLOG", "LEN") in replies:
        values["slowlog.length"] = replies["SLOWLOG", "LEN"]
    if SLOWER_THAN in replies and "slowlog.threshold" in used:
        microseconds = _setting(SLOWER_THAN[-1], replies[SLOWER_THAN])
        if microseconds >= 0:
            values["slowlog.threshold"] = microseconds / 1e6
    return values


SLOWER_THAN = ("CONFIG", "GET", "slowlog-log-slower-than")


def _setting(name: str, reply: Sequence[str]) -> Any:
    if len(reply) < 2:
        raise Unmeasurable(f"there is no setting {name}")
    value = reply[1]
    if value in ("yes", "no"):
        return value == "yes"
    return int(value) if re.fullmatch("-?[0-9]+", value) else value


def _granted(replies: Sequence[Reply], commands: Sequence[Sequence[str]], address: Address) -> Sequence[Reply]:
    """The replies, when the server refused none of them. Raises Unreachable."""
    from cockpit.connect.redis import Error, refusal  # noqa: PLC0415 - heavy

    for reply, command in zip(replies, commands, strict=True):
        if isinstance(reply, Error):
            raise Unreachable(refusal(reply, address, " ".join(command[:2]).upper()))
    return replies


async def _with_auth_required(reading: Reading, address: Address, session: Session) -> Reading:
    """The reading, and whether the server answers somebody who gives no password."""
    from cockpit.connect.redis import Error, connect  # noqa: PLC0415 - heavy

    nobody = await connect(replace(address, user="", password="", database=""), session.route)
    try:
        (reply,) = await nobody.ask(("PING",))
    finally:
        await nobody.close()
    return replace(reading, values={**reading.values, "auth_required": isinstance(reply, Error)})


def _shaped(name: str, reply: Reply) -> tuple[Any, int]:
    """A reply as data, not more of it than is kept, and how large it was."""
    if name.lower() == "hgetall":
        reply = dict(zip(reply[::2], reply[1::2], strict=True))
    size = 0 if reply is None else len(reply) if isinstance(reply, Sized) else len(str(reply))
    if isinstance(reply, list):
        reply = reply[:ITEMS_LIMIT]
    elif isinstance(reply, dict):
        reply = dict(itertools.islice(reply.items(), ITEMS_LIMIT))
    value = plain(reply)
    return (value[:CELL_LIMIT] if isinstance(value, str) else value), size


def _verb(spec: RedisSpec) -> str:
    return spec.command[0].upper() if spec.command else "PING"
