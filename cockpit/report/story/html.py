"""The report as one page of HTML: for a board of directors, an auditor, or the next release captain.

It needs no script and nothing from elsewhere, its content security policy allows none, and all foreign text is escaped.
"""

from __future__ import annotations

import functools

from cockpit.report.measured import change_text
from cockpit.report.page import render
from cockpit.report.story import picture, wording
from cockpit.report.story.model import Counts, Section, Story
from cockpit.views.signs import UNICODE

LIMIT = 1000
"""Failures and events that a page holds; JSON has all."""

EVIDENCE_LINES = 40
"""Lines of evidence and output that a page holds, from their beginning and end; JSON has all that was kept."""

_TITLE = 46
"""Characters of a step's title in the picture: what fits a phone."""

_STEP_LOOKS = {"done": "good", "failed": "bad", "in doubt": "bad", "skipped": "warn", "undone": "warn"}


def html(story: Story) -> str:
    """The report as a page of HTML."""
    clock = wording.Clock.of(story)
    return render(
        "run.html",
        story=story,
        outcome=story.outcome,
        name=wording.name_line(story),
        verdict=wording.verdict_line(story.outcome),
        kind_words=wording.KINDS.get(story.run_kind, ""),
        proof=wording.proof_line(story),
        clock=clock,
        standings=_counted(story.counts),
        steps_done=sum(step.state == "done" for step in story.golive.steps) if story.golive else 0,
        held=sum(hold.seconds for hold in story.holds),
        timeline=picture.timeline(story, clock),
        watches=[(watch, picture.plot(watch)) for watch in story.watches],
        failures=wording.lasting_first(story.failures)[:LIMIT],
        differing=[item for item in story.checkable() if item.differs],
        titles={item.id: item.title for item in story.checkable()},
        opened={section.id for part in story.parts for section in part.sections if _wants_reading(section)},
        signs={str(standing): sign for standing, sign in UNICODE.signs.items()},
        limit=LIMIT,
        span=wording.span,
        lateness=wording.lateness,
        figure=wording.figure,
        plural=wording.plural,
        found_line=wording.found_line,
        source_line=functools.partial(wording.source_line, clock=clock),
        said_line=functools.partial(wording.said_line, clock=clock),
        change_text=change_text,
        counted=_counted,
        capped=_capped,
        short=_short,
        step_looks=lambda state: _STEP_LOOKS.get(state, "dim"),
    )


def _counted(counts: Counts) -> str:
    """`35 pass, 1 waived`."""
    return ", ".join(f"{number} {standing}" for standing, number in counts.standings.items())


def _wants_reading(section: Section) -> bool:
    """Whether a section is shown unfolded: something in it is not plainly good."""
    return any(item.standing not in ("pass", "n/a", "not counted") for item in section.items)


def _capped(text: str) -> str:
    lines = text.splitlines()
    if len(lines) <= EVIDENCE_LINES:
        return text
    first, last = EVIDENCE_LINES // 4, EVIDENCE_LINES - EVIDENCE_LINES // 4 - 1
    return "\n".join([*lines[:first], f"[{len(lines) - first - last} lines left out]", *lines[-last:]])


def _short(text: str) -> str:
    return text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"
