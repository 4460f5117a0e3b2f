"""`prometheus`: what a query comes to now, or over a time."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.http import Auth, web_address, without_userinfo
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable

if TYPE_CHECKING:
    from cockpit.connect.http import Answer, Connections, Request

SERIES_LIMIT = 100
"""Series that are kept; all are counted, and all are among `min`, `max`, `avg` and `sum`."""

LONG = 4000
"""Characters of a query that go into a URL; a longer one is posted."""

POINTS = 60
"""Points of a range whose `step` is not said."""

_SPAN = re.compile(r"(?=\d)(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def seconds(written: str) -> int:
    """What `5m`, `1h30m`, `2d` says, as Prometheus writes spans of time. Raises ValueError."""
    match = _SPAN.fullmatch(written)
    if match is None:
        raise ValueError("must be a span of time: `30s`, `5m`, `1h30m`, `2d`")
    sizes = (7 * 86400, 86400, 3600, 60, 1)
    found = sum(int(count or 0) * size for count, size in zip(match.groups(), sizes, strict=True))
    if not found:
        raise ValueError("must be longer than nothing")
    return found


def _span(written: str) -> str:
    if written:
        seconds(written)
    return written


Span = Annotated[str, pydantic.AfterValidator(_span)]


class PrometheusSpec(Spec):
    """One query."""

    url: Annotated[str, pydantic.AfterValidator(web_address)] = pydantic.Field(
        description="Prometheus, or what speaks its API (Thanos, Mimir, VictoriaMetrics): `http://prometheus:9090`."
    )
    query: str = pydantic.Field(min_length=1, description="PromQL.")
    range: Span = pydantic.Field(
        "", description="Look at all values of the last `10m`, `1h`, instead of the present one."
    )
    step: Span = pydantic.Field(
        "", description=f"Time between the values of a `range`; nothing: so that there are {POINTS}."
    )
    headers: dict[str, str] = pydantic.Field({}, description="Headers to send: `X-Scope-OrgID` for example.")
    auth: Auth | None = pydantic.Field(None, description="Who asks.")
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of the system's.")
    verify: bool = pydantic.Field(True, description="Refuse a certificate that is not valid for the host.")
    cert: str = pydantic.Field("", description="File (PEM) with the certificate to show to the server, and its key.")
    key: str = pydantic.Field("", description="File (PEM) with the key of `cert`, when it is not in the same file.")


class Prometheus:
    """Measures by one query."""

    name = "prometheus"
    about = "What a Prometheus query comes to now, or over a time."
    spec = PrometheusSpec
    imports = ("cockpit.connect.http",)
    via = True
    server = ("url",)
    at_once = 16
    implied = ""
    example = """\
prometheus:
  url: "http://prometheus:9090"
  query: sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
expect:
  - value < 0.001
"""
    fields = (
        Field("value", "double", "The value; of a range, the last one. Missing when there are several series."),
        Field("values", "list", f"The value of each series; of a range, its last one. The first {SERIES_LIMIT}."),
        Field("min", "double", "The least value of all series; of a range, of all its values."),
        Field("max", "double", "The greatest value of all series; of a range, of all its values."),
        Field("avg", "double", "The mean of the same values."),
        Field("sum", "double", "The sum of the values of all series; of a range, of their last ones."),
        Field("first", "double", "The first value of a range; missing when there are several series."),
        Field("last", "double", "The last value of a range; missing when there are several series."),
        Field("points", "list", "All values of a range, the oldest first; missing when there are several series."),
        Field("series_count", "int", "How many series have a value."),
        Field("series", "list", f"The series as maps: `labels`, `value`. The first {SERIES_LIMIT}."),
        Field("labels", "map", "Labels of the first series."),
        Field(
            "not_numbers", "int", "Values that are left out because they are not a number: nothing divided by nothing."
        ),
        Field(
            "age",
            "duration",
            "How old the oldest of the values is: of a range, and of a query that is a plain selector.",
        ),
        Field("result_type", "string", "`vector`, `scalar`, `matrix`."),
        Field("warnings", "list", "What Prometheus warns of: that the answer is not whole, for example."),
        Field("latency", "double", "The query.", "seconds"),
    )

    def request(self, spec: PrometheusSpec) -> str:
        """`up == 0 over 10m on http://prometheus:9090`."""
        over = f" over {spec.range}" if spec.range else ""
        return f"{' '.join(spec.query.split())}{over} on {without_userinfo(spec.url)}"

    async def read(self, spec: PrometheusSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unmeasurable, Unreachable."""
        from cockpit.connect.http import Connections  # noqa: PLC0415 - heavy

        connections: Connections = session.keep("http", lambda: Connections(session.route))
        now, started = time.time(), time.monotonic()
        found = _found(await connections.exchange(_asked(spec, spec.query, now), timeout))
        latency = time.monotonic() - started
        age = found.age(now) if spec.range else None
        if "age" in session.used and _SELECTOR.fullmatch(spec.query.strip()):
            # The time that comes with an answer is that of the question: only this function tells that of the value.
            asked = _asked(spec, f"max(time() - timestamp({spec.query}))", now)
            oldest = _found(await connections.exchange(asked, timeout - latency))
            age = oldest.series[0].points[-1][1]
        return _reading(spec, found, latency, age)


KIND: Kind = Prometheus()

_SELECTOR = re.compile(r"(?:[A-Za-z_:][\w:]*)?\s*(?:\{[^{}]*\})?")


@dataclass(frozen=True)
class _Series:
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]
    """Times and values, the oldest first; not empty."""


@dataclass(frozen=True)
class _Found:
    """What a query came to."""

    result_type: str
    series: Sequence[_Series]
    """Not empty."""
    not_numbers: int
    warnings: Sequence[str]

    def age(self, now: float) -> float:
        """Seconds since the last point of the series that ended first."""
        return max(0.0, now - min(each.points[-1][0] for each in self.series))


def _asked(spec: PrometheusSpec, query: str, now: float) -> Request:
    from cockpit.connect.http import Request  # noqa: PLC0415 - heavy
    from cockpit.connect.tls import Trust  # noqa: PLC0415 - as above

    parameters, endpoint = {"query": query}, "query"
    if spec.range and query == spec.query:
        endpoint, span = "query_range", seconds(spec.range)
        step = seconds(spec.step) if spec.step else max(1, span // POINTS)
        parameters |= {"start": f"{now - span:.3f}", "end": f"{now:.3f}", "step": str(step)}
    headers = {**spec.headers, **({"Authorization": spec.auth.header} if spec.auth else {})}
    trust = Trust(spec.ca, spec.verify, spec.cert, spec.key, alpn=("http/1.1",))
    url, form = f"{spec.url.rstrip('/')}/api/v1/{endpoint}", urllib.parse.urlencode(parameters)
    if len(form) < LONG:
        return Request("GET", f"{url}?{form}", headers, trust=trust)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return Request("POST", url, headers, form.encode(), trust=trust)


def _found(answer: Answer) -> _Found:
    """What an answer says. Raises Unmeasurable when it says nothing that can be decided on."""
    told = _told(answer)
    data = told.get("data") or {}
    kind, result = data.get("resultType", ""), data.get("result") or []
    if kind == "string":
        raise Unmeasurable("the query comes to a text, not to a number")
    if kind == "scalar":
        result = [{"metric": {}, "value": result}]
    series, not_numbers = [], 0
    for each in result:
        pairs = each.get("values") or [each["value"]] if "value" in each or "values" in each else []
        points = [(float(at), float(value)) for at, value in pairs]
        numbers = [point for point in points if not math.isnan(point[1])]
        not_numbers += len(points) - len(numbers) or (not points)
        if numbers:
            series.append(_Series(each.get("metric", {}), numbers))
    if not series:
        raise Unmeasurable(
            "the query comes to NaN, which is not a number: was nothing divided by nothing?"
            if not_numbers
            else "the query finds no data: no series matches it, or none has had a value lately"
        )
    return _Found(kind, series, not_numbers, [str(each) for each in told.get("warnings", ())])


def _told(answer: Answer) -> dict[str, Any]:
    """The answer as data. Raises Unmeasurable with Prometheus' own words when it is a refusal."""
    if not answer.complete:
        raise Unmeasurable("the answer is longer than 1 MiB: aggregate in the query, or ask for a longer `step`")
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("status") not in ("success", "error"):
        where = answer.url.partition("/api/v1/")[0]
        raise Unmeasurable(f"{where} does not answer as Prometheus does: {answer.status} {answer.reason}".rstrip())
    if told["status"] == "error":
        raise Unmeasurable(f"the query was refused: {told.get('error') or told.get('errorType')}")
    return told


def _reading(spec: PrometheusSpec, found: _Found, latency: float, age: float | None) -> Reading:
    latest = [each.points[-1][1] for each in found.series]
    numbers = [value for each in found.series for _, value in each.points]
    alone = found.series[0] if len(found.series) == 1 else None
    values: dict[str, Any] = {
        "values": latest[:SERIES_LIMIT],
        "min": min(numbers),
        "max": max(numbers),
        "avg": math.fsum(numbers) / len(numbers) if all(map(math.isfinite, numbers)) else sum(numbers) / len(numbers),
        "sum": sum(latest),
        "series_count": len(found.series),
        "series": [{"labels": dict(each.labels), "value": each.points[-1][1]} for each in found.series[:SERIES_LIMIT]],
        "labels": dict(found.series[0].labels),
        "not_numbers": found.not_numbers,
        "result_type": found.result_type,
        "warnings": list(found.warnings),
        "latency": latency,
    }
    if age is not None:
        values["age"] = dt.timedelta(seconds=age)
    if alone is not None:
        values["value"] = latest[0]
    if alone is not None and spec.range:
        points = [value for _, value in alone.points]
        values |= {"first": points[0], "last": points[-1], "points": points}
    figure = latest[0] if alone is not None and math.isfinite(latest[0]) else None
    return Reading(values, _summary(spec, found, values), _evidence(found), figure)


def _summary(spec: PrometheusSpec, found: _Found, values: Mapping[str, Any]) -> str:
    spread = f"{values['min']:.6g} to {values['max']:.6g}"
    words = f"{values['value']:.6g}" if "value" in values else f"{len(found.series)} series"
    if spec.range:
        words += f", over {spec.range} from {spread}"
    elif "value" not in values:
        words += f" from {spread}"
    return words + (f", {found.not_numbers} not a number" if found.not_numbers else "")


def _evidence(found: _Found) -> str:
    lines = list(found.warnings)
    for each in found.series[:SERIES_LIMIT]:
        name = each.labels.get("__name__", "")
        labels = ", ".join(f'{label}="{value}"' for label, value in each.labels.items() if label != "__name__")
        shown = [f"{value:.6g}" for _, value in each.points]
        lines.append(f"{name}{{{labels}}} {' '.join(shown)}")
    if len(found.series) > SERIES_LIMIT:
        lines.append(f"[{len(found.series) - SERIES_LIMIT} more series]")
    return "\n".join(lines)
