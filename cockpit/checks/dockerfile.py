"""`dockerfile`: what an image is built from and how it will run, as its Dockerfile says."""

from __future__ import annotations

from typing import Any

import pydantic

from cockpit.checklist.condition_values import shown as words_for
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.container import tag_of
from cockpit.checks.dockerfile_stages import Dockerfile, parse, without_secrets
from cockpit.checks.file_read import text_of
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect.thread import in_thread

FILE_LIMIT = 1024 * 1024
"""Bytes of a Dockerfile; a longer one is not read."""


class DockerfileSpec(Spec):
    """A Dockerfile."""

    path: str = pydantic.Field(min_length=1, description="The file, `Dockerfile` or otherwise named; `~` is the home.")
    arguments: dict[str, str] = pydantic.Field({}, description="Build arguments, as `docker build --build-arg` gives.")


class DockerfileKind:
    """Reads the file where it is; nothing is built or pulled."""

    name = "dockerfile"
    about = "What a Dockerfile builds from, with which tags, as whom the image runs, and what should not be in it."
    spec = DockerfileSpec
    via = True
    imports = ("dockerfile_parse",)
    implied = "exists && size(untagged) == 0 && size(latest) == 0 && size(unresolved) == 0"
    example = """\
dockerfile: {path: backend/Dockerfile}
expect:
  - size(untagged) == 0 && size(latest) == 0
  - "!root && healthcheck"
  - size(secrets) == 0
"""
    fields = (
        Field("exists", "bool", "The file is there."),
        Field("images", "list", "Images that it takes from outside, `ARG`s filled in; earlier stages are none."),
        Field("untagged", "list", "Those without tag and digest."),
        Field("latest", "list", "Those with the tag `latest`."),
        Field("undigested", "list", "Those that are not pinned by a digest: a tag can be moved."),
        Field("unresolved", "list", "Those with an `ARG` in their name or tag that has no default."),
        Field("base", "string", "The image that the last stage starts from, through earlier stages."),
        Field("stages", "list", "Names of the stages, numbers for those without."),
        Field("user", "string", "Whom the image runs as, by the last `USER`; empty when only the base image says."),
        Field("root", "bool", "That is root, or nobody is named."),
        Field("healthcheck", "bool", "It has a health check of its own."),
        Field("exposes", "list", "Ports of the last stage: `8000`, `53/udp`."),
        Field("add_urls", "list", "Addresses that `ADD` downloads, without a checksum or with."),
        Field("secrets", "list", "Names of `ENV` and `ARG` like those of secrets: what they hold stays in the image."),
    )

    def request(self, spec: DockerfileSpec) -> str:
        """`read backend/Dockerfile`."""
        return f"read {spec.path}"

    async def read(self, spec: DockerfileSpec, session: Session, timeout: float) -> Reading:
        """Read once. Raises Unmeasurable, Unreachable."""
        text = await text_of(session.route, spec.path, timeout, limit=FILE_LIMIT)
        if text is None:
            return Reading({"exists": False}, f"{spec.path} is not there")
        try:
            found = await in_thread(spec.path, lambda: parse(text, spec.arguments))
        except ValueError as error:
            raise Unmeasurable(f"{spec.path} is no Dockerfile: {error}") from None
        return _reading(found)


KIND: Kind = DockerfileKind()


def _reading(found: Dockerfile) -> Reading:
    images = [without_secrets(image) for image in found.images]
    whole = [image for image in images if "$" not in image]
    last = found.stages[-1]
    first = last
    while first.builds_on is not None:
        first = first.builds_on
    values: dict[str, Any] = {
        "exists": True,
        "images": images,
        "untagged": [image for image in whole if "@" not in image and ":" not in image.rpartition("/")[2]],
        "latest": [image for image in whole if ":" in image.rpartition("/")[2] and tag_of(image) == "latest"],
        "undigested": [image for image in images if "@" not in image],
        "unresolved": [image for image in images if "$" in image],
        "base": without_secrets(first.image),
        "stages": [stage.name or str(number) for number, stage in enumerate(found.stages)],
        "user": last.user,
        "root": last.user.partition(":")[0] in ("", "0", "root"),
        "healthcheck": bool(last.healthcheck),
        "exposes": last.exposes,
        "add_urls": [without_secrets(url) for url in found.adds],
        "secrets": found.secrets,
    }
    return Reading(values, _summary(values), _evidence(values, found))


def _summary(values: dict[str, Any]) -> str:
    words = [f"from {', '.join(values['images']) or 'scratch'}"]
    words += [f"runs as {values['user'] or 'nobody named'}"]
    for name, words_before in (("untagged", "without a tag"), ("latest", "with the tag latest")):
        words += [f"{words_before}: {', '.join(values[name])}"] if values[name] else []
    words += [f"an argument without a value in {', '.join(values['unresolved'])}"] if values["unresolved"] else []
    words += [f"secrets in it: {', '.join(values['secrets'])}"] if values["secrets"] else []
    return "; ".join(words)


def _evidence(values: dict[str, Any], found: Dockerfile) -> str:
    lines = [f"line {stage.line}: FROM {without_secrets(stage.image)}" for stage in found.stages]
    names = ("user", "healthcheck", "exposes", "add_urls", "secrets")
    return "\n".join([*lines, *(f"{name}: {words_for(values[name])}" for name in names)])
