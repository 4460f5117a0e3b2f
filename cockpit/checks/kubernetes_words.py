"""What kubectl says when it fails, in words of the field. Pure.

The messages are those of kubectl 1.20 to 1.34 in front of API servers of the same span.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cockpit.checks.kind import Unmeasurable


class NotThere(Exception):
    """The API server answered that there is no such object: that is a finding, not a failure."""


class NoContext(Exception):
    """kubectl knows no context of this name."""


def failure(said: str) -> Exception:
    """What went wrong, from what kubectl wrote to its standard error."""
    told = _told(said)
    if re.search(r"^error: context .* (?:does not exist|not found)", told) or "no context exists with the name" in told:
        return NoContext(told)
    if "Error from server (NotFound)" in told:
        return NotThere(told)
    for pattern, words in _FAILURES:
        if match := re.search(pattern, said):
            return Unmeasurable(words(match) if callable(words) else words.format(*match.groups()))
    return Unmeasurable(f"kubectl failed: {told or 'it said nothing'}")


def _told(said: str) -> str:
    """The line that says it: the last one that is no log line, warning or hint."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    own = [line for line in lines if not re.match(r"[EWI]\d{4} |Warning:|hint:", line)]
    return next((line for line in own if re.match(r"[Ee]rror|Unable|The connection", line)), (own or lines or [""])[0])


def _forbidden(match: re.Match[str]) -> str:
    user, verb, resource, place = match.groups()
    where = f" in namespace {place}" if place else " in the whole cluster"
    return f"forbidden: user {user} may not {verb} {resource}{where}"


_NOBODY = "kubectl knows no cluster here: there is no kubeconfig, or it names no current context"

_FORBIDDEN = (
    r'(?s)User "([^"]*)" cannot (\S+) resource "([^"]*)"(?: in API group "[^"]*")?'
    r'(?: in the namespace "([^"]*)"| at the cluster scope)'
)
_UNAUTHORIZED = (
    "the API server does not accept who asks: the credentials of this context are wrong or have expired; log in again"
)

_FAILURES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (_FORBIDDEN, _forbidden),
    (r"\bUnauthorized\b|must be logged in to the server", _UNAUTHORIZED),
    (r"(?s)Please enter Username|^error: EOF", "the context has no credentials: log in, or name another `context`"),
    (r"exec(?:utable|: executable)? (\S+) not found", "the context logs in with {0}, which is not installed"),
    (r"getting credentials: (.*)", "the login program of the context failed: {0}"),
    (r"stat (\S+): no such file or directory", "there is no kubeconfig {0}"),
    (r"error loading config file \"?([^\":]*)", "the kubeconfig {0} cannot be read"),
    (r"The connection to the server localhost:8080 was refused", _NOBODY),
    (r"invalid configuration: no configuration has been provided", _NOBODY),
    (r"The connection to the server (\S+) was refused", "connection refused by the API server {0}"),
    (r"x509: (.*)", "the API server's certificate is not trusted: {0}"),
    (r"lookup (\S+)(?: on \S+)?: no such host", "name not found: {0}"),
    (r"lookup (\S+?)[: ]", "name lookup failed: {0}"),
    (r"dial tcp (\S+): (?:i/o timeout|connect: connection timed out)", "the API server {0} does not answer"),
    (r"dial tcp (\S+): connect: (.*?)\"?$", "no connection to the API server {0}: {1}"),
    (r"Client.Timeout|context deadline exceeded|TLS handshake timeout|i/o timeout|request canceled",
     "the API server does not answer in time"),
    (r"doesn't have a resource type \"?([^\"\s]*)", "the cluster has no kind of object called {0}"),
    (r"no matches for kind \"?([^\"\s]*)", "the cluster has no kind of object called {0}"),
    (r"unable to parse requirement: (.*)|\(BadRequest\): (?:.*label selector.*)", "the selector cannot be read"),
    (r"\((?:ServiceUnavailable|InternalError|Timeout|TooManyRequests)\): (.*)", "the API server cannot answer: {0}"),
    (r"server is currently unable to handle the request", "the API server cannot answer at present"),
    (r"gave HTTP response to HTTPS|does not look like a TLS handshake", "no API server: it answers without TLS"),
    (r"unknown (?:flag|command|shorthand)[^\n]*", "this kubectl is too old for what is asked of it"),
)  # fmt: skip
