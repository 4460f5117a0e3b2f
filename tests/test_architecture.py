"""The house stands as it was drawn: what each room costs to enter, and what no file may hold."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LONGEST_FILE = 500
HEAVY = ("textual", "rich", "httpx", "docker", "psycopg", "paramiko")
NOT_OURS = ("/work" + "/", "/tmp/" + "lab", "/tmp/" + "wt", "/root" + "/", "issue " + "#", "TO" + "DO", "FIX" + "ME")


def tracked_files(*endings: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name.endswith(endings) and (ROOT / name).is_file()]


def imported_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import cockpit.checklist.load",
        "import cockpit.journal.reader, cockpit.journal.writer",
        "import cockpit.run.decide, cockpit.run.state",
        "import cockpit.engine.client",
        "import cockpit.checks.registry; cockpit.checks.registry.kinds()",
        "import cockpit.cli.parser; cockpit.cli.parser.build()",
    ],
)
def test_entering_a_room_does_not_import_what_only_its_users_may_need(statement: str) -> None:
    assert imported_by(statement).isdisjoint(HEAVY)


def test_asking_for_the_version_imports_nothing_but_the_package_itself() -> None:
    bare = imported_by("pass")
    asked = imported_by("import cockpit.cli; cockpit.cli.main(['--version'])")
    assert asked - bare <= {"cockpit", "0.1.0"}


@pytest.mark.parametrize("path", tracked_files(".py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_enough_to_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("word", NOT_OURS)
def test_no_file_names_a_machine_or_leaves_something_undone(word: str) -> None:
    text_files = tracked_files(
        ".py", ".md", ".yaml", ".toml", ".lock", ".json", ".txt", ".css", ".tcss", "Makefile", "run"
    )
    holding = [str(path.relative_to(ROOT)) for path in text_files if word in path.read_text("utf-8", "replace")]
    assert holding == []


def test_the_lock_files_name_no_place_to_install_from() -> None:
    for path in (ROOT / "requirements.lock", ROOT / "requirements-dev.lock"):
        text = path.read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith("#")]
        assert len(pins) > 20
        assert all(line.endswith("\\") for line in pins), "each is followed by its hashes"


@pytest.mark.parametrize(
    ("name", "groups"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_a_lock_file_holds_every_dependency_at_a_version_that_is_allowed(name: str, groups: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = [
        *project["project"]["dependencies"],
        *(each for group in groups for each in project["dependency-groups"][group]),
    ]
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
    for requirement in (Requirement(each) for each in listed if isinstance(each, str)):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), (
            f"{requirement}: run `make lock`"
        )


def test_the_wheel_carries_the_shipped_checklists(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        str(path.relative_to(ROOT / "checklists")) for path in tracked_files("") if ROOT / "checklists" in path.parents
    }
    assert ours
    assert {f"cockpit/shipped/{name}" for name in ours} <= names
    assert "cockpit/cli/__init__.py" in names
