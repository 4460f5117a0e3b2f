"""`cockpit check`: what it measures, prints, and returns."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.cli.exits import Exit


def check(capsys: pytest.CaptureFixture[str], checklist: Path, *arguments: str) -> tuple[int, str, str]:
    status = main(["check", str(checklist), *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def test_a_check_that_passes_is_good(checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = check(capsys, checklist, "healthy", "--var", f"base_url={base_url}")
    assert status == Exit.GOOD
    assert out.startswith("PASS     healthy")
    assert re.fullmatch(r"1 PASS in \d+\.\d s", err.strip())


def test_a_check_that_fails_says_what_was_asked_expected_and_found(
    checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = check(capsys, checklist, "--var", f"base_url={base_url}")
    assert status == Exit.NO
    lines = [line.strip() for line in out.splitlines()]
    assert f"asked     GET {base_url}/version" in lines
    assert "expected  body.version == '2.4.0'" in lines
    assert any(line.startswith("found     body.version = ") and "2.3.9" in line for line in lines)
    assert re.fullmatch(r"1 PASS, 1 FAIL in \d+\.\d s", err.splitlines()[-1])
    assert err.startswith("FAIL     version  ")


def test_what_cannot_be_measured_is_told_apart_from_what_is_bad(
    checklist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = check(capsys, checklist, "--var", "base_url=http://127.0.0.1:1")
    assert status == Exit.UNDONE
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == ["ERROR", "BLOCKED"]
    assert err.splitlines()[-1].startswith("1 ERROR, 1 BLOCKED in ")


def test_an_item_brings_along_what_it_needs(checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = check(capsys, checklist, "version", "--format", "json", "--var", f"base_url={base_url}")
    assert status == Exit.NO
    assert [result["item"] for result in json.loads(out)["results"]] == ["healthy", "version"]


def test_json_has_counts_and_all_that_was_measured(
    checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = check(capsys, checklist, "--format", "json", "--var", f"base_url={base_url}")
    found = json.loads(out)
    assert found["format"] == 1
    assert found["counts"] == {"PASS": 1, "WARN": 0, "FAIL": 1, "ERROR": 0, "BLOCKED": 0}
    failed = found["results"][1]
    assert failed["title"] == "It is the version to be released"
    assert failed["advisory"] is False
    assert failed["findings"][0]["holds"] is False
    assert failed["request"] == f"GET {base_url}/version"


def test_only_failed_leaves_out_what_is_good(
    checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = check(capsys, checklist, "--only", "failed", "--var", f"base_url={base_url}")
    assert status == Exit.NO
    assert "healthy" not in out
    assert "version" in out


def test_a_section_limits_what_is_measured(checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = check(capsys, checklist, "--section", "people", "--var", f"base_url={base_url}")
    assert status == Exit.UNDONE
    assert "nothing to measure" in err
    status, _, err = check(capsys, checklist, "--section", "helth")
    assert status == Exit.WRONG
    assert "did you mean `health`?" in err


def test_nothing_to_measure_is_not_good_and_says_which_variables_would_help(
    checklist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = check(capsys, checklist)
    assert (status, out) == (Exit.UNDONE, "")
    assert "set base_url, token with --var NAME=VALUE" in err


def test_a_manual_item_that_is_named_cannot_be_measured(checklist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = check(capsys, checklist, "on-call")
    assert status == Exit.UNDONE
    assert "on-call cannot be measured: it has no check" in err


def test_an_unknown_item_is_told_the_nearest(checklist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = check(capsys, checklist, "helthy")
    assert status == Exit.WRONG
    assert "did you mean `healthy`?" in err


def test_a_secret_is_used_and_never_shown(
    checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", "correct-horse-battery")
    for form in ("table", "json"):
        status, out, err = check(capsys, checklist, "authorised", "--format", form, "--var", f"base_url={base_url}")
        assert status == Exit.GOOD
        assert "correct-horse" not in out + err


def test_an_advisory_check_decides_nothing(checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    checklist.write_text(checklist.read_text().replace("needs: [healthy]", "advisory: true"))
    status, out, _ = check(capsys, checklist, "--var", f"base_url={base_url}")
    assert status == Exit.GOOD
    assert "(advisory)" in out


def test_items_may_follow_options(checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = check(capsys, checklist, "--var", f"base_url={base_url}", "healthy")
    assert status == Exit.GOOD
    assert [line.split()[1] for line in out.splitlines()] == ["healthy"]


@pytest.mark.parametrize(
    ("form", "begins"),
    [("junit", "<?xml version"), ("tap", "TAP version 14\n1..2\n"), ("nagios", "CRITICAL - 1 of 2 FAIL: version | ")],
)
def test_every_format_is_alone_on_standard_output(
    checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str], form: str, begins: str
) -> None:
    status, out, err = check(capsys, checklist, "--format", form, "--var", f"base_url={base_url}")
    assert out.startswith(begins)
    assert "1 PASS, 1 FAIL in" in err
    assert status == (2 if form == "nagios" else Exit.NO)


def test_a_figure_that_is_a_time_has_its_unit_in_performance_data(
    checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = check(capsys, checklist, "healthy", "--format", "nagios", "--var", f"base_url={base_url}")
    assert status == 0
    assert re.fullmatch(r"OK - 1 of 1 PASS in \d+\.\d s \| 'healthy'=[0-9.]+s", out.strip())


def test_as_a_plugin_what_is_wrong_with_the_call_is_unknown(
    checklist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, said in (
        (("nix",), "UNKNOWN - there is no item 'nix' in Launch of the bot"),
        ((), "UNKNOWN - there is nothing to measure: "),
        (("--baseline", "nix"), "UNKNOWN - there is nothing to measure: "),
    ):
        status, out, _ = check(capsys, checklist, "--format", "nagios", *arguments)
        assert status == 3
        assert out.startswith(said)
        assert out.count("\n") == 1


def test_what_takes_too_long_is_an_error(checklist: Path, black_hole: int, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{black_hole}"
    status, out, _ = check(capsys, checklist, "--within", "200ms", "--var", f"base_url={url}")
    assert status == Exit.UNDONE
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == ["ERROR", "ERROR"]
    assert "not measured within 0.2 s" in out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--every", "5s"), "give both, or neither"),
        (("--watch", "--format", "tap"), "is one whole report"),
        (("--watch", "--baseline", "x"), "compares with the measurement before"),
        (("--baseline", "x"), "there is no baseline 'x'"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    checklist: Path, base_url: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str
) -> None:
    status, out, err = check(capsys, checklist, *arguments, "--var", f"base_url={base_url}")
    assert (status, out) == (Exit.WRONG, "")
    assert why in err


def test_a_check_that_changes_something_is_measured_only_when_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, mark = tmp_path / "list.yaml", tmp_path / "mark"
    path.write_text(f"""\
cockpit: 1
name: On demand
parts:
  - id: one
    title: One
    items:
      - {{id: plain, title: Plain, check: {{command: {{run: "true"}}}}}}
      - {{id: restore, title: Restore, check: {{command: {{run: "touch {mark}"}}, on_demand: true}}}}
""")
    assert main(["check", str(path)]) == Exit.GOOD
    said = capsys.readouterr()
    assert "restore" not in said.out
    assert "not measured, as it changes something, unless named: restore" in said.err
    assert main(["check", str(path), "plain"]) == Exit.GOOD
    assert "restore" not in capsys.readouterr().err
    assert main(["check", str(path), "restore", "--watch"]) == Exit.WRONG
    assert "restore changes something: --watch would do that again and again" in capsys.readouterr().err
    assert not mark.exists()
    assert main(["check", str(path), "restore"]) == Exit.GOOD
    assert mark.exists()
