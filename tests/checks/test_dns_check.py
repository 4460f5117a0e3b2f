"""The `dns` kind against real servers: answers of each type, refusals, silence, and servers that disagree."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.servers.dns import Dns
from tests.support.measuring import Measure, ended_in_time
from tests.support.routes import Detour


def test_the_addresses_of_a_name_pass_with_all_that_can_be_asked_of_them(measured: Measure, dns_server: Dns) -> None:
    found = measured(
        "dns",
        {"name": "www.lab.test", "resolvers": [dns_server.address]},
        "rcode == 'NOERROR' && records == ['10.77.0.9', '127.0.0.1'] && count == 2 && value == '10.77.0.9'",
        "ttl == 300 && canonical == 'www.lab.test' && authoritative && !authenticated && over == 'udp'",
        f"agree && problem == '' && answers['{dns_server.address}'] == records",
        f"rcodes['{dns_server.address}'] == 'NOERROR' && latency > 0.0 && latency < 5.0",
    )
    assert found.result == "PASS", found
    assert found.request == f"A www.lab.test at {dns_server.address}"
    assert found.summary == "A 10.77.0.9, 127.0.0.1"
    assert "www.lab.test. 300 IN A 127.0.0.1" in found.evidence
    assert found.value is not None


@pytest.mark.parametrize(
    ("kind", "name", "record"),
    [
        ("AAAA", "six.lab.test", "2001:db8::1"),
        ("CNAME", "app.lab.test", "www.lab.test"),
        ("MX", "lab.test", "10 mail.lab.test"),
        ("TXT", "lab.test", "v=spf1 -all"),
        ("NS", "lab.test", "ns1.lab.test"),
        ("SOA", "lab.test", "ns1.lab.test hostmaster.lab.test 7 3600 600 86400 60"),
        ("SRV", "_sip._tcp.lab.test", "5 10 5060 sip.lab.test"),
        ("CAA", "lab.test", '0 issue "letsencrypt.org"'),
        ("PTR", "127.0.0.1", "www.lab.test"),
        ("PTR", "1.0.0.127.in-addr.arpa", "www.lab.test"),
    ],
)
def test_records_of_each_type_are_text(measured: Measure, dns_server: Dns, kind: str, name: str, record: str) -> None:
    spec = {"name": name, "type": kind, "resolvers": [dns_server.address]}
    assert measured("dns", spec, f"records == ['{record}'] && value == '{record}'").result == "PASS"
    assert measured("dns", spec).result == "PASS"


def test_an_alias_is_followed_to_the_name_that_has_the_records(measured: Measure, dns_server: Dns) -> None:
    spec = {"name": "app.lab.test", "resolvers": [dns_server.address]}
    found = measured("dns", spec, "canonical == 'www.lab.test' && count == 2 && ttl == 60")
    assert found.result == "PASS", found


@pytest.mark.parametrize(
    ("name", "kind", "rcode", "words"),
    [
        ("nope.lab.test", "A", "NXDOMAIN", "NXDOMAIN: there is no name nope.lab.test"),
        ("www.lab.test", "MX", "NOERROR", "www.lab.test has no MX record"),
        ("servfail.lab.test", "A", "SERVFAIL", "SERVFAIL: the resolver could not find an answer"),
        ("refused.lab.test", "A", "REFUSED", "REFUSED: the resolver does not answer this question from here"),
    ],
)
def test_an_answer_without_records_was_measured_and_fails(
    measured: Measure, dns_server: Dns, name: str, kind: str, rcode: str, words: str
) -> None:
    spec = {"name": name, "type": kind, "resolvers": [dns_server.address]}
    found = measured("dns", spec)
    assert (found.result, found.summary) == ("FAIL", words)
    assert measured("dns", spec, f"rcode == '{rcode}' && count == 0").result == "PASS"


def test_resolvers_that_say_the_same_agree_and_others_do_not(
    measured: Measure, dns_server: Dns, other_dns_server: Dns
) -> None:
    both = [dns_server.address, other_dns_server.address]
    same = measured("dns", {"name": "www.lab.test", "resolvers": both}, "agree && size(answers) == 2")
    assert same.result == "PASS", same
    found = measured("dns", {"name": "moving.lab.test", "resolvers": both})
    assert found.result == "FAIL"
    assert found.summary == (
        f"the resolvers disagree: {dns_server.address}: A 10.77.0.10; {other_dns_server.address}: A 10.77.0.20"
    )
    each = f"answers['{other_dns_server.address}'] == ['10.77.0.20'] && records == ['10.77.0.10'] && !agree"
    assert measured("dns", {"name": "moving.lab.test", "resolvers": both}, each).result == "PASS"


def test_a_resolver_that_does_not_answer_beside_one_that_does_is_told_and_is_no_agreement(
    measured: Measure, dns_server: Dns, refusing_port: int
) -> None:
    spec = {"name": "www.lab.test", "resolvers": [f"127.0.0.1:{refusing_port}", dns_server.address]}
    found = measured("dns", spec)
    assert found.result == "FAIL"
    assert found.summary == f"A 10.77.0.9, 127.0.0.1; connection refused by 127.0.0.1:{refusing_port}"
    assert measured("dns", spec, "count == 2 && problem.contains('refused')").result == "PASS"


def test_when_no_resolver_answers_it_is_an_error(measured: Measure, refusing_port: int) -> None:
    found = measured("dns", {"name": "www.lab.test", "resolvers": [f"127.0.0.1:{refusing_port}"]})
    assert (found.result, found.summary) == ("ERROR", f"connection refused by 127.0.0.1:{refusing_port}")
    unknown = measured("dns", {"name": "www.lab.test", "resolvers": ["no-such-host.invalid"]})
    assert (unknown.result, unknown.summary) == ("ERROR", "name not found: no-such-host.invalid")


def test_a_resolver_that_keeps_silent_is_given_up_in_time(measured: Measure, dns_server: Dns) -> None:
    found = measured("dns", {"name": "silent.lab.test", "resolvers": [dns_server.address]}, timeout=0.4)
    words = f"timed out waiting for the answer of {dns_server.address} after 0.4 s"
    assert (found.result, found.summary) == ("ERROR", words)
    assert ended_in_time(found, 0.4)
    over_tcp = {"name": "silent.lab.test", "resolvers": [dns_server.address], "tcp": True}
    assert measured("dns", over_tcp, timeout=0.4).summary.startswith("timed out waiting for the answer of")


def test_a_question_that_got_lost_is_asked_again(measured: Measure, dns_server: Dns) -> None:
    found = measured("dns", {"name": "lossy.lab.test", "resolvers": [dns_server.address]}, timeout=10.0)
    assert found.result == "PASS", found
    assert dns_server.asked["udp lossy.lab.test"] == 2


def test_a_slow_answer_shows_in_the_latency(measured: Measure, dns_server: Dns) -> None:
    spec = {"name": "slow.lab.test", "resolvers": [dns_server.address]}
    assert measured("dns", spec, "latency >= 0.3 && latency < 3.0").result == "PASS"


def test_an_answer_too_long_for_udp_is_asked_for_again_over_tcp(measured: Measure, dns_server: Dns) -> None:
    spec = {"name": "long.lab.test", "type": "TXT", "resolvers": [dns_server.address]}
    found = measured("dns", spec, "count == 20 && over == 'tcp'")
    assert found.result == "PASS", found
    assert (dns_server.asked["udp long.lab.test"], dns_server.asked["tcp long.lab.test"]) == (1, 1)
    assert measured("dns", {**spec, "tcp": True}, "count == 20").result == "PASS"
    assert dns_server.asked["udp long.lab.test"] == 1


def test_an_answer_that_is_none_is_an_error_in_words(measured: Measure, dns_server: Dns) -> None:
    found = measured("dns", {"name": "garbage.lab.test", "resolvers": [dns_server.address]}, timeout=2.0)
    assert found.result == "ERROR"
    assert found.summary.startswith(f"the answer of {dns_server.address} cannot be read: ")


def test_a_system_that_names_no_resolver_is_an_error_that_says_what_to_do(
    measured: Measure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("cockpit.connect.dns._RESOLV_CONF", str(tmp_path / "none"))
    found = measured("dns", {"name": "www.lab.test"})
    words = f"{tmp_path}/none names no DNS server: name one under `resolvers`"
    assert (found.result, found.summary) == ("ERROR", words)


def test_it_goes_through_a_host_over_tcp_to_the_resolver_that_is_known_there(
    measured: Measure, dns_server: Dns
) -> None:
    detour = Detour(names={"ns.internal": "127.0.0.1"})
    spec = {"name": "moving.lab.test", "resolvers": [f"ns.internal:{dns_server.port}"]}
    found = measured("dns", spec, "value == '10.77.0.10' && over == 'tcp'", via="detour", routes=detour)
    assert found.result == "PASS", found
    assert detour.went == [f"ns.internal:{dns_server.port}"]
    assert found.request == f"A moving.lab.test at ns.internal:{dns_server.port} on detour"


def test_without_resolvers_the_first_of_the_hosts_own_that_answers_is_asked(
    measured: Measure, dns_server: Dns, refusing_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "resolv.conf").write_text("search lab.test\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n")
    monkeypatch.setattr("cockpit.connect.dns._RESOLV_CONF", str(tmp_path / "resolv.conf"))
    detour = _Inside({"10.0.0.1": refusing_port, "10.0.0.2": dns_server.port})
    found = measured("dns", {"name": "moving.lab.test"}, via="detour", routes=detour)
    assert (found.result, found.summary) == ("PASS", "A 10.77.0.10"), found
    there = [f"127.0.0.1:{port}" for port in (refusing_port, dns_server.port)]
    assert detour.went == [f"cat {tmp_path}/resolv.conf", *there]


class _Inside(Detour):
    """A route to where port 53 of some addresses is a port of ours."""

    def __init__(self, ports: dict[str, int]) -> None:
        super().__init__()
        self._ports = ports

    async def connect(self, host: str, port: int) -> socket.socket:
        assert port == 53
        return await super().connect("127.0.0.1", self._ports[host])


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"name": "a..b", "resolvers": ["127.0.0.1"]}, "'a..b' is not a name: "),
        ({"name": "a.example", "resolvers": ["10.0.0.2:dns"]}, "must be an address or a name of a server"),
        ({"name": "a.example", "type": "X"}, "`type`"),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, object], words: str) -> None:
    found = measured("dns", spec)
    assert found.result == "ERROR"
    assert words in found.summary
