"""A table of processes, from pages as procps-ng's top prints them."""

from __future__ import annotations

from cockpit.views.line import text_of
from cockpit.views.processes import process_lines

PAGE = """\
top - 13:05:{at} up  5:12,  0 user,  load average: 3.06, 4.19, 2.99
Tasks:   2 total,   0 running,   2 sleeping,   0 stopped,   0 zombie
MiB Mem :  24105.6 total,  19451.8 free,   1362.9 used,   3716.1 buff/cache

  PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND
  900 root      20   0  190516 158488  39848 S   1.0   0.2   1:04.93 gunicorn: worker
   18 bot       20   0  440164  58052  26868 S  {cpu}   0.6   0:59.62 python
"""


def shown(text: str, order: str = "cpu") -> list[str]:
    return [text_of(each) for each in process_lines(text.splitlines(), 80, order, "~")]


def pids(text: str, order: str) -> list[str]:
    return [row.split()[0] for row in shown(text, order)[2:]]


def test_the_heading_and_the_load_stand_over_rows_ordered_as_asked() -> None:
    text = PAGE.format(at="21", cpu=" 6.7")
    rows = shown(text)
    assert "load average: 3.06" in rows[0]
    assert rows[1].split() == ["PID", "USER", "%CPU", "%MEM", "RES", "TIME+", "COMMAND"]
    assert rows[3].endswith("gunicorn: worker")
    assert pids(text, "cpu") == ["18", "900"]
    assert pids(text, "time") == ["900", "18"]
    assert pids(text, "memory") == ["18", "900"]
    assert pids(text, "pid") == ["18", "900"]


def test_columns_stand_under_their_headings() -> None:
    rows = shown(PAGE.format(at="21", cpu=" 6.7"))
    assert rows[1].index("PID") + 3 == rows[2].index(" 18") + 3
    assert rows[1].index("USER") == rows[2].index("bot")


def test_the_newest_page_is_shown_and_one_that_has_only_begun_is_not() -> None:
    first, second = PAGE.format(at="21", cpu=" 6.7"), PAGE.format(at="23", cpu="99.0")
    assert "99.0" in shown(first + second)[2]
    begun = "\n".join(second.splitlines()[:3])
    assert "6.7" in shown(f"{first}{begun}")[2]


def test_what_top_says_instead_of_a_table_is_shown_as_it_is() -> None:
    assert shown("top: -p argument missing") == [" top: -p argument missing"]
    assert shown("") == []
