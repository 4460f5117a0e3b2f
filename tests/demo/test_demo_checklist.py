"""The demo checklist on the sandbox: every item good on a good stack, bad when what it is about is broken, good again."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest

from cockpit.actions.registry import kinds as actions
from cockpit.checklist.conditions import answer_condition
from cockpit.checklist.load import load
from cockpit.checklist.model import Document, Item
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values
from cockpit.demo.headless import ANSWERS, RULED_OUT, WAIVED, answers, words
from cockpit.demo.stack import Stack
from cockpit.run.command import Confirm, RuleOut, Waive
from tests.demo.sabotage import SABOTAGE, fault

CHECKLIST = Path(__file__).parents[2] / "checklists" / "demo.yaml"


def loaded(variables: dict[str, str]) -> Document:
    return load(CHECKLIST, kinds=kinds(), actions=actions(), given=variables, environ={}).document


def results(variables: dict[str, str], *wanted: str) -> dict[str, str]:
    """Item to result (with what was found when it is not PASS), of all items or of those wanted."""

    async def all_of_them() -> dict[str, str]:
        document = loaded(variables)
        values, session = Values(document.variables, {}), Session()
        every = document.checkable() if wanted else _on_the_list(document)
        items = [item for item in every if item.check and (not wanted or item.id in wanted)]
        try:
            measured = await asyncio.gather(
                *(measure(item.id, item.check, kinds=kinds(), values=values, session=session) for item in items)
            )
        finally:
            await session.close()
        return {
            it.item: it.result if it.result == "PASS" else f"{it.result} {it.summary} {it.findings}" for it in measured
        }

    return asyncio.run(all_of_them())


def _on_the_list(document: Document) -> list[Item]:
    """What counts before going live: the items and the watches, without the plan's own checks."""
    return [*document.items(), *document.watch]


def broken(stack: Stack, item: str) -> str:
    with SABOTAGE[item].put_in(stack) as variables:
        return results({**stack.variables, **(variables or {})}, item)[item].split()[0]


def test_every_live_item_passes_on_a_good_stack(shared_stack: Stack):
    found = results(shared_stack.variables)
    assert {item: result for item, result in found.items() if result != "PASS"} == {}
    assert len(found) >= 25


def test_every_live_item_and_watch_has_a_sabotage(shared_stack: Stack):
    assert {item.id for item in _on_the_list(loaded(shared_stack.variables)) if item.check} == set(SABOTAGE)


@pytest.mark.parametrize("item", [item for item, sabotage in SABOTAGE.items() if not sabotage.lasting])
def test_an_item_fails_when_what_it_is_about_is_broken_and_passes_when_it_is_mended(shared_stack: Stack, item: str):
    assert broken(shared_stack, item) == SABOTAGE[item].result
    assert results(shared_stack.variables, item) == {item: "PASS"}


@pytest.mark.parametrize("item", [item for item, sabotage in SABOTAGE.items() if sabotage.lasting])
def test_an_item_fails_when_what_it_is_about_is_broken_for_a_while(stack: Stack, item: str):
    assert broken(stack, item) == SABOTAGE[item].result


def test_blue_answering_slowly_is_a_warning_before_it_is_a_failure(shared_stack: Stack):
    with fault("blue", slow_ms=300)(shared_stack):
        assert results(shared_stack.variables, "blue-fast")["blue-fast"].startswith("WARN ")


def test_without_the_sandbox_every_item_is_asked():
    document = loaded({})
    assert all(item.check is None and item.confirm.ask.endswith("?") for item in document.items())


def test_what_the_headless_demo_sees_satisfies_every_question(stack: Stack):
    manual = {item.id: item for item in loaded(stack.variables).items() if item.mode != "live"}
    seen = asyncio.run(answers(stack))
    assert set(seen) == set(manual) - {WAIVED[0], RULED_OUT[0]}
    for item, value in seen.items():
        if manual[item].confirm.expect:
            assert answer_condition(manual[item].confirm.expect).decide({"value": value}).holds, (item, value)


def test_where_a_question_says_to_look_its_answer_is_found(stack: Stack):
    document = loaded(stack.variables)
    show = Values(document.variables, {}).show
    for item, value in asyncio.run(answers(stack)).items():
        look = show({each.id: each for each in document.items()}[item].confirm.look)
        if shutil.which(look.split()[0]) and item != "space-left":
            printed = subprocess.run(look, shell=True, check=False, capture_output=True, text=True).stdout
            assert all(word in printed for word in value.split(", ")), (item, look)


def test_quick_commands_do_what_they_say(stack: Stack):
    document = loaded(stack.variables)
    show = Values(document.variables, {}).show
    assert {command.id for command in document.commands if command.changes} == {
        *("slow-blue", "failing-blue", "mend-blue", "to-green", "to-blue"),
    }
    for command in document.commands:
        run = show(command.run)
        if shutil.which(run.split()[0]):
            ran = subprocess.run(run, shell=True, check=False, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stderr
            assert ran.stdout.strip()
            assert "error" not in ran.stdout or command.id.endswith("log") or command.id == "status"


def test_a_question_with_a_right_answer_refuses_a_wrong_one(shared_stack: Stack):
    expects = [item.confirm.expect for item in loaded(shared_stack.variables).items() if item.mode != "live"]
    assert sum(map(bool, expects)) >= 7
    assert not any(answer_condition(it).decide({"value": "I did not look"}).holds for it in expects if it)


def test_the_waived_item_is_required_and_the_one_ruled_out_is_not(shared_stack: Stack):
    items = {item.id: item for item in loaded(shared_stack.variables).items()}
    assert items[WAIVED[0]].required
    assert not items[RULED_OUT[0]].required


def test_what_cannot_be_seen_is_left_out(stack: Stack):
    assert stack.stop()
    seen = asyncio.run(answers(stack))
    assert set(ANSWERS) - set(seen) == {"green-version", "release-known", "way-back-known", "bots-expected", "runs-as"}


def test_the_captain_says_a_word_on_each_manual_item():
    now = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    said = words({"runs-as": "ada"}, now)
    assert [type(word) for word in said] == [Confirm, Waive, RuleOut]
    assert (said[0].item, said[0].value) == ("runs-as", "ada")
    assert now < said[1].expires <= now + dt.timedelta(days=7)
