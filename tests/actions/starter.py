"""Starts the runner of an attempt, as an engine does, and waits to be killed: `python starter.py FOLDER < JOB`."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.actions.folder import AttemptFolder
from cockpit.actions.job import decode
from cockpit.actions.start import start

job = decode(sys.stdin.buffer.read())
print("ready", flush=True)
start(AttemptFolder(Path(sys.argv[1])), job)
print("taken", flush=True)
time.sleep(600)
