"""`cloud`: what a cloud says of its resources, through its own command line: aws, az, doctl, gcloud."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Annotated, Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.cloud_commands import CLIS, Cli
from cockpit.checks.cloud_words import Absent, failure
from cockpit.checks.hiding import described_shown, secrets_described, text_shown
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.plain import plain
from cockpit.connect.route import Ended, Program
from cockpit.connect.thread import in_thread

OUTPUT_LIMIT = 16 * 1024 * 1024
"""Bytes of an answer that are read."""

MARGIN = 0.2
"""Seconds of a check's time that are kept to say what went wrong."""

SHOWN = 20_000
"""Characters of an answer in the evidence, which the caller cuts further."""


def _view(expression: str) -> str:
    import jmespath  # noqa: PLC0415 - only where a view is taken
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - as above

    if expression:
        try:
            jmespath.compile(expression)
        except JMESPathError as error:
            said = str(error).split("\n", 1)[0].removeprefix("Invalid jmespath expression: ").rstrip(":")
            raise ValueError(f"is no JMESPath expression: {said}") from None
    return expression


Words = tuple[str, ...]


class CloudSpec(Spec):
    """One command that reads, and what of its answer counts."""

    aws: Words = pydantic.Field((), description="Words of a command of `aws`: `[rds, describe-db-instances]`.")
    az: Words = pydantic.Field((), description="Words of a command of `az`, for Azure.")
    doctl: Words = pydantic.Field((), description="Words of a command of `doctl`, for DigitalOcean.")
    gcloud: Words = pydantic.Field((), description="Words of a command of `gcloud`, for Google Cloud.")
    profile: str = pydantic.Field("", description="aws: the profile to ask as.")
    region: str = pydantic.Field("", description="aws: the region to ask in.")
    subscription: str = pydantic.Field("", description="az: name or id of the subscription.")
    context: str = pydantic.Field("", description="doctl: the context to ask as.")
    project: str = pydantic.Field("", description="gcloud: the project.")
    account: str = pydantic.Field("", description="gcloud: the account to ask as.")
    endpoint: str = pydantic.Field("", description="aws, doctl: another address of the cloud's API.")
    environment: dict[str, str] = pydantic.Field(
        {}, description="Environment of the command, such as credentials in secret variables."
    )
    view: Annotated[str, pydantic.AfterValidator(_view)] = pydantic.Field(
        "", description="What of the answer counts, in JMESPath: `DBInstances[0].DBInstanceStatus`."
    )

    @pydantic.model_validator(mode="after")
    def _reads_with_one_program(self) -> CloudSpec:
        given = [name for name in CLIS if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"needs one of {', '.join(f'`{name}`' for name in CLIS)} with the words of a command")
        for key in _SETTINGS:
            if getattr(self, key) and key not in self.cli.settings:
                raise ValueError(f"has `{key}`, which is no setting of {self.cli.program}")
        if refusal := self.cli.refusal(self.arguments):
            raise ValueError(refusal)
        return self

    @property
    def cli(self) -> Cli:
        """The program that is run."""
        return next(cli for name, cli in CLIS.items() if getattr(self, name))

    @property
    def arguments(self) -> Words:
        """The words of the command."""
        words: Words = getattr(self, self.cli.program)
        return words

    @property
    def settings(self) -> dict[str, str]:
        """Which account, and where."""
        return {key: getattr(self, key) for key in self.cli.settings}


class Cloud:
    """Measures by running the cloud's own program, here or on a host."""

    name = "cloud"
    about = "What a cloud says of its resources, through its own command line (aws, az, doctl, gcloud); it only reads."
    spec = CloudSpec
    via = True
    at_once = 3
    implied = "found"
    example = """\
cloud:
  aws: [rds, describe-db-instances, --db-instance-identifier, trading-bot]
  region: eu-west-2
  view: "DBInstances[0].{status: DBInstanceStatus, encrypted: StorageEncrypted, open: PubliclyAccessible}"
expect:
  - view.status == 'available' && view.encrypted && !view.open
"""
    fields = (
        Field("found", "bool", "There is such a thing: the cloud knows it, and the view of the answer is not empty."),
        Field("data", "dyn", "The whole answer: JSON as data, anything else as text."),
        Field("view", "dyn", "What `view` takes from it; without one, the whole answer."),
        Field("value", "dyn", "The view, when it is one number, text, true or false."),
        Field(
            "count",
            "int",
            "How many the view has: items of a list, 1 for anything else, 0 for nothing. Missing when the cloud knows"
            " nothing of what was asked about: then no condition on it holds.",
        ),
        Field("status", "int", "Exit status of the command."),
        Field("took", "double", "How long the command ran.", "seconds"),
    )

    def server(self, spec: Mapping[str, Any]) -> tuple[str, ...]:
        """The cloud, whose account, and where in it."""
        programs = [name for name in CLIS if name in spec]
        return (*programs, *(repr(spec.get(key)) for key in (*_SETTINGS, "environment")))

    def request(self, spec: CloudSpec) -> str:
        """`aws rds describe-db-instances --region eu-west-2 | DBInstances[0].DBInstanceStatus`."""
        asked = shlex.join(spec.cli.line(spec.arguments, spec.settings))
        return f"{asked} | {spec.view}" if spec.view else asked

    async def read(self, spec: CloudSpec, session: Session, timeout: float) -> Reading:
        """Run the command once. Raises Unmeasurable, Unreachable."""
        cli, left = spec.cli, max(0.05, timeout - MARGIN)
        environment = {**cli.environment, **spec.environment}
        line = cli.line(spec.arguments, spec.settings, left)
        ended = await session.route.run(Program(line, environment=environment, limit=OUTPUT_LIMIT), left)
        if ended.timed_out:
            raise Unmeasurable(f"timed out: {cli.program} did not end in {left:.1f} s")
        if ended.status != 0:
            return _failed(spec, ended)
        if ended.cut:
            raise Unmeasurable(f"{cli.program} printed more than {OUTPUT_LIMIT // 2**20} MiB: ask for less")
        return await in_thread("reading what a cloud answered", lambda: _reading(spec, ended))


KIND: Kind = Cloud()

_SETTINGS = tuple(dict.fromkeys(key for cli in CLIS.values() for key in cli.settings))


def _failed(spec: CloudSpec, ended: Ended) -> Reading:
    """What it means that the command failed: there is no such thing, or nothing could be measured."""
    errors = text_shown(ended.errors.decode("utf-8", "backslashreplace"))
    output = text_shown(ended.output.decode("utf-8", "backslashreplace"))
    if ended.signal:
        raise Unmeasurable(f"{spec.cli.program} was ended by the signal {ended.signal}")
    said = failure(spec.cli, ended.status, errors if errors.strip() else output)
    if not isinstance(said, Absent):
        raise said
    values = {"found": False, "status": ended.status, "took": ended.took}
    return Reading(values, f"there is no such thing: {said}", evidence=f"{errors}\n{output}".strip(), figure=0.0)


def values_of(data: Any, expression: str) -> dict[str, Any]:
    """The fields of an answer that depend on it alone. Raises Unmeasurable when the view cannot be taken."""
    view = _viewed(expression, data) if expression else data
    count = len(view) if isinstance(view, list) else (0 if view is None or view in ("", {}) else 1)
    values = {"found": count > 0, "data": data, "count": count}
    if view is not None:
        values["view"] = view
    if isinstance(view, str | int | float):
        values["value"] = view
    return values


def _reading(spec: CloudSpec, ended: Ended) -> Reading:
    data = _data(ended.output.decode("utf-8", "backslashreplace"), spec.cli)
    values = {**values_of(data, spec.view), "status": ended.status, "took": ended.took}
    shown = _shown(values, spec.view)
    evidence = json.dumps(shown.get("view"), indent=2, ensure_ascii=False)
    return Reading(values, _summary(shown, ended.took), evidence[:SHOWN], _figure(values), shown)


def _data(printed: str, cli: Cli) -> Any:
    """What was printed, as data when it is JSON; some commands have only text."""
    text = printed.strip()
    try:
        return plain(json.loads(text)) if text else None
    except RecursionError:
        raise Unmeasurable(f"{cli.program} printed data that are nested too deeply") from None
    except json.JSONDecodeError:
        if text[0] in "{[":
            raise Unmeasurable(f"{cli.program} printed JSON that ends too soon or is wrong") from None
        return text
    except ValueError as error:
        raise Unmeasurable(f"{cli.program} printed {error}") from None


def _viewed(expression: str, data: Any) -> Any:
    import jmespath  # noqa: PLC0415 - only where a view is taken
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415 - as above

    try:
        return plain(jmespath.search(expression, data))
    except JMESPathError as error:
        raise Unmeasurable(f"the view cannot be taken from this answer: {str(error).splitlines()[0]}") from None


def _shown(values: dict[str, Any], expression: str) -> dict[str, Any]:
    """`values` without secrets. A view may give them other names: those known from the whole answer are hidden too."""
    secrets = secrets_described(values["data"])
    shown = {**values, "data": described_shown(values["data"])}
    name = expression.rpartition(".")[2].strip("\"'`[]0123456789")
    for part in ("view", "value"):
        if part in values:
            shown[part] = described_shown(values[part], name, secrets)
    return shown


def _summary(shown: Mapping[str, Any], took: float) -> str:
    if "value" in shown:
        words = json.dumps(shown["value"]) if isinstance(shown["value"], bool) else str(shown["value"])
    elif isinstance(shown.get("view"), list):
        words = f"{shown['count']} in the list"
    else:
        words = "an answer" if shown["count"] else "nothing"
    return f"{words} in {took:.1f} s"


def _figure(values: Mapping[str, Any]) -> float | None:
    value = values.get("value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return float(values["count"])
