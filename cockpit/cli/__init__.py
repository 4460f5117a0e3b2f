"""The way in: the command line. `parser` names every command; each is a function in a module of its family."""

import sys


def main(argv: list[str] | None = None) -> int:
    """Carry out one command and return its exit status (`cockpit.cli.exits.Exit`).

    `argv` is what stands after `cockpit`; None takes it from the process. The version is told before anything is
    imported, so that scripts may ask for it at no cost.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if arguments == ["--version"]:
        from cockpit import __version__

        print(f"cockpit {__version__}")
        return 0
    if argv is None:
        from cockpit.connect.memory import keep_private

        keep_private()  # passphrases and secrets are asked for, read and used here
    from cockpit.cli.call import call

    return call(arguments)
