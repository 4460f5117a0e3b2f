"""One command of the command line: its help, its examples, the commands below it."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from cockpit.cli.completers import Completer
from cockpit.text import safe_line


class Command(argparse.ArgumentParser):
    """A command, with examples of its use; or a command that has commands."""

    def __init__(self, *, examples: tuple[str, ...] = (), lists_commands: bool = True, **settings: Any) -> None:
        epilog = "\n".join(["example:" if len(examples) == 1 else "examples:", *(f"  {line}" for line in examples)])
        settings.setdefault("epilog", epilog if examples else None)
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False, **settings)
        self._lists_commands = lists_commands
        self.examples = examples
        self.commands: dict[str, Command] = {}
        self._choice: argparse._SubParsersAction[Command] | None = None

    def command(self, name: str, target: str, about: str, *examples: str, more: str = "") -> Command:
        """Add a command. `target` may be empty for one that only has commands of its own.

        What was parsed has the command that was meant as `command`.
        """
        if self._choice is None:
            self._choice = self.add_subparsers(
                prog=self.prog,
                metavar="COMMAND",
                required=self.get_default("target") is None,
                help=None if self._lists_commands else argparse.SUPPRESS,
            )
        description = f"{about}\n\n{more}" if more else about
        listed: dict[str, Any] = {"help": about} if self._lists_commands else {}
        added = self._choice.add_parser(name, examples=examples, description=description, **listed)
        if target:
            added.set_defaults(target=target, command=added)
        self.commands[name] = added
        return added

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the call, with what was typed made safe, and end."""
        super().error(safe_line(message))

    def argument(self, *names: str, complete: Completer | None = None, **settings: Any) -> Command:
        """Add an argument, with what a shell may complete it to; returns the command."""
        action = self.add_argument(*names, **settings)
        if complete is not None:
            action.completer = complete  # type: ignore[attr-defined] # where argcomplete looks for it
        return self
