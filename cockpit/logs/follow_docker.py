"""Following containers: by name, whoever bears it, and through everything that may happen to their daemon."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.connect.dial import Unreachable
from cockpit.connect.docker_door import Tls
from cockpit.connect.route import Routes
from cockpit.logs.daemon import Daemon, Lines, NotFound
from cockpit.logs.intake import Intake
from cockpit.logs.job import Followed

LOOK_EVERY = 1.0
"""Seconds between two looks for a container that is not there, or does not run."""

_ALL = {"tail": "all"}
"""What asks a daemon for a log from its beginning."""

_PROJECT, _SERVICE = "com.docker.compose.project", "com.docker.compose.service"


async def follow_container(source: Followed, routes: Routes, intake: Intake) -> None:
    """Follow the container of a name until cancelled."""
    await _Container(source.spec["container"], _begin(source), intake).follow(_daemon(source, routes))


async def follow_compose(source: Followed, routes: Routes, intake: Intake) -> None:
    """Follow all containers of a Compose project, or of a service of it, those too that come later."""
    daemon = _daemon(source, routes)
    labels = [f"{_PROJECT}={source.spec['project']}"]
    if source.spec.get("service"):
        labels.append(f"{_SERVICE}={source.spec['service']}")
    filters = json.dumps({"label": labels})
    said = _Once(intake)
    tasks: dict[str, asyncio.Task[None]] = {}
    begun = False
    async with asyncio.TaskGroup() as group:
        while True:
            try:
                found = await daemon().ask("/containers/json", all="1", filters=filters)
            except (Unreachable, NotFound) as error:
                said(f"{error}; trying again")
                await asyncio.sleep(LOOK_EVERY)
                continue
            if not found:
                said(f"there is no container of {' '.join(labels)}: waiting for one")
            else:
                said.over()
            names = {each["Id"]: str(each["Names"][0]).lstrip("/") for each in found if each.get("Names")}
            for id_, name in names.items():
                if id_ not in tasks:
                    if begun:
                        intake.notice(f"container {name} ({id_[:12]}) is new")
                    one = _Container(id_, _ALL if begun else _begin(source), intake, once=True, shown=name)
                    one.prefix = lambda name=name, tasks=tasks: f"{name} | " if len(tasks) > 1 else ""  # type: ignore[misc]
                    tasks[id_] = group.create_task(one.follow(daemon))
            for id_ in tasks.keys() - names.keys():
                tasks.pop(id_).cancel()
            begun = begun or bool(found)
            await asyncio.sleep(LOOK_EVERY)


async def follow_swarm(source: Followed, routes: Routes, intake: Intake) -> None:
    """Follow all tasks of a Swarm service, as a manager collects them."""
    daemon, said = _daemon(source, routes), _Once(intake)
    name = urllib.parse.quote(source.spec["service"], safe="")
    last: dict[bytes, bytes] = {}
    begin = _begin(source)
    while True:
        try:
            manager = daemon()
            inspected = await manager.ask(f"/services/{name}")
            terminal = (inspected["Spec"]["TaskTemplate"].get("ContainerSpec") or {}).get("TTY", False)
            since = {**_ALL, "since": _seconds(min(last.values()))} if last else begin
            lines = manager.log(f"/services/{name}/logs", framed=not terminal, details="1", **since)
            said.over()
            async with contextlib.aclosing(lines):
                async for came in lines:
                    begin = _ALL
                    _take_tasks(came, last, intake)
            said("the manager ended the log; following it again")
        except NotFound:
            said(f"there is no service {source.spec['service']}: waiting for one")
        except Unreachable as error:
            said(f"{error}; following it again as soon as it can be reached")
        await asyncio.sleep(LOOK_EVERY)


def _take_tasks(came: Lines, last: dict[bytes, bytes], intake: Intake) -> None:
    """Take in the lines that are new, each after what the manager says of it: `...swarm.task.id=ID LINE`."""
    stamps, lines = [], []
    for stamp, line in zip(came.stamps, came.lines, strict=True):
        details, _, text = line.partition(b" ")
        task = details.rpartition(b"task.id=")[2]
        if stamp > last.get(task, b""):
            last[task] = stamp
            stamps.append(stamp)
            lines.append(text)
    intake.lines(lines, _moments(stamps))


class _Container:
    """A container by its name or id: which one that is may change."""

    def __init__(
        self, name: str, begin: Mapping[str, str], intake: Intake, *, once: bool = False, shown: str = ""
    ) -> None:
        self.prefix: Callable[[], str] = lambda: ""
        self._name, self._begin, self._intake = name, begin, intake
        self._shown = shown or name
        self._once = once
        """There will be no other under this name."""
        self._said = _Once(intake)
        self._id = self._started = ""
        self._last, self._same = b"", 0
        """The time of the last line, and how many had that one."""

    async def follow(self, daemon: Callable[[], Daemon]) -> None:
        """Follow it until cancelled."""
        while True:
            try:
                await self._until_it_ends(daemon())
            except NotFound:
                if self._once:
                    return
                self._said(
                    f"container {self._shown} was removed: waiting for another of its name"
                    if self._id
                    else f"there is no container {self._shown}: waiting for one"
                )
            except Unreachable as error:
                self._said(f"{error}; following it again as soon as it can be reached")
            await asyncio.sleep(LOOK_EVERY)

    async def _until_it_ends(self, daemon: Daemon) -> None:
        inspected = await self._inspect(daemon)
        since = self._begin
        if self._id and inspected["Id"] != self._id:
            new = f"container {self._shown} was recreated ({self._id[:12]} is now {inspected['Id'][:12]})"
            self._intake.notice(f"{new}: following the new one from its beginning")
            self._said.forget()
            self._last, self._same, self._started = b"", 0, ""
            since = _ALL
        elif self._last:
            since = {**_ALL, "since": _seconds(self._last)}
        elif self._id:
            since = _ALL
        self._id = inspected["Id"]
        running, started = inspected["State"].get("Running", False), inspected["State"].get("StartedAt", "")
        if running:
            if self._started and started != self._started:
                self._intake.notice(f"container {self._shown} was started again{_after(self._last)}")
                self._said.forget()
            self._said.over(_after(self._last))
            self._started = started
        lines = daemon.log(f"/containers/{self._id}/logs", framed=not inspected["Config"]["Tty"], **since)
        again = bool(self._last)
        async with contextlib.aclosing(lines):
            async for came in lines:
                self._take(came, again=again)
        state = (await self._inspect(daemon))["State"]
        if not state.get("Running"):
            status = f"exited with status {state.get('ExitCode')}" if state.get("Status") == "exited" else "stopped"
            self._said(f"container {self._shown} {status}: waiting for its next start")
        elif running:
            self._said("the daemon ended the log; following it again")

    async def _inspect(self, daemon: Daemon) -> dict[str, Any]:
        found: dict[str, Any] = await daemon.ask(f"/containers/{urllib.parse.quote(self._name, safe='')}/json")
        return found

    def _take(self, came: Lines, *, again: bool) -> None:
        """Take in the lines; `again`: the first may have been taken in before."""
        stamps, lines = came
        if again:
            skip = 0
            while skip < len(stamps) and stamps[skip] < self._last:
                skip += 1
            same = self._same
            while same and skip < len(stamps) and stamps[skip] == self._last:
                skip, same = skip + 1, same - 1
            # Whatever comes later than the last is new; of the same time there may be more yet.
            if skip:
                stamps, lines = stamps[skip:], lines[skip:]
        if not stamps:
            return
        last = stamps[-1]
        same = next((at for at, stamp in enumerate(reversed(stamps)) if stamp != last), len(stamps))
        self._same = same + (self._same if last == self._last and same == len(stamps) else 0)
        self._last = last
        self._intake.lines(lines, _moments(stamps), prefix=self.prefix())


class _Once:
    """Says the same thing once, until something else is the case."""

    def __init__(self, intake: Intake) -> None:
        self._intake, self._words = intake, ""

    def __call__(self, words: str) -> None:
        if words != self._words:
            self._words = words
            self._intake.notice(words)

    def over(self, words: str = "") -> None:
        """It goes on."""
        if self._words:
            self._words = ""
            self._intake.notice(f"followed again{words}")

    def forget(self) -> None:
        """It goes on, and that has been said."""
        self._words = ""


def _daemon(source: Followed, routes: Routes) -> Callable[[], Daemon]:
    """What makes the daemon to ask; making it raises Unreachable."""
    tls = Tls(**source.spec["tls"]) if source.spec.get("tls") else None
    return lambda: Daemon(source.spec.get("host", ""), routes.to(source.via), tls)


def _begin(source: Followed) -> dict[str, str]:
    """What asks a daemon for the lines to begin with."""
    return {**_ALL, "since": f"{source.since:.9f}"} if source.since else {"tail": str(source.tail)}


def _after(stamp: bytes) -> str:
    return f", from {stamp.decode('ascii', 'replace')[:23].replace('T', ' ')}Z on" if stamp else ""


def _seconds(stamp: bytes) -> str:
    """As the daemon takes it: seconds and nanoseconds since 1970."""
    whole, _, fraction = stamp.decode("ascii", "replace").rstrip("Z").partition(".")
    return f"{int(_whole_second(whole))}.{fraction.ljust(9, '0')[:9]}"


def _whole_second(text: str) -> float:
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()
    except ValueError:
        return 0.0


def _moments(stamps: list[bytes]) -> list[float]:
    """Seconds since 1970; most lines are of the same second as the one before."""
    known, base, found = b"", 0.0, []
    for stamp in stamps:
        second = stamp[:19]
        if second != known:
            known, base = second, _whole_second(second.decode("ascii", "replace"))
        try:
            found.append(base + float(stamp[19:-1] or b"0"))
        except ValueError:
            found.append(base)
    return found
