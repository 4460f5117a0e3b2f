"""The router: where traffic goes, and that a switch loses none of it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
import urllib.parse
from collections import Counter

import pytest

from cockpit.demo.calling import NotAnswered, call
from cockpit.demo.router import RECENT, Recent
from cockpit.demo.stack import Stack
from cockpit.demo.switch import main, switch


def test_a_switch_under_load_fails_no_request(stack: Stack):
    router = stack.parts["router"].url
    seen: Counter[tuple[int, str]] = Counter()
    done = threading.Event()
    lock = threading.Lock()

    def load() -> None:
        while not done.is_set():
            status, headers, told = call("GET", f"{router}/version", timeout=5.0)
            assert headers["x-colour"] == told["colour"]
            with lock:
                seen[status, told["colour"]] += 1

    loading = [threading.Thread(target=load) for _ in range(4)]
    for thread in loading:
        thread.start()
    for to in ("green", "blue", "green"):
        time.sleep(0.4)
        switch(router, to)
    before = dict(seen)
    time.sleep(0.3)
    done.set()
    for thread in loading:
        thread.join()
    assert {status for status, _ in seen} == {200}
    assert seen[200, "green"] > before.get((200, "green"), 0)
    assert seen[200, "blue"] - before[200, "blue"] <= len(loading)
    status = call("GET", f"{router}/_router/status")[2]
    assert (status["to"], status["switches"], status["recent"]["errors"]) == ("green", 3, 0)
    assert status["colours"]["green"]["requests"] >= seen[200, "green"]


def test_faults_of_the_colour_that_has_the_traffic_show_in_the_routers_figures(stack: Stack):
    router = stack.parts["router"].url
    call("POST", f"{stack.parts['blue'].url}/_fault", {"fail_rate": 1.0})
    for _ in range(5):
        assert call("GET", f"{router}/api/bots")[0] == 500
    assert call("GET", f"{router}/_router/status")[2]["recent"]["errors"] >= 5
    switch(router, "green")
    assert call("GET", f"{router}/api/bots")[0] == 200
    metrics = call("GET", f"{router}/_router/metrics")[2]
    assert 'router_errors_total{colour="green"} 0\n' in metrics


def test_a_colour_that_is_gone_is_answered_502(stack: Stack):
    router = stack.parts["router"].url
    call("POST", f"{stack.parts['blue'].url}/_fault", {"down": True})
    assert call("GET", f"{router}/health")[0] == 503
    os.kill(stack.parts["blue"].pid, signal.SIGKILL)
    status, headers, told = call("GET", f"{router}/health")
    assert (status, headers["x-colour"]) == (502, "blue")
    assert "blue cannot be reached" in told["error"]


def test_a_colour_that_does_not_exist_is_refused(shared_stack: Stack):
    router = shared_stack.parts["router"].url
    status, _, told = call("POST", f"{router}/_router/switch?to=red")
    assert status == 400
    assert "to=blue or to=green" in told["error"]
    assert call("GET", f"{router}/_router/switch?to=green")[0] == 404
    assert call("GET", f"{router}/_router/status")[2]["to"] == "blue"


@pytest.mark.parametrize(
    ("headers", "status"), [("Content-Length: 99999999", 413), ("Transfer-Encoding: chunked", 411)]
)
def test_a_body_too_long_or_of_unknown_length_is_refused(shared_stack: Stack, headers, status):
    port = urllib.parse.urlsplit(shared_stack.parts["router"].url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"POST /api/trades HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())
        assert f" {status} ".encode() in connection.makefile("rb").readline()


@pytest.mark.parametrize("target", [b"/\xff", b"/\x01", b"/?\x7f"])
def test_a_target_that_cannot_be_passed_on_is_the_callers_error(shared_stack: Stack, target):
    port = urllib.parse.urlsplit(shared_stack.parts["router"].url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 400 " in connection.makefile("rb").readline()


def test_the_command_switches_and_says_so(stack: Stack, monkeypatch, capsys):
    router = stack.parts["router"].url
    monkeypatch.setattr("sys.argv", ["switch", "green", "--router", router])
    assert main() == 0
    assert capsys.readouterr().out == "traffic goes to green, not to blue any more\n"
    assert main() == 0
    assert capsys.readouterr().out == "traffic goes to green, as before\n"
    assert call("GET", f"{router}/version")[2]["version"] == "1.5.0"


def test_the_command_says_when_there_is_no_router(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["switch", "green", "--router", "http://127.0.0.1:1"])
    assert main() == 3
    assert "not switched: POST http://127.0.0.1:1/" in capsys.readouterr().err


def test_switching_at_something_else_than_a_router_is_refused(shared_stack: Stack):
    with pytest.raises(NotAnswered, match="the router refuses"):
        switch(shared_stack.parts["blue"].url, "green")


def test_recent_figures_forget_what_is_older_than_their_window():
    recent = Recent()
    for number in range(100):
        recent.add(float(number), number / 1000, error=number % 10 == 0)
    figures = recent.figures(now=99.0 + RECENT - 50)
    assert (figures.requests, figures.errors, figures.error_rate) == (51, 5, 5 / 51)
    assert (figures.p50_ms, figures.p95_ms) == (74.0, 97.0)
    assert recent.figures(now=1000.0).requests == 0
