"""What processes hold over time: memory, threads, handles, children. What is kept holds no more at the end than before."""

from __future__ import annotations

import contextlib
import resource
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.25
"""Seconds between two looks, at the least; 2,000 looks are enough for the longest trial."""

MORE: Mapping[str, int] = {"memory": 3 << 20, "threads": 3, "handles": 3, "children": 3}
"""What may be more at the end of the second half than at its beginning, by the line through it, noise or not: bytes of
memory in fragments, and what belongs to a measurement that is under way."""

NOISE = 2.0
"""Standard deviations around that line within which a slope is no growth."""


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    at: float
    """By the monotonic clock."""
    memory: int
    """Bytes, resident."""
    threads: int
    handles: int
    children: int

    @classmethod
    def by(cls, pid: int) -> Held:
        """What process `pid` holds now. Raises OSError when it has ended."""
        process = Path(f"/proc/{pid}")
        return cls(
            time.monotonic(),
            int((process / "statm").read_text().split()[1]) * resource.getpagesize(),
            len(list((process / "task").iterdir())),
            len(list((process / "fd").iterdir())),
            sum(len(each.read_text().split()) for each in process.glob("task/*/children")),
        )


@dataclass(frozen=True)
class Slope:
    """The line through what was held of one thing."""

    growth: float
    """From the first to the last look, along the line."""
    noise: float
    """The standard deviation around it."""
    level: float
    """Its mean."""


def slope(looks: Sequence[Held], name: str) -> Slope:
    """The line of least squares through `name`."""
    times = [each.at for each in looks]
    values = [float(getattr(each, name)) for each in looks]
    by, start = statistics.linear_regression(times, values)
    noise = statistics.pstdev(value - start - by * at for at, value in zip(times, values, strict=True))
    return Slope(by * (times[-1] - times[0]), noise, statistics.fmean(values))


def floor_rises(looks: Sequence[Held], name: str) -> int:
    """How much more of `name` was held at the least in the last third of some looks than in the first."""
    third = len(looks) // 3
    first, last = (min(getattr(each, name) for each in part) for part in (looks[:third], looks[-third:]))
    return int(last - first)


def grown(who: str, looks: Sequence[Held], memory: int = MORE["memory"]) -> list[str]:
    """What `who` held more and more of, over the second half of all looks; `memory` is what it may settle by."""
    half = [each for each in looks if each.at >= (looks[0].at + looks[-1].at) / 2] if looks else []
    if len(half) < 3:
        return [f"{who} was looked at {len(looks)} times only"]
    found = []
    for name, more in {**MORE, "memory": memory}.items():
        line = slope(half, name)
        # What is under way comes and goes in waves, and a line may lie askew in them: what is kept lifts the floor, too.
        if line.growth > max(more, NOISE * line.noise) and floor_rises(half, name) > more:
            unit, word = (1 << 20, " MiB") if name == "memory" else (1, "")
            found.append(
                f"{who}, {name}: {line.growth / unit:+.1f}{word} over the second half"
                f" (mean {line.level / unit:.1f}, noise {line.noise / unit:.1f})"
            )
    return found


class Watch:
    """Looks at processes from a thread of its own."""

    def __init__(self, seconds: float) -> None:
        """For some `seconds`."""
        self._every = max(EVERY, seconds / 2000)
        self._looks: dict[str, tuple[int, list[Held]]] = {}
        self._kept: dict[str, tuple[Path, list[int]]] = {}
        self._over = threading.Event()

    def at(self, who: str, pid: int, keeps: Path | None = None) -> None:
        """Look at this one too; it `keeps` a file in memory, if any."""
        self._looks[who] = (pid, [])
        if keeps is not None:
            self._kept[who] = (keeps, [])

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Look meanwhile."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def words(self) -> str:
        """What they held in the mean: `engine 75 MiB`."""
        return ", ".join(
            f"{who} {statistics.fmean(each.memory for each in looks) / (1 << 20):.0f} MiB"
            for who, (_, looks) in self._looks.items()
            if looks
        )

    def grown(self, memory: int) -> list[str]:
        """What any of them held more and more of; `memory` is what they may settle by.

        Who keeps a file in memory may grow by as much as that grew.
        """
        found = []
        for who, (_, looks) in self._looks.items():
            kept = self._kept.get(who)
            found += grown(who, looks, memory + (_second_half(kept[1]) if kept else 0))
        return found

    def _look(self) -> None:
        while not self._over.wait(self._every):
            for pid, looks in list(self._looks.values()):
                with contextlib.suppress(OSError):  # it has ended: the trial itself finds that
                    looks.append(Held.by(pid))
            for file, sizes in list(self._kept.values()):
                sizes.append(file.stat().st_size)


def _second_half(sizes: Sequence[int]) -> int:
    return sizes[-1] - sizes[len(sizes) // 2] if sizes else 0
