"""The `prometheus` kind against a real Prometheus, and against what is none."""

from __future__ import annotations

import pytest

from cockpit.checks.prometheus import seconds
from tests.servers.certificates import Authority
from tests.servers.prometheus import Prometheus
from tests.servers.web import Web
from tests.support.measuring import Measure, ended_in_time, secret
from tests.support.routes import Detour


def test_one_series_passes_with_its_value_and_labels(measured: Measure, prometheus_server: Prometheus) -> None:
    found = measured(
        "prometheus",
        {"url": prometheus_server.url, "query": 'orders_open{exchange="kraken"}'},
        "value == 3.0 && values == [3.0] && series_count == 1 && min == 3.0 && max == 3.0 && avg == 3.0 && sum == 3.0",
        "labels.exchange == 'kraken' && series[0].value == 3.0 && series[0].labels.job == 'bot'",
        "result_type == 'vector' && not_numbers == 0 && warnings == [] && latency > 0.0",
    )
    assert found.result == "PASS", found
    assert found.summary == "3"
    assert found.value == 3.0
    assert found.request == f'orders_open{{exchange="kraken"}} on {prometheus_server.url}'
    assert found.evidence.startswith("orders_open{")
    assert 'exchange="kraken"' in found.evidence


def test_a_value_that_is_too_high_fails_and_is_shown(measured: Measure, prometheus_server: Prometheus) -> None:
    found = measured("prometheus", {"url": prometheus_server.url, "query": "sum(orders_open)"}, "value < 5.0")
    assert (found.result, found.findings[0].found) == ("FAIL", {"value": "10"})


def test_several_series_have_no_value_of_their_own_but_bounds(measured: Measure, prometheus_server: Prometheus) -> None:
    spec = {"url": prometheus_server.url, "query": "orders_open"}
    found = measured("prometheus", spec, "series_count == 2 && min == 3.0 && max == 7.0 && avg == 5.0 && sum == 10.0")
    assert (found.result, found.summary) == ("PASS", "2 series from 3 to 7")
    alone = measured("prometheus", spec, "value < 100.0")
    assert alone.result == "FAIL"
    assert alone.findings[0].found == {"value": "no value"}


def test_how_old_a_sample_is_can_be_asked(measured: Measure, prometheus_server: Prometheus) -> None:
    spec = {"url": prometheus_server.url, "query": "requests_total"}
    found = measured("prometheus", spec, "age < duration('60s') && value == 1000.0")
    assert found.result == "PASS", found
    old = measured("prometheus", {**spec, "query": "old_news"}, "age > duration('85s') && value == 5.0")
    assert old.result == "PASS", old
    computed = measured("prometheus", {**spec, "query": "sum(requests_total)"}, "age < duration('2m')")
    assert computed.result == "FAIL", "what is computed has no age, and one that is not known is not a good one"


def test_a_range_has_its_values_over_time(measured: Measure, prometheus_server: Prometheus) -> None:
    found = measured(
        "prometheus",
        {"url": prometheus_server.url, "query": "requests_total", "range": "1m", "step": "1s"},
        "size(points) >= 1 && points[0] == 1000.0 && first == 1000.0 && last == 1000.0 && value == last",
        "min == 1000.0 && max == 1000.0 && avg == 1000.0 && result_type == 'matrix' && age < duration('30s')",
    )
    assert found.result == "PASS", found
    assert found.summary == "1000, over 1m from 1000 to 1000"
    assert found.request == f"requests_total over 1m on {prometheus_server.url}"
    several = measured(
        "prometheus", {"url": prometheus_server.url, "query": "orders_open", "range": "1m"}, "max == 7.0"
    )
    assert several.result == "PASS", several


def test_a_range_tells_what_changed_in_it(measured: Measure, prometheus_server: Prometheus) -> None:
    spec = {"url": prometheus_server.url, "query": "time() - time() % 1", "range": "1m", "step": "1s"}
    found = measured("prometheus", spec, "size(points) == 61 && last - first == 60.0 && max == last && min == first")
    assert found.result == "PASS", found


def test_a_scalar_is_a_value(measured: Measure, prometheus_server: Prometheus) -> None:
    found = measured("prometheus", {"url": prometheus_server.url, "query": "1 + 1"}, "value == 2.0")
    assert found.result == "PASS", found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("no_such_metric", "the query finds no data: no series matches it, or none has had a value lately"),
        ("orders_open > 100", "the query finds no data"),
        ("nothing_at_all", "the query comes to NaN, which is not a number"),
        ("0 / 0", "the query comes to NaN, which is not a number"),
        ("sum(rate(", 'the query was refused: invalid parameter "query": 1:10: parse error: '),
        ('"text"', "the query comes to a text, not to a number"),
    ],
)
def test_what_comes_to_no_number_is_an_error_and_never_passes(
    measured: Measure, prometheus_server: Prometheus, query: str, words: str
) -> None:
    found = measured("prometheus", {"url": prometheus_server.url, "query": query}, "!(value > 5.0)")
    assert found.result == "ERROR"
    assert words in found.summary


def test_a_number_without_bounds_decides_and_one_that_is_none_is_counted(
    measured: Measure, prometheus_server: Prometheus
) -> None:
    endless = measured("prometheus", {"url": prometheus_server.url, "query": "endless"}, "value < 5.0")
    assert (endless.result, endless.value) == ("FAIL", None)
    query = '{__name__=~"endless|nothing_at_all|requests_total"}'
    mixed = measured("prometheus", {"url": prometheus_server.url, "query": query}, "not_numbers == 1 && min == 1000.0")
    assert mixed.result == "PASS", mixed
    assert mixed.summary == "2 series from 1000 to inf, 1 not a number"


def test_a_long_query_is_posted(measured: Measure, prometheus_server: Prometheus) -> None:
    query = " + ".join(["requests_total"] * 400)
    found = measured("prometheus", {"url": prometheus_server.url, "query": query}, "value == 400000.0")
    assert found.result == "PASS", found


def test_what_is_not_prometheus_or_cannot_be_reached_is_an_error_in_words(
    measured: Measure, http_server: Web, refusing_port: int
) -> None:
    other = measured("prometheus", {"url": http_server.url, "query": "up"}, "value == 1.0")
    words = f"{http_server.url} does not answer as Prometheus does: 404 Whatever"
    assert (other.result, other.summary) == ("ERROR", words)
    refused = measured("prometheus", {"url": f"http://127.0.0.1:{refusing_port}", "query": "up"}, "value == 1.0")
    assert refused.summary == f"connection refused by 127.0.0.1:{refusing_port}"


def test_silence_is_given_up_in_time(measured: Measure, silent_port: int) -> None:
    spec = {"url": f"http://127.0.0.1:{silent_port}", "query": "up"}
    found = measured("prometheus", spec, "value == 1.0", timeout=0.3)
    assert (found.result, found.summary) == ("ERROR", "timed out waiting for the answer after 0.3 s")
    assert ended_in_time(found, 0.3)


def test_credentials_are_sent_and_never_shown_and_tls_is_verified(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    spec = {"url": f"https://localhost:{https_servers['expired']}", "query": "up", "ca": str(authority.file)}
    auth = {"auth": {"bearer": "${secret}"}}
    found = measured("prometheus", {**spec, **auth}, "value == 1.0", values=secret("hunter2-and-more"))
    assert found.summary.startswith("certificate expired 9 days ago (")
    assert "hunter2" not in str(found)


def test_it_goes_through_a_host_where_names_are_looked_up(measured: Measure, prometheus_server: Prometheus) -> None:
    detour = Detour(names={"prometheus": "127.0.0.1"})
    url = prometheus_server.url.replace("127.0.0.1", "prometheus")
    found = measured(
        "prometheus", {"url": url, "query": "requests_total"}, "value == 1000.0", via="detour", routes=detour
    )
    assert found.result == "PASS", found
    assert detour.went == [url.removeprefix("http://")]


def test_spans_of_time_are_written_as_prometheus_writes_them(measured: Measure) -> None:
    assert [seconds(text) for text in ("30s", "5m", "1h30m", "2d", "1w")] == [30, 300, 5400, 172800, 604800]
    for wrong in ("5", "m5", "0s", "5 m", "-5m"):
        found = measured("prometheus", {"url": "http://x", "query": "up", "range": wrong}, "value == 1.0")
        assert found.result == "ERROR"
        assert "`range` must be " in found.summary
