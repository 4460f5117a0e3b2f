"""`cockpit actions`: what the kinds of action say of themselves."""

from __future__ import annotations

import json

import pytest

from cockpit.actions.registry import kinds
from cockpit.cli import main
from cockpit.cli.exits import Exit


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["actions", *words]) == Exit.GOOD
    return capsys.readouterr().out


def test_actions_lists_every_kind_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split()[0] for line in shown(capsys).splitlines()] == sorted(kinds())


@pytest.mark.parametrize("name", sorted(kinds()))
def test_actions_documents_all_of_a_kind_in_three_forms(capsys: pytest.CaptureFixture[str], name: str) -> None:
    kind = kinds()[name]
    text, page = shown(capsys, name), shown(capsys, name, "--markdown")
    (plain,) = json.loads(shown(capsys, name, "--json"))["actions"]
    assert (plain["name"], plain["about"], plain["example"]) == (name, kind.about, kind.example)
    for key in kind.spec.model_fields:
        assert f"  {key} " in text
        assert f"| `{key}` |" in page
        assert key in [row["name"] for row in plain["keys"]]
    for line in kind.example.splitlines():
        assert line in text
        assert line in page


def test_actions_tells_where_a_kind_is_carried_out(capsys: pytest.CaptureFixture[str]) -> None:
    told = {each["name"]: each for each in json.loads(shown(capsys, "--json"))["actions"]}
    assert (told["manual"]["hosts"], told["manual"]["changes"], told["manual"]["alone"]) == ("no", False, "do")
    assert (told["ssh"]["hosts"], told["command"]["hosts"]) == ("must", "may")
    assert "It is carried out on hosts only." in shown(capsys, "ssh")
    assert "A text alone stands for `run`." in shown(capsys, "command")


def test_an_unknown_kind_of_action_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["actions", "swram"]) == Exit.WRONG
    assert "there is no kind of action 'swram'; did you mean `swarm`?" in capsys.readouterr().err
