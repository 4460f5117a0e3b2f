"""The output of a monitoring plugin."""

from __future__ import annotations

import re

import pytest

from cockpit.report.nagios import PluginState, nagios, plugin_state, unknown
from tests.support.reports import compared, report

_PERFDATA = re.compile(r"'((?:[^'=|]|'')+)'=(-?[0-9.]+)(s?)")


def perfdata(line: str) -> dict[str, tuple[float, str]]:
    """Performance data, read as the development guidelines say; every byte has to belong to some."""
    text = line.partition(" | ")[2]
    assert _PERFDATA.sub("", text).strip() == ""
    return {label.replace("''", "'"): (float(value), unit) for label, value, unit in _PERFDATA.findall(text)}


@pytest.mark.parametrize(
    ("items", "state"),
    [
        (("api", "retried"), PluginState.OK),
        (("api", "slow"), PluginState.WARNING),
        (("slow", "database"), PluginState.UNKNOWN),
        (("rows",), PluginState.UNKNOWN),
        (("version", "database", "slow"), PluginState.CRITICAL),
        (("api", "nice-to-have"), PluginState.OK),
    ],
)
def test_the_worst_result_decides_and_advisory_ones_do_not(items: tuple[str, ...], state: PluginState) -> None:
    made = report(*items)
    assert plugin_state(made) is state
    assert next(nagios(made)).startswith(f"{state.name} - ")


def test_the_first_line_names_the_worst_first_and_has_the_figures() -> None:
    first, *_ = nagios(report())
    assert first.startswith("CRITICAL - 2 of 8 FAIL: version, nice-to-have (advisory); 1 of 8 ERROR: database; ")
    assert perfdata(first) == {
        "api": (0.018, "s"),
        "slow": (0.412, ""),
        "version": (12345700.0, ""),
        "error-rate": (0.0004, ""),
    }


def test_nothing_but_the_first_bar_divides_text_from_performance_data() -> None:
    first, *rest = nagios(report())
    assert first.count("|") == 1
    assert not any("|" in line or "\n" in line for line in rest)


def test_details_follow_for_what_is_not_good() -> None:
    lines = list(nagios(report()))
    assert any(line.startswith("FAIL version: it's ") for line in lines)
    assert "  expected  body.version == '2.4.0'" in lines
    assert "  found     body.version = 2.3.9" in lines
    assert not any(line.startswith("PASS api") for line in lines)


def test_what_differs_from_the_baseline_is_told() -> None:
    assert "  differs   latency: 0.12 -> 0.4 (+233 %)" in list(nagios(compared()))


def test_what_was_interrupted_is_unknown() -> None:
    made = report("api", unmeasured=2)
    assert next(nagios(made)).startswith("UNKNOWN - interrupted: 2 not measured")


def test_a_plugin_that_cannot_do_its_work_says_so_in_one_line() -> None:
    assert unknown("no such\nfile | here") == "UNKNOWN - no such\u240afile \u00a6 here"
