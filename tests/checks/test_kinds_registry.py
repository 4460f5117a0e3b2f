"""Which kinds there are: those of Cockpit, those of installed packages, and what becomes of broken ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cockpit.checklist.conditions import compile_condition
from cockpit.checks import registry
from cockpit.checks.kind import Kind
from tests.support.measuring import Measure

BUILT_IN = {
    "cloud",
    "docker",
    "dockerfile",
    "environment",
    "file",
    "git",
    "http",
    "kubernetes",
    "postgres",
    "requirements",
    "sqlite",
}
DATA = Path(__file__).parent.parent / "data"


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
    compile_condition(kind.implied, kind.fields)
    example = yaml.safe_load(kind.example)
    assert set(example) == {kind.name, "expect"}
    kind.request(kind.spec.model_validate(example[kind.name]))
    for text in example["expect"]:
        compile_condition(text, kind.fields)


def test_the_kinds_are_known_without_importing_what_they_measure_with() -> None:
    heavy = ("httpx", "docker", "psycopg", "re2", "cryptography", "requests", "textual")
    heavy += ("dockerfile_parse", "dotenv", "packaging", "zxcvbn")
    program = (
        "import sys; from cockpit.checks.registry import kinds; print(*sorted(kinds()))\n"
        f"print(*[name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert said.stdout.splitlines() == [" ".join(sorted(BUILT_IN)), ""]


def test_an_installed_package_adds_a_kind(installed: pytest.MonkeyPatch, measured: Measure, tmp_path: Path) -> None:
    installed.syspath_prepend(DATA / "plugin")
    assert registry.problems() == ()
    assert "queue" in registry.kinds()
    (tmp_path / "order-1").touch()
    found = measured("queue", {"path": str(tmp_path)})
    assert (found.result, found.summary, found.evidence) == ("FAIL", "1 waiting", "order-1")
    assert found.findings[0].found == {"waiting": "1"}
    assert measured("queue", {"path": str(tmp_path)}, "waiting < 100 && oldest < 60.0").result == "PASS"
    gone = measured("queue", {"path": str(tmp_path / "nowhere")})
    assert gone.result == "ERROR"
    assert gone.summary.endswith("nowhere: No such file or directory")


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
