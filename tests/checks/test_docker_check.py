"""The `docker` kind against a real daemon: containers that are well, ill, gone; logs; daemons that do not answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers.docker import Containers
from tests.support.measuring import Measure, ended_in_time

pytestmark = pytest.mark.server

FOR_EVER = "exec sleep 600"
SOON = {"retry_for": 9.0, "retry_every": 0.1}
"""What a container says stands in its log a moment later."""


@pytest.fixture(scope="module")
def bot(containers: Containers) -> str:
    """A container as it should be in production."""
    name = containers.run(
        f"echo Started trading loop; echo a warning >&2; {FOR_EVER}",
        *("-e", "FLASK_ENV=production", "-e", "SECRET_KEY=0123456789abcdef", "-e", "DB_PASSWORD=tiny"),
        *("-e", "DATABASE_URL=postgresql://bot:hunter2@db/bot", "--user", "1000", "--memory", "64m", "--cpus", "0.5"),
        *("--restart", "on-failure:3", "--log-opt", "max-size=1m", "--label", "team=trading"),
        *("--health-cmd", "true", "--health-interval", "200ms", "--volume", "/data"),
    )
    containers.until_healthy(name)
    return name


def spec(containers: Containers, name: str, **more: Any) -> dict[str, Any]:
    return {"container": name, "host": containers.host, **more}


def test_a_good_container_passes_on_all_that_can_be_asked_of_it(
    measured: Measure, containers: Containers, bot: str
) -> None:
    found = measured(
        "docker",
        spec(containers, bot),
        "running && status == 'running' && health == 'healthy' && healthcheck && restarts == 0 && exit_code == 0",
        "started_ago > duration('0s') && started_ago < duration('1h')",
        f"image == '{containers.image}' && tag == '{containers.image.partition(':')[2]}' && image_digest == ''",
        "env.FLASK_ENV == 'production' && env.SECRET_KEY == '0123456789abcdef' && size(env.DB_PASSWORD) == 4",
        "user == '1000' && memory_limit == 67108864 && cpu_limit == 0.5 && !privileged && !oom_killed",
        "restart_policy == 'on-failure' && log_options['max-size'] == '1m' && labels.team == 'trading'",
        "networks == ['none'] && size(ports) == 0 && mounts[0].destination == '/data' && mounts[0].writable",
    )
    assert found.result == "PASS", found
    assert found.request == f"docker inspect {bot} (at {containers.host})"
    assert found.summary == "running, healthy"
    assert measured("docker", spec(containers, bot)).result == "PASS"


def test_what_a_container_may_do_and_keep_is_known(measured: Measure, containers: Containers) -> None:
    bound = containers.run(
        FOR_EVER,
        *("--read-only", "--cap-drop", "all", "--cap-add", "net_bind_service", "--pids-limit", "20"),
        *("--security-opt", "no-new-privileges", "--log-opt", "max-size=1m", "--log-opt", "max-file=3"),
        *("--stop-timeout", "3", "--restart", "on-failure:3"),
    )
    found = measured(
        "docker",
        spec(containers, bound),
        "read_only && cap_drop == ['ALL'] && cap_add == ['NET_BIND_SERVICE'] && no_new_privileges",
        "security_options == ['no-new-privileges'] && pids_limit == 20 && restart_limit == 3 && stop_timeout == 3",
        "log_driver == 'json-file' && log_rotated && log_options['max-file'] == '3'",
        "created_ago >= started_ago && image_id.startsWith('sha256:')",
    )
    assert found.result == "PASS", found
    free = containers.run(FOR_EVER)
    found = measured(
        "docker",
        spec(containers, free),
        "!read_only && cap_add == [] && cap_drop == [] && !no_new_privileges && security_options == []",
        "pids_limit == 0 && restart_limit == 0 && stop_timeout == 10 && !log_rotated",
    )
    assert found.result == "PASS", found
    local = containers.run(FOR_EVER, "--log-driver", "local")
    assert measured("docker", spec(containers, local), "log_driver == 'local' && log_rotated").result == "PASS"


def test_what_a_container_uses_now_is_read_only_when_it_is_asked_for(measured: Measure, containers: Containers) -> None:
    busy = containers.run("while :; do :; done", "--cpus", "0.2", "--memory", "64m")
    found = measured(
        "docker",
        spec(containers, busy),
        "cpu > 0.05 && cpu < 0.6 && cpu_used_part > 0.25 && pids == 1",
        "memory > 0 && memory < 67108864 && memory_used_part > 0.0 && memory_used_part < 1.0",
        "io.received == 0.0 && io.sent == 0.0 && io.read >= 0.0 && io.written >= 0.0",
        figure="cpu * 100.0",
        **SOON,
    )
    assert found.result == "PASS", found
    assert 5 < (found.value or 0) < 60
    assert " cores, " in found.summary
    assert " cores, " not in measured("docker", spec(containers, busy)).summary
    ended = containers.ended("true")
    found = measured("docker", spec(containers, ended), "cpu < 0.5")
    assert found.result == "FAIL"
    assert found.findings[0].problem


def test_secrets_of_a_containers_environment_are_compared_and_never_shown(
    measured: Measure, containers: Containers, bot: str
) -> None:
    found = measured(
        "docker",
        spec(containers, bot),
        "env.SECRET_KEY == 'other'",
        "env.DB_PASSWORD == 'other'",
        "env.DATABASE_URL == 'other'",
        "size(env) == 0",
    )
    assert found.result == "FAIL"
    assert [finding.found for finding in found.findings[:3]] == [
        {"env.SECRET_KEY": "***"},
        {"env.DB_PASSWORD": "***"},
        {"env.DATABASE_URL": "postgresql://***@db/bot"},
    ]
    for value in ("0123456789abcdef", "tiny", "hunter2"):
        assert value not in str(found)


def test_a_secret_that_a_container_logs_is_hidden(measured: Measure, containers: Containers) -> None:
    name = containers.run(f"echo ERROR with $API_TOKEN in it; {FOR_EVER}", "-e", "API_TOKEN=deadbeefcafe")
    logs = {"tail": 10, "must_not": ["ERROR"]}
    found = measured("docker", spec(containers, name, logs=logs), "logs.forbidden_count == 1", **SOON)
    assert "ERROR with ***API_TOKEN*** in it" in found.evidence
    assert "deadbeefcafe" not in str(found)


@pytest.mark.parametrize(
    ("script", "options", "words"),
    [
        ("exit 3", (), "exited (3)"),
        ("exec false", (), "exited (1)"),
    ],
)
def test_a_container_that_ended_fails_with_its_exit_status(
    measured: Measure, containers: Containers, script: str, options: tuple[str, ...], words: str
) -> None:
    name = containers.ended(script, *options)
    found = measured("docker", spec(containers, name))
    assert (found.result, found.summary) == ("FAIL", words)
    assert found.findings[0].found["running"] == "false"


def test_a_paused_or_crashing_container_does_not_run(measured: Measure, containers: Containers) -> None:
    paused = containers.run(FOR_EVER)
    containers.docker("pause", paused)
    found = measured("docker", spec(containers, paused))
    assert (found.result, found.summary) == ("FAIL", "paused")
    containers.docker("unpause", paused)
    crashing = containers.run("exit 7", "--restart", "always")
    found = measured("docker", spec(containers, crashing), "restarts >= 2 && exit_code == 7", **SOON)
    assert found.result == "PASS", found
    found = measured(
        "docker", spec(containers, crashing), "status == 'restarting' && !running", retry_for=9.0, retry_every=0.05
    )
    assert found.result == "PASS", found


def test_an_unhealthy_container_fails_and_shows_what_its_probe_said(measured: Measure, containers: Containers) -> None:
    name = containers.run(
        FOR_EVER, "--health-cmd", "echo no database; false", "--health-interval", "100ms", "--health-retries", "1"
    )
    containers.until_healthy(name, "unhealthy")
    found = measured("docker", spec(containers, name))
    assert (found.result, found.summary) == ("FAIL", "running, unhealthy")
    assert "last health check (exit status 1): no database" in found.evidence


def test_a_container_that_is_not_there_was_measured_and_is_missing(
    measured: Measure, containers: Containers, bot: str
) -> None:
    found = measured("docker", spec(containers, f"{bot}x"))
    assert (found.result, found.summary) == ("FAIL", f"there is no container {bot}x; is {bot} meant?")
    assert bot in found.evidence
    environment = measured("docker", spec(containers, "nothing-like-it"), "env.FLASK_ENV == 'production'")
    assert environment.result == "FAIL"
    assert environment.findings[0].problem


def test_lines_that_must_and_must_not_be_in_the_log_are_looked_for(
    measured: Measure, containers: Containers, bot: str
) -> None:
    logs = {"since": "10m", "must": ["Started .* loop", "warning$"], "must_not": ["ERROR|Traceback"]}
    good = measured("docker", spec(containers, bot, logs=logs))
    assert good.result == "PASS", good
    assert good.request == f"docker inspect {bot}; docker logs --since 600s {bot} (at {containers.host})"
    bad = measured(
        "docker",
        spec(containers, bot, logs={"tail": 50, "must": ["never said"], "must_not": ["warning"]}),
    )
    assert bad.result == "FAIL"
    assert bad.summary == "running, healthy, log without never said, log: 1 lines that must not be there"
    assert bad.findings[0].found["logs.missing"] == "[never said]"
    assert "lines that must not be there:\na warning" in bad.evidence
    counted = measured(
        "docker", spec(containers, bot, logs={"tail": 1, "must": ["."]}), "logs.matched['.'] == 1 && logs.lines == 1"
    )
    assert counted.result == "PASS", counted


def test_only_the_log_since_a_moment_counts(measured: Measure, containers: Containers) -> None:
    name = containers.run("echo old ERROR; sleep 1.2; echo fresh; exec sleep 600")
    logs = {"since": "800ms", "must": ["fresh"], "must_not": ["old"]}
    found = measured("docker", spec(containers, name, logs=logs), retry_for=5.0, retry_every=0.1)
    assert found.result == "PASS", found
    assert found.flaky


def test_a_log_counts_from_a_moment_on_or_since_its_container_was_started(
    measured: Measure, containers: Containers
) -> None:
    name = containers.run("echo hello; exec sleep 600")
    containers.docker("kill", name)
    containers.docker("start", name)
    logs = {"since": "started", "must": ["hello"]}
    found = measured("docker", spec(containers, name, logs=logs), "logs.lines == 1", **SOON)
    assert found.result == "PASS", found
    assert f"docker logs --since started {name}" in found.request
    for since, lines in (("2020-01-01T00:00:00Z", 2), ("2120-01-01T00:00:00+02:00", 0)):
        found = measured("docker", spec(containers, name, logs={"since": since}), f"logs.lines == {lines}")
        assert found.result == "PASS", found


def test_long_lines_split_by_the_daemon_are_put_together(measured: Measure, containers: Containers) -> None:
    script = f"for n in $(seq 8000); do echo -n abcde; done; echo END; echo short >&2; {FOR_EVER}"
    name = containers.run(script)
    logs = {"tail": 100, "must": ["^(abcde)+END$"]}
    found = measured("docker", spec(containers, name, logs=logs), "logs.missing == [] && logs.lines == 2", **SOON)
    assert found.result == "PASS", found


def test_a_terminals_log_is_read_too(measured: Measure, containers: Containers) -> None:
    name = containers.run(f"echo on a terminal; {FOR_EVER}", "--tty")
    found = measured("docker", spec(containers, name, logs={"tail": 5, "must": ["on a terminal"]}), **SOON)
    assert found.result == "PASS", found


def test_control_sequences_in_a_log_are_made_visible(measured: Measure, containers: Containers) -> None:
    name = containers.run(f"echo -e 'ERROR \\033[31mred\\007'; {FOR_EVER}")
    logs = {"tail": 5, "must_not": ["ERROR"]}
    found = measured("docker", spec(containers, name, logs=logs), "logs.forbidden_count == 1", **SOON)
    assert "ERROR ␛[31mred␇" in found.evidence
    assert "\x1b" not in str(found)


def test_a_log_that_cannot_be_read_is_an_error_and_not_green(measured: Measure, containers: Containers) -> None:
    name = containers.run(FOR_EVER, "--log-driver", "none")
    found = measured("docker", spec(containers, name, logs={"tail": 5, "must_not": ["ERROR"]}))
    assert found.result == "ERROR"
    assert (
        "its log cannot be read (log driver `none`): configured logging driver does not support reading"
        in found.summary
    )
    assert measured("docker", spec(containers, name), "running && log_driver == 'none'").result == "PASS"


def test_a_log_too_long_to_be_read_in_time_is_an_error_and_not_green(measured: Measure, containers: Containers) -> None:
    name = containers.ended("yes 'a line of the log that goes on and on' | head -n 150000")
    found = measured("docker", spec(containers, name, logs={"since": "1h", "must_not": ["ERROR"]}), timeout=0.1)
    assert found.result == "ERROR", found
    assert "timed out" in found.summary
    assert ended_in_time(found, 0.1)


def test_no_pattern_can_take_for_ever(measured: Measure, containers: Containers) -> None:
    name = containers.run(f"for n in $(seq 3000); do echo -n a; done; echo b; {FOR_EVER}")
    found = measured("docker", spec(containers, name, logs={"tail": 5, "must_not": ["(a+)+$"]}), retry_for=1.0)
    assert found.result == "PASS", found
    assert found.took < 2.0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"logs": {"must": ["x"]}}, "`logs` needs `since` or `tail`: a whole log may be endless"),
        ({"logs": {"tail": 5, "must": ["("]}}, "`logs.must.0` is not a regular expression: missing ): ("),
        ({"logs": {"tail": 5, "must": ["(?=x)"]}}, "RE2 syntax"),
        ({"logs": {"since": "5 apples"}}, "`logs.since` must be a time with its unit"),
        ({"logs": {"since": "2026-11-24T10:00:00"}}, "names no time zone: write `2026-11-24T10:00:00Z`"),
        ({"logs": {"since": "2026-24-11"}}, "is no moment"),
        ({"host": "ssh://somewhere"}, "`host` must begin with unix:// or tcp://, or be the path of a socket"),
        ({"host": "tcp://"}, "`host` must name a host"),
        ({"host": "tcp://x:port"}, "`host` Port could not be cast to integer"),
        ({"tls": {"cert": "x"}}, "`cert` and `key` go together"),
        (
            {"host": "tcp://127.0.0.1:1", "tls": {"ca": "/none"}},
            "the file under `tls.ca` cannot be read: /none: No such",
        ),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, more: dict[str, Any], words: str) -> None:
    found = measured("docker", {"container": "bot", **more})
    assert found.result == "ERROR"
    assert words in found.summary
