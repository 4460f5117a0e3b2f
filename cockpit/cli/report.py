"""`cockpit report`: a run told to others."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli import output
from cockpit.cli.exits import Ended, Exit
from cockpit.text import safe, safe_line

if TYPE_CHECKING:
    from cockpit.journal.event import Event
    from cockpit.report.story.model import Proof, Story


def report(args: argparse.Namespace) -> int:
    """Write the report of a run. Of a damaged journal, of what stands before the damage; the status is 1 then."""
    told = story_named(args.record)
    write(_WRITERS[args.format](told), args.output)
    if told.proof.damage:
        output.say(f"only what stands before the damage is told: {told.proof.damage}")
        return Exit.NO
    return Exit.GOOD


def story_named(name: str) -> Story:
    """The story of the run or journal that `name` means. Raises Ended, NoSuchRun, JournalUnreadable."""
    from cockpit.cli.record import events_of, journal_path
    from cockpit.report.story.telling import story_of

    path = journal_path(name)
    events, damage = events_of(path)
    return story_of(events, _proof(path, events, str(damage.damage) if damage is not None else ""))


def write(text: str, path: str) -> None:
    """Write a text to a file of its own, or print it, whatever stands in it. Raises Ended when there is a file already.

    A journal may have been written by somebody who wants to reach the terminal on which it is told.
    """
    text = safe(text, lines=_NO_LIMIT, width=_NO_LIMIT)
    if not path:
        sys.stdout.writelines(text.splitlines(keepends=True))  # of one large text, a reader that is gone goes unnoticed
        sys.stdout.flush()
        return
    file = Path(path)
    try:
        with file.open("x", encoding="utf-8") as opened:
            try:
                opened.write(text)
                opened.flush()
            except BaseException:
                with contextlib.suppress(OSError):
                    file.unlink()  # half a report is none
                raise
    except FileExistsError:
        raise Ended(Exit.REFUSED, f"{path} exists and is left alone; give another name") from None
    output.say(f"wrote {safe_line(path)}")


_NO_LIMIT = 1 << 40


def _proof(path: Path, events: Sequence[Event], damage: str) -> Proof:
    from cockpit.journal.checkpoint import check
    from cockpit.journal.reader import verify
    from cockpit.report.story.model import Checkpoint, Proof

    found = verify(path)
    same = found.events == len(events)  # a run that is under way may have gone on meanwhile
    return Proof(
        events=len(events),
        head=events[-1].h,
        damage=safe_line(damage),
        torn=found.torn.size if found.torn is not None and same else 0,
        checkpoints=tuple(
            Checkpoint(each.checkpoint.seq, safe_line(str(each.event.by)), _key(each.event.data), each.problem)
            for each in check(events)
        ),
    )


def _key(data: object) -> str:
    return safe_line(str(getattr(data, "key", "")))


def _html(story: Story) -> str:
    from cockpit.report.story.html import html

    return html(story)


def _markdown(story: Story) -> str:
    from cockpit.report.story.markdown import markdown

    return markdown(story)


def _json(story: Story) -> str:
    from cockpit.report.story.json import as_json

    return as_json(story)


def _junit(story: Story) -> str:
    from cockpit.report.story.junit import junit

    return junit(story) + "\n"


_WRITERS: dict[str, Callable[[Story], str]] = {
    "html": _html,
    "markdown": _markdown,
    "json": _json,
    "junit": _junit,
}
