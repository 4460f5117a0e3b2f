"""systemd's journal. No journal runs where the tests do: a program of our own stands in for `journalctl`.

It answers the options that are used as journalctl(1) says, with entries in the form of systemd.journal-fields(7).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.following import Heard, followed

STAND_IN = """#!/bin/sh
echo "$@" >> "$0.calls"
entry() {
  printf '%s\\n' '{"__CURSOR":"c'$1'","__REALTIME_TIMESTAMP":"'$1'000000","MESSAGE":'"$2"',"PRIORITY":"'$3'","SYSLOG_IDENTIFIER":"app"}'
}
case "$*" in
  *--after-cursor=c2*) entry 3 '"third"' 6; exec sleep 60;;
  *) entry 1 '"first\\nof two lines"' 3; entry 2 '[115,101,99,27,255]' 4; echo '{"__CURSOR":"torn'; echo broken pipe >&2; exit 1;;
esac
"""


def test_entries_have_the_journals_time_and_priority_and_a_cursor_says_where_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "journalctl"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    async def test(heard: Heard) -> None:
        await heard.line("app: third")

    heard = followed(test, "journald", {"unit": "app.service"}, tail=7)
    assert heard.lines == ["app: first", "app: of two lines", "app: sec␛\\xff", "app: third"]
    assert heard.at == [1.0, 1.0, 2.0, 3.0]
    assert heard.levels == [6, 6, 5, 3]
    assert heard.notices == [
        "what followed it ended (status 1): broken pipe; following it again as soon as that is possible",
        "followed again",
    ]
    first, second = (tmp_path / "journalctl.calls").read_text().splitlines()
    assert first == "--follow --output=json --no-pager --quiet --lines=7 --unit=app.service"
    assert second == "--follow --output=json --no-pager --quiet --after-cursor=c2 --no-tail --unit=app.service"
