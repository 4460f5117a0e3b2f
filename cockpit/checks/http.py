"""`http`: what a web server answers, how fast, and with which certificate."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
import urllib.parse
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.plain import parsed
from cockpit.checks.tls_fields import TLS_FIELDS, tls_values
from cockpit.connect.thread import imported

if TYPE_CHECKING:
    from cockpit.connect.http import Answer, Connections, Request
    from cockpit.connect.tls import Secured

CREDENTIALS = ("set-cookie", "authorization", "proxy-authorization")
"""Headers of an answer whose values are credentials: usable in conditions, never shown."""


class Auth(Spec):
    """Who asks: `user` and `password`, or a `bearer` token."""

    user: str = pydantic.Field("", description="User name of HTTP basic authentication.")
    password: str = pydantic.Field("", description="Password; a secret variable.")
    bearer: str = pydantic.Field("", description="Token sent as `Authorization: Bearer`; a secret variable.")

    @pydantic.model_validator(mode="after")
    def _one_way(self) -> Auth:
        if bool(self.bearer) == bool(self.user):
            raise ValueError("needs either `user` with `password`, or `bearer`")
        return self

    @property
    def header(self) -> str:
        """What the header `Authorization` says."""
        if self.bearer:
            return f"Bearer {self.bearer}"
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()}"


class Until(Spec):
    """The status that is asked for again and again, and how often at most."""

    status: int = pydantic.Field(ge=100, le=599, description="The status to wait for: 429, that of a rate limit.")
    within: int = pydantic.Field(ge=1, le=1000, description="How many requests are sent at most, one after another.")


def web_address(url: str) -> str:
    """`url`, when it is one. Raises ValueError."""
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    _ = parsed.port
    return url


def without_userinfo(url: str) -> str:
    """A URL as it may be shown."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url


def _one_body(value: Any) -> Any:
    if isinstance(value, dict) and value.get("body") is not None and value.get("json") is not None:
        raise ValueError("has both `body` and `json`: send one of them")
    return value


class HttpSpec(Spec):
    """One request."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    url: Annotated[str, pydantic.AfterValidator(web_address)] = pydantic.Field(
        description="Where to ask: `http://` or `https://`."
    )
    method: str = pydantic.Field("GET", pattern="^[A-Za-z]+$", description="HTTP method.")
    headers: dict[str, str] = pydantic.Field({}, description="Headers to send.")
    body: str | None = pydantic.Field(None, description="Text to send.")
    json_: Any = pydantic.Field(None, alias="json", description="Data to send as JSON, instead of `body`.")
    auth: Auth | None = pydantic.Field(None, description="Who asks.")
    until: Until | None = pydantic.Field(
        None,
        description="Ask again until an answer has this status; the fields are those of the last answer. It takes from "
        "what the server grants: mark the check `on_demand`.",
    )
    follow_redirects: bool = pydantic.Field(
        False, description="Follow up to 5 redirects; never from https to http, never with headers to another host."
    )
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of the system's.")
    verify: bool = pydantic.Field(
        True, description="Refuse a certificate that is not valid for the host; without it, `tls.verified` is false."
    )
    cert: str = pydantic.Field("", description="File (PEM) with the certificate to show to the server, and its key.")
    key: str = pydantic.Field("", description="File (PEM) with the key of `cert`, when it is not in the same file.")
    resolve_to: str = pydantic.Field(
        "", description="Address to connect to instead of looking the host up; name and certificate stay the URL's."
    )

    _bodies = pydantic.model_validator(mode="before")(_one_body)


class Http:
    """Measures by one request."""

    name = "http"
    about = "What a web server answers to one request, how fast, and with which certificate."
    spec = HttpSpec
    imports = ("cockpit.connect.http",)
    via = True
    server = ("url",)
    at_once = 50
    implied = "status >= 200 && status < 400"
    example = """\
http: {url: "https://api.example.com/health"}
expect:
  - status == 200
  - body.status == 'ok'
  - latency < 0.5
  - tls.expires_in > duration('336h')
"""
    fields = (
        Field("status", "int", "Status of the answer."),
        Field("requests", "int", "How many were sent: 1 without `until`."),
        Field("statuses", "map", "How many answers had each status, with `until`: `statuses['429']`."),
        Field("latency", "double", "From the request to the last byte, redirects included.", "seconds"),
        Field("timing.dns", "double", "Looking the name up; 0 on a kept connection, and with `via`.", "seconds"),
        Field("timing.connect", "double", "Connecting, with `via` also the name lookup; 0 on a kept one.", "seconds"),
        Field("timing.tls", "double", "TLS handshake; 0 on a kept connection.", "seconds"),
        Field("timing.first_byte", "double", "From the request to the headers of the answer.", "seconds"),
        Field("timing.transfer", "double", "Reading the body.", "seconds"),
        Field("protocol", "string", "`HTTP/1.1` or `HTTP/1.0`; HTTP/2 is not asked for."),
        Field("headers", "map", "Headers of the answer; names in lower case, repeated ones joined by `, `."),
        Field("body", "dyn", "The body: JSON as data, anything else as text. The first 1 MiB."),
        Field("text", "string", "The body as text."),
        Field("size", "int", "The body; reading stops at 1 MiB.", "bytes"),
        Field("url", "string", "Where the answer came from, after redirects."),
        Field("redirects", "int", "Redirects that were followed."),
        Field("locations", "list", "Where each redirect led, in order; the last one may not have been followed."),
        Field("remote", "string", "Address and port that answered; unknown where `via` has the name looked up there."),
        *(Field(f"tls.{field.name}", field.type, field.about, field.unit) for field in TLS_FIELDS),
    )

    def request(self, spec: HttpSpec) -> str:
        """`GET http://127.0.0.1:8080/health`."""
        through = f" at {spec.resolve_to}" if spec.resolve_to else ""
        until = f" until {spec.until.status}, {spec.until.within} times at most" if spec.until else ""
        return f"{spec.method.upper()} {without_userinfo(spec.url)}{through}{until}"

    async def read(self, spec: HttpSpec, session: Session, timeout: float) -> Reading:
        """Ask once, or as `until` says. Raises Unmeasurable, Unreachable."""
        from cockpit.connect.http import Connections  # noqa: PLC0415 - heavy

        if spec.url.startswith("https:"):
            await imported("cryptography.x509")  # what plain HTTP needs not to wait for
        connections: Connections = session.keep("http", lambda: Connections(session.route))
        if spec.until is None:
            return _reading(await connections.exchange(_asked(spec), timeout), verified=spec.verify)
        return await _repeatedly(spec, spec.until, connections, timeout)


KIND: Kind = Http()


async def _repeatedly(spec: HttpSpec, until: Until, connections: Connections, timeout: float) -> Reading:
    """Ask until the status comes. Raises Unmeasurable when time is over before that, and Unreachable."""
    request, ends, seen = _asked(spec), time.monotonic() + timeout, Counter[str]()
    while True:
        if (left := ends - time.monotonic()) < timeout / 20:
            said = f"{seen.total()} requests took {timeout:.1f} s, {_tally(seen)}: fewer, or a longer `timeout`"
            raise Unmeasurable(said)
        answer = await connections.exchange(request, left)
        seen[str(answer.status)] += 1
        if answer.status == until.status or seen.total() == until.within:
            break
    reading = _reading(answer, verified=spec.verify)
    counted = {"requests": seen.total(), "statuses": dict(seen)}
    wait = dict(answer.headers).get("retry-after")
    summary = f"{until.status} at request {seen.total()}" + (f", Retry-After: {wait}" if wait else "")
    if answer.status != until.status:
        summary = f"no {until.status} in {seen.total()} requests, {_tally(seen)}"
    return replace(
        reading,
        values={**reading.values, **counted},
        shown={**(reading.shown or {}), **counted},
        summary=summary,
        evidence=f"{summary}\n\n{reading.evidence}",
        figure=float(seen.total()),
    )


def _tally(seen: Counter[str]) -> str:
    return "answers " + ", ".join(f"{status} ({count} times)" for status, count in sorted(seen.items()))


def _asked(spec: HttpSpec) -> Request:
    from cockpit.connect.http import Request  # noqa: PLC0415 - heavy
    from cockpit.connect.tls import Trust  # noqa: PLC0415 - as above

    headers = dict(spec.headers)
    body = spec.body.encode() if spec.body is not None else None
    if spec.json_ is not None:
        body = json.dumps(spec.json_).encode()
        headers.setdefault("Content-Type", "application/json")
    if spec.auth is not None:
        headers["Authorization"] = spec.auth.header
    trust = Trust(spec.ca, spec.verify, spec.cert, spec.key, alpn=("http/1.1",))
    return Request(spec.method.upper(), spec.url, headers, body, spec.follow_redirects, trust, spec.resolve_to)


def _reading(answer: Answer, *, verified: bool) -> Reading:
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    hidden = {name: "***" if name in CREDENTIALS else value for name, value in headers.items()}
    text = _text(answer)
    values = {
        "status": answer.status,
        "requests": 1,
        "latency": answer.latency,
        **{f"timing.{phase}": seconds for phase, seconds in vars(answer.timing).items()},
        "protocol": answer.protocol,
        "headers": headers,
        "body": parsed(text, sure="json" in headers.get("content-type", "")),
        "text": text,
        "size": len(answer.body),
        "url": answer.url,
        "redirects": len(answer.redirects),
        "locations": [*answer.redirects, *([answer.location] if answer.location else [])],
        **({"remote": answer.remote} if answer.remote else {}),
        **_of_tls(answer.secured, verified),
    }
    lines = [f"{answer.protocol} {answer.status} {answer.reason}", *(f"{name}: {hidden[name]}" for name in hidden)]
    return Reading(
        values,
        summary=f"{answer.status} in {answer.latency * 1000:.0f} ms",
        evidence="\n".join([*lines, "", text]),
        figure=answer.latency,
        shown={**values, "headers": hidden},
        cut=not answer.complete,
    )


def _of_tls(secured: Secured | None, verified: bool) -> dict[str, Any]:
    if secured is None:
        return {}
    found = {**tls_values(secured, dt.datetime.now(dt.UTC)), "verified": verified}
    return {f"tls.{name}": value for name, value in found.items()}


def _text(answer: Answer) -> str:
    try:
        return answer.body.decode(answer.text_encoding, "backslashreplace")
    except LookupError:
        return answer.body.decode("utf-8", "backslashreplace")
