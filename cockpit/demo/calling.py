"""A small JSON request over HTTP, for the parts of the stack that call one another."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from typing import Any


class NotAnswered(Exception):
    """The other side did not answer, or not in JSON. The message says what happened."""


def call(
    method: str, url: str, body: dict[str, Any] | None = None, *, timeout: float = 2.0
) -> tuple[int, dict[str, str], Any]:
    """Send `body` as JSON; return status, headers (names in lower case) and what the answer says.

    An answer that is not JSON is returned as text. `timeout` (seconds) holds for each phase. Raises NotAnswered.
    """
    parts = urllib.parse.urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request(method, target, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        text = answer.read().decode()
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise NotAnswered(f"{method} {url}: {problem}") from None
    finally:
        connection.close()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    is_json = headers.get("content-type", "").startswith("application/json")
    return answer.status, headers, json.loads(text) if is_json else text
