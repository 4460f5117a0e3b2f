"""Figures beside their peers: what was measured, against what, as a ratio, and what was aimed at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measurement of ours beside one of a peer (or of the physical limit), both from the same run."""

    name: str
    ours: float
    peer_name: str
    peer: float
    target_ratio: float
    """The ratio ours / peer that is aimed at: at most this, or at least this when `more_is_better`."""
    unit: str
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        """Ours in units of the peer."""
        return self.ours / self.peer

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ratio >= self.target_ratio if self.more_is_better else self.ratio <= self.target_ratio


def print_table(figures: Iterable[Figure]) -> None:
    """Print figures as a table. A missed target is told, never a failure: machines are noisy."""
    rows = [("figure", "ours", "peer", "", "ratio", "target", "")]
    for each in figures:
        sign = ">=" if each.more_is_better else "<="
        rows.append(
            (
                each.name,
                f"{each.ours:,.4g} {each.unit}",
                f"{each.peer:,.4g} {each.unit}",
                each.peer_name,
                f"{each.ratio:.2f}x",
                f"{sign} {each.target_ratio:g}x",
                "met" if each.met else "MISSED",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
