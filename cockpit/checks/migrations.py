"""Which database migrations have not been applied: what the files in a folder define, against what a table records.

The files are parsed, never run. Several kinds use this; each reads the table in its own way.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydantic

from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.kind import Unmeasurable

FIELDS = (
    Field("migrations.pending", "list", "Migrations in the files that the database has not had; needs `migrations`."),
    Field("migrations.unknown", "list", "Migrations that the database has had and no file defines."),
    Field("migrations.current", "list", "Where the database stands: Alembic's revisions, Django's last of each app."),
    Field("migrations.heads", "list", "Where the files lead: the same, as they would be with nothing pending."),
)


class Migrations(Spec):
    """Where migrations are defined."""

    alembic: str | list[str] = pydantic.Field(
        [], description="Alembic: the folder of the migrations, or its `versions`; several folders of one history."
    )
    django: str | list[str] = pydantic.Field(
        [], description="Django: each app's folder, its `migrations`, or the folder that holds the apps."
    )
    table: str = pydantic.Field(
        "",
        pattern=r"^([A-Za-z_][A-Za-z0-9_$]*[.]?)*$",
        description="The table that records them, when it is not `alembic_version` or `django_migrations`.",
    )

    @pydantic.model_validator(mode="after")
    def _one_tool(self) -> Migrations:
        if bool(self.alembic) == bool(self.django):
            raise ValueError("needs either `alembic` or `django`, with the folder of the migrations")
        return self

    @property
    def recorded_in(self) -> str:
        """The table that records what was applied."""
        return self.table or ("alembic_version" if self.alembic else "django_migrations")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of that table which name a migration."""
        return ("version_num",) if self.alembic else ("app", "name")


@dataclass(frozen=True)
class Alembic:
    """A history of revisions."""

    before: Mapping[str, tuple[str, ...]]
    """Each revision with those that it comes after or depends on."""
    revises: frozenset[str] = frozenset()
    """Revisions that another one follows."""

    def standing(self, applied: Iterable[Sequence[Any]]) -> dict[str, Any]:
        """The fields, from the rows of the table."""
        current = sorted(str(revision) for (revision,) in applied)
        had = set(current)
        waiting = list(current)
        while waiting:
            for earlier in self.before.get(waiting.pop(), ()):
                if earlier not in had:
                    had.add(earlier)
                    waiting.append(earlier)
        return {
            "migrations.pending": sorted(self.before.keys() - had),
            "migrations.unknown": sorted(had - self.before.keys()),
            "migrations.current": current,
            "migrations.heads": sorted(self.before.keys() - self.revises),
        }


@dataclass(frozen=True)
class Django:
    """The migrations of some apps."""

    replaces: Mapping[tuple[str, str], tuple[tuple[str, str], ...]]
    """Each migration, app and name, with those that it was squashed from."""
    apps: frozenset[str] = field(default=frozenset())

    def standing(self, applied: Iterable[Sequence[Any]]) -> dict[str, Any]:
        """The fields, from the rows of the table. Apps whose folders were not named are left alone."""
        recorded = {(str(app), str(name)) for app, name in applied}
        wanted, squashed = set(self.replaces), set()
        for migration, originals in self.replaces.items():
            squashed |= set(originals)
            if migration not in recorded and not recorded.isdisjoint(originals):
                wanted.discard(migration)  # begun one by one, it is carried on one by one
            else:
                wanted -= set(originals)
        unknown = {one for one in recorded if one[0] in self.apps} - self.replaces.keys() - squashed
        return {
            "migrations.pending": _named(wanted - recorded),
            "migrations.unknown": _named(unknown),
            "migrations.current": _named(_last_of_each_app(one for one in recorded if one[0] in self.apps)),
            "migrations.heads": _named(_last_of_each_app(self.replaces)),
        }


def read_files(spec: Migrations) -> Alembic | Django:
    """What the files define; reads the disk. Raises Unmeasurable."""
    if spec.alembic:
        return _alembic(_folders(spec.alembic))
    return _django(_folders(spec.django))


def summary(values: Mapping[str, Any]) -> str:
    """`no migration pending`, `2 migrations pending: 0007_add_index, ...`."""
    pending = values["migrations.pending"]
    if not pending:
        return "no migration pending"
    words = "1 migration" if len(pending) == 1 else f"{len(pending)} migrations"
    return f"{words} pending: {', '.join(pending[:3])}{', ...' if len(pending) > 3 else ''}"


def _folders(given: str | list[str]) -> list[Path]:
    folders = [Path(name).expanduser() for name in ([given] if isinstance(given, str) else given)]
    for folder in folders:
        if not folder.is_dir():
            raise Unmeasurable(f"there is no folder {folder}: `migrations` names folders on this machine")
    return folders


def _alembic(folders: list[Path]) -> Alembic:
    before: dict[str, tuple[str, ...]] = {}
    revises: set[str] = set()
    found_in: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(((folder / "versions") if (folder / "versions").is_dir() else folder).rglob("*.py")):
            names = _assigned(_parsed(path).body, ("revision", "down_revision", "depends_on"), path)
            if not names.get("revision"):
                continue
            revision = str(names["revision"])
            if revision in before:
                raise Unmeasurable(f"revision {revision} is defined twice: in {found_in[revision]} and in {path}")
            follows = _texts(names.get("down_revision"))
            revises.update(follows)
            before[revision], found_in[revision] = (*follows, *_texts(names.get("depends_on"))), path
    if not before:
        raise Unmeasurable(f"no Alembic revision is defined in {_listed(folders)}")
    return Alembic(before, frozenset(revises))


def _django(folders: list[Path]) -> Django:
    found: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
    for home in itertools.chain.from_iterable(map(_homes, folders)):
        for path in sorted(home.glob("*.py")):
            # Django passes over names that begin like this, too.
            if path.name[0] in "_~":
                continue
            body = next(
                (n.body for n in _parsed(path).body if isinstance(n, ast.ClassDef) and n.name == "Migration"), None
            )
            if body is not None:
                replaces = _assigned(body, ("replaces",), path).get("replaces") or ()
                found[home.parent.name, path.stem] = tuple((str(app), str(name)) for app, name in replaces)
    if not found:
        raise Unmeasurable(f"no Django migration is defined in {_listed(folders)}")
    return Django(found, frozenset(app for app, _ in found))


def _homes(folder: Path) -> Iterator[Path]:
    """The `migrations` folders that are meant by a folder: it, the one in it, or those of the apps in it."""
    if folder.name == "migrations":
        yield folder
    elif (folder / "migrations").is_dir():
        yield folder / "migrations"
    else:
        yield from sorted(path for path in folder.glob("**/migrations") if path.is_dir())


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise Unmeasurable(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f" line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise Unmeasurable(f"{path}{line} is not Python that can be parsed") from None


def _assigned(body: list[ast.stmt], wanted: tuple[str, ...], path: Path) -> dict[str, Any]:
    """The literal values that are assigned to names in a module or a class."""
    values: dict[str, Any] = {}
    for statement in body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        for name in (target.id for target in targets if isinstance(target, ast.Name) and target.id in wanted):
            try:
                values[name] = ast.literal_eval(getattr(statement, "value", None) or ast.Constant(None))
            except (ValueError, TypeError):
                raise Unmeasurable(f"{path} line {statement.lineno}: `{name}` is computed; write it out") from None
    return values


def _texts(value: Any) -> tuple[str, ...]:
    """Alembic's own leniency: nothing, one name, or several."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _last_of_each_app(migrations: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    last: dict[str, str] = {}
    for app, name in migrations:
        last[app] = max(name, last.get(app, ""))
    return set(last.items())


def _named(migrations: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(f"{app}.{name}" for app, name in migrations)


def _listed(folders: list[Path]) -> str:
    return " and ".join(map(str, folders))
