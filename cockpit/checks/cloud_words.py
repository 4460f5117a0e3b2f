"""What the command lines of clouds say when they fail, in words of the field. Pure.

The messages are those of awscli 1 and 2, azure-cli 2, doctl 1 and the Google Cloud CLI.
"""

from __future__ import annotations

import json
import re

from cockpit.checks.cloud_commands import Cli
from cockpit.checks.kind import Unmeasurable


class Absent(Exception):
    """The cloud answered that there is no such thing: that is a finding, not a failure."""


def failure(cli: Cli, status: int | None, said: str) -> Exception:
    """What went wrong, from the exit status and what the program printed."""
    told = _told(said)
    if cli.program == "az" and status == 3:  # azure-cli: what was to be shown is missing
        return Absent(_detail(told))
    for pattern, words in (*_OF[cli.program], *_COMMON):
        if match := re.search(pattern, told):
            names = {"cli": cli.program, "cloud": cli.cloud, "login": cli.login, "detail": _detail(told)}
            told_so = words.format(*match.groups(), **names)
            return Absent(told_so) if words == _ABSENT else Unmeasurable(told_so)
    if status == 127:
        return Unmeasurable(f"there is no {cli.program}: install it, or reach a host that has it by `via`")
    if status in _WRONG_CALLS:
        return Unmeasurable(_WRONG.format(cli=cli.program, detail=_last(told)))
    return Unmeasurable(f"{cli.program} failed: {_detail(told) or f'exit status {status}, and no word'}")


def _told(said: str) -> str:
    """The message: doctl prints it as JSON when it was to print JSON."""
    try:
        errors = json.loads(said)["errors"]
        return "\n".join(str(error["detail"]) for error in errors)
    except (ValueError, KeyError, TypeError):
        return said.strip()


def _detail(told: str) -> str:
    """The message in one line, without what every message of the program begins with."""
    line = next((each for each in told.splitlines() if _PREFIX.match(each)), (told.splitlines() or [""])[0])
    return _PREFIX.sub("", line).strip()


def _last(told: str) -> str:
    """The line of a call that is not understood that says what: behind a page of usage."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    saying = [line for line in lines if re.search(r"error:|ERROR:|Unknown|[Ii]nvalid choice|unknown|required", line)]
    return _PREFIX.sub("", (saying or lines or ["it said nothing"])[-1]).removesuffix(", valid choices are:")


_PREFIX = re.compile(
    r"^\s*(?:An error occurred \([^)]*\) when calling the \w+ operation(?: \([^)]*\))?: ?|"
    r"ERROR: (?:\([\w.-]+\) )?|[Ee]rror: |aws: error: |(?:GET|POST) (?=https?://))"
)

_NOBODY = "nobody is logged in to {cloud}: {login}, or give credentials by `environment`"
_EXPIRED = "the login to {cloud} has expired: {login}"
_REFUSED = "{cloud} does not accept these credentials: {detail}"
_DENIED = "access denied: {detail}"
_THROTTLED = "{cloud} throttles, too many requests were made: ask less often"
_CONNECTION = "no connection to {cloud}: {detail}"
_WRONG = "{cli} does not understand the command: {detail}"
_ABSENT = "{detail}"
"""Not a failure, but a finding."""

_WRONG_CALLS = (2, 252)
"""Exit statuses of a call that is not understood: of all of them; of awscli 2."""

_OF: dict[str, tuple[tuple[str, str], ...]] = {
    "aws": (
        (r"An error occurred \(\w*(?:NotFound\w*|NoSuch\w*|404)\)", _ABSENT),
        (r"An error occurred \(ValidationError\).*does not exist", _ABSENT),
        (r"ExpiredToken|RequestExpired|[Tt]oken (?:for \S+ )?has expired|SSO session .*expired", _EXPIRED),
        (r"Unable to locate credentials|Error loading SSO Token|Partial credentials", _NOBODY),
        (r"InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidAccessKeyId|AuthFailure", _REFUSED),
        (r"AccessDenied|UnauthorizedOperation|AuthorizationError|\(403\)|\(Forbidden\)|NotAuthorized", _DENIED),
        (r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|\(429\)", _THROTTLED),
        (r"You must specify a region|NoRegion", "no region is set: write `region`"),
        (r"config profile \((.*?)\) could not be found", "there is no profile {0} in the configuration of {cli}"),
        (r'source_profile "(.*?)" referenced', "there is no profile {0}, which the profile builds on"),
        (r'Could not connect to the endpoint URL: "(.*?)"', "no connection to {0}: is the region right?"),
        (r'(?:Connect|Read) timeout on endpoint URL: "(.*?)"', "no answer from {0} in time"),
        (r"SSL validation failed for (\S+)", "the certificate of {0} is not trusted"),
        (r"Unknown options?: (.*)", "{cli} does not know the option {0}"),
    ),
    "az": (
        (r"expired|AADSTS(?:700082|70043|50173|50078)|Interactive authentication is needed", _EXPIRED),
        (r"az login|No subscription found|AADSTS", _NOBODY),
        (r"[Ss]ubscription (?:of )?'(.*?)' (?:not recognized|doesn't exist)", "this login has no subscription {0}"),
        (r"AuthorizationFailed|does not have authorization|\(Forbidden\)|AuthorizationPermissionMismatch", _DENIED),
        (r"\(\w*NotFound\)|\bwas not found\b|could not be found", _ABSENT),
        (r"TooManyRequests|\b429\b", _THROTTLED),
        (r"requires the extension (\S+)", "{cli} lacks its extension {0}"),
        (r"misspelled or not recognized|arguments are required|unrecognized arguments", _WRONG),
    ),
    "doctl": (
        (r"access token is required", _NOBODY),
        (r"\b401\b", _REFUSED),
        (r"\b403\b", _DENIED),
        (r"\b404\b", _ABSENT),
        (r"\b429\b", _THROTTLED),
        (r"unknown (?:flag|command|shorthand)|missing required arguments|is missing", _WRONG),
    ),
    "gcloud": (
        (r"[Rr]eauthentication|refreshing (?:your|the) current auth token|invalid_grant", _EXPIRED),
        (r"do not currently have an active account", _NOBODY),
        (r"required property \[(\w+)\] is not currently set", "no {0} is set: write `{0}`"),
        (r"SERVICE_DISABLED|has not been used in project|not enabled on project", "an API is not enabled: {detail}"),
        (r"PERMISSION_DENIED|does not have permission|Required '.*' permission|HTTPError 403", _DENIED),
        (r"NOT_FOUND|HTTPError 404", _ABSENT),
        (r"\(\w*NotFound\)|\bwas not found\b|could not be found", _ABSENT),
        (r"RESOURCE_EXHAUSTED|[Qq]uota exceeded|rateLimitExceeded", _THROTTLED),
        (r"Invalid choice|unrecognized arguments|must be specified", _WRONG),
    ),
}

_COMMON = (
    (r"Max retries exceeded|Failed to (?:establish|resolve)|[Nn]o such host|[Nn]ame or service not known", _CONNECTION),
    (r"Unable to find the server|Connection refused|connection refused|unreachable|dial tcp", _CONNECTION),
    (r"CERTIFICATE_VERIFY_FAILED|x509:", "the certificate of {cloud} is not trusted: {detail}"),
    (r"[Tt]imed out|[Tt]imeout|deadline exceeded", "{cloud} does not answer in time: {detail}"),
)
