"""The screen: how soon it is there, how little it sends, how quickly a key shows; on a pseudo-terminal of 80x24.

python tests/bench/bench_screen.py [--quick]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.checklist.load import load
from cockpit.checklist.model import Check, Document, Item
from cockpit.checks.registry import kinds
from cockpit.engine.client import start_engine
from cockpit.engine.identity import myself
from cockpit.engine.opening import open_run
from cockpit.journal import event as ev
from cockpit.journal.folder import RunFolder
from cockpit.journal.lock import holder_of
from cockpit.journal.writer import Writer
from tests.bench.figures import Figure, print_table
from tests.support.runs import HERE, document
from tests.support.terminal import Terminal

ROOT = Path(__file__).parents[2]
MINIMAL = """
from textual.app import App
from textual.widgets import DataTable, Footer, Header, Log, Static
class Minimal(App):
    def compose(self):
        yield Header()
        yield DataTable()
        yield Log()
        yield Static("shown")
        yield Footer()
Minimal().run()
"""
"""The least that can be compared: a header, a table, a log, a line and a footer, and nothing in them."""


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 3 if parser.parse_args().quick else 9
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(COCKPIT_HOME=home, COCKPIT_IDLE_HOURS="0.05", PYTHONPATH=str(ROOT))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        print_table([*start(rounds), *idle_and_keys(rounds), *echo(rounds), *back_again(rounds)])


def start(rounds: int) -> Iterator[Figure]:
    """From the command to the first paint of a run of 258 items, its engine running already."""
    with a_run(production()) as run:
        ours = [first_paint([sys.executable, "-m", "cockpit", "attach", run.id], "CHECKS") for _ in range(rounds + 1)]
    minimal = [first_paint([sys.executable, "-c", MINIMAL], "shown") for _ in range(rounds + 1)]
    yield Figure(
        "start to first paint, 258 items", median(ours[1:], 0), "minimal Textual", median(minimal[1:], 0), 1.7, "s"
    )
    yield Figure("  bytes of the first paint", median(ours[1:], 1), "budget", 10_240, 1.0, "B")


def idle_and_keys(rounds: int) -> Iterator[Figure]:
    """What an idle screen with its clock costs, and what a cursor key sends."""
    with a_run(production()) as run, Terminal([sys.executable, "-m", "cockpit", "attach", run.id]) as terminal:
        terminal.until("CHECKS")
        time.sleep(2)
        mark, cpu, began = terminal.mark, terminal.cpu, terminal.now
        time.sleep(3 * rounds)
        seconds = terminal.now - began
        yield Figure("idle with clock", len(terminal.bytes_since(mark)) / seconds, "budget", 1024, 1.0, "B/s")
        yield Figure("  processor", (terminal.cpu - cpu) / seconds * 100, "budget", 0.5, 1.0, "%")
        sent = []
        for _ in range(5 * rounds):
            mark = terminal.mark
            terminal.press("down")
            time.sleep(0.15)
            sent.append(len(terminal.bytes_since(mark)))
        yield Figure("bytes per cursor key", statistics.median(sent), "budget", 300, 1.0, "B")


def echo(rounds: int) -> Iterator[Figure]:
    """From a key to its echo while 50 checks run every second."""
    with a_server() as url:
        checks = [
            Item(
                f"c{number}", f"Check {number}", HERE, check=Check("http", {"url": url}, ("status == 200",), every=1.0)
            )
            for number in range(50)
        ]
        with a_run(document(*checks)) as run, Terminal([sys.executable, "-m", "cockpit", "attach", run.id]) as terminal:
            terminal.until("CHECKS 50/50", timeout=20)
            took = []
            for number in range(40 * rounds):
                mark = terminal.mark
                pressed = terminal.press("down" if number % 20 < 10 else "up")
                took.append(first_byte_after(terminal, mark) - pressed)
                time.sleep(0.03)
    yield Figure("key to echo, 50 checks a second, p50", statistics.median(took), "limit", 0.05, 1.0, "s")
    yield Figure("  p99", sorted(took)[int(len(took) * 0.99)], "limit", 0.05, 1.0, "s")


def back_again(rounds: int) -> Iterator[Figure]:
    """Back into a run of 10,000 events: open, verify, fold, paint; the engine has ended meanwhile, or still runs."""
    with a_run(production(), events=10_000) as run:
        command = [sys.executable, "-m", "cockpit", "attach", run.id]
        took = [first_paint(command, "CHECKS")[0] for _ in range(rounds + 1)]
    yield Figure("back into a run of 10,000 events", statistics.median(took[1:]), "limit", 0.6, 1.0, "s")


def production() -> Document:
    """The shipped checklist, with nothing wired."""
    return load(ROOT / "checklists" / "production", kinds=kinds(), environ={}).document


@contextmanager
def a_run(of: Document, events: int = 0) -> Iterator[RunFolder]:
    """A run with its engine running, and with so many events before that."""
    run = open_run(of, release="1.5.0", environment="production", run_kind="live")
    if events:
        with Writer.resume(run.journal, engine=myself(engine=True)) as writer:
            items = [item.id for item in of.items()]
            waiting: list[Future[list[ev.Event]]] = [
                writer.append([(myself(), ev.NoteAdded(f"note {number}", items[number % len(items)]))])
                for number in range(events)
            ]
            for future in waiting:
                future.result()
    start_engine(run)
    try:
        yield run
    finally:
        holder = holder_of(run)
        if holder is not None:
            os.kill(holder.pid, 15)
            while holder_of(run) is not None:
                time.sleep(0.05)


@contextmanager
def a_server() -> Iterator[str]:
    """A server that answers at once."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def first_paint(command: list[str], shown: str) -> tuple[float, int]:
    """Seconds until `shown` is on the screen, and the bytes sent until then."""
    with Terminal(command) as terminal:
        at = terminal.until(shown, timeout=20)
        return at, terminal.mark


def first_byte_after(terminal: Terminal, mark: int) -> float:
    """When the program wrote something after `mark`."""
    while terminal.mark == mark:
        time.sleep(0.0005)
    return terminal.now


def median(of: list[tuple[float, int]], column: int) -> float:
    """The median of a column."""
    return statistics.median(row[column] for row in of)


if __name__ == "__main__":
    main()
