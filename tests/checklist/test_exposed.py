"""Commands that hand a password to a program in its arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.actions.registry import kinds as actions
from cockpit.checklist.exposed import exposing, warnings
from cockpit.checklist.load import load
from cockpit.checklist.problem import Problem
from cockpit.checks.registry import kinds

TEXT = """
cockpit: 1
name: A launch
variables:
  database_url: {env: DATABASE_URL, secret: true}
  base_url: {value: http://127.0.0.1}
commands:
  - {id: looks, title: Looks, run: "curl -f ${base_url}/health"}
  - id: asks
    title: Asks the database
    run: psql "${database_url}" -c 'SELECT 1;'
parts:
  - id: one
    title: One
    items:
      - {id: backup, title: Backup, check: {command: {run: pg_dump -s "$DATABASE_URL" > /dev/null}, expect: [status == 0]}}
golive:
  steps:
    - {id: migrate, title: Migrate, run: {command: "./migrate --to postgresql://app:hunter2-hunter2@db/app"}}
"""


def warned(tmp_path: Path, text: str = TEXT) -> list[Problem]:
    path = tmp_path / "launch.yaml"
    path.write_text(text)
    return warnings(load(path, kinds=kinds(), actions=actions(), environ={}))


def test_each_is_told_where_it_is_written_with_what_to_do(tmp_path: Path) -> None:
    found = warned(tmp_path)
    lines = TEXT.splitlines()
    assert [(lines[each.line - 1].strip()[:14], each.message.split("`")[1]) for each in found] == [
        ("- id: asks", "psql"),
        ("- {id: backup,", "pg_dump"),
        ("- {id: migrate", "migrate"),
    ]
    assert all("everyone on the machine can read" in each.message for each in found)
    assert all(word in found[0].hint for word in ("PGSERVICEFILE", "PGPASSFILE", "environment"))
    assert "hunter2" not in "".join(map(str, found))


@pytest.mark.parametrize(
    "command",
    [
        'psql "${url}" -c "SELECT 1;"',
        "cd /srv && /usr/bin/psql -d ${url}",
        "PGOPTIONS=-csearch_path=x psql ${url}",
        "if true; then psql --dbname=${url}; fi",
        "psql $DATABASE_URL",
        "true | psql -qAt postgres://app:hunter2@db/app",
    ],
)
def test_a_password_among_the_arguments_of_a_client_is_found(command: str) -> None:
    assert list(exposing(command, {"url"})) == ["psql"]


@pytest.mark.parametrize(
    "command",
    [
        "psql service=production -c 'SELECT 1;'",
        "PGPASSWORD=${url} psql -h db app",
        "psql postgres://app@db/app",
        "psql -c 'SELECT ${url}'",
        "printf '%s' ${url} | psql -h db",
        "curl -f $BASE_URL/health",
        "echo 'not closed",
    ],
)
def test_one_that_shows_no_password_is_none(command: str) -> None:
    assert list(exposing(command, {"url"})) == []
