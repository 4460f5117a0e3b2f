"""`cockpit completion`: what makes a shell complete commands, runs and items."""

from __future__ import annotations

import argparse

from cockpit.cli.exits import Exit


def completion(args: argparse.Namespace) -> int:
    """Print the script for a shell."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["cockpit"], shell=args.shell))
    return Exit.GOOD
