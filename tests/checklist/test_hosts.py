"""Hosts of a checklist, and checks that go through them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.checklist.hosts import Destination, chain, destination
from cockpit.checklist.load import Loaded
from cockpit.checklist.model import decode, encode
from tests.checklist.conftest import Problems

HEAD = "cockpit: 1\nname: T\n"
ITEM = (
    "parts: [{id: p, title: P, items: [{id: i, title: I, check: {page: {url: x}, expect: status == 1, via: app}}]}]\n"
)


def test_a_check_goes_through_a_host_behind_a_bastion(loaded: Callable[..., Loaded]) -> None:
    document = loaded(
        HEAD + "hosts: {bastion: ada@b.example:2222, app: {ssh: 10.0.0.5, via: bastion}}\n" + ITEM
    ).document
    item = document.find("i")
    assert item is not None
    assert item.check is not None
    assert item.check.via == "app"
    hosts = {host.name: host for host in document.hosts}
    assert [host.ssh for host in chain("app", hosts)] == ["10.0.0.5", "ada@b.example:2222"]
    assert decode(encode(document)) == document


def test_a_check_whose_host_is_not_set_is_manual_and_says_what_would_make_it_live(
    loaded: Callable[..., Loaded],
) -> None:
    head = HEAD + "variables: {bastion: {about: The way in.}}\n"
    document = loaded(head + "hosts: {bastion: '${bastion}', app: {ssh: 10.0.0.5, via: bastion}}\n" + ITEM).document
    item = document.find("i")
    assert item is not None
    assert item.mode == "manual"
    assert item.unwired == ("bastion",)


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ("{}", "there is no host `app`; declare it under `hosts`"),
        ("{app1: b.example}", "there is no host `app`; did you mean `app1`?"),
        ("{app: {ssh: b, via: bastoin}, bastion: c}", "there is no host `bastoin`; did you mean `bastion`?"),
        ("{app: {ssh: b, via: x}, x: {ssh: c, via: app}}", "hosts are reached in a circle: app > x > app"),
        ("{app: -oProxyCommand=x}", "`ssh` must not begin with a dash, not `-oProxyCommand=x`"),
        ("{app: 'a b'}", "`ssh` must be HOST, USER@HOST or USER@HOST:PORT, not `a b`"),
        ("{app: 'b:99999'}", "`ssh` 99999 is not a port, not `b:99999`"),
        ("{app: {ssh: b, client: putty}}", "`client` must be 'paramiko' or 'openssh', not `putty`"),
        ("{app: {ssh: b, port: 22}}", "`port` is not a key of a host"),
    ],
)
def test_a_mistake_in_a_host_is_said_in_plain_words(problems: Problems, hosts: str, said: str) -> None:
    assert any(said in str(problem) for problem in problems(f"{HEAD}hosts: {hosts}\n{ITEM}")), problems(
        f"{HEAD}hosts: {hosts}\n{ITEM}"
    )


def test_a_kind_that_measures_here_only_is_refused(problems: Problems) -> None:
    item = "parts: [{id: p, title: P, items: [{id: i, title: I, check: {box: {name: x}, via: app}}]}]\n"
    [problem] = problems(f"{HEAD}hosts: {{app: b}}\n{item}")
    assert problem.message == "`box` is measured on this machine only: it cannot go `via` a host"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("db1", Destination("db1")),
        ("ada@10.0.0.5", Destination("10.0.0.5", "ada")),
        ("ada@db1:2222", Destination("db1", "ada", 2222)),
        ("[fe80::1]:22", Destination("fe80::1", "", 22)),
        ("ada@fe80::1", Destination("fe80::1", "ada")),
    ],
)
def test_a_destination_is_user_host_and_port(written: str, meant: Destination) -> None:
    assert destination(written) == meant
