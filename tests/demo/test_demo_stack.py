"""The stack starts, answers, and tells where everything is."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import time
import urllib.parse
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.demo.calling import NotAnswered, call
from cockpit.demo.stack import NotStarted, Stack, start


def test_everything_answers_once_start_returns(shared_stack: Stack):
    for colour, version in {"blue": "1.4.2", "green": "1.5.0"}.items():
        status, _, health = call("GET", f"{shared_stack.parts[colour].url}/health")
        assert status == 200
        assert (health["status"], health["colour"], health["version"]) == ("ok", colour, version)
    status, headers, told = call("GET", f"{shared_stack.parts['router'].url}/version")
    assert (status, headers["x-colour"], told) == (200, "blue", {"version": "1.4.2", "colour": "blue"})


def test_a_trade_is_on_record_once_start_returns(shared_stack: Stack):
    with closing(sqlite3.connect(shared_stack.database)) as database:
        assert database.execute("select count(*) from trades").fetchone()[0] >= 1


def test_the_trader_keeps_the_figures_moving(shared_stack: Stack):
    before = call("GET", f"{shared_stack.parts['router'].url}/_router/status")[2]["recent"]["requests"]
    time.sleep(2.0)
    after = call("GET", f"{shared_stack.parts['router'].url}/_router/status")[2]["recent"]
    assert after["requests"] >= before + 2
    assert after["errors"] == 0


def test_stack_json_tells_what_start_returned(shared_stack: Stack):
    assert Stack.read(shared_stack.folder) == shared_stack
    assert shared_stack.is_up()


def test_the_variables_lead_to_what_they_name(shared_stack: Stack):
    variables = shared_stack.variables
    assert call("GET", variables["green_url"] + "/version")[2]["colour"] == "green"
    assert call("GET", variables["router_url"] + "/_router/status")[2]["to"] == "blue"
    for name in ("blue_log", "green_log", "router_log"):
        with Path(variables[name]).open() as log:
            assert json.loads(log.readline())["event"] == "started"


def test_ports_lie_below_those_of_outgoing_connections(shared_stack: Stack):
    assert all(20_000 <= urllib.parse.urlsplit(part.url).port < 32_768 for part in shared_stack.parts.values())


def test_a_second_stack_in_the_same_folder_is_refused_and_harms_nothing(shared_stack: Stack):
    with pytest.raises(NotStarted, match="already running"):
        start(shared_stack.folder)
    assert call("GET", f"{shared_stack.parts['blue'].url}/health")[0] == 200


def test_a_damaged_database_is_said_and_nothing_stays(tmp_path, nothing_remains):
    (tmp_path / "bot.db").write_text("this is no database, and long enough to be looked at as one" * 20)
    with pytest.raises(NotStarted, match="not a database"):
        start(tmp_path)
    assert nothing_remains(tmp_path)


def test_after_the_end_ports_are_free_and_the_next_stack_takes_them_again(tmp_path, nothing_remains):
    first = start(tmp_path)
    assert first.stop()
    assert nothing_remains(tmp_path)
    assert not first.is_up()
    for part in first.parts.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urllib.parse.urlsplit(part.url).port)) != 0
    second = start(tmp_path)
    assert second.stop()
    assert second.variables == first.variables


def test_a_part_that_died_stays_dead_and_shows(stack: Stack):

    os.kill(stack.parts["green"].pid, signal.SIGKILL)
    until = time.monotonic() + 5
    while not Stack.read(stack.folder).parts["green"].ended and time.monotonic() < until:
        time.sleep(0.05)
    assert Stack.read(stack.folder).parts["green"].ended == "killed by SIGKILL"
    with pytest.raises(NotAnswered, match="refused"):
        call("GET", f"{stack.parts['green'].url}/health")
    colours = call("GET", f"{stack.parts['router'].url}/_router/status")[2]["colours"]
    assert not colours["green"]["up"]
    assert "refused" in colours["green"]["status"]
    assert colours["blue"]["up"]
