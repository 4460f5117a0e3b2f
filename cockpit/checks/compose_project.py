"""How a Compose project stands, from what the daemon says of its containers: pure, no daemon needed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.checks import container
from cockpit.checks.compose_file import Wanted

PROJECT = "com.docker.compose.project"
"""The label by which a container belongs to a project."""

_SERVICE = "com.docker.compose.service"
_ONE_OFF = "com.docker.compose.oneoff"
_CONFIGURATION = "com.docker.compose.config-hash"
_WAITS_FOR = "com.docker.compose.depends_on"


@dataclass(frozen=True)
class Made:
    """A container of a project."""

    inspected: Mapping[str, Any]
    """As `docker inspect` says it."""
    newest: str
    """The id of the image that its image's name means now."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.inspected["Config"].get("Labels") or {}

    @property
    def service(self) -> str:
        """The service that it belongs to; nothing for one that `docker-compose run` made."""
        return "" if self.labels.get(_ONE_OFF, "").lower() == "true" else self.labels.get(_SERVICE, "")


def facts(
    made: Sequence[Made],
    wanted: Wanted | None,
    now: dt.datetime,
    *,
    numbers: Mapping[str, int],
    jobs: frozenset[str],
) -> dict[str, Any]:
    """The fields of a project.

    Without `wanted` each container that was made is wanted; `numbers` stand over both. A service of `jobs`, or one for
    whose end another waits, is to run to its end, not for ever.
    """
    by_service: defaultdict[str, list[Made]] = defaultdict(list)
    for one in made:
        if one.service:
            by_service[one.service].append(one)
    counts = wanted.services if wanted is not None else {name: len(each) for name, each in by_service.items()}
    counts = {**counts, **numbers}
    jobs |= _waited_for(made) | (wanted.jobs if wanted is not None else frozenset())
    services = {
        name: _service(by_service.get(name, []), 0 if name in jobs else counts.get(name, 0), name in jobs, now)
        for name in sorted({*counts, *by_service})
    }
    ages = [one["age"] for one in services.values() if one["age"] is not None]
    return {
        "exists": bool(made),
        "services": {
            name: {key: value for key, value in each.items() if value is not None} for name, each in services.items()
        },
        "running": sum(each["running"] for name, each in services.items() if name not in jobs),
        "wanted": sum(each["wanted"] for each in services.values()),
        "missing": [name for name in services if counts.get(name) and not by_service.get(name)],
        "down": [name for name, each in services.items() if each["running"] < each["wanted"]],
        "unhealthy": [name for name, each in services.items() if each["unhealthy"]],
        "failed": [name for name in services if name in jobs and any(map(_failed, by_service.get(name, [])))],
        "extra": [name for name in services if wanted is not None and name not in counts],
        "drifted": [name for name in services if _drifted(by_service.get(name, []))],
        "outdated": [name for name in services if any(map(_outdated, by_service.get(name, [])))],
        "restarts": sum(each["restarts"] for each in services.values()),
        **({"started_ago": dt.timedelta(seconds=min(ages))} if ages else {}),
    }


def _service(made: Sequence[Made], wanted: int, job: bool, now: dt.datetime) -> dict[str, Any]:
    found = [container.facts(one.inspected, [], now) for one in made]
    ages = [each["started_ago"].total_seconds() for each in found if each["running"] and "started_ago" in each]
    return {
        "running": sum(each["running"] for each in found),
        "wanted": wanted,
        "job": job,
        "healthy": sum(each["health"] == "healthy" for each in found),
        "unhealthy": sum(each["running"] and each["health"] == "unhealthy" for each in found),
        "image": found[0]["image"] if found else "",
        "tag": found[0]["tag"] if found else "",
        "restarts": sum(each["restarts"] for each in found),
        "states": [_state(each) for each in found],
        "age": min(ages, default=None),
    }


def _state(found: Mapping[str, Any]) -> str:
    """`running`, `running (unhealthy)`, `exited (1)`."""
    if found["status"] == "exited":
        return f"exited ({found['exit_code']})"
    health = f" ({found['health']})" if found["health"] in ("unhealthy", "starting") else ""
    return f"{found['status']}{health}"


def _waited_for(made: Sequence[Made]) -> frozenset[str]:
    """The services for whose end another waits; Compose 2 notes it as `SERVICE:CONDITION:RESTART,...`."""
    noted = [each.split(":") for one in made for each in one.labels.get(_WAITS_FOR, "").split(",")]
    return frozenset(each[0] for each in noted if each[1:2] == ["service_completed_successfully"])


def _failed(one: Made) -> bool:
    state = one.inspected["State"]
    return state.get("Status") in ("exited", "dead") and state.get("ExitCode") != 0


def _drifted(made: Sequence[Made]) -> bool:
    return len({one.labels.get(_CONFIGURATION) for one in made}) > 1


def _outdated(one: Made) -> bool:
    return bool(one.newest) and one.newest != one.inspected.get("Image")
