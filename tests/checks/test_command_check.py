"""`command` and `ssh`: what programs print and how they end, here and on a host."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cockpit.checklist.model import Check, Item, Variable
from cockpit.checks.command import AT_ONCE, program_named
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values
from cockpit.engine.scheduler import Scheduler
from cockpit.journal.event import CheckMeasured
from tests.support.measuring import Measure, ended_in_time, no_values, secret
from tests.support.routes import Detour
from tests.support.runs import HERE


def test_a_command_that_ends_well_passes_and_shows_what_it_said_last(measured: Measure) -> None:
    found = measured("command", {"run": "echo one; echo two; echo aside >&2"})
    assert (found.result, found.request, found.evidence) == (
        "PASS",
        "echo one; echo two; echo aside >&2",
        "one\ntwo\nstandard error:\naside",
    )
    assert found.summary.startswith("status 0 in ")
    assert found.summary.endswith(" ms: two")


def test_a_command_that_ends_badly_fails_and_shows_its_complaint(measured: Measure) -> None:
    found = measured("command", {"run": "echo working; echo 'cannot open /x' >&2; exit 4"})
    assert found.result == "FAIL"
    assert found.summary.startswith("status 4 in ")
    assert found.summary.endswith(" ms: cannot open /x")
    assert found.findings[0].found == {"status": "4"}


@pytest.mark.parametrize(
    ("run", "condition"),
    [
        ("exit 7", "status == 7"),
        ("printf 'a\\nb\\n\\n'", "output == 'a\\nb' && lines == ['a', 'b']"),
        ("printf ''", "output == '' && lines == [] && errors == ''"),
        ("echo wrong >&2", "errors == 'wrong'"),
        ("""echo '{"pending": 3, "names": ["x"]}'""", "json.pending == 3 && json.names[0] == 'x'"),
        ("echo ' 42 '", "value == 42.0 && json == 42"),
        ("echo -1.5e3", "value == -1500.0"),
        ("sleep 0.05", "took > 0.04 && took < 5.0"),
        ("kill -9 $$", "signal == 'KILL'"),
        ("true", "signal == ''"),
    ],
)
def test_conditions_may_use_what_was_printed_and_how_it_ended(measured: Measure, run: str, condition: str) -> None:
    assert measured("command", {"run": run}, condition).result == "PASS"


@pytest.mark.parametrize(
    ("run", "condition"),
    [
        ("echo nan", "value == value"),
        ("echo 1_000", "value > 0.0"),
        ("echo text", "json != 1"),
        ("kill -9 $$", "status != 0"),
    ],
)
def test_what_is_no_number_no_json_and_no_status_is_not_there(measured: Measure, run: str, condition: str) -> None:
    found = measured("command", {"run": run}, condition)
    assert found.result == "FAIL"
    assert "was not found" in found.findings[0].problem


def test_a_number_is_plotted(measured: Measure) -> None:
    assert measured("command", {"run": "echo 12.5"}).value == 12.5
    assert measured("command", {"run": "echo twelve"}).value is None


def test_json_that_was_cut_or_is_too_deep_is_text(measured: Measure) -> None:
    deep = measured("command", {"run": "head -c 100000 /dev/zero | tr '\\0' '['"}, "json != 1")
    assert "was not found" in deep.findings[0].problem
    cut = measured(
        "command", {"run": "head -c 2000000 /dev/zero | tr '\\0' 1"}, "size(output) == 1048576 && value > 1.0"
    )
    assert "value was not found" in cut.findings[0].problem


def test_time_that_runs_out_is_an_error_that_shows_how_far_it_came(measured: Measure) -> None:
    run = "echo connecting; echo waiting for the database; sleep 30"
    found = measured("command", {"run": run}, timeout=1.0)
    assert (found.result, found.evidence) == ("ERROR", "connecting\nwaiting for the database")
    assert found.summary == "timed out after 1.0 s; the last it printed: connecting / waiting for the database"
    assert ended_in_time(found, 1.0)
    silent = measured("command", {"run": "sleep 30"}, timeout=0.3)
    assert silent.summary == "timed out after 0.3 s; it had printed nothing"


def test_a_program_that_is_not_there_is_an_error(measured: Measure) -> None:
    found = measured("command", {"argv": ["no-such-program", "-x"]})
    assert (found.result, found.request) == ("ERROR", "no-such-program -x")
    assert found.summary == "there is no program no-such-program here (no folder of PATH has it)"
    assert measured("command", {"run": "no-such-program"}).summary.startswith("status 127 in ")


def test_arguments_are_shown_as_a_shell_would_have_them_and_seen_by_none(measured: Measure) -> None:
    found = measured(
        "command", {"argv": ["printf", "%s|", "a b", "$(id)", 8080, True]}, "output == 'a b|$(id)|8080|true|'"
    )
    assert (found.result, found.request) == ("PASS", "printf '%s|' 'a b' '$(id)' 8080 true")


def test_input_environment_and_folder_are_given(measured: Measure, tmp_path: Path) -> None:
    spec = {"run": 'cat; echo "$A"; pwd -P', "input": "in\n", "environment": {"A": 1}, "folder": str(tmp_path)}
    found = measured("command", spec, f"output == 'in\\n1\\n{tmp_path.resolve()}'")
    assert found.result == "PASS", found
    assert found.request.endswith(f"(in {tmp_path})")


def test_secrets_go_by_input_and_environment_and_are_shown_nowhere(measured: Measure) -> None:
    spec = {
        "run": 'echo "$TOKEN"; cat; echo "$TOKEN" >&2; exit 1',
        "environment": {"TOKEN": "${secret}"},
        "input": "${secret}",
    }
    found = measured("command", spec, "output == 'x'", values=secret("hunter2-and-more"))
    assert found.result == "FAIL"
    assert "hunter2" not in repr(found)
    assert found.evidence.count("***secret***") == 3


def test_values_stand_in_a_command_quoted(measured: Measure, tmp_path: Path) -> None:
    name = f"it's; touch {tmp_path}/never; $(touch {tmp_path}/never)"
    values = Values([Variable("name", value=name, is_set=True), Variable("list", value=["a b", 2], is_set=True)], {})
    found = measured("command", {"run": "printf '%s' ${name}"}, values=values)
    assert found.evidence == name
    assert found.request.startswith("printf '%s' 'it'")
    assert (
        measured("command", {"argv": ["printf", "%s|", "${list}", "${name}"]}, values=values).evidence
        == f"a b|2|{name}|"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_command_goes_through_a_host(measured: Measure) -> None:
    detour = Detour()
    found = measured("command", {"run": "echo there"}, via="detour", routes=detour)
    assert (found.result, found.request, detour.went) == ("PASS", "echo there on detour", ["echo there"])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, "needs `run`, a shell command, or `argv`, a program and its arguments"),
        ({"run": " "}, "needs `run`"),
        ({"run": "a", "argv": ["b"]}, "has both `run` and `argv`"),
        ({"run": "a", "environment": {"a-b": "c"}}, "`environment.a-b.[key]` String should match pattern"),
        ({"argv": "ls"}, "`argv` Input should be a valid tuple"),
    ],
)
def test_a_wrong_command_is_refused(measured: Measure, spec: dict[str, Any], said: str) -> None:
    assert said in measured("command", spec).summary


def test_logging_in_to_a_host_is_a_measurement(measured: Measure) -> None:
    detour = Detour()
    found = measured("ssh", {"host": "detour"}, routes=detour)
    assert (found.result, found.request, detour.went) == ("PASS", "true on detour, over SSH", ["true"])
    assert found.summary.startswith("logged in on detour in ")
    assert found.value is not None
    assert (
        measured("ssh", {"host": "detour"}, "latency < 5.0 && status == 0 && output == ''", routes=detour).result
        == "PASS"
    )


def test_a_command_is_run_on_the_host(measured: Measure) -> None:
    detour = Detour()
    found = measured("ssh", {"host": "detour", "run": "echo 7; exit 3"}, routes=detour)
    assert (found.result, found.value, detour.went) == ("FAIL", 7.0, ["echo 7; exit 3"])
    assert found.summary.startswith("status 3 in ")
    spec = {"host": "detour", "argv": ["printf", "%s", "a b"], "environment": {"A": "b"}}
    assert measured("ssh", spec, "output == 'a b'", routes=detour).result == "PASS"


def test_a_host_that_is_not_there_is_an_error(measured: Measure) -> None:
    found = measured("ssh", {"host": "nowhere"}, routes=Detour())
    assert (found.result, found.summary) == ("ERROR", "there is no host nowhere in this checklist")


@pytest.mark.parametrize(
    ("spec", "program"),
    [
        ({"run": "PGUSER=bot  psql -c 'SELECT 1'"}, "psql"),
        ({"run": "\n./orders --all | wc -l"}, "./orders"),
        ({"argv": ["check_disk", "-w", 5]}, "check_disk"),
        ({"argv": "${all}"}, ""),
        ({}, ""),
    ],
)
def test_a_command_is_known_by_its_program(spec: dict[str, Any], program: str) -> None:
    assert program_named(spec) == program


def test_commands_that_hang_hold_up_no_other_program() -> None:
    hanging = [Check("command", {"run": f"sleep {60 + number}"}, timeout=5) for number in range(AT_ONCE + 20)]
    checks = {"other": Check("command", {"argv": ["true"]}), "plugin": Check("plugin", {"argv": ["true"]})}
    checks |= {f"hanging {number}": check for number, check in enumerate(hanging)}
    items = [Item(name, name, HERE, check=check) for name, check in checks.items()]
    items.reverse()
    ended: list[str] = []

    async def run() -> None:
        session, known = Session(), kinds()

        async def one(item: Item) -> CheckMeasured:
            return await measure(item.id, checks[item.id], kinds=known, values=no_values(), session=session)

        scheduler = Scheduler(items, one, lambda found: ended.append(found.item), kinds=known)
        once = asyncio.create_task(scheduler.once())
        while not {"other", "plugin"} <= set(ended) and not once.done():
            await asyncio.sleep(0.05)
        once.cancel()
        await asyncio.wait({once})
        await session.close()

    asyncio.run(run())
    assert sorted(ended) == ["other", "plugin"]
