"""`command`, `ssh`, `host` and `plugin` on a real host, over SSH."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.checklist.model import Host
from cockpit.connect.routes import HostRoutes
from cockpit.journal.event import CheckMeasured
from tests.support.measuring import Measure, secret

pytestmark = pytest.mark.server


def there(
    measured: Measure, host: Host, kind: str, spec: dict[str, Any], *expect: str, **options: Any
) -> CheckMeasured:
    way = {} if kind == "ssh" else {"via": host.name}
    return measured(kind, spec, *expect, routes=HostRoutes([host]), timeout=20.0, **way, **options)


def test_one_can_log_in(measured: Measure, ssh_host: Host) -> None:
    found = there(measured, ssh_host, "ssh", {"host": ssh_host.name}, "status == 0 && latency > 0.0")
    assert (found.result, found.summary.startswith(f"logged in on {ssh_host.name}")) == ("PASS", True), found


def test_a_command_is_given_input_environment_and_folder_there(
    measured: Measure, ssh_host: Host, tmp_path: Path
) -> None:
    spec = {
        "run": 'cat; echo "$TOKEN"; pwd -P; exit 3',
        "input": "in\n",
        "environment": {"TOKEN": "${secret}"},
        "folder": str(tmp_path),
    }
    found = there(
        measured,
        ssh_host,
        "command",
        spec,
        f"status == 3 && lines[2] == '{tmp_path.resolve()}'",
        values=secret("hunter2's"),
    )
    assert found.result == "PASS", found
    assert "hunter2" not in repr(found)
    assert (
        there(measured, ssh_host, "command", {"argv": ["printf", "%s", "a 'b' $c"]}, "output == \"a 'b' $c\"").result
        == "PASS"
    )


def test_facts_of_a_host_are_read_there(measured: Measure, ssh_host: Host) -> None:
    spec = {"disk": "/", "process": "never-there-at-all", "user": "root"}
    found = there(
        measured,
        ssh_host,
        "host",
        spec,
        "disk['/'].used_part > 0.0 && process.count == 0 && user.exists && cores > 0",
        "clock.offset < clock.uncertainty + 0.01 && clock.offset > -clock.uncertainty - 0.01",
    )
    assert found.result == "PASS", found


def test_a_plugin_runs_there(measured: Measure, ssh_host: Host) -> None:
    found = there(measured, ssh_host, "plugin", {"run": "echo 'late | lag=7s;5;10'; exit 1"})
    assert (found.result, found.summary, found.value) == ("WARN", "late", 7.0)


def test_time_that_runs_out_there_shows_how_far_it_came(measured: Measure, ssh_host: Host) -> None:
    found = measured(
        "command", {"run": "echo waiting; sleep 30"}, routes=HostRoutes([ssh_host]), via=ssh_host.name, timeout=3.0
    )
    assert (found.result, found.summary) == ("ERROR", "timed out after 3.0 s; the last it printed: waiting"), found
