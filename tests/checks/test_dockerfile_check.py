"""The `dockerfile` kind on real files."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.dockerfile_stages import parse
from tests.support.measuring import Measure
from tests.support.routes import Detour

DIGEST = "sha256:" + "0" * 64

GOOD = f"""\
# syntax=docker/dockerfile:1
ARG PYTHON=3.12.4-slim
ARG REGISTRY=registry.example:5000/library
FROM --platform=$BUILDPLATFORM ${{REGISTRY}}/python:${{PYTHON}} AS Builder
RUN <<EOF
FROM evil:latest
USER root
EOF
RUN pip install \\
    # a comment in between
    --no-cache-dir \\
    flask
FROM node:20.1@{DIGEST} AS web
FROM builder
COPY --from=web /out /srv
COPY --from=0 /x /y
COPY --from=nginx:1.27 /etc/nginx /etc/nginx
RUN --mount=type=bind,from=busybox:1.36,target=/x --mount=type=cache,target=/c true
ENV FLASK_ENV=production DEBUG="False"
EXPOSE 8000 53/udp
USER app:app
HEALTHCHECK --interval=10s CMD curl -f http://localhost:8000/health
CMD ["gunicorn", "bot:app"]
"""

BAD = """\
FROM node
FROM python:latest
ARG TAG
FROM debian:${TAG}
ARG NPM_TOKEN
ENV SECRET_KEY=hunter2hunter2 EMPTY_KEY=
ENV DB_PASSWORD hunter2 with spaces
ADD https://user:hunter2@example.com/x.tgz /
ADD ["https://example.com/y z.tgz", "/"]
ADD local.tgz /
"""


def write(folder: Path, text: str) -> dict[str, Any]:
    (folder / "Dockerfile").write_text(text)
    return {"path": str(folder / "Dockerfile")}


@pytest.mark.parametrize("options", [{}, {"via": "detour"}])
def test_a_good_dockerfile_passes_on_all_that_can_be_asked_of_it(
    measured: Measure, tmp_path: Path, options: dict[str, Any]
) -> None:
    images = ["registry.example:5000/library/python:3.12.4-slim", f"node:20.1@{DIGEST}", "nginx:1.27", "busybox:1.36"]
    spec = write(tmp_path, GOOD)
    found = measured(
        "dockerfile",
        spec,
        f"exists && images == {images} && base == images[0]",
        "untagged == [] && latest == [] && unresolved == [] && size(undigested) == 3",
        "stages == ['Builder', 'web', '2'] && user == 'app:app' && !root && healthcheck",
        "exposes == ['8000', '53/udp'] && add_urls == [] && secrets == []",
        routes=Detour(),
        **options,
    )
    assert found.result == "PASS", found
    assert measured("dockerfile", spec).result == "PASS"


def test_what_is_wrong_is_named(measured: Measure, tmp_path: Path) -> None:
    spec = write(tmp_path, BAD)
    found = measured("dockerfile", spec)
    assert found.result == "FAIL"
    assert found.summary == (
        "from node, python:latest, debian:${TAG}; runs as nobody named; without a tag: node;"
        " with the tag latest: python:latest; an argument without a value in debian:${TAG};"
        " secrets in it: NPM_TOKEN, SECRET_KEY, DB_PASSWORD"
    )
    named = measured(
        "dockerfile",
        spec,
        "untagged == ['node'] && latest == ['python:latest'] && unresolved == ['debian:${TAG}'] && root && user == ''",
        "secrets == ['NPM_TOKEN', 'SECRET_KEY', 'DB_PASSWORD'] && !healthcheck",
        "add_urls == ['https://***@example.com/x.tgz', 'https://example.com/y z.tgz']",
    )
    assert named.result == "PASS", named
    assert "hunter2" not in str(named)


def test_arguments_of_the_build_stand_before_defaults(measured: Measure, tmp_path: Path) -> None:
    spec = write(tmp_path, "ARG TAG\nARG NAME=python\nFROM ${NAME}:${TAG:-latest}\n")
    assert measured("dockerfile", spec).result == "FAIL"
    assert measured("dockerfile", {**spec, "arguments": {"TAG": "3.12"}}, "images == ['python:3.12']").result == "PASS"


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("FROM scratch\nUSER 0:0\n", "images == [] && root && base == 'scratch'"),
        ("FROM a:1\nUSER app\nUSER root\n", "root && user == 'root'"),
        ("FROM a:1 AS base\nUSER app\nHEALTHCHECK CMD true\nFROM base\n", "!root && healthcheck"),
        ("FROM a:1\nHEALTHCHECK NONE\n", "!healthcheck"),
        ("from a:1 as x\nfrom X\n", "images == ['a:1'] && base == 'a:1'"),
        ("FROM localhost:5000/a\n", "untagged == ['localhost:5000/a']"),
        (f"FROM a@{DIGEST}\n", "untagged == [] && latest == [] && undigested == []"),
        ("# escape=`\nFROM a:1\nRUN x `\n  y\nUSER app\n", "user == 'app'"),
        ("FROM a:1\nRUN cat <<'ONE' <<-TWO\nUSER x\nONE\nUSER y\n\tTWO\nUSER z\n", "user == 'z'"),
        ("ARG A=1\nARG B=${A}.2\nFROM x:$B\n", "images == ['x:1.2']"),
        ("ARG A=1\nFROM x:${A:+9}\nFROM y:${Z:+9}1\n", "images == ['x:9', 'y:1']"),
    ],
)
def test_what_a_dockerfile_can_say(measured: Measure, tmp_path: Path, text: str, condition: str) -> None:
    found = measured("dockerfile", write(tmp_path, text), condition)
    assert found.result == "PASS", found


def test_what_is_not_there_or_no_dockerfile_is_named(measured: Measure, tmp_path: Path) -> None:
    gone = measured("dockerfile", {"path": str(tmp_path / "Dockerfile")})
    assert (gone.result, gone.summary) == ("FAIL", f"{tmp_path}/Dockerfile is not there")
    assert measured("dockerfile", {"path": str(tmp_path / "Dockerfile")}, "latest == []").result == "FAIL"
    spec = write(tmp_path, "these are notes\n")
    none = measured("dockerfile", spec)
    assert (none.result, none.summary) == ("ERROR", f"{tmp_path}/Dockerfile is no Dockerfile: it has no FROM")


WORDS = st.sampled_from(
    ["FROM", "ARG", "ENV", "COPY", "--from=", "x:1", "\\", "\n", " ", "=", '"', "'", "${", "}", "<<EOF", "[", "AS"]
)


@settings(deadline=None)
@given(st.lists(WORDS).map("".join) | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse(text, {}).stages
