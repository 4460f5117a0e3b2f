"""`http`: one call to a web server, sent once."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any, Literal

import pydantic

from cockpit.actions.kind import ActionKind, Outcome, Print
from cockpit.checklist.kinds import Spec
from cockpit.connect.dial import Unreachable
from cockpit.connect.route import Route

GATEWAY_LOST_ITS_SERVER = (502, 504)
"""Statuses by which a gateway says that it does not know, either (RFC 9110, sections 15.6.3 and 15.6.5)."""


class HttpSpec(Spec):
    """What is sent, and what must come back."""

    url: str = pydantic.Field(pattern=r"^(https?://|\$\{)", description="Where to; may be secret.")
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = pydantic.Field(
        "POST", description="How it is asked."
    )
    headers: dict[str, str] = pydantic.Field({}, description="Further headers; may be secret.")
    body: Any = pydantic.Field(
        None, description="What is sent: text as it is, a map or a list as JSON with its `Content-Type`."
    )
    status: int | tuple[int, ...] = pydantic.Field(
        (), description="The status that must come back, or several; nothing: 200 to 299."
    )
    ca: str = pydantic.Field("", description="File of certificates (PEM) to trust instead of those of the system.")
    verify: bool = pydantic.Field(True, description="Refuse a server whose certificate is not valid for its host.")


class Http:
    """Sends one request, and never sends it again; redirects are not followed."""

    name = "http"
    about = "One call to a web server, from here or from a host: sent once, its answer must have the right status."
    spec = HttpSpec
    alone = ""
    on_hosts = True
    changes = True
    example = """\
id: leave-maintenance
title: End the maintenance mode
run:
  http:
    url: http://127.0.0.1:8080/maintenance
    method: PUT
    headers: {Authorization: "Bearer ${admin_token}"}
    body: {enabled: false}
    status: 204
"""

    def request(self, spec: HttpSpec) -> str:
        """`PUT http://127.0.0.1:8080/maintenance {"enabled": false} (expects status 204)`."""
        said = [f"{spec.method} {spec.url}"]
        if spec.body is not None:
            said.append(spec.body if isinstance(spec.body, str) else json.dumps(spec.body, ensure_ascii=False))
        notes = [f"with headers {', '.join(spec.headers)}"] if spec.headers else []
        notes.append(f"expects status {_expected(spec)}")
        return " ".join([*said, f"({'; '.join(notes)})"])

    async def carry_out(self, spec: HttpSpec, route: Route, output: Print, timeout: float) -> Outcome:
        """Send it. Raises Unreachable: nothing was sent; CutOff: it was, and no whole answer came."""
        from cockpit.connect.exchange import Place, Request, exchange  # noqa: PLC0415 - heavy
        from cockpit.connect.tls import Trust  # noqa: PLC0415 - heavy

        try:
            parts = urllib.parse.urlsplit(spec.url)
            secure = parts.scheme == "https"
            port = parts.port or (443 if secure else 80)
        except ValueError:
            raise Unreachable("this is no URL that can be asked: is its port a number?") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise Unreachable("the URL must be http:// or https:// and a host; credentials belong into `headers`")
        target = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
        query = f"?{urllib.parse.quote(parts.query, safe=_QUERY)}" if parts.query else ""
        headers, body = _content(spec)
        answer = await exchange(
            Request(spec.method, target + query, headers, body),
            Place(parts.hostname, port, trust=Trust(ca=spec.ca, verify=spec.verify) if secure else None),
            route,
            timeout,
        )
        said = f"status {answer.status}" + (f" {answer.reason}" if answer.reason else "")
        output(f"{said}\n".encode() + answer.body + (b"" if answer.body.endswith(b"\n") or not answer.body else b"\n"))
        good = answer.status in _wanted(spec)
        return Outcome(
            done=good,
            summary=said if good else f"{said}, not {_expected(spec)}",
            status=answer.status,
            unknown=not good and answer.status in GATEWAY_LOST_ITS_SERVER,
        )


KIND: ActionKind = Http()

_QUERY = "/?%:@!$&'()*+,;=~-._"


def _wanted(spec: HttpSpec) -> range | tuple[int, ...]:
    if isinstance(spec.status, int):
        return (spec.status,)
    return spec.status or range(200, 300)


def _expected(spec: HttpSpec) -> str:
    wanted = _wanted(spec)
    return "200 to 299" if isinstance(wanted, range) else " or ".join(map(str, wanted))


def _content(spec: HttpSpec) -> tuple[tuple[tuple[str, str], ...], bytes]:
    headers = {"User-Agent": "cockpit", "Accept": "*/*", **spec.headers}
    if spec.body is None or isinstance(spec.body, str):
        return tuple(headers.items()), (spec.body or "").encode()
    if "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/json"
    return tuple(headers.items()), json.dumps(spec.body).encode()
