"""What is tried in a forked process is bounded, each by itself."""

from __future__ import annotations

import os
import time

from tests.prove.apart import apart

MEMORY = 200 << 20


def test_each_act_says_what_is_wrong_with_it_and_none_takes_the_others_down() -> None:
    def greedy() -> str:
        return str(len(bytearray(2 * MEMORY)))

    def slow() -> str:
        time.sleep(60)
        return ""

    def deadly() -> str:
        os._exit(3)

    def bad() -> str:
        return "wrong"

    said = apart([str, greedy, slow, deadly, bad, str], memory=MEMORY, seconds=0.5)
    assert said == ["", "MemoryError: ", "it took too long", "it ended the process: status 3", "wrong", ""]


def test_what_is_deaf_to_its_deadline_is_killed() -> None:
    def deaf() -> str:
        while True:
            try:
                time.sleep(60)
            except BaseException:
                continue

    assert apart([deaf, str], memory=MEMORY, seconds=0.2) == ["it took too long", ""]
