"""The commands for those who write checklists: lint, show, explain, schema, kinds, import."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.checks.registry import kinds
from cockpit.cli import main
from cockpit.cli.exits import Exit

WRONG = """\
cockpit: 1
name: Wrong
parts:
  - id: one
    titel: One
    items:
      - {id: twice, title: First, confirm: {ask: Which?}}
      - {id: twice, title: Second, confirm: {ask: Which?}}
"""


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == Exit.GOOD
    return capsys.readouterr().out


def shown_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    return json.loads(shown(capsys, *arguments))


def test_lint_of_a_good_checklist_prints_nothing_to_the_output(
    checklist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", str(checklist)]) == Exit.GOOD
    said = capsys.readouterr()
    assert said.out == ""
    assert "4 items, no problem" in said.err


def test_lint_names_every_problem_with_its_place_and_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    assert main(["lint", str(path)]) == Exit.WRONG
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert any(line.startswith(f"{path}:5:5: ") and "title" in line for line in lines)
    assert any(line.startswith(f"{path}:8:") and "twice" in line for line in lines)
    assert f"{len(lines)} problems" in said.err


def test_lint_warns_of_a_password_that_others_can_read_and_calls_the_checklist_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "launch.yaml"
    command = '{id: ask, title: Ask, run: \'psql "$DATABASE_URL" -c "SELECT 1;"\'}'
    path.write_text(f"cockpit: 1\nname: A launch\nparts: []\ncommands:\n  - {command}\n")
    assert main(["lint", str(path)]) == Exit.GOOD
    said = capsys.readouterr()
    assert said.out.startswith(f"{path}:5:5: warning: `psql` is given a password")
    assert "no problem, 1 warning" in said.err


def test_lint_tells_programs_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    assert main(["lint", str(path), "--json"]) == Exit.WRONG
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == 1
    assert next(problem for problem in found["problems"] if problem["line"] == 5)["column"] == 5
    assert set(found["problems"][0]) == {"file", "line", "column", "message", "hint"}


def test_show_tells_every_level_with_id_and_title_and_every_item_with_why_it_is_manual(
    checklist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = shown_json(capsys, "show", str(checklist), "--json")
    assert found["format"] == 1
    assert found["counts"] == {"parts": 2, "sections": 1, "groups": 1, "items": 4, "live": 0, "manual": 4}
    part = found["parts"][0]
    section = part["children"][0]
    group = section["children"][0]
    assert [(each["level"], each["id"]) for each in (part, section, group)] == [
        ("part", "before"),
        ("section", "service"),
        ("group", "health"),
    ]
    healthy = group["children"][0]
    assert (healthy["level"], healthy["id"], healthy["mode"]) == ("item", "healthy", "manual")
    assert healthy["why"] == "variable base_url is not set"
    assert healthy["title"] == "The back end is healthy"
    assert found["parts"][1]["children"][0]["why"] == "it has no check"


def test_show_counts_what_a_variable_makes_live(checklist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown_json(capsys, "show", str(checklist), "--json", "--var", "base_url=http://127.0.0.1:9")
    assert (found["counts"]["live"], found["counts"]["manual"]) == (2, 2)
    items = found["parts"][0]["children"][0]["children"][0]["children"]
    assert items[0]["why"] == "http measures it"
    assert items[2]["why"] == "variable token is not set"


def test_show_never_tells_the_value_of_a_secret(
    checklist: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", "correct-horse-battery")
    for arguments in (["show"], ["show", "--json"], ["lint", "--json"]):
        assert "correct-horse" not in shown(capsys, arguments[0], str(checklist), *arguments[1:])
    assert main(["explain", str(checklist), "authorised", "--var", "base_url=http://x"]) == Exit.GOOD
    said = capsys.readouterr().out
    assert "correct-horse" not in said
    assert "${token} is a secret from environment variable BOT_TOKEN" in said


def test_show_prints_the_tree_and_which_variables_are_not_set(
    checklist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(capsys, "show", str(checklist)).splitlines()
    assert lines[0] == "Launch of the bot"
    assert lines[1] == "2 parts, 1 section, 1 group, 4 items: 0 live, 4 manual"
    assert "      - healthy: The back end is healthy  [manual: variable base_url is not set]" in lines
    assert any(line.split() == ["base_url", "Where", "users", "reach", "it."] for line in lines)


WITH_A_PLAN = """\
cockpit: 1
name: Base
variables: {colour: green, token: {env: TOKEN_OF_A_PLAN, secret: true}}
positions: [operations, security]
hosts: {app1: app1.example}
parts: [{id: part, title: Part, items: [{id: shut, title: The door is shut, confirm: Is it?}]}]
golive:
  window: {start: "22:00", end: "23:00", zone: Europe/London}
  steps:
    - {id: go-no-go, title: Go or no-go, gate: {parts: [part], poll: {need: 1, veto: [security]}}}
    - id: switch
      title: Switch
      run: {command: "./switch ${colour}", host: app1}
      probe: {check: {file: {path: /tmp}}}
      verify: [shut]
      soak: {for: 5m}
      undo: {run: {command: ./switch blue, host: app1}}
    - {id: drop, title: Drop, run: {http: {url: "https://db.example/drop", headers: {Authorization: "Bearer ${token}"}}}, reversible: no, required: no}
"""
"""A plan that a checklist of its own goes on from."""


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN_OF_A_PLAN", "correct-horse-battery")
    Path("base.yaml").write_text(WITH_A_PLAN)
    Path("own.yaml").write_text(
        "cockpit: 1\nextends: base.yaml\ngolive:\n  steps:\n    - {id: switch, title: Send users to green}\n"
    )
    return "own.yaml"


def test_show_prints_the_plan_with_what_each_step_does_and_how_it_is_undone(
    planned: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = shown(capsys, "show", planned)
    plan = said[said.index("Going live") : said.index("Hosts")].splitlines()
    assert plan == [
        "Going live, planned for 22:00 to 23:00 Europe/London",
        "  1. go-no-go: Go or no-go",
        "       gate    shut is good; 1 of operations, security say GO, veto of security",
        "  2. switch: Send users to green",
        "       does    ./switch green  (on app1)",
        "       verify  shut",
        "       soak    300 s: shut",
        "       undo    ./switch blue  (on app1)",
        "  3. drop: Drop  (optional)",
        *[line for line in plan if "db.example" in line],
        "       undo    none is written",
        "               point of no return: it cannot be undone",
        "",
        "The way back: the undo of what was done, in reverse",
        "",
    ]
    assert "correct-horse" not in said


def test_show_gives_the_plan_as_json(planned: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = shown_json(capsys, "show", planned, "--json")["plan"]
    assert plan["window"] == {"start": "22:00", "end": "23:00", "zone": "Europe/London"}
    assert [step["id"] for step in plan["steps"]] == ["go-no-go", "switch", "drop"]
    assert plan["steps"][1]["action"]["spec"] == {"run": "./switch ${colour}"}
    assert [check["id"] for check in plan["checks"]] == [plan["steps"][1]["probe"]] == ["switch-probe"]


def test_explain_says_where_each_value_of_a_step_was_written(planned: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = {line.split()[0]: line for line in shown(capsys, "explain", planned, "switch").splitlines() if line}
    assert rows["title"].endswith("own.yaml:5:27")
    assert rows["run.command"].endswith("base.yaml:13:22")


def test_explain_says_where_each_value_was_written_and_what_its_variables_stand_for(
    checklist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = shown(capsys, "explain", str(checklist), "healthy", "--var", "base_url=http://127.0.0.1:9")
    rows = {line.split()[0]: line for line in said.splitlines() if line}
    assert rows["check.http.url"].endswith(f"{checklist}:18:37")
    assert "status == 200; body.status == 'ok'" in rows["check.expect"]
    assert "default" in rows["check.deadline"]
    assert "Before launch > Service > Health" in said
    assert "asks: GET http://127.0.0.1:9/health" in said
    assert "${base_url} is http://127.0.0.1:9 (--var)" in said


def test_explain_of_an_unknown_item_names_the_nearest(checklist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(checklist), "healty"]) == Exit.WRONG
    assert "did you mean `healthy`?" in capsys.readouterr().err


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    schema = shown_json(capsys, "schema")
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_kinds_lists_every_kind_with_what_it_measures(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "kinds").splitlines()
    assert [line.split()[0] for line in lines] == sorted(kinds())


@pytest.mark.parametrize("name", sorted(kinds()))
def test_a_kind_is_documented_with_all_its_keys_and_fields_in_every_form(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kind = kinds()[name]
    text, page = shown(capsys, "kinds", name), shown(capsys, "kinds", name, "--markdown")
    (plain,) = shown_json(capsys, "kinds", name, "--json")["kinds"]
    names = [field.alias or key for key, field in kind.spec.model_fields.items()] + [each.name for each in kind.fields]
    for each in names:
        assert f"  {each}" in text
        assert f"| `{each}` |" in page
    assert set(names) <= {each["name"] for each in plain["keys"] + plain["fields"]}
    assert plain["example"] == kind.example
    assert kind.about in page


def test_an_unknown_kind_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kinds", "htp"]) == Exit.WRONG
    assert "did you mean `http`?" in capsys.readouterr().err


MARKDOWN = """\
# Launch

## Servers

- [ ] Backups are tested
- [ ] Monitoring is on
"""


def test_import_writes_yaml_that_loads_with_the_same_items(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "launch.md", tmp_path / "launch.yaml"
    source.write_text(MARKDOWN)
    assert main(["import", str(source), "-o", str(target)]) == Exit.GOOD
    counts = [shown_json(capsys, "show", str(path), "--json")["counts"] for path in (source, target)]
    assert counts[0] == counts[1]
    assert counts[0]["items"] == 2


def test_import_without_a_name_prints_the_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "launch.md"
    source.write_text(MARKDOWN)
    assert "Backups are tested" in shown(capsys, "import", str(source))


def test_import_leaves_a_file_alone_that_exists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "launch.md", tmp_path / "launch.yaml"
    source.write_text(MARKDOWN)
    target.write_text("mine")
    assert main(["import", str(source), "-o", str(target)]) == Exit.REFUSED
    assert target.read_text() == "mine"
    assert "left alone" in capsys.readouterr().err
