"""The `compose` kind against a project that was brought up, and what files of Compose want."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from cockpit.checks.compose_file import Unclear, Wanted, default_name, wanted
from cockpit.checks.compose_project import Made, facts
from tests.servers.compose import Project
from tests.support.measuring import Measure
from tests.support.routes import Detour


@pytest.mark.server
def test_a_project_that_is_up_passes(measured: Measure, project: Project) -> None:
    for spec in (project.spec(jobs=["migrate"]), project.spec(files=[str(project.file)])):
        assert measured("compose", spec).result == "PASS"
        found = measured(
            "compose",
            spec,
            "exists && running == 3 && wanted == 3 && restarts == 0 && started_ago < duration('1h')",
            "missing == [] && down == [] && unhealthy == [] && extra == [] && drifted == [] && outdated == []",
            "services.web.running == 2 && services.web.wanted == 2 && services.web.healthy == 2",
            "services.web.states == ['running', 'running'] && services.web.age < 3600.0 && !services.web.job",
            "services.web.image.startsWith('cockpit-compose:') && services.web.tag != 'latest'",
            "services.migrate.job && services.migrate.states == ['exited (0)'] && failed == []",
        )
        assert found.result == "PASS", found
        assert found.summary == "3 of 3 running"


@pytest.mark.server
def test_what_is_asked_is_said_as_people_would_ask(measured: Measure, project: Project) -> None:
    found = measured("compose", project.spec(files=[str(project.file)], profiles=["debug"]))
    asked = f"docker compose -f {project.file} -p {project.name} --profile debug ps --all"
    assert found.request == f"{asked} (at {project.containers.host})"
    assert (found.result, found.summary) == ("FAIL", "3 of 4 running, missing: debug")


@pytest.mark.server
def test_a_project_is_found_through_a_host_with_its_files_there(measured: Measure, project: Project) -> None:
    detour = Detour()
    found = measured("compose", project.spec(files=[str(project.file)]), via="detour", routes=detour)
    assert found.result == "PASS", found
    assert detour.went[0] == f"cat -- {project.file}"
    assert set(detour.went[1:]) == {project.containers.host.removeprefix("unix://")}


@pytest.mark.server
def test_services_that_do_not_run_or_are_not_well_are_named(measured: Measure, project: Project) -> None:
    web, worker = project.of("web")[0], project.of("worker")[0]
    project.containers.docker("exec", web, "busybox", "rm", "/well")
    project.containers.until_healthy(web, "unhealthy")
    project.containers.docker("kill", worker)
    found = measured("compose", project.spec(), "services.worker.states == ['exited (137)'] && unhealthy == ['web']")
    assert found.result == "PASS", found
    found = measured("compose", project.spec(jobs=["migrate"]))
    assert (found.result, found.summary) == ("FAIL", "2 of 3 running, down: worker, unhealthy: web")
    assert "worker: 0 of 1 running (exited (137)) cockpit-compose:" in found.evidence
    project.containers.docker("rm", "--force", web, worker)
    found = measured("compose", project.spec(files=[str(project.file)]))
    assert (found.result, found.summary) == ("FAIL", "1 of 3 running, missing: worker, down: web")
    project.compose("up", "--detach")
    assert measured("compose", project.spec(files=[str(project.file)])).result == "PASS"


@pytest.mark.server
def test_a_job_is_to_end_well(measured: Measure, project: Project) -> None:
    # Compose 2 notes on what waits for a job that it does; Compose 1 does not, and a job that has ended is then missed.
    labels = project.containers.docker("inspect", "--format", "{{json .Config.Labels}}", project.of("worker")[0])
    noted = "com.docker.compose.depends_on" in labels
    unsaid = measured("compose", project.spec(wanted={"migrate": 1}))
    told = ("PASS", "3 of 3 running") if noted else ("FAIL", "3 of 4 running, down: migrate")
    assert (unsaid.result, unsaid.summary) == told
    assert measured("compose", project.spec(jobs=["migrate"]), "services.migrate.job").result == "PASS"
    found = measured("compose", project.spec(jobs=["worker", "migrate"]), "running == 2 && wanted == 2")
    assert found.result == "PASS", found
    project.containers.docker("kill", project.of("worker")[0])
    found = measured("compose", project.spec(jobs=["worker", "migrate"]))
    assert (found.result, found.summary) == ("FAIL", "2 of 2 running, failed: worker")
    project.compose("up", "--detach")


@pytest.mark.server
def test_a_container_of_an_image_whose_name_means_another_by_now_is_outdated(
    measured: Measure, project: Project
) -> None:
    docker = project.containers.docker
    name = docker("inspect", "--format", "{{.Config.Image}}", project.of("web")[0])
    before = docker("inspect", "--format", "{{.Image}}", project.of("web")[0])
    other = docker("commit", "--pause=false", project.of("web")[0], name)
    found = measured("compose", project.spec(), "outdated == ['migrate', 'web', 'worker']")
    docker("tag", before, name)
    docker("rmi", other)
    assert found.result == "PASS", found
    assert measured("compose", project.spec(), "outdated == []").result == "PASS"


@pytest.mark.server
def test_a_number_in_the_checklist_stands_over_what_is_there(measured: Measure, project: Project) -> None:
    found = measured("compose", project.spec(wanted={"web": 3, "cache": 1}, jobs=["migrate"]))
    assert (found.result, found.summary) == ("FAIL", "3 of 5 running, missing: cache, down: web")


@pytest.mark.server
def test_a_project_that_is_not_there_was_measured_and_has_nothing(
    measured: Measure, project: Project, tmp_path: Path
) -> None:
    found = measured("compose", project.spec(project=f"{project.name}x"))
    assert (found.result, found.summary) == (
        "FAIL",
        f"no container of project {project.name}x; is {project.name} meant?",
    )
    assert project.name in found.evidence
    folder = tmp_path / "My Bot!"
    folder.mkdir()
    (folder / "c.yml").write_text("services: {web: {}}")
    found = measured(
        "compose", {"files": [str(folder / "c.yml")], "host": project.containers.host}, "missing == ['web']"
    )
    assert found.result == "PASS", found
    assert found.summary == "no container of project mybot"


@pytest.mark.server
def test_files_that_cannot_be_read_are_an_error(measured: Measure, project: Project, tmp_path: Path) -> None:
    none = measured("compose", project.spec(files=[f"{tmp_path}/none.yml"]))
    assert (none.result, none.summary) == ("ERROR", f"{tmp_path}/none.yml cannot be read: No such file or directory")
    (tmp_path / "bad.yml").write_text("services:\n  web: [\n")
    bad = measured("compose", project.spec(files=[f"{tmp_path}/bad.yml"]))
    assert (bad.result, bad.summary.partition(" is not YAML")[0]) == ("ERROR", f"{tmp_path}/bad.yml, line 3")
    unnamed = measured("compose", {"files": ["none.yml"]}, via="detour", routes=Detour())
    assert unnamed.result == "ERROR"
    assert measured("compose", {}).summary == "`compose`: needs `project` or `files`"


def made(service: str, status: str = "running", exit_code: int = 0, **labels: str) -> Made:
    """A container as the daemon says it, as far as it matters here."""
    labels = {"service": service, "oneoff": "False", **labels}
    return Made(
        {
            "State": {"Status": status, "ExitCode": exit_code},
            "Config": {"Image": "x", "Labels": {f"com.docker.compose.{name}": text for name, text in labels.items()}},
            "HostConfig": {},
        },
        newest="",
    )


def standing(*containers: Made) -> dict[str, Any]:
    return facts(containers, None, dt.datetime.now(dt.UTC), numbers={}, jobs=frozenset())


def test_containers_of_a_service_made_from_different_configurations_have_drifted() -> None:
    same = standing(made("a", **{"config-hash": "1"}), made("a", **{"config-hash": "1"}))
    assert same["drifted"] == []
    assert standing(made("a", **{"config-hash": "1"}), made("a", **{"config-hash": "2"}))["drifted"] == ["a"]


def test_compose_2_notes_on_containers_for_whose_end_they_wait() -> None:
    waits = {"depends_on": "db:service_healthy:true,migrate:service_completed_successfully:false"}
    found = standing(made("web", **waits), made("db"), made("migrate", "exited", 1))
    assert (found["running"], found["wanted"], found["failed"], found["down"]) == (2, 2, ["migrate"], [])


def test_a_container_that_was_run_once_belongs_to_no_service() -> None:
    found = standing(made("web"), made("web", "exited", 1, oneoff="True"))
    assert found["services"]["web"]["states"] == ["running"]


def from_files(*files: str, profiles: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> Wanted:
    return wanted([(f"{number}.yml", text.encode()) for number, text in enumerate(files)], profiles, known)


@pytest.mark.parametrize(
    ("file", "services"),
    [
        ("services: {a: {}, b: {scale: 0}, c: {deploy: {replicas: 3}}}", {"a": 1, "b": 0, "c": 3}),
        ("services: {a: {scale: 2, deploy: {replicas: '4'}}}", {"a": 4}),
        ("services: {a: {scale: 2}, b: {extends: a}, c: {extends: {service: b}}}", {"a": 2, "b": 2, "c": 2}),
        ("services: {a: {extends: b}, b: {extends: a}}", {"a": 1, "b": 1}),
        ("services: {a: !reset null, b: {ports: !override [80]}}", {"a": 1, "b": 1}),
        ("x: &x {scale: 2}\nservices: {a: {<<: *x}}", {"a": 2}),
        ("services:", {}),
        ("just text", {}),
    ],
)
def test_files_say_how_many_containers_are_wanted(file: str, services: dict[str, int]) -> None:
    assert from_files(file).services == services


def test_later_files_stand_over_earlier_ones() -> None:
    first = "{name: bot, services: {a: {scale: 2}, b: {scale: 2}, c: {}}}"
    found = from_files(first, "services: {a: {scale: 3}, b: {image: x}, d: {}}")
    assert (found.services, found.name) == ({"a": 3, "b": 2, "c": 1, "d": 1}, "bot")


def test_services_of_profiles_are_wanted_when_the_profile_is_in_use() -> None:
    file = "services: {a: {}, b: {profiles: [debug, dev]}, c: {profiles: [test]}}"
    assert set(from_files(file).services) == {"a"}
    assert set(from_files(file, profiles=("dev",)).services) == {"a", "b"}
    assert set(from_files(file, profiles=("*",)).services) == {"a", "b", "c"}


def test_a_service_for_whose_end_another_waits_is_a_job() -> None:
    waits = "{migrate: {condition: service_completed_successfully}, db: {condition: service_healthy}}"
    found = from_files(f"services: {{migrate: {{}}, db: {{}}, web: {{depends_on: {waits}}}, x: {{depends_on: [db]}}}}")
    assert found.jobs == {"migrate"}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("services: {a: {scale: '${N:-2}'}}", "how many containers of a there should be is `${N:-2}`: say it under"),
        ("services: {a: {extends: {service: b, file: c.yml}}}", "a extends a service of another file"),
        ("include: [other.yml]", "has an `include`, which is not followed"),
        ("a: ]", "0.yml, line 1 is not YAML"),
        ("a: !!python/object:os.system {}", "is not YAML"),
        pytest.param("[" * 3000, "0.yml", id="deep"),
    ],
)
def test_what_files_leave_open_is_said_and_not_guessed(file: str, words: str) -> None:
    with pytest.raises(Unclear) as raised:
        from_files(file)
    assert words in str(raised.value)


def test_a_number_that_is_said_elsewhere_is_not_looked_for() -> None:
    assert from_files("services: {a: {scale: '${N}'}, b: {extends: {file: x}}}", known=("a", "b")).services == {
        "a": 1,
        "b": 1,
    }


def test_a_folder_gives_a_project_its_name() -> None:
    assert [default_name(folder) for folder in ("bot", "My Bot!", "_1.x", "a_b-c")] == ["bot", "mybot", "1x", "a_b-c"]
