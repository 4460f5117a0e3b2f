"""The `environment` kind: of files, processes, containers and Cockpit itself, and how strong secrets are."""

from __future__ import annotations

import os
import secrets
import shutil
import string
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.environment_strength import LONGEST_GUESSED, weakness, weaknesses
from tests.servers.docker import Containers
from tests.servers.need import missing
from tests.support.measuring import Measure
from tests.support.routes import Detour

STRONG = "rT7#kqW2vLx9ZpB4nMd8"
OTHER = "f3a9c1d27be84650a1b2"


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(
        f"FLASK_ENV=production\nSECRET_KEY={STRONG}\nJWT_SECRET_KEY='{OTHER}'\nEMPTY=\nSHORT_KEY=x9Qk2mL8\n"
        "DEFAULT_KEY=your-secret-key-change-in-production\nBUILD=abcabcabcabcabcabcabcabc\n"
        f"DATABASE_URL=postgresql://bot:{STRONG}9@db/bot\nREDIS_URL=redis://:password@cache/0\n"
    )
    return path


def test_a_good_environment_passes(measured: Measure, env_file: Path) -> None:
    spec = {
        "file": str(env_file),
        "set": ["FLASK_ENV", "REDIS_URL"],
        "strong": ["SECRET_KEY", "JWT_SECRET_KEY", "DATABASE_URL"],
    }
    assert measured("environment", spec).result == "PASS"
    found = measured(
        "environment",
        spec,
        "found && missing == [] && empty == [] && size(weak) == 0 && count == 9",
        f"values.FLASK_ENV == 'production' && values.SECRET_KEY == '{STRONG}' && values.EMPTY == ''",
        "!('DEBUG' in values)",
    )
    assert found.result == "PASS", found
    assert found.request == (
        f"read the environment of {env_file}: FLASK_ENV, REDIS_URL, SECRET_KEY, JWT_SECRET_KEY, DATABASE_URL"
    )
    assert found.summary == "9 variables"


def test_what_is_missing_empty_or_weak_is_named_with_the_reason(measured: Measure, env_file: Path) -> None:
    strong = ["SHORT_KEY", "DEFAULT_KEY", "BUILD", "REDIS_URL", "SECRET_KEY", "GONE_KEY"]
    spec = {"file": str(env_file), "set": ["FLASK_ENV", "EMPTY", "GONE"], "strong": strong}
    found = measured("environment", spec)
    assert found.result == "FAIL"
    assert found.summary == (
        "9 variables; not set: GONE, GONE_KEY; empty: EMPTY; weak: SHORT_KEY, too short (8 < 16),"
        " DEFAULT_KEY, a known default, BUILD, guessable: some 10^2 guesses (< 10^12), REDIS_URL, a known default"
    )
    for condition in ("size(missing) == 0", "size(empty) == 0", "size(weak) == 0", "!('GONE_KEY' in weak)"):
        assert measured("environment", spec, condition).result == "FAIL", condition
    reasons = measured("environment", spec, "weak.GONE_KEY == 'not set'", "weak.SHORT_KEY == 'too short (8 < 16)'")
    assert reasons.result == "PASS", reasons
    short = {"file": str(env_file), "strong": ["SHORT_KEY"], "length": 8, "guesses": 6}
    assert measured("environment", short).result == "PASS"


def test_no_secret_is_shown(measured: Measure, env_file: Path) -> None:
    spec = {"file": str(env_file), "set": ["REDIS_URL", "SHORT_KEY"], "strong": ["BUILD", "SECRET_KEY"], "length": 99}
    conditions = [f"values.{name} == ''" for name in ("SECRET_KEY", "SHORT_KEY", "BUILD", "DATABASE_URL", "REDIS_URL")]
    found = measured("environment", spec, *conditions, "values == {}", "weak == {}")
    assert [finding.found for finding in found.findings[:5]] == [
        {"values.SECRET_KEY": "***"},
        {"values.SHORT_KEY": "***"},
        {"values.BUILD": "***"},
        {"values.DATABASE_URL": "postgresql://***@db/bot"},
        {"values.REDIS_URL": "redis://***@cache/0"},
    ]
    for value in (STRONG, OTHER, "x9Qk2mL8", "abcabc", ":password"):
        assert value not in str(found)
    assert "FLASK_ENV: production" in found.findings[5].found["values"]


def test_two_secrets_may_not_be_the_same(measured: Measure, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text(f"A={STRONG}\nB={STRONG}\n")
    found = measured("environment", {"file": str(tmp_path / "a.env"), "strong": ["A", "B"]})
    assert (found.result, found.summary) == ("FAIL", "2 variables; weak: B, the same as A")


def test_a_missing_file_has_nothing_set(measured: Measure, tmp_path: Path) -> None:
    spec = {"file": str(tmp_path / ".env"), "strong": ["SECRET_KEY"]}
    found = measured("environment", spec)
    assert (found.result, found.summary) == ("FAIL", f"there is no {tmp_path}/.env; not set: SECRET_KEY")
    for condition in ("size(weak) == 0", "size(missing) == 0", "values.DEBUG == 'False'"):
        assert measured("environment", spec, condition).result == "FAIL", condition
    assert measured("environment", {"file": str(tmp_path / ".env")}).result == "FAIL"


def test_a_file_that_is_none_is_an_error_with_the_line(measured: Measure, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nnot a variable=2\n")
    found = measured("environment", {"file": str(tmp_path / ".env"), "set": ["A"]})
    assert (found.result, found.summary) == ("ERROR", f"{tmp_path}/.env cannot be read: line 2 is no NAME=value")
    folder = measured("environment", {"file": str(tmp_path), "set": ["A"]})
    assert (folder.result, folder.summary) == ("ERROR", f"{tmp_path} is a folder, not a file")


def test_our_own_environment_is_meant_when_nothing_is_named(measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_TEST_NAME", "here")
    spec = {"set": ["COCKPIT_TEST_NAME"]}
    assert measured("environment", spec, "missing == [] && values.COCKPIT_TEST_NAME == 'here'").result == "PASS"
    monkeypatch.delenv("COCKPIT_TEST_NAME")
    assert measured("environment", spec).result == "FAIL"


def test_on_a_host_it_is_what_programs_there_get(measured: Measure, env_file: Path) -> None:
    routes = Detour()
    found = measured("environment", {"set": ["PATH"]}, via="detour", routes=routes)
    assert found.result == "PASS", found
    assert (
        measured("environment", {"file": str(env_file), "set": ["FLASK_ENV"]}, via="detour", routes=routes).result
        == "PASS"
    )
    assert len(routes.went) == 2


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process with an environment of its own, known by its command line."""
    name = f"cockpit-{uuid.uuid4().hex}"
    program = ["/bin/sh", "-c", "sleep 600; :", name]
    env = {"PATH": os.environ["PATH"], "FLASK_ENV": "production", "SECRET_KEY": STRONG, "LINES_OF": "a\nb"}
    with subprocess.Popen(program, env=env, start_new_session=True) as started:
        started.args = name
        yield started
        os.killpg(started.pid, 9)


@pytest.mark.parametrize("options", [{}, {"via": "detour"}])
def test_a_process_is_found_by_number_and_by_pattern(
    measured: Measure, process: subprocess.Popen[bytes], options: dict[str, Any]
) -> None:
    if shutil.which("pgrep") is None:
        missing("pgrep", "apt-get install procps")
    for asked in (process.pid, str(process.pid), f"{process.args}$"):
        found = measured(
            "environment",
            {"process": asked, "set": ["FLASK_ENV"], "strong": ["SECRET_KEY"]},
            "missing == [] && size(weak) == 0 && values.LINES_OF == 'a\\nb' && processes == 1",
            routes=Detour(),
            **options,
        )
        assert found.result == "PASS", found
        assert STRONG not in str(found)


def test_a_process_that_is_not_there_has_nothing_set(measured: Measure) -> None:
    for asked in (f"none-{uuid.uuid4().hex}", 2**22 + 1):
        found = measured("environment", {"process": asked, "set": ["PATH"]})
        assert (found.result, found.summary) == ("FAIL", f"there is no process {asked}; not set: PATH")


def test_a_process_that_may_not_be_read_is_an_error(measured: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.access("/proc/1/environ", os.R_OK) and _readable("/proc/1/environ"):
        pytest.skip("here everything may be read")
    found = measured("environment", {"process": 1, "set": ["PATH"]})
    assert (found.result, found.summary) == (
        "ERROR",
        "the environment of process 1 cannot be read: permission denied: only its own user and root may",
    )


def _readable(path: str) -> bool:
    try:
        Path(path).read_bytes()
    except OSError:
        return False
    return True


@pytest.mark.server
def test_a_container_is_judged_like_a_file(
    measured: Measure, containers: Containers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", containers.host)
    name = containers.run("exec sleep 600", "-e", "SECRET_KEY=changeme", "-e", f"JWT_SECRET_KEY={STRONG}")
    found = measured("environment", {"container": name, "strong": ["SECRET_KEY", "JWT_SECRET_KEY"]})
    assert found.result == "FAIL"
    assert found.summary.endswith("; weak: SECRET_KEY, a known default")
    assert measured("environment", {"container": name, "strong": ["JWT_SECRET_KEY"]}).result == "PASS"
    assert measured("environment", {"container": f"{name}x", "set": ["A"]}).result == "FAIL"
    detour = Detour()
    measured("environment", {"container": name, "set": ["A"]}, via="detour", routes=detour)
    assert detour.went == ["/var/run/docker.sock"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"file": "a", "process": 1}, "has more than one of `file`, `process` and `container`"),
        ({"set": ["not a name"]}, "`set.0` String should match pattern"),
        ({"strong": ["A"], "length": 0}, "`length` Input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, Any], words: str) -> None:
    found = measured("environment", spec)
    assert found.result == "ERROR"
    assert words in found.summary


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("changeme", "a known default"),
        ("ChangeMe123!", "a known default"),
        ("dev", "a known default"),
        ("super-secret-key-change-in-production", "a known default"),
        ("jwt-secret-string-for-the-trading-bot-0001", "a known default"),
        ("django-insecure-9s8d7f6a5s4d3f2a1s", "a known default"),
        ("${SECRET_KEY}", "a known default"),
        ("<put a long random text here>", "a known default"),
        ("x9Qk2mL8", "too short (8 < 16)"),
        ("a" * 40, "guessable: some 10^2 guesses (< 10^12)"),
        ("0123456789abcdef0123456789abcdef", "guessable: some 10^4 guesses (< 10^12)"),
        ("passwordpasswordpasswordpassword", "guessable: some 10^1 guesses (< 10^12)"),
    ],
)
def test_a_weak_secret_is_told_why(secret: str, reason: str) -> None:
    assert weakness(secret) == reason


@settings(deadline=None)
@given(st.lists(st.sampled_from(string.ascii_letters + string.digits), min_size=1, max_size=30).map("".join))
def test_what_is_said_of_a_secret_never_holds_it(secret: str) -> None:
    said = weakness(secret)
    assert len(secret) < 7 or secret not in said


@pytest.mark.parametrize(
    "make", [lambda: secrets.token_hex(16), lambda: secrets.token_urlsafe(32), lambda: secrets.token_hex(32)]
)
def test_random_secrets_are_strong(make: Any) -> None:
    for _ in range(20):
        secret = make()
        assert weakness(secret) == "", secret


def test_of_an_address_the_password_is_meant() -> None:
    assert weaknesses({"A": f"postgresql://bot:{STRONG}@db/bot"}) == {}
    assert weaknesses({"A": "postgresql://bot:hunter2@a-long-name-of-a-host.example/bot"}) == {
        "A": "too short (7 < 16)"
    }
    assert weaknesses({"A": "postgresql://bot:postgres@db/bot"}) == {"A": "a known default"}


def test_a_long_secret_is_judged_by_its_beginning_in_little_time() -> None:
    started = time.monotonic()
    assert weakness(secrets.token_hex(50_000)) == ""
    assert weakness("ab" * 50_000).startswith("guessable")
    assert time.monotonic() - started < 10
    assert LONGEST_GUESSED <= 72  # the library refuses more
