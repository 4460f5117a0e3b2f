"""What is drawn of a run: geometry, in percent."""

from __future__ import annotations

import datetime as dt

import msgspec

from cockpit.checklist.plan import Window
from cockpit.report.story.model import Story
from cockpit.report.story.picture import HIGH, POINTS, WIDE, plot, timeline
from cockpit.report.story.wording import Clock
from tests.support.launches import checklist, everything, story


def drawn(told: Story):
    return timeline(told, Clock.of(told))


def of_window(start: str) -> Story:
    of = checklist()
    plan = msgspec.structs.replace(of.plan, window=Window(start, zone="Europe/London"))
    return story(everything(msgspec.structs.replace(of, plan=plan)))


def test_each_step_has_a_lane_with_what_was_planned_and_every_attempt() -> None:
    lanes = {lane.title: lane for lane in drawn(story(everything())).lanes}
    migrate = lanes["3. Migrate"]
    assert [bar.look for bar in migrate.actual] == ["bad", "good", "back"]
    assert migrate.planned.told == "planned"
    assert lanes["2. Go or no-go"].planned is None, "the plan says no time for it"
    assert lanes["6. Drop"].actual == ()


def test_everything_stands_within_the_picture() -> None:
    picture = drawn(story(everything()))
    bars = [*picture.bands, *(bar for lane in picture.lanes for bar in (*lane.actual, *filter(None, [lane.planned])))]
    assert all(bar.x >= 0 and bar.x + bar.width <= 100.001 and bar.width >= 0.5 for bar in bars)
    assert 2 <= len(picture.ticks) <= 7
    assert 0 < picture.zero < 100


def test_a_plan_for_another_time_is_drawn_from_where_the_first_step_was_begun() -> None:
    assert not drawn(of_window("22:05")).shifted
    far = drawn(of_window("06:00"))
    assert far.shifted
    assert far.lanes[2].planned.x < 50


def test_a_plan_of_which_nothing_was_begun_is_not_drawn() -> None:
    assert drawn(story(everything()[:16])) is None


def test_a_figure_is_drawn_with_its_threshold_and_where_it_was_bad() -> None:
    errors, latency = story(everything()).watches
    drawing = plot(errors)
    points = [tuple(map(float, point.split(","))) for point in drawing.lines[0].split()]
    assert len(points) == len(errors.series)
    assert all(0 <= x <= WIDE and 0 <= y <= HIGH for x, y in points)
    assert len(drawing.bad) == 6
    assert 0 < drawing.threshold < HIGH
    assert all(y < drawing.threshold for _, y in drawing.bad), "what is bad stands above the threshold"
    assert plot(latency).bad == ()


def test_a_threshold_that_is_out_of_sight_is_left_out() -> None:
    errors, _ = story(everything()).watches
    assert plot(msgspec.structs.replace(errors, threshold=900.0)).threshold is None


def test_a_long_series_keeps_its_peaks() -> None:
    errors, _ = story(everything()).watches
    begun = errors.series[0][0]
    series = tuple((begun + dt.timedelta(seconds=n), 9.0 if n == 4321 else 1.0, "PASS") for n in range(10_000))
    drawing = plot(msgspec.structs.replace(errors, series=series, threshold=None))
    points = [float(point.split(",")[1]) for point in drawing.lines[0].split()]
    assert len(points) <= POINTS + 2
    assert min(points) < HIGH / 5
