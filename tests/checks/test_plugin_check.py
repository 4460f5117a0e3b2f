"""`plugin`: real Monitoring plugins, and every odd thing that a plugin may print."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.checks.performance import Figure, read
from cockpit.checks.plugin import FOLDERS
from tests.servers.need import missing
from tests.support.measuring import Measure
from tests.support.routes import Detour


@pytest.fixture(scope="session")
def plugins() -> None:
    """The real ones."""
    if not any((Path(folder) / "check_tcp").exists() for folder in FOLDERS):
        missing("the Monitoring plugins", "apt-get install monitoring-plugins-basic")


@pytest.fixture
def page_port(tmp_path: Path) -> Iterator[int]:
    """The port of a web server that ends each connection with its answer, as check_http waits for."""
    pages = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def says(folder: Path, text: str, status: int = 0, more: str = "") -> dict[str, object]:
    """A plugin of our own that prints `text`."""
    (folder / "said").write_text(text, encoding="utf-8")
    return {"run": f"cat said; {more} exit {status}", "folder": str(folder)}


@pytest.mark.server
@pytest.mark.usefixtures("plugins")
def test_real_plugins_are_found_run_and_understood(measured: Measure, page_port: int) -> None:
    load = measured(
        "plugin", {"argv": ["check_load", "-w", "900,900,900", "-c", "999,999,999"]}, "perf.load1.value < 900.0"
    )
    assert load.result == "PASS", load
    assert "load average" in load.summary
    disk = measured("plugin", {"run": "check_disk -w 1 -c 1 -p /"}, "perf['/'].max > 0.0 && perf['/'].unit == 'B'")
    assert disk.result == "PASS", disk
    assert disk.value is not None
    page = measured("plugin", {"argv": ["check_http", "-H", "127.0.0.1", "-p", page_port, "-u", "/"]})
    assert (page.result, page.summary.partition(":")[0]) == ("PASS", "HTTP OK"), page
    door = measured("plugin", {"argv": ["check_tcp", "-H", "127.0.0.1", "-p", page_port]}, "perf.time.value < 10.0")
    assert door.result == "PASS", door


@pytest.mark.server
@pytest.mark.usefixtures("plugins")
def test_real_plugins_warn_fail_and_do_not_know(measured: Measure, refusing_port: int) -> None:
    warned = measured("plugin", {"argv": ["check_load", "-w", "0,0,0", "-c", "999,999,999"]})
    assert (warned.result, warned.summary.startswith("LOAD WARNING")) == ("WARN", True), warned
    failed = measured("plugin", {"argv": ["check_tcp", "-H", "127.0.0.1", "-p", refusing_port]})
    assert (failed.result, "refused" in failed.summary) == ("FAIL", True), failed
    unknown = measured("plugin", {"argv": ["check_tcp"]})
    assert (unknown.result, unknown.summary.startswith("unknown: ")) == ("ERROR", True), unknown


@pytest.mark.parametrize(
    ("status", "result", "said"),
    [
        (0, "PASS", "fine"),
        (1, "WARN", "fine"),
        (2, "FAIL", "fine"),
        (3, "ERROR", "unknown: fine"),
        (4, "ERROR", "status 4, no state of a plugin: fine"),
        (127, "ERROR", "status 127, it could not be run: fine"),
    ],
)
def test_the_status_of_a_plugin_decides(measured: Measure, tmp_path: Path, status: int, result: str, said: str) -> None:
    found = measured("plugin", says(tmp_path, "fine | a=1\n", status))
    assert (found.result, found.summary) == (result, said)
    assert "a: 1" in found.evidence


def test_own_conditions_come_before_what_is_implied(measured: Measure, tmp_path: Path) -> None:
    spec = says(tmp_path, "late | lag=7s;5;10", 1)
    assert measured("plugin", spec, "state == 'ok'").result == "FAIL"
    assert measured("plugin", spec, "perf.lag.value < 10.0 && perf.lag.warn == '5'").result == "PASS"
    assert measured("plugin", spec, warn=("perf.lag.value < 5.0",)).result == "WARN"
    assert measured("plugin", spec, warn=("perf.lag.value < 10.0",)).result == "PASS"


def test_a_plugin_that_says_nothing_or_is_killed_or_hangs(measured: Measure, tmp_path: Path) -> None:
    assert measured("plugin", {"run": "exit 2"}).summary == "critical, and it said nothing"
    assert measured("plugin", {"run": "echo no route >&2; exit 2"}).summary == "no route"
    killed = measured("plugin", {"run": "kill -9 $$"})
    assert (killed.result, killed.summary) == ("ERROR", "the plugin was ended by KILL")
    late = measured("plugin", says(tmp_path, "still asking", more="sleep 30;"), timeout=1.5)
    assert (late.result, late.summary) == ("ERROR", "timed out after 1.5 s; the last it printed: still asking")


def test_a_plugin_that_is_not_there_is_an_error(measured: Measure) -> None:
    found = measured("plugin", {"argv": ["check_no_such_thing"]})
    assert found.result == "ERROR"
    assert found.summary.startswith("status 127, it could not be run: ")
    assert found.summary.endswith("not found")


def test_a_plugin_runs_on_a_host(measured: Measure, tmp_path: Path) -> None:
    detour = Detour()
    assert measured("plugin", says(tmp_path, "fine"), via="detour", routes=detour).result == "PASS"
    assert len(detour.went) == 1


def test_the_example_of_the_guidelines_is_understood() -> None:
    printed = read(
        "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n"
        "/ 15272 MB (77%);\n"
        "/boot 68 MB (69%);\n"
        "/var/log 819 MB (84%); | /boot=68MB;88;93;0;98\n"
        "/home=69357MB;253404;253409;0;253414\n"
        "/var/log=818MB;970;975;0;980\n"
    )
    assert printed.text == "DISK OK - free space: / 3326 MB (56%);"
    assert printed.long == "/ 15272 MB (77%);\n/boot 68 MB (69%);\n/var/log 819 MB (84%);"
    assert [figure.label for figure in printed.figures] == ["/", "/boot", "/home", "/var/log"]
    assert printed.figures[0] == Figure("/", 2643.0, "MB", "5948", "5958", 0.0, 5968.0)


@pytest.mark.parametrize(
    ("data", "figures"),
    [
        ("a=1", [Figure("a", 1.0)]),
        ("a=1 b=2.5s", [Figure("a", 1.0), Figure("b", 2.5, "s")]),
        ("'free space'=5%;10:;5:;0;100", [Figure("free space", 5.0, "%", "10:", "5:", 0.0, 100.0)]),
        ("'it''s'=1c", [Figure("it's", 1.0, "c")]),
        ("a=U;1;2", [Figure("a", None, "", "1", "2")]),
        ("a=-0.5;~:10;@10:20", [Figure("a", -0.5, "", "~:10", "@10:20")]),
        ("a=1;;;0", [Figure("a", 1.0, "", "", "", 0.0)]),
        ("a=1;;;;9;", [Figure("a", 1.0, "", "", "", None, 9.0)]),
        ("a=0,5s", [Figure("a", 0.5, "s")]),
        ("a=1e-3s", [Figure("a", 0.001, "s")]),
        ("C:\\ %=12% D:=3", [Figure("%", 12.0, "%"), Figure("D:", 3.0)]),
        ("time=0.1s;;;0.000000;10.000000size=5B", []),
        ("a= b=x =3 nothing c=4", [Figure("c", 4.0)]),
        ("   ", []),
    ],
)
def test_performance_data_is_read_as_plugins_write_it(data: str, figures: list[Figure]) -> None:
    assert list(read(f"fine | {data}").figures) == figures


def test_what_is_missing_of_a_figure_is_not_there() -> None:
    assert Figure("a", 1.0).values() == {"value": 1.0, "unit": ""}
    assert Figure("a", None, "", "1", "", 0.0).values() == {"unit": "", "warn": "1", "min": 0.0}


@given(st.text() | st.text("'=;|\n aU1.,:~@%-"))
def test_any_output_is_read(output: str) -> None:
    printed = read(output)
    assert "\n" not in printed.text
    for figure in printed.figures:
        assert figure.label
        assert str(figure)
