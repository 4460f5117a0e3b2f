"""What a checklist needs: variables, programs, hosts; and a real host, known and not."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cockpit.actions.registry import kinds as actions
from cockpit.checklist.load import load
from cockpit.checklist.model import Document
from cockpit.checks.registry import kinds
from cockpit.connect.values import Values
from cockpit.doctor.finding import Finding
from cockpit.doctor.gather_needs import gather_needs
from cockpit.doctor.needs import Host, Needs, judge_needs, programs
from tests.servers.ssh import Sshd
from tests.support.runs import document, manual

WRITTEN = """
cockpit: 1
name: Shop
variables:
  base_url: {example: "http://x"}
  token: {env: DOCTOR_TOKEN, secret: true}
hosts: {app1: deploy@10.0.0.5}
notify: [{id: chat, to: "${token}"}]
parts:
  - id: p
    title: P
    items:
      - {id: up, title: Up, check: {http: {url: "${base_url}"}, expect: "status == 200"}}
      - {id: one, title: One, check: {command: {run: "LC_ALL=C no-such-program-1 --x | wc -l"}, expect: "status == 0"}}
      - {id: two, title: Two, check: {command: {run: "cd /srv && make"}, expect: "status == 0"}}
      - {id: three, title: Three, check: {command: {run: "only-there"}, expect: "status == 0", via: app1}}
      - {id: four, title: Four, check: {plugin: {argv: [check_disk, -w, "20%"]}}}
golive:
  steps:
    - {id: a, title: A, run: {command: sh -c true}, undo: {run: {command: "no-such-program-2"}}}
    - {id: b, title: B, run: {command: only-there, host: app1}, undo: {run: {manual: Undo it.}}}
"""


def loaded(tmp_path: Path) -> Document:
    """The checklist above."""
    file = tmp_path / "shop.yaml"
    file.write_text(WRITTEN)
    return load(file, kinds=kinds(), actions=actions(), given={}, environ={}).document


def meanings() -> dict[str, object]:
    """The model of each kind."""
    return {name: kind.spec for name, kind in actions().items()} | {name: kind.spec for name, kind in kinds().items()}


def test_programs_are_those_that_are_run_on_this_machine(tmp_path: Path) -> None:
    assert programs(loaded(tmp_path), meanings()) == {"no-such-program-1", "check_disk", "sh", "no-such-program-2"}


def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    of = loaded(tmp_path)
    there = {"sh": True, "no-such-program-1": False}
    found = {each.about: each for each in judge_needs(Needs(of, there, can_notify=False))}
    assert (
        found["variables"].what
        == "2 variables not set (base_url, token): 1 item will be asked of people instead of measured."
    )
    assert found["variables"].mend == "--var base_url=...; export DOCTOR_TOKEN"
    assert found["programs"].what == "1 program not found: no-such-program-1."
    notify = [each.what for each in judge_needs(Needs(of, there, can_notify=False)) if each.about == "notify"]
    assert "the library for that is missing" in notify[0]
    assert notify[1] == "Not told, as their URL is not set: chat."


def test_a_host_is_judged_by_what_was_found_out() -> None:
    hosts = (
        Host("a", "d@a:22", known=True),
        Host("b", "d@b:22", known=False),
        Host("c", problem="no route"),
        Host("d", "d@d:22"),
        Host("e", "d@e:22", connected=True),
    )
    found = [each for each in judge_needs(Needs(document(manual("x")), hosts=hosts)) if each.about.startswith("host")]
    assert [each.state for each in found] == ["OK", "hurts", "hurts", "cannot tell", "OK"]


def of_host(server: Sshd, known_hosts: str | None = None, *, connect: bool) -> Finding:
    """What is found of a real host."""
    of = msgspec.structs.replace(document(manual("x")), hosts=(server.host("app1", known_hosts),))
    needs = gather_needs(of, Values((), {}), meanings(), connect=connect)
    return next(each for each in judge_needs(needs) if each.about == "host app1")


def test_a_real_host_is_known_or_not_without_being_reached_and_logged_in_to_when_asked(ssh_server: Sshd) -> None:
    before = len(ssh_server.log)
    known, unknown = of_host(ssh_server, connect=False), of_host(ssh_server, "", connect=False)
    assert len(ssh_server.log) == before
    assert known.state == "OK"
    assert "whose key is known" in known.what
    assert unknown.state == "hurts"
    assert "is not in known_hosts" in unknown.what
    reached, refused = of_host(ssh_server, connect=True), of_host(ssh_server, "", connect=True)
    assert "was logged in to" in reached.what
    assert refused.state == "hurts"
