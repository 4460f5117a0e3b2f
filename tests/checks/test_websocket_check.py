"""The `websocket` kind against real servers: good ones, and each way in which one can be bad."""

from __future__ import annotations

import pytest

from cockpit.checks import websocket
from tests.servers.certificates import Authority
from tests.servers.web import Web
from tests.support.measuring import Measure, ended_in_time, secret
from tests.support.routes import Detour


def test_a_handshake_alone_passes_and_is_closed_in_form(measured: Measure, websocket_servers: dict[str, int]) -> None:
    found = measured(
        "websocket",
        {"url": f"ws://localhost:{websocket_servers['plain']}/echo"},
        "connected && status == 101 && matched && problem == '' && messages == 0 && close_code == 1000",
        "latency > 0.0 && latency < 5.0 && timing.connect > 0.0 && timing.tls == 0.0 && subprotocol == ''",
        f"headers.upgrade == 'websocket' && remote == '127.0.0.1:{websocket_servers['plain']}'",
    )
    assert found.result == "PASS", found
    assert found.request == f"WebSocket ws://localhost:{websocket_servers['plain']}/echo"
    assert found.summary.startswith("connected in ")


def test_a_message_comes_back_as_data_or_as_text(measured: Measure, websocket_servers: dict[str, int]) -> None:
    url = f"ws://127.0.0.1:{websocket_servers['plain']}/echo"
    data = measured("websocket", {"url": url, "json": {"op": "ping", "n": [1]}}, "reply.op == 'ping' && reply.n == [1]")
    assert data.result == "PASS", data
    assert data.request.endswith(", send a message")
    assert '{"op": "ping", "n": [1]}' in data.evidence
    text = measured("websocket", {"url": url, "send": "ping"}, "reply == 'ping' && text == 'ping' && messages == 1")
    assert text.result == "PASS", text
    assert (
        measured("websocket", {"url": url, "send": "ping"}, "reply_latency < 5.0 && close_code == 1000").result
        == "PASS"
    )


def test_messages_before_the_one_that_is_expected_are_passed_over(
    measured: Measure, websocket_servers: dict[str, int]
) -> None:
    url = f"ws://127.0.0.1:{websocket_servers['plain']}/hello"
    found = measured(
        "websocket", {"url": url, "send": "pong 7", "expect": "pong"}, "reply == 'pong 7' && messages == 2"
    )
    assert found.result == "PASS", found
    first = measured("websocket", {"url": url, "listen": True}, "reply.hello == 'captain'")
    assert first.result == "PASS", first


def test_a_message_in_pieces_with_a_ping_among_them_is_one_message(
    measured: Measure, websocket_servers: dict[str, int]
) -> None:
    url = f"ws://127.0.0.1:{websocket_servers['plain']}/pieces"
    assert measured("websocket", {"url": url, "send": "go"}, "reply == 'in three pieces'").result == "PASS"


def test_a_connection_is_held_with_pings_answered_on_both_sides(
    measured: Measure, websocket_servers: dict[str, int]
) -> None:
    url = f"ws://127.0.0.1:{websocket_servers['plain']}/pinging"
    found = measured(
        "websocket",
        {"url": url, "hold": "400ms"},
        "stable && held >= 0.4 && pings == 1 && messages == 1 && round_trip > 0.0 && close_code == 1000",
    )
    assert found.result == "PASS", found
    assert found.request.endswith("/pinging, hold for 0.4 s")
    assert ", held for 0 s, 1 messages" in found.summary


def test_a_server_that_leaves_while_a_connection_is_held_fails_by_itself_and_says_when(
    measured: Measure, websocket_servers: dict[str, int]
) -> None:
    url = f"ws://127.0.0.1:{websocket_servers['plain']}/leaving"
    found = measured("websocket", {"url": url, "send": "go", "hold": "8s"})
    assert found.result == "FAIL", found
    reply_lost = measured("websocket", {"url": url.replace("leaving", "policy"), "hold": "8s"}, "matched", "!stable")
    assert "closed the conversation with code 1008: who are you?, 0." in reply_lost.summary
    assert reply_lost.summary.endswith("s after it was opened and not 8 s")


def test_a_server_that_answers_no_ping_is_not_stable(
    measured: Measure, websocket_servers: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "PING_EVERY", 0.5)
    url = f"ws://127.0.0.1:{websocket_servers['plain']}/deaf"
    found = measured("websocket", {"url": url, "hold": "4s"}, "stable")
    assert found.result == "FAIL", found
    assert "did not answer a ping within 0.5 s" in found.summary


def test_what_is_held_longer_than_a_try_may_take_is_not_begun(
    measured: Measure, websocket_servers: dict[str, int]
) -> None:
    url = f"ws://127.0.0.1:{websocket_servers['plain']}/echo"
    found = measured("websocket", {"url": url, "hold": "1h"}, "stable")
    assert found.result == "ERROR"
    assert found.summary.startswith("cannot hold for 3600 s in a `timeout` of ")


def test_the_best_subprotocol_that_both_know_is_agreed_on(measured: Measure, websocket_servers: dict[str, int]) -> None:
    spec = {"url": f"ws://127.0.0.1:{websocket_servers['plain']}/echo", "subprotocols": ["v3.bot", "v1.bot"]}
    assert measured("websocket", spec, "subprotocol == 'v1.bot'").result == "PASS"
    unknown = measured("websocket", {**spec, "subprotocols": ["v9.bot"]}, "subprotocol == ''")
    assert unknown.result == "PASS", unknown


def test_headers_and_credentials_are_sent_and_the_credentials_never_shown(
    measured: Measure, websocket_servers: dict[str, int]
) -> None:
    url = f"ws://ada:lovelace1@127.0.0.1:{websocket_servers['plain']}/headers"
    found = measured(
        "websocket",
        {"url": url, "send": "x", "headers": {"Origin": "https://bot.example"}, "auth": {"bearer": "${secret}"}},
        "reply.Origin == 'https://bot.example' && size(reply.Authorization) == 23",
        values=secret("hunter2-and-more"),
    )
    assert found.result == "PASS", found
    assert "hunter2" not in str(found)
    assert "lovelace1" not in str(found)
    assert "Bearer ***secret***" in found.evidence


def test_a_server_that_does_not_agree_was_measured_and_fails(
    measured: Measure, websocket_servers: dict[str, int], http_server: Web
) -> None:
    port = websocket_servers["plain"]
    found = measured("websocket", {"url": f"ws://127.0.0.1:{port}/forbidden"})
    assert found.result == "FAIL"
    assert found.summary == f"127.0.0.1:{port} answers 403 Forbidden instead of WebSocket"
    assert "not you" in found.evidence
    page = measured("websocket", {"url": f"ws://127.0.0.1:{http_server.port}/health"}, "!connected && status == 200")
    assert page.result == "PASS", page


@pytest.mark.parametrize(
    ("path", "spec", "words"),
    [
        ("/silent", {"send": "ping"}, "timed out waiting for a message after 0."),
        ("/echo", {"send": "ping", "expect": "pong"}, "timed out waiting for a message with 'pong' after 0."),
        ("/policy", {"listen": True}, "closed the conversation with code 1008: who are you?, before a message came"),
        ("/cut", {"send": "ping"}, "before a message came"),
        ("/huge", {"listen": True}, "before a message came"),
        ("/garbage", {"listen": True}, "is not WebSocket's: "),
        ("/flood", {"expect": "tock"}, "messages came, and none was a message with 'tock'"),
    ],
)
def test_a_conversation_that_goes_wrong_fails_in_words_and_in_time(
    measured: Measure, websocket_servers: dict[str, int], path: str, spec: dict[str, object], words: str
) -> None:
    url = f"ws://127.0.0.1:{websocket_servers['plain']}{path}"
    limit = 5.0 if path == "/flood" else 0.6
    found = measured("websocket", {"url": url, **spec}, timeout=limit)
    assert found.result == "FAIL", found
    assert words in found.summary
    assert found.findings[0].found == {"connected": "true", "matched": "false", "stable": "true"}
    assert ended_in_time(found, limit)


def test_the_code_that_the_server_closes_with_can_be_asked_for(
    measured: Measure, websocket_servers: dict[str, int]
) -> None:
    spec = {"url": f"ws://127.0.0.1:{websocket_servers['plain']}/policy", "listen": True}
    found = measured("websocket", spec, "close_code == 1008 && close_reason == 'who are you?'")
    assert found.result == "PASS", found


def test_tls_is_verified_as_everywhere(
    measured: Measure, authority: Authority, websocket_servers: dict[str, int]
) -> None:
    def spec(name: str) -> dict[str, object]:
        url = f"wss://localhost:{websocket_servers[name]}/echo"
        return {"url": url, "send": "ping", "ca": str(authority.file)}

    good = measured("websocket", spec("good"), "reply == 'ping' && tls.verified && tls.expires_in > duration('1h')")
    assert good.result == "PASS", good
    bad = measured("websocket", spec("expired"))
    assert bad.result == "ERROR"
    assert bad.summary.startswith("certificate expired 9 days ago (")
    unverified = measured("websocket", {**spec("expired"), "verify": False}, "connected && !tls.verified")
    assert unverified.result == "PASS", unverified


def test_what_cannot_be_reached_or_is_not_http_is_an_error_in_words(
    measured: Measure, refusing_port: int, http_server: Web, upgrading_servers: dict[str, int]
) -> None:
    refused = measured("websocket", {"url": f"ws://127.0.0.1:{refusing_port}/"})
    assert (refused.result, refused.summary) == ("ERROR", f"connection refused by 127.0.0.1:{refusing_port}")
    unknown = measured("websocket", {"url": "ws://no-such-host.invalid/"})
    assert (unknown.result, unknown.summary) == ("ERROR", "name not found: no-such-host.invalid")
    closed = measured("websocket", {"url": f"ws://127.0.0.1:{http_server.port}/close"})
    assert closed.summary == f"127.0.0.1:{http_server.port} closed the connection without an answer"
    other = measured("websocket", {"url": f"ws://127.0.0.1:{upgrading_servers['smtp']}/"})
    assert other.result == "ERROR"
    assert f"the answer of 127.0.0.1:{upgrading_servers['smtp']} is not HTTP: " in other.summary


def test_a_handshake_that_is_not_answered_is_given_up_in_time(measured: Measure, silent_port: int) -> None:
    found = measured("websocket", {"url": f"ws://127.0.0.1:{silent_port}/"}, timeout=0.3)
    assert (found.result, found.summary) == ("ERROR", "timed out waiting for the answer to the handshake after 0.3 s")
    assert ended_in_time(found, 0.3)


def test_control_sequences_of_a_server_are_made_visible(measured: Measure, websocket_servers: dict[str, int]) -> None:
    spec = {"url": f"ws://127.0.0.1:{websocket_servers['plain']}/hostile", "send": "x"}
    found = measured("websocket", spec, "reply == 'nothing like it'")
    for text in (found.evidence, found.summary, *found.findings[0].found.values()):
        assert "\x1b" not in text


def test_it_goes_through_a_host_where_names_are_looked_up(measured: Measure, websocket_servers: dict[str, int]) -> None:
    detour = Detour(names={"feed.internal": "127.0.0.1"})
    port = websocket_servers["plain"]
    spec = {"url": f"ws://feed.internal:{port}/echo", "send": "ping"}
    found = measured("websocket", spec, "reply == 'ping'", via="detour", routes=detour)
    assert found.result == "PASS", found
    assert detour.went == [f"feed.internal:{port}"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"url": "http://x"}, "`url` must begin with ws:// or wss:// and name a host"),
        ({"url": "ws://x", "send": "a", "json": 1}, "has both `send` and `json`"),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, object], words: str) -> None:
    found = measured("websocket", spec)
    assert found.result == "ERROR"
    assert words in found.summary
