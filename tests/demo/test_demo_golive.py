"""Going live on the sandbox and back: its programs, what shows that each worked, and what cannot be done."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.demo.bot import Bot
from cockpit.demo.calling import call
from cockpit.demo.database import FEE, CannotBeTakenBack, Database, migrate, take_back
from cockpit.demo.log import Log
from cockpit.demo.restart import NotRestarted, restart, wish_for
from cockpit.demo.stack import Stack
from tests.demo.test_demo_bot import TRADE, ask
from tests.demo.test_demo_checklist import loaded, results


def do(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """Call a program of the sandbox as the plan does, from somewhere else."""
    return subprocess.run([stack.folder / "demo", *words], cwd="/", check=False, capture_output=True, text=True)


def test_each_step_shows_that_it_worked_only_once_it_was_done_and_its_undo_likewise(stack: Stack):
    for step in loaded(stack.variables).plan.steps:
        if step.action is None or step.action.kind != "command" or step.undo is None:
            continue
        words = step.action.spec["run"].removeprefix("${sandbox}/demo ").split()
        assert "FAIL" in str(results(stack.variables, *step.verify)), step.id
        assert do(stack, *words).returncode == 0
        call("POST", stack.variables["base_url"] + "/api/trades", TRADE)
        assert set(results(stack.variables, *step.verify).values()) == {"PASS"}, step.id
    for step in reversed(loaded(stack.variables).plan.steps):
        if step.undo is not None:
            words = step.undo.action.spec["run"].removeprefix("${sandbox}/demo ").split()
            assert do(stack, *words).returncode == 0
            assert set(results(stack.variables, *step.undo.verify).values()) == {"PASS"}, step.id
            assert "FAIL" in str(results(stack.variables, *step.verify)), step.id


def test_a_rehearsed_migration_changes_nothing(stack: Stack):
    before = [*_schema(stack.database)]
    done = do(stack, "migrate", "--to", "4", "--on-a-copy")
    assert done.returncode == 0, done.stderr
    assert "applied: migration 4 (fees)" in done.stdout
    assert "taken back: migration 4 (fees)" in done.stdout
    assert done.stdout.endswith("nothing was changed: the database is still at version 3\n")
    assert [*_schema(stack.database)] == before


def test_a_program_says_what_it_could_not_do(stack: Stack):
    done = do(stack, "migrate", "--to", "2")
    assert (done.returncode, done.stderr) == (1, "not migrated: there is no way back from migration 3\n")
    assert stack.stop()
    assert do(stack, "switch", "green").returncode == 3
    (stack.folder / "stack.json").unlink()
    for words in (("migrate", "--to", "4"), ("restart", "green"), ("switch", "green")):
        done = do(stack, *words)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith("not ")


def test_migrations_go_back_to_where_they_can(tmp_path: Path):
    path = tmp_path / "bot.db"
    migrate(path)
    assert migrate(path, 4) == [4]
    assert take_back(path, 3) == [4]
    assert take_back(path, 3) == []
    with pytest.raises(CannotBeTakenBack, match="migration 3"):
        take_back(path, 2)
    assert migrate(path, 4) == [4]


def test_a_bot_with_fees_records_the_fee_of_each_trade_and_needs_the_table(tmp_path: Path):
    path = tmp_path / "bot.db"
    migrate(path)
    with closing(Database(path, fees=True)) as database, closing(Log(tmp_path / "log", colour="green")) as log:
        bot = Bot("green", "1.5.0", database, log)
        assert ask(bot, "GET", "/health")[0] == 503
        assert ask(bot, "POST", "/api/trades", TRADE)[0] == 503
        assert database.trades(1) == []  # a trade without its fee is not recorded
        migrate(path, 4)
        assert ask(bot, "GET", "/health")[1]["fees"] is True
        number = ask(bot, "POST", "/api/trades", TRADE)[1]["id"]
        found = database._connection.execute("select trade, amount from fees").fetchall()
        assert found == [(number, pytest.approx(TRADE["quantity"] * TRADE["price"] * FEE))]


def test_a_colour_that_was_started_anew_is_another_process_at_the_same_place(stack: Stack):
    before = stack.parts["green"]
    pid = restart(stack.folder, "green", fees=False)
    after = Stack.read(stack.folder).parts["green"]
    assert (after.pid, after.url, after.ended) == (pid, before.url, "")
    assert pid != before.pid
    assert not Path(f"/proc/{before.pid}").exists()
    assert Stack.read(stack.folder).parts["blue"] == stack.parts["blue"]


def test_a_colour_that_has_died_can_be_started_anew(stack: Stack):
    os.kill(stack.parts["green"].pid, 9)
    restart(stack.folder, "green", fees=False)
    assert call("GET", stack.parts["green"].url + "/health")[0] == 200


def test_a_restart_that_does_not_come_up_says_so(stack: Stack, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cockpit.demo.restart.RESTART_TIMEOUT", 2.0)
    with pytest.raises(NotRestarted, match="schema 4 is needed"):
        restart(stack.folder, "green", fees=True)
    assert not wish_for(stack.folder, "green").exists()


def _schema(database: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("select name, sql from sqlite_master order by name").fetchall()
