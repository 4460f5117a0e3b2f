"""`cockpit journal`: the record itself."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cockpit.checklist.model import decode
from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.cli.record import journal_path
from cockpit.journal.checkpoint import Checked, Unsigned, check, compare, kept
from cockpit.journal.event import Event, RunClosed, RunOpened
from cockpit.journal.reader import Follower, Verification, read
from cockpit.journal.reader import verify as verify_chain
from cockpit.text import safe_line

FORMAT = 1
"""Version of the JSON output of `verify`: `{format, journal, ok, events, head, bytes, checkpoints, problem,
torn, checkpoint}`; the last is the one of `--checkpoint`, or null.

`problem` is null or `{line, offset, event, what}`, the first line that is not what was written; `torn` is null or
`{offset, size}` of an unfinished last line, which nobody was told had been recorded. `show` and `follow` print the
lines of the journal as they are; `cockpit.journal.event` documents them.
"""

_LOOK_EVERY = 0.2
"""Seconds between two looks at a journal that is followed."""


def show(args: argparse.Namespace) -> int:
    """Print every event. Of a damaged journal, those that stand before the damage."""
    path = journal_path(args.record)
    with path.open("rb") as lines:
        _print(zip(read(path), lines, strict=False), as_written=args.json, names={})
    return Exit.GOOD


def verify(args: argparse.Namespace) -> int:
    """Say whether the chain is whole, and where it breaks."""
    found = verify_chain(journal_path(args.record), typed=True)
    checked = list(check(read(found.path))) if found.ok and found.events else []
    given = _given(args.checkpoint, found) if args.checkpoint else None
    if args.json:
        output.print_json(_as_json(found, checked, given))
    else:
        print("\n".join([*_in_words(found), *map(_checkpoint, checked), *([str(given)] if given else [])]))
    whole = found.ok and found.events and not any(each.problem for each in checked)
    return Exit.GOOD if whole and not (given and given.problem) else Exit.NO


def follow(args: argparse.Namespace) -> int:
    """Print events as they are recorded, from the first, until the run is closed."""
    path = journal_path(args.record)
    names: dict[str, str] = {}
    with Follower(path) as follower, path.open("rb") as lines:
        while True:
            events = follower.poll()
            _print(zip(events, lines, strict=False), as_written=args.json, names=names)
            if events and isinstance(events[-1].data, RunClosed):
                return Exit.GOOD
            time.sleep(_LOOK_EVERY)


def _print(events: Iterable[tuple[Event, bytes]], *, as_written: bool, names: dict[str, str]) -> None:
    """Print events for people or as they are written; `names` learns the titles of items on the way."""
    from cockpit.views.timeline import titles_in

    for event, line in events:
        if as_written:
            sys.stdout.buffer.write(line)
            continue
        if isinstance(event.data, RunOpened):
            names.update(titles_in(decode(bytes(event.data.document))))
        print(_told(event, names))
    sys.stdout.flush()


def _told(event: Event, names: Mapping[str, str]) -> str:
    from cockpit.views.timeline import tell

    told = tell(event, names, None)
    at = event.at.astimezone().isoformat(" ", "seconds")
    return safe_line(f"{event.seq:>6}  {at}  {told.who}: {told.sentence}")


class _Given(NamedTuple):
    seq: int
    problem: str

    def __str__(self) -> str:
        stands = f"does not hold: {self.problem}" if self.problem else "holds"
        return f"the checkpoint given, at event {self.seq}: {stands}"


def _given(file: str, found: Verification) -> _Given:
    """Compare the journal with a checkpoint that was kept elsewhere."""
    try:
        given = kept(Path(file).expanduser().read_text(errors="replace"))
    except (OSError, Unsigned) as problem:
        raise Ended(Exit.WRONG, f"{file}: {getattr(problem, 'strerror', None) or problem}") from None
    return _Given(given.checkpoint.seq, compare(given, read(found.path)) if found.ok else "the journal is damaged")


def _checkpoint(checked: Checked) -> str:
    where = f"checkpoint at event {checked.checkpoint.seq}, signed by {safe_line(str(checked.event.by))}"
    if checked.problem:
        return f"{where}: does not hold: {checked.problem}"
    return f"{where} with {getattr(checked.event.data, 'key', '')}: holds"


def _as_json(found: Verification, checked: Sequence[Checked], given: _Given | None) -> dict[str, Any]:
    problem, torn = found.problem, found.torn
    return {
        "format": FORMAT,
        "journal": str(found.path),
        "ok": found.ok,
        "events": found.events,
        "head": found.head,
        "bytes": found.size,
        "problem": problem
        and {"line": problem.line, "offset": problem.offset, "event": problem.seq, "what": problem.what},
        "checkpoints": [{"event": each.checkpoint.seq, "problem": each.problem} for each in checked],
        "torn": torn and {"offset": torn.offset, "size": torn.size},
        "checkpoint": given and {"event": given.seq, "problem": given.problem},
    }


def _in_words(found: Verification) -> Iterable[str]:
    name = safe_line(str(found.path))
    if found.problem is None and not found.events:
        yield f"{name}: there is no whole event in it"
    elif found.problem is None:
        yield f"{name}: the chain holds over {output.counted(found.events, 'event')}"
        yield f"head: {found.head}"
    else:
        yield f"{name}: damaged at {safe_line(str(found.problem))}"
        yield f"{output.counted(found.events, 'event')} before it hold, up to {found.head or 'nothing'}"
    if found.torn is not None:
        yield f"an unfinished last line of {found.torn.size} bytes does not count: nobody was told that it was recorded"
