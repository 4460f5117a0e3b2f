"""Logs to follow: what is written of them, checked as a whole."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping

from cockpit.checklist import log_file, model, variables
from cockpit.checklist.hosts import used_by
from cockpit.checklist.model import Host, Variable
from cockpit.checklist.node import Node
from cockpit.checklist.problem import Problem, problem_at, suggest
from cockpit.checklist.uses import names_in
from cockpit.text import safe_line


def build_log(
    form: log_file.LogSource, node: Node, known: Mapping[str, Variable], hosts: Mapping[str, Host]
) -> tuple[model.LogSource, list[Problem]]:
    """A source, and what is wrong with it; whether it counts in this run is for others to say."""
    problems = variables.check_uses(node, known, strict=True)
    if form.via and form.via not in hosts:
        hint = suggest(form.via, list(hosts), none="declare it under `hosts`")
        problems.append(problem_at(node.at(("via",)).source, f"there is no host `{form.via}`", hint))
    if form.zone and form.zone not in zoneinfo.available_timezones():
        hint = suggest(form.zone, sorted(zoneinfo.available_timezones()), none="as in `Europe/London`")
        problems.append(problem_at(node.at(("zone",)).source, f"there is no time zone `{form.zone}`", hint))
    kind = next(each for each in log_file.KINDS if getattr(form, each) is not None)
    spec = {key: value for key, value in getattr(form, kind).model_dump().items() if value not in ("", None)}
    used = dict.fromkeys([*names_in(spec), *used_by(form.via, hosts)])
    built = model.LogSource(
        id=form.id,
        title=safe_line(form.title) or form.id,
        kind=kind,  # type: ignore[arg-type]
        spec=spec,
        via=form.via,
        tail=form.tail,
        zone=form.zone,
        unwired=tuple(name for name in used if name in known and not known[name].is_set),
        source=node.source,
    )
    return built, problems
