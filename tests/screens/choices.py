"""What a picker offers in tests."""

from __future__ import annotations

import datetime as dt

from launch import OPENED

from cockpit.views.picker import ChecklistChoice, Choice, RunChoice

CHOICES: tuple[Choice, ...] = (
    RunChoice(
        "shop-2026-11-24-0958", "live", "2026.11.3", "production", "Trading Bot", OPENED, "ada", 112, 258, alive=True
    ),
    RunChoice(
        "shop-2026-11-23-1400",
        "rehearsal",
        "2026.11.3",
        "staging",
        "Trading Bot",
        OPENED - dt.timedelta(days=1),
        "ada",
        258,
        258,
    ),
    RunChoice(
        "shop-2026-10-02",
        "live",
        "2026.10.1",
        "production",
        "Trading Bot",
        OPENED - dt.timedelta(days=53),
        verdict="GOOD, with 2 waived",
    ),
    RunChoice(
        "shop-2026-09-02",
        "live",
        "2026.9.4",
        "production",
        "Trading Bot",
        OPENED - dt.timedelta(days=83),
        problem="line 214 is damaged",
    ),
    ChecklistChoice("production", "production", 258, shipped=True),
    ChecklistChoice("./launch.yaml", "launch", 41),
    ChecklistChoice("./broken.yaml", "broken", problem="launch.yaml:3:1: unknown key"),
)
