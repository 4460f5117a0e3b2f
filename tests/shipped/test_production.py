"""The shipped production checklist asks and measures what its document says, and is not content with a bare word."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.checklist.conditions import answer_condition, compile_condition
from cockpit.checklist.load import load
from cockpit.checklist.model import Branch, Document, Item
from cockpit.checklist.shipped import resolve
from cockpit.checks.cloud import values_of
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values

HERE = Path(__file__).parent
WRITTEN = (HERE.parent / "data" / "production-deployment-checklist.md").read_text()
CHECKLIST, _, QUICK_REFERENCE = WRITTEN.partition("## Quick Reference")
FOLDER = resolve("production")
VARIABLES: dict[str, Any] = yaml.safe_load((FOLDER / "00-checklist.yaml").read_text())["variables"]
ANSWERS: dict[str, list[str]] = yaml.safe_load((HERE / "production_answers.yaml").read_text())
READINGS: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "production_readings.yaml").read_text())
CLOUDS: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "production_clouds.yaml").read_text())

LIVE_AT_LEAST = 160
BARE_WORDS = ("checked", "Checked.", "yes", "Yes", "ok", "OK", "done", "true", "n/a", "-", "x")


def document(**given: str) -> Document:
    """The checklist with these variables given, and no environment."""
    return load(FOLDER, kinds=kinds(), given=given, environ={}).document


def wired() -> Document:
    """The checklist with every variable set to its example, on every platform."""
    declared = {name: written for name, written in VARIABLES.items() if isinstance(written, dict)}
    environ = {written["env"]: written["example"] for written in declared.values() if "env" in written}
    given = {
        name: str(written["example"]) for name, written in declared.items() if not {"env", "value"} & written.keys()
    }
    return load(
        FOLDER,
        kinds=kinds(),
        given={**given, "platforms": "aws, azure, digitalocean, docker-kubernetes"},
        environ=environ,
    ).document


UNWIRED = document()
WIRED = wired()
JUDGED = {item.id: item for item in UNWIRED.checkable() if item.confirm and item.confirm.expect}
LIVE = {item.id: item for item in WIRED.checkable() if item.check}


def outline(*nodes: Branch | Item) -> Iterator[tuple[str, str]]:
    for node in nodes:
        yield (node.level if isinstance(node, Branch) else "item"), node.title
        if isinstance(node, Branch):
            yield from outline(*node.children)


def written_outline() -> Iterator[tuple[str, str]]:
    patterns = {
        "part": r"## (.+)",
        "section": r"### (.+)",
        "group": r"- \[ \] \*\*(.+)\*\*",
        "item": r" *- \[ \] ([^*].+)",
    }
    for line in CHECKLIST.splitlines():
        for level, pattern in patterns.items():
            if match := re.fullmatch(pattern, line):
                yield level, match[1]
    yield "part", "Quick Reference"


def holds(item: Item, values: dict[str, Any]) -> bool:
    assert item.check is not None
    fields = kinds()[item.check.kind].fields
    return all(compile_condition(text, fields).decide(values).holds for text in item.check.expect)


# --- what stands in it


def test_every_heading_and_box_stands_in_it_word_for_word_and_in_order() -> None:
    assert list(outline(*UNWIRED.parts)) == list(written_outline())


def test_it_has_9_parts_24_sections_44_groups_and_258_items() -> None:
    levels = [level for level, _ in outline(*UNWIRED.parts)]
    assert [levels.count(level) for level in ("part", "section", "group", "item")] == [9, 24, 44, 258]


def test_exactly_the_boxes_marked_optional_or_if_used_are_not_required() -> None:
    marked = re.compile(r"\((optional|if needed|if used|if applicable)\)")
    assert {item.id for item in UNWIRED.items() if not item.required} == {
        item.id for item in UNWIRED.items() if marked.search(item.title)
    }


def test_the_success_metrics_are_watched_with_their_figures() -> None:
    written = re.findall(r"^- \*\*(.+)\*\*: ([<>]?[0-9.]+.*)$", QUICK_REFERENCE, re.MULTILINE)
    squeezed = [(watch.title, watch.target.replace(" ", "")) for watch in UNWIRED.watch]
    assert squeezed == [(name, figure.replace(" ", "")) for name, figure in written]
    assert len(squeezed) == 5


def test_the_emergency_contacts_are_there_and_no_number_is_invented() -> None:
    written = re.findall(r"^- \*\*(.+)\*\*: \[Contact Info\]$", QUICK_REFERENCE, re.MULTILINE)
    assert [contact.name for contact in UNWIRED.contacts] == written
    assert len(written) == 5
    assert not [contact for contact in UNWIRED.contacts if contact.phone or contact.chat or contact.email]


def test_the_quick_commands_are_those_of_the_document_unless_a_variable_says_otherwise() -> None:
    written = re.findall(r"^# (.+)\n(.+)$", QUICK_REFERENCE, re.MULTILINE)
    assert [command.title for command in UNWIRED.commands] == [title for title, _ in written]
    values = Values(UNWIRED.variables, {})
    for command, (_, line) in zip(UNWIRED.commands, written, strict=True):
        ours = values.show(command.run).replace("${database_url}", "$DATABASE_URL")
        if command.id == "system-resources":  # the document's own line names several processes in a way `top` refuses
            ours = ours.replace("$(pgrep -d, -f", "$(pgrep -f").replace('"$(', "$(").replace(')"', ")")
        assert shlex.split(ours) == shlex.split(line)
    assert [command.id for command in UNWIRED.commands if command.changes] == ["restart-services"]


def test_the_platforms_that_are_not_named_do_not_count() -> None:
    def counted(platforms: str) -> list[str]:
        found = document(platforms=platforms)
        sections = next(part for part in found.parts if part.id == "platform-specific").children
        return [section.id for section in sections if not section.excluded]

    assert counted("docker-kubernetes") == ["docker-kubernetes"]
    assert counted("aws, azure") == ["aws", "azure"]
    assert counted("digitalocean") == ["digitalocean"]
    assert len([item for item in UNWIRED.items() if not item.excluded]) == 258 - 30


def test_each_file_begins_with_its_schema_and_what_it_holds() -> None:
    for path in sorted(FOLDER.glob("*.yaml")):
        schema, purpose, *_ = path.read_text().splitlines()
        assert schema == "# yaml-language-server: $schema=../schema.json", path
        assert re.fullmatch(r"# .{20,}\.", purpose), path


# --- what is asked


@pytest.mark.parametrize("item", list(UNWIRED.checkable()), ids=lambda item: item.id)
def test_every_item_asks_a_real_question_and_says_where_to_look(item: Item) -> None:
    assert item.confirm is not None
    question, look = item.confirm.ask, item.confirm.look
    openings = "Which|What|When|Where|Whose|Whom|Who|How|For how|From how|From which|After how|Until when|Up to which"
    assert re.match(rf"({openings})\b", question), "answered by yes or no"
    assert question.endswith("?")
    assert len(question) <= 70, "does not fit a line of a small screen"
    assert look
    assert len(look) <= 100, "does not fit a line of a wide screen"
    assert not item.confirm.position or item.confirm.position in UNWIRED.positions


def test_no_two_items_ask_the_same() -> None:
    asked = [item.confirm.ask for item in UNWIRED.checkable() if item.confirm]
    assert sorted(asked) == sorted(set(asked))


def test_every_judged_answer_has_a_good_and_a_bad_example() -> None:
    assert ANSWERS.keys() == JUDGED.keys()


@pytest.mark.parametrize("item", list(JUDGED.values()), ids=lambda item: item.id)
def test_a_good_answer_is_taken_a_bad_one_and_a_bare_word_are_not(item: Item) -> None:
    assert item.confirm is not None
    judge = answer_condition(item.confirm.expect)
    good, bad = ANSWERS[item.id]
    assert judge.decide({"value": good}).holds
    assert [word for word in (bad, "", *BARE_WORDS) if judge.decide({"value": word}).holds] == []


# --- what is measured


def test_without_variables_every_item_is_asked_and_says_what_would_measure_it() -> None:
    assert {item.mode for item in UNWIRED.checkable()} == {"manual"}
    assert {item.id for item in UNWIRED.checkable() if item.unwired} == LIVE.keys()


def test_with_all_variables_set_most_that_can_be_measured_is() -> None:
    live = [item for item in WIRED.items() if item.check]
    both = [item for item in live if item.mode == "both"]
    print(f"{len(live)} of 258 items are measured, {len(both)} of them asked as well; {258 - len(live)} are asked only")
    assert len(live) >= LIVE_AT_LEAST
    assert not [item.id for item in WIRED.checkable() if item.unwired]


def test_every_variable_is_used_and_one_without_a_value_is_explained() -> None:
    used = "".join(path.read_text() for path in FOLDER.glob("0[1-9]-*.yaml"))
    assert [name for name in VARIABLES if name != "platforms" and f"${{{name}}}" not in used] == []
    for name, written in VARIABLES.items():
        if isinstance(written, dict):
            assert written["about"].endswith("."), name
            assert written.get("example") or written.get("value"), name


def test_what_would_show_a_secret_is_read_from_the_environment_only() -> None:
    for variable in UNWIRED.variables:
        assert variable.secret == bool(re.search(r"(_token|_password|database_url|replica_url)$", variable.name)), (
            variable.name
        )
        assert bool(variable.env) == variable.secret, variable.name


PROMETHEUS = [item for item in LIVE.values() if item.check and "/api/v1/query?query=" in item.check.spec.get("url", "")]


def sample(*values: str) -> dict[str, Any]:
    return {"status": 200, "body": {"data": {"result": [{"metric": {}, "value": [0.0, value]} for value in values]}}}


@pytest.mark.parametrize("item", PROMETHEUS, ids=lambda item: item.id)
def test_a_query_passes_on_some_value_and_never_on_no_data_no_number_or_two_series(item: Item) -> None:
    candidates = ("0.0005", "0.5", "1", "2", "99.99", "0")
    assert any(holds(item, sample(value)) for value in candidates)
    assert any(not holds(item, sample(value)) for value in (*candidates, "1000000", "-1"))
    assert not holds(item, sample())
    assert not holds(item, sample(str(math.nan)))
    assert not holds(item, sample("1", "1"))
    assert not holds(item, {"status": 400, "body": {"status": "error", "errorType": "bad_data"}})


def test_every_check_of_a_container_a_web_server_or_a_cluster_has_a_good_and_a_bad_reading() -> None:
    tried = {item.id for item in LIVE.values() if item.check and item.check.kind in ("docker", "http", "kubernetes")}
    assert READINGS.keys() == tried - {item.id for item in PROMETHEUS}
    assert CLOUDS.keys() == {item.id for item in LIVE.values() if item.check and item.check.kind == "cloud"}


@pytest.mark.parametrize("item", [LIVE[id_] for id_ in READINGS if id_ in LIVE], ids=lambda item: item.id)
def test_a_check_passes_on_a_good_reading_and_on_no_bad_one(item: Item) -> None:
    good = READINGS[item.id]["good"]
    assert holds(item, good)
    assert [bad for bad in READINGS[item.id]["bad"] if holds(item, {**good, **bad})] == []


@pytest.mark.parametrize("item", [LIVE[id_] for id_ in CLOUDS if id_ in LIVE], ids=lambda item: item.id)
def test_a_check_of_a_cloud_passes_on_a_good_answer_and_on_no_bad_one(item: Item) -> None:
    assert item.check is not None
    view = Values(WIRED.variables, {}).fill(item.check.spec)["view"]

    def passes(answer: Any) -> bool:
        if answer == "absent":
            return holds(item, {"found": False, "status": 255, "took": 0.5})
        return holds(item, {**values_of(answer, view), "status": 0, "took": 0.5})

    assert passes(CLOUDS[item.id]["good"])
    assert [answer for answer in CLOUDS[item.id]["bad"] if passes(answer)] == []


# --- the smallest one


def test_the_minimal_checklist_shows_both_ways_in_fifteen_lines() -> None:
    path = resolve("minimal")
    asked = load(path, kinds=kinds(), environ={}).document
    measured = load(path, kinds=kinds(), given={"base_url": "http://127.0.0.1:8080"}, environ={}).document
    assert [item.mode for item in asked.items()] == ["manual", "manual"]
    assert [item.mode for item in measured.items()] == ["live", "manual"]
    assert len(path.read_text().splitlines()) <= 15
