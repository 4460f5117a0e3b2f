"""Migrations: what files define against what a table records, without a database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydantic
import pytest

from cockpit.checks.kind import Unmeasurable
from cockpit.checks.migrations import Migrations, read_files, summary

Applied = list[tuple[str, ...]]


def standing(tool: str, folder: Path, applied: Applied) -> dict[str, Any]:
    """The fields by their last words."""
    fields = read_files(Migrations.model_validate({tool: str(folder)})).standing(applied)
    return {name.removeprefix("migrations."): value for name, value in fields.items()}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """a < b, and from b two branches c and d that e brings together."""
    versions = tmp_path / "versions"
    versions.mkdir()
    for name, before in {"a": None, "b": "a", "c": "b", "d": "b", "e": ("c", "d")}.items():
        text = f'"""Add {name}."""\nfrom alembic import op\nrevision = {name!r}\ndown_revision = {before!r}\n'
        (versions / f"{name}_add.py").write_text(text + "branch_labels = depends_on = None\ndef upgrade(): op.x()\n")
    (versions / "helpers.py").write_text("WORDS = 1\n")
    return tmp_path


@pytest.mark.parametrize(
    ("applied", "pending", "unknown"),
    [
        ([("e",)], [], []),
        ([], ["a", "b", "c", "d", "e"], []),
        ([("b",)], ["c", "d", "e"], []),
        ([("c",)], ["d", "e"], []),
        ([("c",), ("d",)], ["e"], []),
        ([("f",)], ["a", "b", "c", "d", "e"], ["f"]),
    ],
)
def test_alembic_revisions_are_pending_unless_what_is_current_comes_after_them(
    history: Path, applied: Applied, pending: list[str], unknown: list[str]
) -> None:
    for folder in (history, history / "versions"):
        found = standing("alembic", folder, applied)
        assert (found["pending"], found["unknown"], found["heads"]) == (pending, unknown, ["e"])
        assert found["current"] == sorted(revision for (revision,) in applied)


def test_a_revision_that_another_depends_on_was_applied_with_it(history: Path) -> None:
    (history / "versions" / "x.py").write_text("revision = 'x'\ndown_revision = None\n")
    (history / "versions" / "y.py").write_text("revision = 'y'\ndown_revision = 'e'\ndepends_on = ['x']\n")
    found = standing("alembic", history, [("y",)])
    assert found["pending"] == []
    assert found["heads"] == ["x", "y"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two Django apps, one with a migration that two others were squashed to."""
    for app, names in {"shop": ["0001_initial", "0002_price"], "users": ["0001_initial"]}.items():
        folder = tmp_path / app / "migrations"
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        for name in names:
            (folder / f"{name}.py").write_text("class Migration(migrations.Migration):\n    dependencies = []\n")
    return tmp_path


def squash(project: Path) -> None:
    (project / "shop" / "migrations" / "0001_squashed_0002.py").write_text(
        "class Migration(migrations.Migration):\n    replaces = [('shop', '0001_initial'), ('shop', '0002_price')]\n"
    )


def test_django_migrations_are_pending_until_they_are_recorded(project: Path) -> None:
    rows: Applied = [("shop", "0001_initial"), ("users", "0001_initial"), ("auth", "0001_initial")]
    found = standing("django", project, rows)
    assert found == {
        "pending": ["shop.0002_price"],
        "unknown": [],
        "current": ["shop.0001_initial", "users.0001_initial"],
        "heads": ["shop.0002_price", "users.0001_initial"],
    }
    one_app = standing("django", project / "users", [*rows, ("users", "0002_gone")])
    assert (one_app["pending"], one_app["unknown"]) == ([], ["users.0002_gone"])
    assert standing("django", project / "users" / "migrations", rows)["pending"] == []


@pytest.mark.parametrize(
    ("recorded", "pending"),
    [
        ([], ["shop.0001_squashed_0002"]),
        (["0001_initial"], ["shop.0002_price"]),
        (["0001_initial", "0002_price"], []),
        (["0001_squashed_0002"], []),
    ],
)
def test_a_squashed_migration_stands_for_its_originals_as_django_sees_it(
    project: Path, recorded: list[str], pending: list[str]
) -> None:
    squash(project)
    found = standing("django", project / "shop", [("shop", name) for name in recorded])
    assert found["pending"] == pending
    assert found["unknown"] == []


def test_originals_whose_files_are_gone_are_not_unknown(project: Path) -> None:
    squash(project)
    for name in ("0001_initial", "0002_price"):
        (project / "shop" / "migrations" / f"{name}.py").unlink()
    found = standing("django", project / "shop", [("shop", "0001_initial"), ("shop", "0002_price")])
    assert (found["pending"], found["unknown"]) == ([], [])


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    for text, words in (
        ("revision = \n", f"{path} line 1 is not Python that can be parsed"),
        ("revision = make()\n", f"{path} line 1: `revision` is computed; write it out"),
        ("x = 1\n", f"no Alembic revision is defined in {tmp_path}"),
    ):
        path.write_text(text)
        with pytest.raises(Unmeasurable) as raised:
            read_files(Migrations(alembic=str(tmp_path)))
        assert str(raised.value) == words
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("revision = 'a'\ndown_revision = None\n")
    path.unlink()
    with pytest.raises(Unmeasurable, match=r"revision a is defined twice: in .*one.py and in .*two.py"):
        read_files(Migrations(alembic=str(tmp_path)))
    with pytest.raises(Unmeasurable, match="no Django migration is defined in"):
        read_files(Migrations(django=[str(tmp_path)]))


def test_one_tool_has_to_be_named_and_a_table_is_a_name() -> None:
    for given in ({}, {"alembic": "a", "django": "b"}, {"alembic": "a", "table": "x; DROP TABLE y"}):
        with pytest.raises(pydantic.ValidationError):
            Migrations.model_validate(given)


def test_many_pending_migrations_fit_a_line() -> None:
    assert summary({"migrations.pending": []}) == "no migration pending"
    assert summary({"migrations.pending": list("abcd")}) == "4 migrations pending: a, b, c, ..."
