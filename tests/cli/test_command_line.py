"""Every command can be called as its help says, and says what it does."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit import __version__
from cockpit.cli import main
from cockpit.cli.command import Command
from cockpit.cli.exits import Exit
from cockpit.cli.parser import build

SHELL_WORDS = {"|", ">", "source"}


def commands(parser: Command) -> Iterator[Command]:
    for command in parser.commands.values():
        yield command
        yield from commands(command)


EVERY = list(commands(build()))
RUNNABLE = [command for command in EVERY if command.get_default("target")]


def arguments_of(example: str) -> list[str]:
    """What `cockpit` is called with in an example, without what the shell does around it."""
    example = example.removeprefix("source <(").removesuffix(")")
    words = shlex.split(example)
    end = next((index for index, word in enumerate(words) if word in SHELL_WORDS), len(words))
    assert words[0] == "cockpit"
    return words[1:end]


@pytest.mark.parametrize("command", EVERY, ids=lambda command: command.prog)
def test_every_command_shows_an_example_of_itself_that_parses(command: Command) -> None:
    assert command.examples
    for example in command.examples:
        assert example in command.format_help()
        arguments = arguments_of(example)
        assert " ".join(["cockpit", *arguments]).startswith(command.prog)
        assert build().parse_args(arguments).target


@pytest.mark.parametrize("command", RUNNABLE, ids=lambda command: command.prog)
def test_every_command_leads_to_a_function_that_says_what_it_does(command: Command) -> None:
    module, _, function = command.get_default("target").partition(":")
    assert getattr(importlib.import_module(f"cockpit.cli.{module}"), function).__doc__


@pytest.mark.parametrize("command", EVERY, ids=lambda command: command.prog)
def test_every_argument_of_every_command_is_explained(command: Command) -> None:
    for action in command._actions:
        assert action.help or action.choices, f"{command.prog}: {action.dest}"


def test_the_help_lists_every_command_and_every_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == Exit.GOOD
    shown = capsys.readouterr().out
    for name in build().commands:
        assert f"\n  {name} " in shown
    for status in Exit:
        assert f"{status.value} " in shown


def test_a_misspelt_command_is_told_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lnit", "x.yaml"]) == Exit.WRONG
    assert "did you mean `cockpit lint`?" in capsys.readouterr().err


def test_an_unknown_command_is_told_where_the_known_ones_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["zzz"]) == Exit.WRONG
    assert "cockpit --help" in capsys.readouterr().err


def test_an_unknown_option_is_named_with_the_usage_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "x.yaml", "--jsn"]) == Exit.WRONG
    said = capsys.readouterr().err
    assert "usage: cockpit lint" in said
    assert "--jsn" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lint"], "FILE"),
        (["lint", "x.yaml", "--var", "base_url"], "'base_url' is not NAME=VALUE"),
        (["waive", "run", "item", "--because", "x", "--until", "soon"], "'soon' is neither a time"),
        (["waive", "run", "item", "--because", "x", "--until", "2001-01-01"], "is past"),
        (["waive", "run", "item"], "--because"),
        (["replay", "run", "--speed", "0"], "not a whole number from 1 to 1000"),
        (["attach", "run", "--observe", "--take-command"], "not allowed with"),
        (["attach", "run", "--as", "security", "--take-command"], "not allowed with"),
        (["journal"], "COMMAND"),
        (["completion", "tcsh"], "tcsh"),
    ],
)
def test_a_wrong_call_is_explained_in_a_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == Exit.WRONG
    assert said in capsys.readouterr().err


def test_the_version_is_told_by_the_fast_path_and_by_the_parser(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == Exit.GOOD
    assert main(["--version", "--version"]) == Exit.GOOD
    assert capsys.readouterr().out == f"cockpit {__version__}\n" * 2


def test_python_dash_m_is_the_same_program() -> None:
    told = subprocess.run([sys.executable, "-m", "cockpit", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("cockpit ")


@pytest.mark.parametrize("status", [Exit.NO, Exit.UNDONE])
def test_the_exit_status_is_that_of_the_process(status: Exit, tmp_path: Path) -> None:
    code = f"import sys, cockpit.cli.kinds as k; from cockpit.cli import main; k.kinds = lambda _: {status.value}"
    ended = subprocess.run([sys.executable, "-c", f"{code}; sys.exit(main(['kinds']))"], env=os.environ, check=False)
    assert ended.returncode == status
