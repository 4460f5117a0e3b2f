"""The command lines of clouds: how each is told to print JSON and to ask nobody, and which commands only read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cli:
    """One cloud's command-line program."""

    program: str
    cloud: str
    login: str
    """What a person does to log in."""
    printing: tuple[str, ...]
    """What makes it print JSON."""
    reading: re.Pattern[str]
    """Verbs of commands that only read."""
    credentials: re.Pattern[str]
    """Commands, their words joined by blanks, whose whole answer is a credential."""
    forbidden: Mapping[str, str]
    """Options that a check may not give, and why."""
    settings: Mapping[str, str]
    """Keys of a check to the options that they become."""
    environment: Mapping[str, str]
    """No pager, no prompt, no colour, no reports, no update, few retries."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Options that limit its phases in whole seconds, each with its share of the time that a check has."""
    places: frozenset[str] = field(default_factory=frozenset)
    """Groups whose commands take a place after the verb, where otherwise a file to write would stand."""

    def line(self, arguments: Sequence[str], given: Mapping[str, str], timeout: float | None = None) -> tuple[str, ...]:
        """The whole command line; as it is shown when there is no `timeout`."""
        asked = (self.program, *arguments)
        asked += tuple(word for key, value in given.items() if value for word in (self.settings[key], value))
        if timeout is None:
            return asked
        limits = [word for option, share in self.limits.items() for word in (option, str(max(1, int(timeout * share))))]
        return (*asked, *self.printing, *limits)

    def refusal(self, arguments: Sequence[str]) -> str:
        """Why a check may not run this; nothing when it may: the command only reads, and prints no credential."""
        for option in (argument.partition("=")[0] for argument in arguments):
            if option in self.forbidden:
                return f"cannot run {self.program} with `{option}`: {self.forbidden[option]}"
        words = _leading(arguments)
        if len(words) < 2:
            return f"needs the words of a command of {self.program} first, as in `{_EXAMPLES[self.program]}`"
        asked = " ".join(words)
        refused = f"cannot run `{self.program} {asked}`"
        if self.credentials.search(asked):
            return f"{refused}: it prints a credential, and a check has no use for that"
        verb = self._verb(words)
        if verb is None:
            return f"{refused}: it is not known to read only, as {_KNOWN[self.program]} are"
        if self.program == "aws" and words[verb + 1 :] and words[0] not in self.places:
            return f"{refused}: it would write the file {words[verb + 1]}"
        return ""

    def _verb(self, words: Sequence[str]) -> int | None:
        """Where the verb stands. A word before it that changes things makes it a name: `droplet delete list`."""
        if self.program in ("aws", "az"):
            places: Sequence[int] = (1,) if self.program == "aws" else (len(words) - 1,)
        else:
            places = range(1, len(words))
        for place in places:
            if any(_CHANGING.fullmatch(word) for word in words[:place]):
                return None
            if self.reading.fullmatch(words[place]):
                return place
        return None


def _leading(arguments: Sequence[str]) -> list[str]:
    """The words before the first option."""
    words: list[str] = []
    for argument in arguments:
        if argument.startswith("-"):
            break
        words.append(argument)
    return words


_CHANGING = re.compile(
    r"(?:create|delete|update|remove|add|set|unset|start|stop|restart|reboot|reset|resize|patch|apply|attach|detach|"
    r"enable|disable|put|run|exec|ssh|scp|cp|mv|rm|rb|mb|sync|import|export|restore|rollback|deploy|submit|cancel|move|"
    r"migrate|promote|failover|clone|upgrade|rotate|revoke|grant|power|shutdown|rename|save|login|logout|init|install|"
    r"invoke|send|publish|purge|destroy|suspend|resume|replace|edit|modify|terminate|drain|recreate|rebuild|call|rest)"
    r"(?:-.*)?"
)

_EXAMPLES = {
    "aws": "rds describe-db-instances",
    "az": "postgres flexible-server show",
    "doctl": "databases list",
    "gcloud": "sql instances describe",
}

_KNOWN = {
    "aws": "describe-*, list-*, get-*, head-*, lookup-*, filter-*, simulate-*, validate-*, query, scan and ls",
    "az": "show, show-*, list, list-*, get-*, check-*, exists, query, what-if and validate",
    "doctl": "get, get-*, list, list-*, backups, snapshots and actions",
    "gcloud": "describe, list, list-*, get-*, read and search",
}

_JSON = "the check reads JSON, and says so itself"
_TELLTALE = "it prints credentials"
_SECRET = "whoever may list processes would read it; give it by `environment`"

CLIS = {
    cli.program: cli
    for cli in (
        Cli(
            "aws",
            "AWS",
            "run `aws configure` or `aws sso login`",
            ("--output", "json"),
            re.compile(
                r"(?:describe|list|get|head|batch-get|lookup|search|filter|check|estimate|simulate|validate)-.+|query|scan|ls"
            ),
            re.compile(
                r"^configure |(?:secret-value|random-password|session-token|federation-token|login|login-password|"
                r"authorization-token|bearer-token|get-token|id-token.*|open-id-token.*|credentials(?:-.*)?|password-data)$"
            ),
            {"--output": _JSON, "--debug": _TELLTALE, "--with-decryption": _TELLTALE},
            {"profile": "--profile", "region": "--region", "endpoint": "--endpoint-url"},
            {
                "AWS_PAGER": "",
                "AWS_CLI_AUTO_PROMPT": "off",
                "AWS_MAX_ATTEMPTS": "2",
                "AWS_RETRY_MODE": "standard",
            },
            {"--cli-connect-timeout": 1 / 3, "--cli-read-timeout": 1},
            frozenset({"s3"}),
        ),
        Cli(
            "az",
            "Azure",
            "run `az login`",
            ("--output", "json", "--only-show-errors"),
            re.compile(r"(?:show|list|get|check)(?:-.+)?|exists|query|what-if|validate"),
            re.compile(
                r"get-access-token|get-credentials|connection-string|list-.*keys?$|\bkeys? (?:list|show)$"
                r"|credentials? (?:show|list)$|\bsecret show$|publishing-(?:profiles|credentials)|show-.*password"
            ),
            {"--output": _JSON, "-o": _JSON, "--debug": _TELLTALE, "--verbose": _TELLTALE},
            {"subscription": "--subscription"},
            {
                "AZURE_CORE_COLLECT_TELEMETRY": "false",
                "AZURE_CORE_DISABLE_CONFIRM_PROMPT": "true",
                "AZURE_CORE_NO_COLOR": "true",
                "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
                "AZURE_CORE_SURVEY_MESSAGE": "false",
                "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
            },
        ),
        Cli(
            "doctl",
            "DigitalOcean",
            "run `doctl auth init`",
            ("--output", "json"),
            re.compile(r"(?:get|list)(?:-.+)?|backups|snapshots|actions"),
            re.compile(r"\bkubeconfig\b|databases connection|docker-config"),
            {
                "--output": _JSON,
                "-o": _JSON,
                "--format": _JSON,
                "--trace": _TELLTALE,
                "--verbose": _TELLTALE,
                "-v": _TELLTALE,
                "--access-token": _SECRET,
                "-t": _SECRET,
            },
            {"context": "--context", "endpoint": "--api-url"},
            {"DIGITALOCEAN_HTTP_RETRY_MAX": "1"},
        ),
        Cli(
            "gcloud",
            "Google Cloud",
            "run `gcloud auth login`",
            ("--format=json", "--quiet"),
            re.compile(r"(?:describe|list|get|read|search)(?:-.+)?"),
            re.compile(r"get-credentials|access-token|identity-token|kubeconfig"),
            {"--format": _JSON, "--log-http": _TELLTALE, "--verbosity": _TELLTALE},
            {"project": "--project", "account": "--account"},
            {
                "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
                "CLOUDSDK_CORE_DISABLE_FILE_LOGGING": "true",
                "CLOUDSDK_CORE_DISABLE_PROMPTS": "true",
                "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
                "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
            },
        ),
    )
}
"""Every command line that is known, by the name of its program."""
