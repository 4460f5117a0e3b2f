"""The `tcp` kind against real ports: open, refusing, silent and talkative ones."""

from __future__ import annotations

import pytest

from tests.servers.web import Web
from tests.support.measuring import Measure, ended_in_time
from tests.support.routes import Detour


def test_an_open_port_passes_with_its_latency(measured: Measure, http_server: Web) -> None:
    found = measured(
        "tcp",
        {"host": "localhost", "port": http_server.port},
        "open && matched && problem == '' && received == ''",
        f"latency > 0.0 && latency < 2.0 && remote == '127.0.0.1:{http_server.port}'",
    )
    assert found.result == "PASS", found
    assert found.request == f"connect to localhost:{http_server.port}"
    assert found.summary.startswith("open in ")
    assert found.value is not None
    assert measured("tcp", {"host": "127.0.0.1", "port": http_server.port}).result == "PASS"


def test_a_port_that_refuses_was_measured_and_fails(measured: Measure, refusing_port: int) -> None:
    found = measured("tcp", {"host": "127.0.0.1", "port": refusing_port})
    assert (found.result, found.summary) == ("FAIL", f"connection refused by 127.0.0.1:{refusing_port}")
    assert found.findings[0].found == {"open": "false", "matched": "false"}
    closed = measured("tcp", {"host": "127.0.0.1", "port": refusing_port}, "!open")
    assert closed.result == "PASS", "a port that has to be closed can be asked for"


def test_a_port_that_does_not_answer_was_measured_and_fails_in_time(measured: Measure, black_hole: int) -> None:
    found = measured("tcp", {"host": "127.0.0.1", "port": black_hole}, timeout=0.3)
    assert found.result == "FAIL"
    assert found.summary == f"timed out in connect to 127.0.0.1:{black_hole} after 0.3 s"
    assert ended_in_time(found, 0.3)


def test_a_name_that_is_not_found_leaves_the_question_open(measured: Measure) -> None:
    found = measured("tcp", {"host": "no-such-host.invalid", "port": 80})
    assert (found.result, found.summary) == ("ERROR", "name not found: no-such-host.invalid")


def test_what_the_server_says_first_is_text_that_conditions_can_use(
    measured: Measure, upgrading_servers: dict[str, int]
) -> None:
    spec = {"host": "localhost", "port": upgrading_servers["smtp"]}
    found = measured("tcp", {**spec, "listen": True}, "received.startsWith('220-mail.example')")
    assert found.result == "PASS", found
    assert found.summary.endswith(": 220-mail.example")
    expected = measured("tcp", {**spec, "send": "EHLO a\r\n", "expect": "250-STARTTLS"})
    assert expected.result == "PASS", expected
    assert expected.request.endswith(", send text, expect '250-STARTTLS'")
    assert "220 at your service" in expected.evidence


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"expect": "221 "}, "timed out waiting for '221 ' after 0.4 s"),
        ({"send": "GET / HTTP/1.1\r\n\r\n", "expect": "nothing like it"}, "timed out waiting for 'nothing like it'"),
    ],
)
def test_text_that_does_not_come_fails_in_time_and_shows_what_came(
    measured: Measure, upgrading_servers: dict[str, int], spec: dict[str, str], words: str
) -> None:
    found = measured("tcp", {"host": "localhost", "port": upgrading_servers["smtp_busy"], **spec}, timeout=0.4)
    assert found.result == "FAIL"
    assert words in found.summary
    assert found.findings[0].found == {"open": "true", "matched": "false"}
    assert "421 too busy" in found.evidence
    assert ended_in_time(found, 0.4)


def test_a_server_that_closes_or_never_stops_before_the_text_comes_fails(measured: Measure, http_server: Web) -> None:
    def asked(path: str) -> dict[str, object]:
        return {"port": http_server.port, "host": "127.0.0.1", "send": f"GET {path} HTTP/1.1\r\n\r\n", "expect": "zzz"}

    closed = measured("tcp", asked("/last"))
    assert closed.result == "FAIL"
    assert closed.summary.endswith("the server closed the connection before 'zzz' came")
    assert "and goodbye" in closed.evidence
    endless = measured("tcp", asked("/huge"))
    assert endless.summary.endswith("the server said more than 65536 bytes before 'zzz' came")


def test_control_sequences_of_a_server_are_made_visible(measured: Measure, http_server: Web) -> None:
    spec = {"host": "127.0.0.1", "port": http_server.port, "send": "GET /hostile HTTP/1.1\r\n\r\n", "listen": True}
    found = measured("tcp", spec)
    assert found.result == "PASS"
    assert "\x1b" not in found.evidence
    assert "␛" in found.evidence


def test_it_goes_through_a_host_where_names_are_looked_up(
    measured: Measure, upgrading_servers: dict[str, int], refusing_port: int
) -> None:
    detour = Detour(names={"mail.internal": "127.0.0.1"})
    port = upgrading_servers["smtp"]
    spec = {"host": "mail.internal", "port": port, "expect": "220 "}
    found = measured("tcp", spec, via="detour", routes=detour)
    assert found.result == "PASS", found
    assert detour.went == [f"mail.internal:{port}"]
    assert found.request.endswith(" on detour")
    refused = measured("tcp", {"host": "mail.internal", "port": refusing_port}, via="detour", routes=detour)
    assert refused.result == "FAIL"


def test_silence_on_the_way_through_a_host_leaves_the_question_open(measured: Measure, black_hole: int) -> None:
    spec = {"host": "127.0.0.1", "port": black_hole}
    found = measured("tcp", spec, via="detour", routes=Detour(), timeout=0.3)
    words = f"timed out in connect to 127.0.0.1:{black_hole} on detour after 0.3 s"
    assert (found.result, found.summary) == ("ERROR", words)
