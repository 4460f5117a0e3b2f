"""Several commands of Cockpit in one process: `python -m tests.prove.one_after_another FILE`, a JSON list of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cockpit.cli import main
from tests.prove.drawn import NEXT

if __name__ == "__main__":
    for number, command in enumerate(json.loads(Path(sys.argv[1]).read_text())):
        main(command)
        print(NEXT.format(number), flush=True)
