"""The bar of a replay: where in the run one is, with marks for what happened."""

from __future__ import annotations

from cockpit.journal import event as ev
from cockpit.journal.event import Event
from cockpit.run.tape import failed
from cockpit.views.ages import countdown
from cockpit.views.line import Line, Piece, apart, line, line_width
from cockpit.views.moment import Moment
from cockpit.views.run_view import ReplayControls

_MARKS = (("H", "hold"), ("T", "command taken"), ("!", "failure"))


def replay_bar(replay: ReplayControls, now: Moment, cells: int) -> tuple[Line, Line]:
    """Two rows: the bar with the time, and what the marks mean with the state of the player."""
    time = f" {countdown(replay.elapsed)}/{countdown(replay.length)} "
    room = max(cells - len(time) - 2, 8)
    marks = _marks(replay, room)
    here = _column(replay.elapsed, replay.length, room)
    bar = [Piece(" ")]
    for column in range(room):
        if column == here:
            bar.append(Piece(now.glyphs.cursor, "replay"))
        elif column in marks:
            bar.append(Piece(marks[column], "bad" if marks[column] == "!" else "warn"))
        else:
            bar.append(
                Piece(now.glyphs.full if column < here else now.glyphs.empty, "accent" if column < here else "dim")
            )
    return (*_merged(bar), Piece(time)), _player(replay, cells)


def _player(replay: ReplayControls, cells: int) -> Line:
    state = "playing" if replay.playing else "paused"
    right = line((f"event {replay.position} of {replay.tape.last} ", "dim"))
    left = line(
        " ",
        (state, "strong"),
        f" at {replay.speed}x",
        ("   " + "  ".join(f"{mark} {what}" for mark, what in _MARKS), "dim"),
    )
    return apart(left, right, cells) if line_width(left) + line_width(right) <= cells else left


def _marks(replay: ReplayControls, room: int) -> dict[int, str]:
    """The marks by column; of several in one column the gravest stays."""
    marks: dict[int, str] = {}
    order = [mark for mark, _ in _MARKS]
    for event, seconds in zip(replay.tape.events, replay.tape.seconds, strict=True):
        mark = _mark(event)
        if mark:
            column = _column(seconds, replay.length, room)
            if column not in marks or order.index(mark) > order.index(marks[column]):
                marks[column] = mark
    return marks


def _mark(event: Event) -> str:
    if failed(event):
        return "!"
    if isinstance(event.data, ev.HoldStarted):
        return "H"
    return "T" if isinstance(event.data, ev.CommandTaken) else ""


def _column(seconds: float, length: float, room: int) -> int:
    return min(room - 1, int(seconds / length * room)) if length else room - 1


def _merged(pieces: list[Piece]) -> Line:
    """Neighbours that look the same as one piece: fewer bytes on the way to the terminal."""
    made: list[Piece] = []
    for piece in pieces:
        if made and made[-1].look == piece.look:
            made[-1] = Piece(made[-1].text + piece.text, piece.look)
        else:
            made.append(piece)
    return tuple(made)
