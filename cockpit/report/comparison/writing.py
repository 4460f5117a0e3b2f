"""A comparison as a table for a terminal, as Markdown, JSON and HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cockpit.report.comparison.model import Comparison, Head, ItemDifference, Seen, StepPair, WatchPair
from cockpit.report.measured import change_text
from cockpit.report.page import render
from cockpit.report.story import markdown as md
from cockpit.report.story.wording import NONE, figure, plural, span
from cockpit.text import safe_line

_NOTHING = 0.05
"""Seconds that are shown as none."""

_WIDEST = 44
"""Characters of a title or a value in the table."""


def as_table(of: Comparison) -> str:
    """The comparison for a terminal: only what differs, but for steps and watches, which are side by side."""
    return "\n".join(line.rstrip() for line in _table(of)) + "\n"


def as_markdown(of: Comparison) -> str:
    """The comparison as Markdown, for a pull request or a wiki."""
    return md.whole(_markdown(of))


def as_json(of: Comparison) -> str:
    """The comparison as JSON in ASCII: `cockpit.report.comparison.model.Comparison`, and whether they `differ`."""
    plain = msgspec.to_builtins(of)
    told = {"format": plain.pop("format"), "differ": of.differ, **plain}
    return json.dumps(told, indent=2).replace("\x7f", "\\u007f") + "\n"


def as_html(of: Comparison) -> str:
    """The comparison as a page of HTML, complete in itself."""
    return render(
        "comparison.html",
        of=of,
        heads=[("Before", of.before), ("After", of.after)],
        title=_title(of),
        summary=summary(of),
        figure=figure,
        span=span,
        gained=gained,
        seen=seen,
        change_text=change_text,
        plural=plural,
    )


def summary(of: Comparison) -> str:
    """What differs, counted, on one line."""
    words = [
        (len(of.changed), "item changed", "items changed"),
        (len(of.added), "item new", "items new"),
        (len(of.removed), "item gone", "items gone"),
        (sum(each.differs for each in of.steps), "step differs", "steps differ"),
        (sum(each.another_length for each in of.steps), "step of another length", "steps of another length"),
        (sum(each.differs for each in of.watches), "watch differs", "watches differ"),
        (sum(each.moved for each in of.watches), "watch with another worst", "watches with another worst"),
        (len(of.pace), "check of another pace", "checks of another pace"),
    ]
    told = [f"{count} {one if count == 1 else many}" for count, one, many in words if count]
    return ", ".join(told) or "nothing differs"


def gained(seconds: float | None) -> str:
    """By how much something took longer: `+4 s`, `-1 min 02 s`; a dash when it is not known."""
    if seconds is None:
        return NONE
    if abs(seconds) < _NOTHING:
        return "0 s"
    return ("+" if seconds >= 0 else "-") + span(abs(seconds))


def seen(of: Seen | None) -> str:
    """How an item stood: `pass: 200 in 18 ms`."""
    if of is None:
        return "not in it"
    return f"{of.state}: {of.found}" if of.found else of.state


def _title(of: Comparison) -> str:
    return f"{of.before.run} and {of.after.run}"


def _heads(of: Comparison) -> Iterator[tuple[str, str, str]]:
    yield "run", of.before.run, of.after.run
    for name, told in (
        ("kind", _kind),
        ("what", lambda head: f"{head.checklist} {head.release} {head.environment}".strip()),
        ("opened", lambda head: f"{head.opened:%Y-%m-%d %H:%M}Z"),
        ("took", lambda head: span(head.seconds)),
        ("in hold", lambda head: span(head.held)),
        ("settled", lambda head: f"{head.settled} of {head.total}"),
    ):
        yield name, told(of.before), told(of.after)


def _kind(head: Head) -> str:
    return head.run_kind if head.closed else f"{head.run_kind}, under way"


def _table(of: Comparison) -> Iterator[str]:
    yield from _columns([("", "before", "after"), *_heads(of)])
    yield ""
    for name, head in (("before", of.before), ("after", of.after)):
        yield f"{name:8} {safe_line(head.verdict)}"
        if head.damage:
            yield f"{'':8} DAMAGED: {safe_line(head.damage)}"
    if not of.same_checklist:
        yield ""
        yield "The checklists are not the same."
    yield ""
    yield summary(of)
    yield from _items("changed", of.changed)
    yield from _items("new", of.added)
    yield from _items("gone", of.removed)
    yield from _side_by_side(("step", "before", "after", "took", "took", "longer by", "attempts"), map(_step, of.steps))
    yield from _side_by_side(("watch", "before", "after", "worst", "worst", ""), map(_watch, of.watches))
    yield from _side_by_side(("check", "took", "took", "longer by"), map(_pace, of.pace))


def _side_by_side(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    listed = list(rows)
    if listed:
        yield ""
        yield from _columns([heads, *listed])


def _items(name: str, some: Sequence[ItemDifference]) -> Iterator[str]:
    if some:
        yield ""
        yield f"{name}:"
    for each in some:
        yield f"  {each.id}: {_cut(each.title)}"
        if each.state_differs:
            yield f"    {_cut(seen(each.before))} -> {_cut(seen(each.after))}"
        for change in each.changes:
            yield f"    {change_text(change)}"


def _markdown(of: Comparison) -> Iterator[str]:
    yield f"# {md.text(_title(of))}"
    yield ""
    yield f"**{md.text(summary(of))}**"
    yield ""
    verdicts = [("verdict", of.before.verdict, of.after.verdict)]
    damages = [("damage", of.before.damage, of.after.damage)] if of.before.damage or of.after.damage else []
    yield from md.table(("", "before", "after"), map(md.texts, [*_heads(of), *verdicts, *damages]))
    if not of.same_checklist:
        yield ""
        yield "> The checklists are not the same."
    for name, some in (
        ("Items that changed", of.changed),
        ("New items", of.added),
        ("Items that are gone", of.removed),
    ):
        if some:
            yield from md.heading(name)
            yield from md.table(("item", "before", "after", "differs"), map(_item, some))
    took = ("took before", "took after", "longer by")
    yield from _rows("Steps", ("step", "before", "after", *took, "attempts"), map(_step, of.steps))
    yield from _rows(
        "Watches", ("watch", "before", "after", "worst before", "worst after", ""), map(_watch, of.watches)
    )
    yield from _rows("Checks of another pace", ("check", *took), map(_pace, of.pace))


def _rows(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    listed = [md.texts(row) for row in rows]
    if listed:
        yield from md.heading(name)
        yield from md.table(heads, listed)


def _item(each: ItemDifference) -> tuple[str, ...]:
    return md.texts((each.title, seen(each.before), seen(each.after), "; ".join(map(change_text, each.changes))))


def _step(each: StepPair) -> tuple[str, ...]:
    tries = str(each.after_attempts)
    if each.before_attempts != each.after_attempts:
        tries = f"{each.before_attempts} -> {each.after_attempts}"
    took = span(each.before_seconds), span(each.after_seconds), gained(each.seconds)
    return (each.title, each.before or NONE, each.after or NONE, *took, tries)


def _watch(each: WatchPair) -> tuple[str, ...]:
    worst = figure(each.before_worst, each.unit), figure(each.after_worst, each.unit)
    return (each.title, each.before or NONE, each.after or NONE, *worst, "moved" if each.moved else "")


def _pace(each: ItemDifference) -> tuple[str, ...]:
    before, after = (side.took if side is not None else None for side in (each.before, each.after))
    return each.title, span(before), span(after), gained(each.slower)


def _columns(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows in columns as wide as what stands in them; the last one takes what is left."""
    cut = [[*map(_cut, row[:-1]), safe_line(row[-1])] for row in rows]
    widths = [max(len(row[column]) for row in cut) for column in range(len(cut[0]))]
    for row in cut:
        yield "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))


def _cut(text: str) -> str:
    line = safe_line(text)
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 3]}..."
