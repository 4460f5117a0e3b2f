"""Which kinds there are: those of Cockpit, those of installed packages, and what becomes of broken ones."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from cockpit import checks
from cockpit.checklist.conditions import compile_condition
from cockpit.checks import registry
from cockpit.checks.kind import Kind, Session
from tests.servers.need import missing
from tests.support.measuring import Measure
from tests.support.routes import Detour

DATA = Path(__file__).parent.parent / "data"
BUILT_IN = {path.stem for path in Path(checks.__file__).parent.glob("*.py") if "\nKIND: " in path.read_text()}
"""Kinds by their files, which have their names."""


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let a test put packages on the path, and forget them afterwards."""
    registry._found.cache_clear()
    yield monkeypatch
    for name in [name for name in sys.modules if name.startswith(("cockpit_queue", "cockpit_broken"))]:
        del sys.modules[name]
    registry._found.cache_clear()


@pytest.mark.parametrize("kind", registry.kinds().values(), ids=lambda kind: kind.name)
def test_every_kind_documents_itself_and_its_example_can_be_used(kind: Kind) -> None:
    assert kind.about.endswith(".")
    assert len({field.name for field in kind.fields}) == len(kind.fields)
    assert all(field.about.endswith(".") for field in kind.fields)
    assert all(field.description for name, field in kind.spec.model_fields.items()), kind.spec
    if kind.implied:
        compile_condition(kind.implied, kind.fields)
    example = yaml.safe_load(kind.example)
    assert set(example) == {kind.name, "expect"}
    kind.request(kind.spec.model_validate(example[kind.name]))
    for text in example["expect"]:
        compile_condition(text, kind.fields)


def test_the_kinds_are_known_without_importing_what_they_measure_with() -> None:
    heavy = ("httpx", "docker", "psycopg", "re2", "cryptography", "requests", "textual")
    heavy += ("dockerfile_parse", "dotenv", "packaging", "zxcvbn", "dns", "websockets", "pymysql", "redis")
    program = (
        "import sys; from cockpit.checks.registry import kinds; print(*sorted(kinds()))\n"
        f"print(*[name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert said.stdout.splitlines() == [" ".join(sorted(BUILT_IN)), ""]


@pytest.fixture(scope="module")
def queue_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of a kind in a package of its own, built and installed in a folder."""
    source, folder = tmp_path_factory.mktemp("source") / "plugin", tmp_path_factory.mktemp("site")
    shutil.copytree(DATA / "plugin", source)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=120)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


@dataclass(frozen=True)
class Beanstalk:
    """A beanstalkd, and a way to give it commands."""

    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def say(self, *commands: str) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line, line.makefile("rwb") as both:
            for command in commands:
                both.write(command.encode() + b"\r\n")
                both.flush()
                both.readline()


@pytest.fixture
def beanstalk() -> Iterator[Beanstalk]:
    """A beanstalkd of our own."""
    program = shutil.which("beanstalkd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if program is None:
        missing("beanstalkd", "apt-get install beanstalkd")
    # It takes over a socket as systemd would hand it one: no port is guessed.
    start = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3, inheritable=True)\n"
        "os.execve(sys.argv[2], sys.argv[2:], {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1'})"
    )
    with socket.create_server(("127.0.0.1", 0)) as door:
        fd = door.fileno()
        server = subprocess.Popen([sys.executable, "-c", start, str(fd), program], pass_fds=[fd])
        try:
            yield Beanstalk(door.getsockname()[1])
        finally:
            server.kill()
            server.wait()


@pytest.mark.server
def test_an_installed_package_adds_a_kind(
    installed: pytest.MonkeyPatch, queue_package: Path, measured: Measure, beanstalk: Beanstalk
) -> None:
    installed.syspath_prepend(queue_package)
    assert registry.problems() == ()
    beanstalk.say("put 1 0 60 2\r\nhi", "put 1 0 60 2\r\nho", "reserve-job 1", "bury 1 1")
    found = measured("queue", {"server": beanstalk.address})
    assert (found.result, found.summary) == ("FAIL", "1 ready, 0 reserved, 0 delayed, 1 buried, 0 workers")
    assert (found.value, found.findings[0].found) == (1.0, {"buried": "1"})
    assert found.request == f"stats-tube default at {beanstalk.address}"
    assert measured("queue", {"server": beanstalk.address}, "ready < 100 && latency < 5.0").result == "PASS"
    gone = measured("queue", {"server": beanstalk.address, "tube": "orders"})
    assert (gone.result, gone.summary) == ("ERROR", f"{beanstalk.address} has no tube orders: nobody uses it")
    assert "must be HOST:PORT" in measured("queue", {"server": "nowhere"}).summary


@pytest.mark.server
def test_the_added_kind_goes_through_a_host_and_keeps_its_connection_there(
    installed: pytest.MonkeyPatch, queue_package: Path, beanstalk: Beanstalk
) -> None:
    installed.syspath_prepend(queue_package)
    kind, detour = registry.kinds()["queue"], Detour(names={"queue.internal": "127.0.0.1"})
    spec = kind.spec.model_validate({"server": f"queue.internal:{beanstalk.port}"})

    async def thrice() -> None:
        session = Session(detour).through("detour")
        try:
            for _ in range(3):
                assert (await kind.read(spec, session, 10)).values["ready"] == 0
        finally:
            await session.close()

    asyncio.run(thrice())
    assert detour.went == [f"queue.internal:{beanstalk.port}"]


def test_the_added_kind_says_where_it_cannot_measure(
    installed: pytest.MonkeyPatch, queue_package: Path, measured: Measure, refusing_port: int, silent_port: int
) -> None:
    installed.syspath_prepend(queue_package)
    refused = measured("queue", {"server": f"127.0.0.1:{refusing_port}"})
    assert (refused.result, refused.summary) == ("ERROR", f"connection refused by 127.0.0.1:{refusing_port}")
    silent = measured("queue", {"server": f"127.0.0.1:{silent_port}"}, timeout=0.3)
    assert (silent.result, silent.summary) == ("ERROR", "timed out after 0.3 s")


def test_the_added_kind_is_documented_and_loaded_by_the_program(queue_package: Path, tmp_path: Path) -> None:
    checklist = tmp_path / "list.yaml"
    checklist.write_text(
        "cockpit: 1\nname: T\nparts: [{id: p, title: P, items: [{id: i, title: I, check: {queue: {tub: x}}}]}]\n",
        encoding="utf-8",
    )

    def cockpit(*words: str) -> str:
        where = os.pathsep.join([str(queue_package), str(DATA.parent.parent)])
        command = [sys.executable, "-m", "cockpit", *words]
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": where}, check=False
        )
        return ran.stdout + ran.stderr

    assert "Jobs that failed and were put aside." in cockpit("kinds", "queue")
    assert "did you mean `tube`?" in cockpit("lint", str(checklist))


def test_the_page_on_writing_a_kind_shows_the_example_as_it_is() -> None:
    page = (DATA.parent.parent / "docs" / "writing-a-kind.md").read_text(encoding="utf-8")
    kind = (DATA / "plugin" / "cockpit_queue" / "__init__.py").read_text(encoding="utf-8")
    settings = (DATA / "plugin" / "pyproject.toml").read_text(encoding="utf-8")
    assert f"```python\n{kind}```\n" in page
    assert page.split("```toml\n")[1].split("```")[0] in settings


def test_broken_packages_are_told_and_take_nothing_down(installed: pytest.MonkeyPatch, measured: Measure) -> None:
    installed.syspath_prepend(DATA / "broken-plugins")
    said = {problem.split("'")[1]: problem for problem in registry.problems()}
    reasons = {
        "absent": "No module named 'cockpit_broken.nowhere'",
        "http": "a kind of this name is there already",
        "leaves": "this plug-in wants to be alone",
        "misnamed": "it calls itself 'something-else'",
        "unfinished": "it has no `spec`, `fields`, `implied`, `example`, `request`, `read`",
        "unmade": "it is a class: name an object of it",
        "wrong-fields": "its `fields` are not all cockpit.checklist.kinds.Field",
        "wrong-spec": "its `spec` is not a subclass of cockpit.checklist.kinds.Spec",
    }
    assert said.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert said[name].startswith(f"kind of check '{name}' of cockpit-broken 0.1 (")
        assert said[name].endswith(f"cannot be used: {reason}")
    assert set(registry.kinds()) == BUILT_IN
    assert "is the package that brings it installed?" in measured("absent", {}).summary
