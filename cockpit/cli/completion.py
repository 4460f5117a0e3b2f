"""`cockpit completion`: what makes a shell complete commands, runs and items."""

from __future__ import annotations

import argparse

from cockpit.cli.exits import Exit


def completion(args: argparse.Namespace) -> int:
    """Print the script for a shell."""
    import argcomplete

    print(argcomplete.shellcode(["cockpit"], shell=args.shell))
    return Exit.GOOD
