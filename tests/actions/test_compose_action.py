"""`compose`: a real project, by the program that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.compose import Project
from tests.support.attempts import Acted, act
from tests.support.programs import Answer, stand_in

pytestmark = pytest.mark.server


@pytest.fixture
def compose(project: Project):
    def asked(**spec: object) -> Acted:
        whole = {"project": project.name, "files": [str(project.file)], "grace": 0, **spec}
        return act("compose", {"environment": {"DOCKER_HOST": project.containers.host}, **whole}, timeout=120)

    return asked


def running(project: Project, service: str) -> int:
    states = project.containers.docker("inspect", "--format", "{{.State.Running}}", *project.of(service))
    return states.split().count("true")


def test_a_project_is_stopped_and_brought_up(project: Project, compose) -> None:
    stopped = compose(do="stop", services=["web"])
    assert stopped.outcome.done, stopped.output
    assert (running(project, "web"), running(project, "worker")) == (0, 1)
    up = compose(do="up")
    assert up.outcome.done, up.output
    assert (running(project, "web"), running(project, "worker")) == (2, 1)
    assert up.outcome.summary.startswith("exit status 0 after ")
    assert up.output.startswith("$ docker")


def test_a_service_is_restarted(project: Project, compose) -> None:
    started = "{{.State.StartedAt}}"
    before = project.containers.docker("inspect", "--format", started, *project.of("worker"))
    assert compose(do="restart", services=["worker"]).outcome.done
    assert project.containers.docker("inspect", "--format", started, *project.of("worker")) > before


def test_a_service_that_there_is_not_fails_and_says_so(compose) -> None:
    acted = compose(do="up", services=["no-such-service"])
    assert not acted.outcome.done
    assert not acted.outcome.unknown
    assert "no-such-service" in acted.outcome.summary


@pytest.mark.parametrize(("v2", "program"), [(0, "docker compose"), (1, "docker-compose")])
def test_the_plugin_is_preferred_to_the_program_of_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, v2: int, program: str
) -> None:
    """Stand-ins: no machine has both, and neither."""
    docker = stand_in("docker", {"version": Answer(status=v2), "up": Answer("up it is\n")}, tmp_path, monkeypatch)
    old = stand_in(
        "docker-compose", {"": Answer("up it is\n")}, tmp_path, monkeypatch, f"{docker.folder}:/usr/bin:/bin"
    )
    acted = act("compose", {"do": "up", "project": "bot"})
    assert acted.outcome.done
    assert acted.output == f"$ {program} --project-name bot up --detach\nup it is\n"
    assert old.calls == ([] if v2 == 0 else ["version", "--project-name bot up --detach"])


def test_without_either_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = act("compose", {"do": "up", "project": "bot"}).outcome
    assert (outcome.nothing, outcome.summary) == (True, "there is neither `docker compose` nor `docker-compose` here")
