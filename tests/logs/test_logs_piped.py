"""`cockpit logs` without a terminal, as a script calls it."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-m", "cockpit", "logs"]
HERE = """\
cockpit: 1
name: Here
logs: [{{id: app, title: App, file: {path}, tail: 5}}]
parts: [{{id: p, title: P, items: [{{id: owner, title: Owner}}]}}]
"""


def written(path: Path) -> Path:
    """A log of which the older half is three hours old, each line with one that goes on."""
    now = dt.datetime.now(dt.UTC)
    with path.open("w") as file:
        for age, name in ((3 * 3600, "old"), (300, "new")):
            for number in range(50):
                at = now - dt.timedelta(seconds=age - number)
                file.write(f"{at:%Y-%m-%dT%H:%M:%SZ} ERROR {name} {number}\n    at line {number} of {name}\n")
    return path


def test_since_chooses_by_the_time_of_a_line_and_what_goes_on_goes_with_it(tmp_path: Path) -> None:
    log = written(tmp_path / "app.log")
    checklist = tmp_path / "here.yaml"
    checklist.write_text(HERE.format(path=log))
    for what in (log, checklist):
        done = subprocess.run(
            [*PROGRAM, what, "--since", "10m", "--no-follow"], capture_output=True, text=True, timeout=60, check=True
        )
        lines = done.stdout.splitlines()
        assert len(lines) == 100, (what, lines[:3])
        assert not any("old" in line for line in lines)


def test_what_follows_into_a_pipe_prints_each_line_as_it_comes_and_ends_when_interrupted(tmp_path: Path) -> None:
    log = written(tmp_path / "app.log")
    program = subprocess.Popen([*PROGRAM, log], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stderr is not None
    for line in program.stdout:
        if "at line 49 of new" in line:
            break
    with log.open("a") as file:
        file.write("now\n")
    assert program.stdout.readline().endswith("now\n")
    program.send_signal(signal.SIGINT)
    assert program.wait(20) == 130
    assert "Traceback" not in program.stderr.read()
    program.stdout.close()
    program.stderr.close()


def test_it_ends_when_nobody_reads_any_more_though_no_line_comes(tmp_path: Path) -> None:
    log = written(tmp_path / "app.log")
    program = subprocess.Popen([*PROGRAM, log], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stderr is not None
    assert program.stdout.readline()
    program.stdout.close()
    program.wait(30)
    assert program.stderr.read() == ""
    program.stderr.close()
