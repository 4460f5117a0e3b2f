"""The `redis` kind against real servers: good, refusing, full, frozen, spoiled, gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time

import pytest
import redis as client

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.redis_commands import ASKING, ASKING_IN_TWO_WORDS, READING
from cockpit.checks.registry import kinds
from cockpit.journal.event import CheckMeasured
from tests.servers.certificates import Authority
from tests.servers.frozen import frozen
from tests.servers.redis import PASSWORD, Redis
from tests.servers.web import serving
from tests.support.measuring import Measure, ended_in_time, no_values, secret
from tests.support.routes import Detour

pytestmark = pytest.mark.server


def failed(found: CheckMeasured) -> dict[str, str]:
    """What was found for the names of the conditions that did not hold."""
    assert found.result == "FAIL", found
    return {name: value for finding in found.findings if not finding.holds for name, value in finding.found.items()}


def test_a_ping_passes_and_asks_nothing_else(measured: Measure, redis_server: Redis) -> None:
    found = measured(
        "redis",
        {"url": "${secret}"},
        "alive && latency < 1.0 && version.startsWith('7.') && !tls.in_use",
        values=secret(redis_server.url()),
    )
    assert found.result == "PASS", found
    assert found.request == f"PING on redis://127.0.0.1:{redis_server.port}/0"
    assert found.summary.startswith("Redis 7.")
    assert "memory" not in found.evidence
    assert PASSWORD not in str(found)
    assert measured("redis", {"url": redis_server.url()}).result == "PASS"


def test_a_reply_has_the_shape_of_its_command(measured: Measure, redis_server: Redis) -> None:
    redis_server.run("SET shape:text 1.5.0", "SET shape:number 42", "RPUSH shape:list a b c", "HSET shape:map n 1 m 2")
    redis_server.run("DEL shape:none")
    for command, expect in (
        (["GET", "shape:text"], "value == '1.5.0' && size == 5"),
        (["get", "shape:number"], "int(value) == 42"),
        (["STRLEN", "shape:text"], "value == 5"),
        (["LRANGE", "shape:list", 0, -1], "value == ['a', 'b', 'c'] && size == 3"),
        (["HGETALL", "shape:map"], "value.n == '1' && value.m == '2' && size == 2"),
        (["GET", "shape:none"], "value == null && size == 0"),
        (["CLIENT", "ID"], "value > 0"),
    ):
        found = measured("redis", {"url": redis_server.url(), "command": command}, expect)
        assert found.result == "PASS", found
    wrong = measured("redis", {"url": redis_server.url(), "command": ["GET", "shape:text"]}, "value == '2.0.0'")
    assert failed(wrong) == {"value": "1.5.0"}
    number = measured("redis", {"url": redis_server.url(), "command": ["LLEN", "shape:list"]})
    assert (number.value, number.summary[:5]) == (3.0, "3 in ")


def test_a_command_that_may_change_something_is_refused_before_it_is_sent(
    measured: Measure, redis_server: Redis
) -> None:
    for command in (
        ["FLUSHALL"],
        ["SET", "a", "b"],
        ["CONFIG", "SET", "maxmemory", "1"],
        ["eval", "return 1", "0"],
        ["x"],
    ):
        found = measured("redis", {"url": redis_server.url(), "command": command})
        assert found.result == "ERROR"
        assert f"must only read: {' '.join(command[:2]).upper()} is not known to change nothing" in found.summary
    for name in ("requirepass", "*"):
        found = measured("redis", {"url": redis_server.url(), "settings": [name]})
        assert "is no setting that can be shown" in found.summary


def test_the_commands_allowed_are_those_that_the_server_itself_calls_reading(redis_server: Redis) -> None:
    with client.Redis(port=redis_server.port, password=PASSWORD, decode_responses=True) as connection:
        known = connection.execute_command("COMMAND")
    reading = {name for name, command in known.items() if "readonly" in command["flags"]}
    assert reading - READING == {"eval_ro", "evalsha_ro", "fcall_ro", "lolwut", "pfcount", "touch"}
    assert reading >= READING
    assert not READING & (ASKING | ASKING_IN_TWO_WORDS.keys())


def test_a_wrong_command_is_an_error_in_the_servers_words(measured: Measure, redis_server: Redis) -> None:
    redis_server.run("RPUSH wrong:list a")
    found = measured("redis", {"url": redis_server.url(), "command": ["GET", "wrong:list"]})
    assert found.result == "ERROR"
    assert found.summary == (
        "GET WRONG:LIST was refused: WRONGTYPE Operation against a key holding the wrong kind of value"
    )


def test_how_the_server_stands_is_told_both_ways(measured: Measure, redis_server: Redis) -> None:
    redis_server.run("SET stands 1", "SAVE")
    spec = {"url": redis_server.url(), "settings": ["appendonly", "timeout", "maxmemory-policy"]}
    found = measured(
        "redis",
        spec,
        "mode == 'standalone' && memory.used > 100000 && memory.max == 67108864 && memory.used_part < 0.9",
        "memory.policy == 'noeviction' && memory.fragmentation > 0.0 && memory.peak > 0 && uptime >= 0",
        "rdb.ok && rdb.age < 600.0 && rdb.changes >= 0 && !aof.enabled && !replica",
        "clients.connected >= 1 && clients.max == 40 && clients.rejected >= 0 && clients.blocked == 0",
        "keys >= 1 && databases.db0 >= 1 && evicted == 0 && expired >= 0 && ops >= 0",
        "slowlog.length >= 0 && slowlog.threshold == 0.01 && user.name == 'default'",
        "!settings.appendonly && settings.timeout == 0 && settings['maxmemory-policy'] == 'noeviction'",
    )
    assert found.result == "PASS", found
    bad = measured(
        "redis",
        spec,
        "memory.policy == 'allkeys-lru'",
        "aof.enabled",
        "aof.ok",
        "replica",
        "settings.appendonly",
        "lag < 9.0",
    )
    assert failed(bad) == {
        "memory.policy": "noeviction",
        "aof.enabled": "false",
        "aof.ok": "no value",
        "replica": "false",
        "settings.appendonly": "false",
        "lag": "no value",
    }
    assert (
        measured("redis", {"url": redis_server.url(), "settings": ["timout"]}).summary == "there is no setting timout"
    )


def test_a_replica_and_its_primary_know_each_other(
    measured: Measure, redis_server: Redis, redis_replica: Redis
) -> None:
    waiting = {"retry_for": 20.0, "retry_every": 0.1}
    replica = measured("redis", {"url": redis_replica.url()}, "replica && link.up && !syncing && lag < 10.0", **waiting)
    assert replica.result == "PASS", replica
    primary = measured(
        "redis",
        {"url": redis_server.url()},
        "!replica && replicas.connected == 1 && replicas.online == 1 && replicas.lag < 10.0",
        "replicas.list[0].state == 'online' && replicas.lag_bytes < 100000",
        **waiting,
    )
    assert primary.result == "PASS", primary
    alone = measured("redis", {"url": redis_replica.url()}, "replicas.connected == 1", "replicas.lag < 10.0")
    assert failed(alone) == {"replicas.connected": "0", "replicas.lag": "no value"}


def test_a_replica_cut_off_from_its_primary_says_so(measured: Measure, redis_spare: Redis, refusing_port: int) -> None:
    redis_spare.run(f"REPLICAOF 127.0.0.1 {refusing_port}")
    found = measured("redis", {"url": redis_spare.url()}, "link.up", "link.down_for < 0")
    assert failed(found)["link.up"] == "false"


def test_a_snapshot_that_failed_and_a_full_memory_are_told(measured: Measure, redis_spare: Redis) -> None:
    url = redis_spare.url()
    redis_spare.folder.joinpath("dump.rdb").mkdir()
    redis_spare.run("SET a b")
    with contextlib.suppress(client.ResponseError):
        redis_spare.run("SAVE")
    redis_spare.run("BGSAVE")
    spoiled = measured("redis", {"url": url}, "!rdb.ok", retry_for=10.0, retry_every=0.05)
    assert spoiled.result == "PASS", spoiled
    redis_spare.run("CONFIG SET maxmemory 1", "CONFIG SET maxmemory-policy allkeys-random")
    redis_spare.run("CONFIG SET stop-writes-on-bgsave-error no")
    with contextlib.suppress(client.ResponseError):
        redis_spare.run("SET c d")
    full = measured("redis", {"url": url}, "memory.used_part < 1.0", "evicted == 0")
    assert set(failed(full)) == {"memory.used_part", "evicted"}


def test_users_and_passwords_are_tried_and_refusals_named(measured: Measure, redis_server: Redis) -> None:
    port = redis_server.port
    assert measured("redis", {"url": redis_server.url("looker")}, "user.name == 'looker' && keys >= 0").summary == (
        "user looker may not run ACL WHOAMI: this user has no permissions to run the 'acl|whoami' command"
    )
    looker = {"url": f"redis://127.0.0.1:{port}", "user": "looker", "password": "${secret}"}
    assert measured("redis", looker, "keys >= 0", values=secret(PASSWORD)).result == "PASS"
    assert measured("redis", {"url": redis_server.url("nobody")}).result == "PASS"
    blind = measured("redis", {"url": redis_server.url("nobody")}, "keys >= 0")
    assert blind.summary.startswith("user nobody may not run INFO: ")
    cases = {
        redis_server.url(password="wrong"): "authentication refused for user default",
        redis_server.url("stranger"): "authentication refused for user stranger",
        f"redis://127.0.0.1:{port}": f"authentication required by 127.0.0.1:{port}: give a password",
        redis_server.url(database=99): f"there is no database 99 on 127.0.0.1:{port}",
    }
    for url, words in cases.items():
        found = measured("redis", {"url": url})
        assert (found.result, found.summary) == ("ERROR", words)
        assert PASSWORD not in str(found)
        assert "a-good%2F" not in str(found)


def test_whether_a_stranger_is_let_in_is_measured(measured: Measure, redis_server: Redis, redis_spare: Redis) -> None:
    assert measured("redis", {"url": redis_server.url()}, "auth_required").result == "PASS"
    redis_spare.run("ACL SETUSER default on nopass ~* &* +@all")
    found = measured("redis", {"url": f"redis://127.0.0.1:{redis_spare.port}"}, "auth_required")
    assert failed(found) == {"auth_required": "false"}


def test_a_url_that_cannot_be_used_is_told_without_being_shown(measured: Measure) -> None:
    for url, words in (
        ("http://x:geheim@127.0.0.1/", "`redis`: `url` must begin with redis://, rediss:// or unix://"),
        ("redis://x:gehe/im@127.0.0.1/", "`redis`: `url` is no URL that can be read"),
        ("redis://:geheim@127.0.0.1/cache", "`redis`: `url` names a database that is no number"),
        ("unix://geheim", "`redis`: `url` names no Unix socket"),
    ):
        found = measured("redis", {"url": url})
        assert found.result == "ERROR"
        assert found.summary.startswith(words)
        assert "gehe" not in str(found)


def test_a_server_without_a_free_connection_is_not_alive(measured: Measure, redis_spare: Redis) -> None:
    redis_spare.run("CONFIG SET maxclients 3")
    with contextlib.ExitStack() as crowd:
        for _ in range(8):
            crowd.enter_context(socket.create_connection(("127.0.0.1", redis_spare.port)))
        found = measured("redis", {"url": redis_spare.url()})
    assert found.result == "FAIL"
    assert found.summary == f"127.0.0.1:{redis_spare.port} takes no connections: max number of clients reached"


def test_a_server_that_loads_its_data_is_not_alive(measured: Measure) -> None:
    """A fake: a real server would need gigabytes to load for long enough."""

    async def load(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            await reader.read(1000)
            writer.write(b"-LOADING Redis is loading the dataset in memory\r\n" * 2)

    with serving(load) as port:
        found = measured("redis", {"url": f"redis://127.0.0.1:{port}/0"})
    words = f"127.0.0.1:{port} is loading its data: Redis is loading the dataset in memory"
    assert (found.result, found.summary) == ("FAIL", words)


def test_what_does_not_answer_as_redis_does_is_named(
    measured: Measure, redis_server: Redis, web_port: int, refusing_port: int, black_hole: int
) -> None:
    hint = " (does it speak TLS? write rediss://)"
    tls_port = redis_server.tls_port
    cases = {
        f"redis://127.0.0.1:{web_port}": f"127.0.0.1:{web_port} does not speak Redis's protocol{hint}",
        f"redis://127.0.0.1:{refusing_port}": f"connection refused by 127.0.0.1:{refusing_port}",
        f"redis://127.0.0.1:{black_hole}": f"timed out in connect on 127.0.0.1:{black_hole} after 0.5 s",
        "redis://no-such-host.invalid": "name not found: no-such-host.invalid",
        "unix:///nowhere/redis.sock": "/nowhere/redis.sock does not exist",
        f"redis://:x@127.0.0.1:{tls_port}": f"127.0.0.1:{tls_port} closed the connection{hint}",
    }
    for url, words in cases.items():
        found = measured("redis", {"url": url}, timeout=0.5 if str(black_hole) in url else 5.0)
        assert (found.result, found.summary) == ("ERROR", words)
        assert ended_in_time(found, 5.0)


def test_tls_is_verified(measured: Measure, redis_server: Redis, authority: Authority, tmp_path: object) -> None:
    url = f"rediss://:a-good%2Fpassword@localhost:{redis_server.tls_port}"
    found = measured(
        "redis",
        {"url": url, "ca": str(authority.file)},
        "tls.in_use && tls.version == 'TLSv1.3' && tls.expires_in > duration('24h') && auth_required",
    )
    assert found.result == "PASS", found
    unknown = measured("redis", {"url": url})
    assert unknown.summary == "certificate of localhost refused: self-signed certificate in certificate chain"
    unchecked = measured("redis", {"url": url, "verify": False}, "tls.in_use")
    assert unchecked.result == "PASS", unchecked
    wrong = measured("redis", {"url": url.replace("localhost", "127.0.0.1"), "ca": str(authority.file)})
    assert wrong.summary == (
        "certificate of 127.0.0.1 refused: IP address mismatch, certificate is not valid for '127.0.0.1'."
    )
    plain = measured("redis", {"url": f"rediss://127.0.0.1:{redis_server.port}"}, timeout=2.0)
    assert plain.result == "ERROR"
    assert plain.summary.startswith(f"TLS with 127.0.0.1:{redis_server.port} failed") or (
        plain.summary == f"timed out in connect on 127.0.0.1:{redis_server.port} after 2.0 s"
    )
    none = measured("redis", {"url": url, "ca": "/nowhere.pem"})
    assert none.summary == "the certificates under `ca` cannot be read: /nowhere.pem: No such file or directory"


def test_a_server_is_reached_by_its_socket_and_through_a_host(measured: Measure, redis_server: Redis) -> None:
    path = redis_server.folder / "redis.sock"
    spec = {"url": f"unix://{path}?db=0", "password": PASSWORD}
    assert measured("redis", spec).request == f"PING on unix://{path}"
    assert measured("redis", spec).result == "PASS"
    detour = Detour(names={"cache.internal": "127.0.0.1"})
    url = redis_server.url().replace("127.0.0.1", "cache.internal")
    far = measured("redis", {"url": url}, "keys >= 0 && auth_required", via="detour", routes=detour)
    assert far.result == "PASS", far
    assert far.request == f"PING on redis://cache.internal:{redis_server.port}/0 on detour"
    assert detour.went == [f"cache.internal:{redis_server.port}"] * 2
    assert measured("redis", spec, via="detour", routes=(by_socket := Detour())).result == "PASS"
    assert by_socket.went == [str(path)]


def test_a_frozen_server_is_given_up_in_time_and_a_thawed_one_is_good_again(redis_spare: Redis) -> None:
    check = Check("redis", {"url": redis_spare.url()}, timeout=0.4)

    async def run() -> list[CheckMeasured]:
        session, found = Session(), []

        async def once() -> None:
            found.append(await measure("item", check, kinds=kinds(), values=no_values(), session=session))

        await once()
        with frozen(redis_spare.process):
            await once()
            await once()
        await once()
        await session.close()
        return found

    good, stuck, cold, thawed = asyncio.run(run())
    assert good.result == "PASS"
    assert stuck.summary == f"timed out in PING on 127.0.0.1:{redis_spare.port} after 0.4 s"
    assert cold.result == "ERROR"
    assert "after 0.4 s" in cold.summary
    assert ended_in_time(stuck, 0.4)
    assert thawed.result == "PASS"


def test_a_kept_connection_that_the_server_ended_is_replaced(redis_server: Redis) -> None:
    check = Check("redis", {"url": redis_server.url(), "command": ["CLIENT", "ID"]}, expect=("value > 0",))

    async def run() -> list[CheckMeasured]:
        session, found = Session(), []
        for round_ in range(3):
            found.append(await measure("item", check, kinds=kinds(), values=no_values(), session=session))
            if round_ == 1:
                redis_server.run("CLIENT KILL TYPE normal")
        await session.close()
        return found

    found = asyncio.run(run())
    assert [one.result for one in found] == ["PASS"] * 3
    assert found[0].value == found[1].value != found[2].value


def test_a_server_killed_in_the_middle_is_told(measured: Measure, redis_spare: Redis) -> None:
    spec = {"url": redis_spare.url(), "command": ["XREAD", "BLOCK", 20000, "STREAMS", "s", "$"]}

    async def run() -> CheckMeasured:
        session = Session()
        check = Check("redis", spec, timeout=15.0)
        asked = asyncio.create_task(measure("item", check, kinds=kinds(), values=no_values(), session=session))
        await asyncio.sleep(0.5)
        os.kill(redis_spare.process, signal.SIGKILL)
        found = await asked
        await session.close()
        return found

    started = time.monotonic()
    found = asyncio.run(run())
    assert found.result == "ERROR"
    assert found.summary.startswith(f"127.0.0.1:{redis_spare.port} closed the connection")
    assert time.monotonic() - started < 10


def test_an_endless_reply_is_given_up(measured: Measure) -> None:
    """A fake: what only an attacker's server says."""

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            await reader.read(1000)
            writer.write(b"$9999999999\r\n")
            await reader.read()

    with serving(flood) as port:
        found = measured("redis", {"url": f"redis://127.0.0.1:{port}/0"})
    assert (found.result, found.summary) == ("ERROR", "the reply is larger than 16 MiB")
