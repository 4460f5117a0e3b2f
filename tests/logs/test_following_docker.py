"""Following containers of real daemons: recreated, restarted, many; the daemon itself restarted."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
import time
from collections.abc import Iterator

import pytest

from tests.servers.certificates import Authority
from tests.servers.docker import Containers, Daemon, build, led_to, need_own, run, started
from tests.servers.swarm import Swarm
from tests.servers.web import serving
from tests.support.following import Heard, followed

pytestmark = pytest.mark.server

FOR_EVER = "exec sleep 600"
COUNT = 'i=0; while :; do i=$((i+1)); echo "line $i"; sleep 0.02; done'


async def docker(containers: Containers, *arguments: str) -> str:
    return await asyncio.to_thread(containers.docker, *arguments)


def numbers(heard: Heard) -> list[int]:
    return [int(line.split()[-1]) for line in heard.lines]


def test_the_last_lines_of_both_streams_then_those_that_come_each_with_the_daemons_time(containers: Containers) -> None:
    # The daemon reads the two streams each for itself: only a pause puts their lines in order.
    name = containers.run(f"seq 1 50; sleep 0.5; echo ERROR bad >&2; sleep 2; echo new; {FOR_EVER}")
    ends = time.monotonic() + 20
    while not containers.docker("logs", "--timestamps", name).endswith(" 50") and time.monotonic() < ends:
        time.sleep(0.05)

    async def test(heard: Heard) -> None:
        await heard.line("new")

    heard = followed(test, "docker", {"container": name, "host": containers.host}, tail=10)
    assert heard.lines[-2:] == ["ERROR bad", "new"]
    assert 10 <= len(heard.lines) <= 12  # the last ten, and those that came while they were followed
    assert heard.at == sorted(heard.at)
    assert heard.levels[heard.lines.index("ERROR bad")] == 6
    assert not heard.notices


def test_the_daemon_gives_what_was_printed_since_a_time_and_nothing_before(containers: Containers) -> None:
    name = containers.run(f"yes old | head -n 500; sleep 1.2; echo new; echo newer; {FOR_EVER}")
    stamps: dict[str, str] = {}
    ends = time.monotonic() + 20
    while "newer" not in stamps and time.monotonic() < ends:
        stamps = {line.split()[1]: line.split()[0] for line in containers.docker("logs", "-t", name).splitlines()}
        time.sleep(0.05)
    last_old = dt.datetime.fromisoformat(stamps["old"][:26] + "+00:00").timestamp()

    async def test(heard: Heard) -> None:
        await heard.line("newer")

    heard = followed(test, "docker", {"container": name, "host": containers.host}, since=last_old + 0.2)
    assert heard.lines == ["new", "newer"]


def test_a_log_is_followed_over_tls_and_a_daemon_that_is_not_trusted_is_told(
    containers: Containers, authority: Authority
) -> None:
    name = containers.run(f"echo over tls; sleep 2; echo later; {FOR_EVER}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.sign("docker", "localhost"))
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    ours = str(authority.sign("client", "cockpit"))

    async def speaks(heard: Heard) -> None:
        await heard.line("over tls")
        await heard.line("later")

    async def is_refused(heard: Heard) -> None:
        await heard.notice_of("does not answer", "certificate")

    with serving(led_to(containers.host), tls=context) as port:
        spec = {"container": name, "host": f"tcp://localhost:{port}"}
        heard = followed(speaks, "docker", {**spec, "tls": {"ca": str(authority.file), "cert": ours, "key": ours}})
        assert not heard.notices
        assert not followed(is_refused, "docker", {**spec, "tls": {"cert": ours, "key": ours}}).lines


def test_a_container_that_is_recreated_is_followed_from_its_beginning_and_that_is_said(containers: Containers) -> None:
    name = containers.run(f"echo old; {FOR_EVER}")

    async def test(heard: Heard) -> None:
        await heard.line("old")
        await docker(containers, "rm", "--force", name)
        await heard.notice_of(f"container {name} was removed")
        await asyncio.to_thread(containers.run, f"echo young; {FOR_EVER}", name=name)
        await heard.line("young")

    heard = followed(test, "docker", {"container": name, "host": containers.host})
    assert heard.all.count("old") == heard.all.count("young") == 1
    assert any("was recreated" in each and "following the new one" in each for each in heard.notices)


def test_a_container_that_is_restarted_goes_on_without_a_line_twice(containers: Containers) -> None:
    name = containers.run(f"echo begun; {FOR_EVER}")

    async def test(heard: Heard) -> None:
        await heard.line("begun")
        await docker(containers, "restart", "--time", "0", name)
        await heard.until(lambda: heard.lines.count("begun") == 2, "its second beginning")
        await asyncio.sleep(1.5)

    heard = followed(test, "docker", {"container": name, "host": containers.host})
    assert heard.lines == ["begun", "begun"]
    assert any("was started again" in each for each in heard.notices)


def test_one_that_is_not_there_yet_is_waited_for(containers: Containers) -> None:
    name = "cockpit-test-not-there-yet"

    async def test(heard: Heard) -> None:
        await heard.notice_of(f"there is no container {name}")
        await asyncio.to_thread(containers.run, f"echo here; {FOR_EVER}", name=name)
        await heard.line("here")

    assert followed(test, "docker", {"container": name, "host": containers.host}).lines == ["here"]


def test_a_line_of_many_frames_a_terminals_and_what_is_no_text_are_taken_whole_and_made_safe(
    containers: Containers,
) -> None:
    long = containers.run(
        f"head -c 100000 /dev/zero | tr '\\000' a; echo; echo 'k\033[31m\001\200\303\244 0123456789secret'; {FOR_EVER}".replace(
            "tr '\\000' a", "yes a | head -c 100"
        )
    )
    terminal = containers.run(f"echo to a terminal; {FOR_EVER}", "--tty")

    async def test(heard: Heard) -> None:
        await heard.until(lambda: any("***key***" in each for each in heard.lines), "the secret's name")

    heard = followed(
        test, "docker", {"container": long, "host": containers.host}, secrets=(("key", "0123456789secret"),)
    )
    assert not any("0123456789" in each or "\033" in each or "\001" in each for each in heard.lines)
    assert any("␛[31m␁" in each for each in heard.lines)

    async def until_it_speaks(heard: Heard) -> None:
        await heard.line("to a terminal")

    followed(until_it_speaks, "docker", {"container": terminal, "host": containers.host})


def test_a_line_longer_than_a_frame_is_one_line(containers: Containers) -> None:
    name = containers.run(
        f"yes abcdefg | head -n 8000 | while read x; do echo -n $x; done; echo; echo after; {FOR_EVER}"
    )

    async def test(heard: Heard) -> None:
        await heard.line("after")

    heard = followed(test, "docker", {"container": name, "host": containers.host})
    assert len(heard.lines) == 2
    assert heard.lines[0].endswith("[cut, 56000 characters]")


def test_a_compose_service_is_all_its_containers_those_too_that_come_later(containers: Containers) -> None:
    labels = ("--label", "com.docker.compose.project=logs-test", "--label", "com.docker.compose.service=backend")
    containers.run(f"echo first; {FOR_EVER}", *labels)
    other = containers.run(f"echo other; {FOR_EVER}", "--label", "com.docker.compose.project=logs-test")

    async def test(heard: Heard) -> None:
        await heard.line("first")
        second = await asyncio.to_thread(containers.run, f"echo second; {FOR_EVER}", *labels)
        await heard.line(f"{second} | second")

    heard = followed(test, "compose", {"project": "logs-test", "service": "backend", "host": containers.host})
    assert not any("other" in each for each in heard.lines)
    assert other


@pytest.fixture
def own_daemon() -> Iterator[Daemon]:
    """A daemon that comes back when it ends."""
    need_own()
    with started("comes-back", comes_back=True) as daemon:
        build(daemon.host, "cockpit-test:1")
        yield daemon


def test_a_daemon_that_is_restarted_is_followed_again_and_no_line_is_lost_or_comes_twice(own_daemon: Daemon) -> None:
    run(own_daemon.host, "run", "-d", "--name", "counts", "--network", "none", "cockpit-test:1", "sh", "-c", COUNT)

    async def test(heard: Heard) -> None:
        await heard.until(lambda: len(heard.lines) > 20, "the first lines")
        await asyncio.to_thread(own_daemon.stop)
        await heard.notice_of("following it again")
        await heard.notice_of("followed again")
        seen = len(heard.lines)
        await heard.until(lambda: len(heard.lines) > seen + 50, "lines after it came back")

    heard = followed(test, "docker", {"container": "counts", "host": own_daemon.host}, tail=100_000)
    assert numbers(heard) == list(range(1, len(heard.lines) + 1))


def test_a_swarm_service_is_followed_through_its_tasks(swarm: Swarm) -> None:
    swarm.create("talks", "--replicas", "2", command=("sh", "-c", "echo ERROR from a task; exec sleep 600"))
    try:

        async def test(heard: Heard) -> None:
            await heard.until(lambda: len(heard.lines) == 2, "both tasks")
            await asyncio.to_thread(swarm.update, "talks", "--replicas", "3")
            await heard.until(lambda: len(heard.lines) == 3, "the third task")
            await asyncio.sleep(1)

        heard = followed(test, "swarm", {"service": "talks", "host": swarm.host})
        assert heard.lines == ["ERROR from a task"] * 3
        assert heard.levels == [6] * 3
    finally:
        swarm.docker("service", "rm", "talks")
