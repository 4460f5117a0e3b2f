"""The sample system does what a trading bot does, each live item of the production checklist tells it from a sabotaged one,
and it can be operated.

All of it is one file, so that one worker has the system, and nobody measures it while somebody else sabotages it.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import websockets

from cockpit.demo.sample import client
from tests.servers.need import missing
from tests.servers.stack import SUMMARY
from tests.stack.proof import BY_ITEM, TABLE, Proof, count, prove
from tests.stack.system import CHECKLIST, PROBE, System

pytestmark = pytest.mark.server


def test_it_is_healthy_and_ready(stack: System) -> None:
    assert stack.ask("/health")[0] == 200
    status, body = stack.ask("/ready")
    assert (status, body) == (200, {"ready": True, "database": True, "cache": True, "exchange": True})


def test_it_says_that_it_is_not_ready_while_the_exchange_is_down(stack: System) -> None:
    stack.docker("stop", "--time", "1", stack.container("exchange"))
    try:
        status, body = stack.ask("/ready")
        assert (status, body["exchange"], body["database"]) == (503, False, True)
    finally:
        stack.docker("start", stack.container("exchange"))
    stack.until("the bot is ready", lambda: stack.ask("/ready")[0] == 200)


def test_a_login_gives_a_token_that_opens_what_is_shut_without_it(stack: System) -> None:
    password = stack.secrets["probe_password"]
    assert stack.ask("/api/bots")[0] == 401
    assert stack.ask("/api/auth/login", {"email": PROBE, "password": password + "x"})[0] == 401
    status, body = stack.ask("/api/auth/login", {"email": PROBE, "password": password})
    assert status == 200
    assert stack.ask("/api/bots", None, body["token"])[0] == 200
    assert stack.ask(f"/api/bots/{stack.foreign_bot}", None, body["token"])[0] == 404


def test_logins_are_counted_and_refused_in_the_end(stack: System) -> None:
    answers = [stack.ask("/api/auth/login", {})[0] for _ in range(70)]
    assert 429 in answers, "seventy within two windows of thirty at most"
    stack.execute("redis", "sh", "-c", "redis-cli --scan --pattern 'limit:*' | xargs redis-cli del")
    assert stack.ask("/api/auth/login", {})[0] == 422


def test_a_trade_goes_from_the_order_through_the_worker_to_the_database(stack: System) -> None:
    bot = stack.ask("/api/bots", {"name": "test", "symbol": "BTCUSDT"}, stack.token)[1]["id"]
    status, ordered = stack.ask(f"/api/bots/{bot}/trades", {"side": "buy", "amount": 0.5}, stack.token)
    assert (status, ordered["state"]) == (202, "ordered")
    stack.until("the trade is filled", lambda: _trade(stack, bot)["state"] == "filled")
    with psycopg.connect(stack.dsn()) as connection:
        row = connection.execute("SELECT amount, price > 0 FROM trades WHERE id = %s", (ordered["id"],)).fetchone()
    assert row is not None
    assert (float(row[0]), row[1]) == (0.5, True)


def test_prices_come_over_a_websocket(stack: System) -> None:
    async def first() -> dict[str, Any]:
        trust = ssl.create_default_context(cafile=stack.folder / "tls" / "ca.pem")
        async with websockets.connect(stack.variables()["websocket_url"], ssl=trust) as feed:
            async with asyncio.timeout(20):
                return dict(json.loads(await feed.recv()))

    assert asyncio.run(first())["price"] > 0


def test_its_metrics_are_scraped_and_not_for_strangers(stack: System) -> None:
    assert stack.ask("/metrics")[0] == 404
    query = 'sum(flask_http_request_total{status="200"})'
    stack.until("requests are counted", lambda: _prometheus(stack, query) > 0)


def test_the_replica_has_what_the_primary_has(stack: System) -> None:
    email = f"{uuid.uuid4().hex}@trading-bot.test"
    assert stack.ask("/api/auth/register", {"email": email, "password": uuid.uuid4().hex})[0] == 201

    def there() -> bool:
        with psycopg.connect(stack.dsn("replica", "backup", "backup_password")) as replica:
            return replica.execute("SELECT FROM users WHERE email = %s", (email,)).fetchone() is not None

    stack.until("the account is on the replica", there)


def test_the_applications_role_can_neither_change_tables_nor_rewrite_the_audit_log(stack: System) -> None:
    for refused in ("CREATE TABLE mine (id int)", "DELETE FROM audit_log", "DROP TABLE users"):
        with psycopg.connect(stack.dsn()) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(refused)


def test_a_backup_can_be_restored(stack: System) -> None:
    stack.execute("backup", "sh", "/deploy/backup.sh", "once")
    restored = json.loads(stack.execute("backup", "sh", "/deploy/restore.sh"))
    assert restored["users"] >= 2
    assert restored["trades"] >= 2
    with psycopg.connect(stack.dsn()) as connection:
        left = connection.execute("SELECT FROM pg_database WHERE datname LIKE 'restore%'").fetchone()
    assert left is None, "the scratch database is dropped"


@pytest.fixture(scope="module")
def proof(stack: System, request: pytest.FixtureRequest) -> Proof:
    """The proof of the items that this run asks for."""
    nodes = [node for node in request.session.items if isinstance(node, pytest.Function) and node.path == request.path]
    return prove(stack, {node.callspec.params["item"] for node in nodes if hasattr(node, "callspec")} or set(BY_ITEM))


@pytest.mark.parametrize("item", BY_ITEM)
def test_an_item_passes_fails_when_sabotaged_naming_the_cause_and_passes_when_mended(proof: Proof, item: str) -> None:
    assert not proof.wrong(item)


def test_every_item_that_is_live_has_a_sabotage_or_a_reason_and_the_pages_count_them(
    stack: System, proof: Proof, record_property: Callable[[str, object], None]
) -> None:
    counts = count(stack)
    assert counts.live - set(BY_ITEM) - set(TABLE.without) == set(), "no sabotage shows that these can fail"
    assert (set(BY_ITEM) | set(TABLE.without)) - counts.live == set(), "these are not live"
    assert not set(BY_ITEM) & set(TABLE.without)
    proven = len([item for item in proof.mended if not proof.wrong(item)])
    said = (
        f"{len(counts.live | counts.manual)} items count on the sample system: {len(counts.live)} are live, "
        f"{proven} of them proven both ways, and {len(counts.manual)} manual"
    )
    record_property(SUMMARY, f"{said} ({proof.seconds:.0f} s)")
    assert said in " ".join((CHECKLIST.parents[1] / "tests/stack/README.md").read_text().split())


def test_a_release_goes_live_and_back_without_one_failed_request(stack: System) -> None:
    with _answers(stack) as seen:
        stack.deploy("1.1.0")
        assert stack.ask("/version")[1]["version"] == "1.1.0"
        stack.deploy("1.0.0")
        assert stack.ask("/version")[1]["version"] == "1.0.0"
    assert set(seen) == {(200, "1.0.0"), (200, "1.1.0")}


def test_a_release_that_is_not_healthy_gets_no_traffic(stack: System) -> None:
    before = stack.ask("/version")[1]
    with pytest.raises(RuntimeError, match="is unhealthy"):
        stack.deploy("1.2.0-bad")
    assert stack.ask("/version")[1] == before
    assert before["colour"] == stack.active
    stack.mend()


def _trade(stack: System, bot: int) -> dict[str, Any]:
    return dict(stack.ask(f"/api/bots/{bot}/trades", None, stack.token)[1]["trades"][0])


def _prometheus(stack: System, query: str) -> float:
    found = stack.get("prometheus", f"/api/v1/query?query={quote(query)}")["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


@contextmanager
def _answers(stack: System) -> Iterator[list[tuple[int, str]]]:
    """What users are answered, asked all the time."""
    seen: list[tuple[int, str]] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                status, body = stack.ask("/version")
                seen.append((status, body.get("version", "") if isinstance(body, dict) else body))
            except OSError as failed:
                seen.append((0, str(failed)))
            time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield seen
    finally:
        ended.set()
        asking.join()


def test_its_stack_file_runs_in_a_swarm_of_one_node(stack: System, tmp_path: Path) -> None:
    """With one task of the back end, as each takes port 8000 of its node; what lies elsewhere is the system's own."""
    if not (stack.folder / "docker" / "shell").exists():
        missing("a Docker daemon of the suite's own", "stop the one that runs: it is not made a swarm for a test")
    here, elsewhere = f"{stack.project}-stack", ("db", "redis", "exchange")
    one_node = tmp_path / "one-node.yml"
    one_node.write_text(_ONE_NODE)
    files = ("--compose-file", stack.repository / "deploy" / "stack.yml", "--compose-file", one_node)
    environment = {
        "DOCKER_HOST": stack.host,
        "REGISTRY": f"127.0.0.1:{stack.ports['registry']}",
        "VERSION": stack.version,
        "SECRET_KEY": "of-a-test" * 4,
        "JWT_SECRET_KEY": "of-a-test" * 4,
        "DATABASE_URL": f"postgresql://trading_bot:{stack.secrets['app_password']}@db/trading_bot?sslmode=require",
        "REDIS_URL": f"redis://:{stack.secrets['redis_password']}@redis/0",
        "EXCHANGE_URL": "http://exchange:8000",
        "BASE_URL": stack.base_url,
    }
    stack.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
    try:
        client.run(["docker", "stack", "deploy", *files, here], environment)
        for service in elsewhere:
            stack.docker("network", "connect", "--alias", service, f"{here}_application", stack.container(service))
        for service in ("backend", "worker"):
            stack.until(f"{service} runs", lambda name=f"{here}_{service}": _runs(stack, name))
        task = stack.docker("ps", "--quiet", "--filter", f"label=com.docker.swarm.service.name={here}_backend")
        stack.until("the bot reaches its database", lambda: _is_ready(stack, task))
    finally:
        for service in elsewhere:
            with suppress(client.Failed):
                stack.docker("network", "disconnect", "--force", f"{here}_application", stack.container(service))
        stack.docker("stack", "rm", here)
        stack.docker("swarm", "leave", "--force")


_ONE_NODE = """\
version: "3.9"
services: {backend: {deploy: {replicas: 1}}}
networks: {application: {attachable: true}}
"""


def _runs(stack: System, service: str) -> bool:
    """Whether a task of a service of Swarm runs: its health check has passed, where it has one."""
    states = stack.docker(
        "service", "ps", "--filter", "desired-state=running", "--format", "{{.CurrentState}}", service
    )
    return states.startswith("Running")


def _is_ready(stack: System, container: str) -> bool:
    ready = json.loads(stack.docker("exec", container, "wget", "-q", "-O", "-", "http://127.0.0.1:8000/ready"))
    return bool(ready["database"] and ready["cache"])
