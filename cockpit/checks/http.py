"""`http`: what a web server answers, how fast, and with which certificate."""

from __future__ import annotations

import base64
import datetime as dt
import json
import urllib.parse
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Kind, Reading, Session
from cockpit.checks.plain import plain

if TYPE_CHECKING:
    from cockpit.connect.http import Answer, Connections, Request

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


def _web_address(url: str) -> str:
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    _ = parsed.port
    return url


def _one_body(value: Any) -> Any:
    if isinstance(value, dict) and value.get("body") is not None and value.get("json") is not None:
        raise ValueError("has both `body` and `json`: send one of them")
    return value


class HttpSpec(Spec):
    """One request."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    url: Annotated[str, pydantic.AfterValidator(_web_address)] = pydantic.Field(
        description="Where to ask: `http://` or `https://`."
    )
    method: str = pydantic.Field("GET", pattern="^[A-Za-z]+$", description="HTTP method.")
    headers: dict[str, str] = pydantic.Field({}, description="Headers to send.")
    body: str | None = pydantic.Field(None, description="Text to send.")
    json_: Any = pydantic.Field(None, alias="json", description="Data to send as JSON, instead of `body`.")
    auth: Auth | None = pydantic.Field(None, description="Who asks.")
    follow_redirects: bool = pydantic.Field(
        False, description="Follow up to 5 redirects; never from https to http, never with headers to another host."
    )
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of the system's.")
    verify: bool = pydantic.Field(True, description="Refuse a certificate that is not valid for the host.")
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
        Field("latency", "double", "From the request to the last byte, redirects included.", "seconds"),
        Field("timing.dns", "double", "Looking the name up; 0 on a kept connection.", "seconds"),
        Field("timing.connect", "double", "Connecting; 0 on a kept connection.", "seconds"),
        Field("timing.tls", "double", "TLS handshake; 0 on a kept connection.", "seconds"),
        Field("timing.first_byte", "double", "From the request to the headers of the answer.", "seconds"),
        Field("timing.transfer", "double", "Reading the body.", "seconds"),
        Field("protocol", "string", "`HTTP/1.1` or `HTTP/1.0`."),
        Field("headers", "map", "Headers of the answer; names in lower case, repeated ones joined by `, `."),
        Field("body", "dyn", "The body: JSON as data, anything else as text. The first 1 MiB."),
        Field("text", "string", "The body as text."),
        Field("size", "int", "The body; reading stops at 1 MiB.", "bytes"),
        Field("url", "string", "Where the answer came from, after redirects."),
        Field("redirects", "int", "Redirects that were followed."),
        Field("tls.version", "string", "`TLSv1.3`, `TLSv1.2`."),
        Field("tls.expires_in", "duration", "Until the server's certificate expires."),
        Field("tls.subject", "string", "Whose certificate it is: `CN=api.example.com`."),
        Field("tls.issuer", "string", "Who signed it."),
        Field("tls.names", "list", "Host names and addresses that it is valid for."),
    )

    def request(self, spec: HttpSpec) -> str:
        """`GET http://127.0.0.1:8080/health`."""
        parts = urllib.parse.urlsplit(spec.url)
        shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        through = f" at {spec.resolve_to}" if spec.resolve_to else ""
        return f"{spec.method.upper()} {shown}{through}"

    async def read(self, spec: HttpSpec, session: Session, timeout: float) -> Reading:
        """Ask once. Raises Unreachable."""
        from cockpit.connect.http import Connections  # noqa: PLC0415 - heavy

        connections: Connections = session.keep("http", Connections)
        return _reading(await connections.exchange(_asked(spec), timeout))


KIND: Kind = Http()


def _asked(spec: HttpSpec) -> Request:
    from cockpit.connect.http import Request  # noqa: PLC0415 - heavy

    headers = dict(spec.headers)
    body = spec.body.encode() if spec.body is not None else None
    if spec.json_ is not None:
        body = json.dumps(spec.json_).encode()
        headers.setdefault("Content-Type", "application/json")
    if spec.auth is not None and spec.auth.bearer:
        headers["Authorization"] = f"Bearer {spec.auth.bearer}"
    elif spec.auth is not None:
        pair = f"{spec.auth.user}:{spec.auth.password}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return Request(
        spec.method.upper(), spec.url, headers, body, spec.follow_redirects, spec.ca, spec.verify, spec.resolve_to
    )


def _reading(answer: Answer) -> Reading:
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    hidden = {name: "***" if name in CREDENTIALS else value for name, value in headers.items()}
    text = _text(answer)
    values = {
        "status": answer.status,
        "latency": answer.latency,
        **{f"timing.{phase}": seconds for phase, seconds in asdict(answer.timing).items()},
        "protocol": answer.protocol,
        "headers": headers,
        "body": _data(text, headers.get("content-type", "")),
        "text": text,
        "size": len(answer.body),
        "url": answer.url,
        "redirects": answer.redirects,
        **_of_tls(answer),
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


def _of_tls(answer: Answer) -> dict[str, Any]:
    shown = answer.certificate
    if not answer.tls_version:
        return {}
    if shown is None:
        return {"tls.version": answer.tls_version}
    return {
        "tls.version": answer.tls_version,
        "tls.expires_in": shown.not_after - dt.datetime.now(dt.UTC),
        "tls.subject": shown.subject,
        "tls.issuer": shown.issuer,
        "tls.names": list(shown.names),
    }


def _text(answer: Answer) -> str:
    try:
        return answer.body.decode(answer.text_encoding, "backslashreplace")
    except LookupError:
        return answer.body.decode("utf-8", "backslashreplace")


def _data(text: str, content_type: str) -> Any:
    """The body as data when it is JSON, whatever a sloppy server calls it; else as text."""
    if "json" in content_type or text.lstrip()[:1] in ("{", "["):
        try:
            return plain(json.loads(text))
        except (ValueError, RecursionError):
            return text
    return text
