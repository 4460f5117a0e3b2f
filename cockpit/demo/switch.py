"""Send the traffic of the sandbox to a colour.

python -m cockpit.demo.switch green --sandbox DIR
python -m cockpit.demo.switch green --router http://127.0.0.1:20080
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cockpit.demo.calling import NotAnswered, call
from cockpit.demo.router import COLOURS
from cockpit.demo.stack import Stack


def switch(router_url: str, to: str) -> str:
    """Send traffic to the colour `to`; return the one that had it. Raises NotAnswered."""
    status, _, told = call("POST", f"{router_url}/_router/switch?to={to}")
    if status != 200:
        raise NotAnswered(f"the router refuses: {told}")
    return str(told["before"])


def main() -> int:
    """Switch, and say what changed. Exit status 3 when the router could not be reached."""
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.switch", description="Send traffic to a colour.")
    parser.add_argument("to", choices=COLOURS)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--sandbox", type=Path, metavar="DIR", help="folder of the sandbox")
    where.add_argument("--router", metavar="URL", help="base URL of the router")
    wanted = parser.parse_args()
    try:
        router = wanted.router or Stack.read(wanted.sandbox).parts["router"].url
        before = switch(router, wanted.to)
    except (NotAnswered, OSError, ValueError) as problem:
        print(f"not switched: {problem}", file=sys.stderr)
        return 3
    print(f"traffic goes to {wanted.to}" + (f", not to {before} any more" if before != wanted.to else ", as before"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
