"""Counters and a latency histogram, in the text that Prometheus reads."""

from __future__ import annotations

import bisect
import itertools
import threading
from collections import Counter
from collections.abc import Iterable, Mapping

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram's buckets, in seconds."""


class Metrics:
    """The figures of one part. Names begin with `prefix`; safe to use from many threads."""

    def __init__(self, prefix: str, about: Mapping[str, str], **info: str) -> None:
        """Count under the names in `about` (name to what it counts); `info` labels the part itself."""
        self._prefix = prefix
        self._about = about
        self._info = info
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[tuple[tuple[str, str], ...]]] = {name: Counter() for name in about}
        self._buckets = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Add `by` to a counter; 0 makes it appear."""
        with self._lock:
            self._counts[name][tuple(sorted(labels.items()))] += by

    def observe(self, seconds: float) -> None:
        """Add one latency to the histogram."""
        with self._lock:
            self._buckets[bisect.bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def text(self, uptime: float) -> str:
        """All figures in Prometheus' text format; `uptime` in seconds."""
        with self._lock:
            lines = [*self._info_lines(uptime), *self._counter_lines(), *self._histogram_lines()]
        return "\n".join(lines) + "\n"

    def _info_lines(self, uptime: float) -> list[str]:
        return [
            f"# TYPE {self._prefix}_info gauge",
            f"{self._prefix}_info{_labels(self._info.items())} 1",
            f"# TYPE {self._prefix}_uptime_seconds gauge",
            f"{self._prefix}_uptime_seconds {uptime:.3f}",
        ]

    def _counter_lines(self) -> list[str]:
        lines = []
        for name, about in self._about.items():
            full = f"{self._prefix}_{name}"
            lines += [f"# HELP {full} {about}", f"# TYPE {full} counter"]
            lines += [f"{full}{_labels(labels)} {count}" for labels, count in sorted(self._counts[name].items())]
        return lines

    def _histogram_lines(self) -> list[str]:
        full = f"{self._prefix}_request_seconds"
        totals = list(itertools.accumulate(self._buckets))
        bounds = [*map(str, BOUNDS), "+Inf"]
        return [
            f"# HELP {full} Time to answer a request, in seconds.",
            f"# TYPE {full} histogram",
            *(f'{full}_bucket{{le="{bound}"}} {total}' for bound, total in zip(bounds, totals, strict=True)),
            f"{full}_sum {self._seconds:.6f}",
            f"{full}_count {totals[-1]}",
        ]


def _labels(pairs: Iterable[tuple[str, str]]) -> str:
    written = ",".join(f'{name}="{value}"' for name, value in pairs)
    return f"{{{written}}}" if written else ""
