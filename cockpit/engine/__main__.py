"""Start an engine that belongs to nobody's terminal: `python -m cockpit.engine RUN_FOLDER`; prints its process id.

What it reads from its standard input are the passphrases of SSH keys, as JSON: by the path of the key, or nothing.

It forks before anything else is imported, so that the engine is nobody's child, has a session of its own, and leaves
no trace in whoever started it.
"""

import os
import sys

if __name__ == "__main__":
    engine = os.fork()
    if engine:
        print(engine, flush=True)
        os._exit(0)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    given = sys.stdin.buffer.read()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    import json
    from pathlib import Path

    from cockpit.engine.process import carry

    sys.exit(carry(Path(sys.argv[1]), json.loads(given or b"{}")))
