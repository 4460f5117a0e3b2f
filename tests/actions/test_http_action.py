"""`http`: one call, sent once; and what is known when no answer comes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cockpit.checklist.model import Host
from tests.servers.certificates import Authority
from tests.servers.web import Web, serving
from tests.support.attempts import act


def answering(data: bytes, asked: list[bytes] | None = None):
    """A server that reads a request whole, and then sends `data` and closes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(head)
        writer.write(data)
        await writer.drain()
        writer.close()

    return serving(answer)


def test_what_is_sent_is_what_was_written(http_server: Web) -> None:
    spec = {
        "url": f"{http_server.url}/echo?a=b c&d=%20",
        "method": "PUT",
        "body": {"on": True},
        "headers": {"X-Token": "abc"},
    }
    acted = act("http", spec)
    assert (acted.outcome.done, acted.outcome.status) == (True, 200)
    status, body = acted.output.split("\n", 1)
    assert status == "status 200 OK"
    said = json.loads(body)
    assert (said["method"], said["body"]) == ("PUT", '{"on": true}')
    assert said["headers"]["x-token"] == "abc"
    assert said["headers"]["content-type"] == "application/json"
    assert said["headers"]["host"] == f"127.0.0.1:{http_server.port}"
    assert http_server.asked["/echo?a=b%20c&d=%20"] == 1


def test_a_text_is_sent_as_it_is(http_server: Web) -> None:
    body = act("http", {"url": f"{http_server.url}/echo", "body": "plain ü"}).output.split("\n", 1)[1]
    assert (json.loads(body)["method"], json.loads(body)["body"]) == ("POST", "plain ü")


@pytest.mark.parametrize(
    ("path", "status", "done", "summary"),
    [
        ("/health", (), True, "status 200 OK"),
        ("/health", 204, False, "status 200 OK, not 204"),
        ("/teapot", (), False, "not 200 to 299"),
        ("/teapot", (200, 503), True, "status 503"),
        ("/moved", (), False, "not 200 to 299"),
    ],
)
def test_the_answer_must_have_the_right_status(
    http_server: Web, path: str, status: object, done: bool, summary: str
) -> None:
    outcome = act("http", {"url": http_server.url + path, "status": status}).outcome
    assert (outcome.done, outcome.unknown, outcome.nothing) == (done, False, False)
    assert summary in outcome.summary


def test_nothing_is_ever_sent_twice(http_server: Web) -> None:
    http_server.failures_left = 1
    before = http_server.asked["/flaky"]
    assert not act("http", {"url": f"{http_server.url}/flaky"}).outcome.done
    assert http_server.asked["/flaky"] == before + 1


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_lost_its_server_does_not_know_either(status: int) -> None:
    with answering(b"HTTP/1.1 %d Bad\r\nContent-Length: 0\r\n\r\n" % status) as port:
        outcome = act("http", {"url": f"http://127.0.0.1:{port}/"}).outcome
    assert (outcome.done, outcome.unknown) == (False, True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "closed the connection before its answer was whole; the request was sent"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "whose answer began with status 200; the request was sent",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "is not HTTP; the request was sent"),
    ],
)
def test_a_connection_that_is_lost_after_the_request_was_sent_leaves_it_unknown(answer: bytes, words: str) -> None:
    asked: list[bytes] = []
    with answering(answer, asked) as port:
        outcome = act("http", {"url": f"http://127.0.0.1:{port}/"}).outcome
    assert (outcome.done, outcome.unknown, outcome.nothing) == (False, True, False)
    assert outcome.summary.endswith(words)
    assert len(asked) == 1


def test_silence_after_the_request_leaves_it_unknown(http_server: Web) -> None:
    for path in ("/silent", "/drip"):
        outcome = act("http", {"url": http_server.url + path}, timeout=0.5).outcome
        assert (outcome.done, outcome.unknown) == (False, True)
        assert "did not answer within 0.5 s" in outcome.summary


def test_what_cannot_be_connected_to_has_not_happened(refusing_port: int, black_hole: int) -> None:
    refused = act("http", {"url": f"http://127.0.0.1:{refusing_port}/"}).outcome
    assert (refused.nothing, refused.summary) == (True, f"connection refused by 127.0.0.1:{refusing_port}")
    silent = act("http", {"url": f"http://127.0.0.1:{black_hole}/"}, timeout=0.4).outcome
    assert (silent.nothing, silent.unknown) == (True, False)
    nowhere = act("http", {"url": "http://no-such-name.invalid/"}).outcome
    assert nowhere.nothing


@pytest.mark.parametrize(
    "spec",
    [
        {"url": "http://127.0.0.1:port/"},
        {"url": "http://user:password@127.0.0.1/"},
        {"url": "http:///nothing"},
        {"url": "http://127.0.0.1:9/", "headers": {"X-Bad": "a\nb"}},
        {"url": "https://127.0.0.1:9/", "ca": "/nowhere.pem"},
    ],
)
def test_what_cannot_be_asked_is_not_asked(spec: dict[str, object]) -> None:
    outcome = act("http", spec).outcome
    assert (outcome.done, outcome.nothing) == (False, True)
    assert "password" not in outcome.summary


def test_a_certificate_is_verified_unless_the_plan_says_not(
    https_servers: dict[str, int], authority: Authority
) -> None:
    url = f"https://localhost:{https_servers['good']}/health"
    untrusted = act("http", {"url": url}).outcome
    assert (untrusted.nothing, untrusted.unknown) == (True, False)
    assert "certificate" in untrusted.summary
    assert act("http", {"url": url, "ca": str(authority.file)}).outcome.done
    assert act("http", {"url": url, "verify": False}).outcome.done


@pytest.mark.server
def test_a_call_is_made_from_a_host(http_server: Web, ssh_host: Host, tmp_path: Path) -> None:
    assert act("http", {"url": f"{http_server.url}/health"}, ssh_host).outcome.done
