"""The `http` kind against real servers: good ones, and each way in which one can be bad."""

from __future__ import annotations

import asyncio
import json
import time

import msgspec
import pytest

from cockpit.checklist.model import Check
from cockpit.checks.kind import Session
from cockpit.checks.measure import measure
from cockpit.checks.registry import kinds
from tests.servers.certificates import Authority, encrypted_key
from tests.servers.web import Web
from tests.support.measuring import Measure, ended_in_time, no_values, secret
from tests.support.routes import Detour


def test_a_healthy_server_passes_on_all_that_can_be_asked_of_it(measured: Measure, http_server: Web) -> None:
    found = measured(
        "http",
        {"url": f"{http_server.url}/health"},
        "status == 200",
        "body.status == 'ok' && body.open_orders == 3",
        "headers['content-type'] == 'application/json'",
        "latency > 0.0 && latency < 2.0 && timing.connect > 0.0 && timing.first_byte > 0.0",
        "protocol == 'HTTP/1.1' && redirects == 0 && size > 10",
        f"remote == '127.0.0.1:{http_server.port}' && timing.dns >= 0.0 && timing.tls == 0.0 && timing.transfer >= 0.0",
    )
    assert found.result == "PASS", found
    assert found.request == f"GET {http_server.url}/health"
    assert found.summary.startswith("200 in ")
    assert found.evidence.startswith("HTTP/1.1 200 OK\ncontent-length: ")
    assert '"colour": "green"' in found.evidence
    assert found.value == pytest.approx(found.took, abs=0.5)
    assert found.unit == "s"


def test_without_a_condition_success_and_redirects_pass_and_the_rest_fails(measured: Measure, http_server: Web) -> None:
    assert measured("http", {"url": f"{http_server.url}/health"}).result == "PASS"
    assert measured("http", {"url": f"{http_server.url}/moved"}).result == "PASS"
    bad = measured("http", {"url": f"{http_server.url}/teapot"})
    assert (bad.result, bad.findings[0].found) == ("FAIL", {"status": "503"})
    assert "no tea" in bad.evidence


def test_a_failed_condition_says_what_was_found(measured: Measure, http_server: Web) -> None:
    found = measured("http", {"url": f"{http_server.url}/health"}, "status == 200", "body.colour == 'blue'")
    assert found.result == "FAIL"
    assert [(finding.holds, finding.found) for finding in found.findings] == [
        (True, {"status": "200"}),
        (False, {"body.colour": "green"}),
    ]
    assert found.summary.endswith("not: body.colour == 'blue' (body.colour: green)")


def test_text_is_text_and_what_is_missing_in_it_fails_with_the_reason(measured: Measure, http_server: Web) -> None:
    assert measured("http", {"url": f"{http_server.url}/text"}, "body.startsWith('All systems')").result == "PASS"
    found = measured("http", {"url": f"{http_server.url}/text"}, "body.status == 'ok'")
    assert found.result == "FAIL"
    assert found.findings[0].problem


def test_a_rate_limit_is_asked_for_until_it_refuses_and_says_at_which_request(
    measured: Measure, http_server: Web
) -> None:
    http_server.granted = 4
    spec = {"url": f"{http_server.url}/limited", "method": "POST", "json": {}, "until": {"status": 429, "within": 20}}
    found = measured(
        "http", spec, "status == 429 && requests == 5", "statuses['429'] == 1 && statuses['200'] == 4 ",
        "headers['retry-after'] == '17'",
    )  # fmt: skip
    assert found.result == "PASS", found
    assert found.summary == "429 at request 5, Retry-After: 17"
    assert found.request == f"POST {http_server.url}/limited until 429, 20 times at most"
    assert found.value == 5.0


def test_a_rate_limit_that_does_not_refuse_fails_after_a_bounded_number_of_requests(
    measured: Measure, http_server: Web
) -> None:
    http_server.granted, before = 100, http_server.asked["/limited"]
    spec = {"url": f"{http_server.url}/limited", "until": {"status": 429, "within": 7}}
    found = measured("http", spec, "status == 429")
    assert found.result == "FAIL"
    assert found.summary.startswith("no 429 in 7 requests, answers 200 (7 times)")
    assert http_server.asked["/limited"] == before + 7


def test_a_rate_limit_that_time_is_over_for_was_not_measured(measured: Measure, http_server: Web) -> None:
    spec = {"url": f"{http_server.url}/slow", "until": {"status": 429, "within": 1000}}
    found = measured("http", spec, "status == 429", timeout=0.5)
    assert found.result == "ERROR"
    assert found.summary.endswith(("fewer, or a longer `timeout`", "s")), found


def test_method_headers_json_and_credentials_are_sent_and_the_credentials_never_shown(
    measured: Measure, http_server: Web
) -> None:
    spec = {"url": f"{http_server.url}/echo", "method": "post", "headers": {"X-Release": "4.2"}, "json": {"a": [1]}}
    found = measured(
        "http",
        {**spec, "auth": {"bearer": "${secret}"}},
        "body.method == 'POST' && body.headers['x-release'] == '4.2' && body.body == '{\"a\": [1]}'",
        "size(body.headers.authorization) == 23",
        values=secret("hunter2-and-more"),
    )
    assert found.result == "PASS", found
    assert "hunter2" not in str(found)
    assert "Bearer ***secret***" in found.evidence
    basic = measured(
        "http",
        {"url": f"{http_server.url}/echo", "auth": {"user": "ada", "password": "${secret}"}},
        "size(body.headers.authorization) == 34",
        values=secret("hunter2-and-more"),
    )
    assert basic.result == "PASS", basic
    assert "aHVudGVyMi" not in str(basic)


def test_userinfo_of_a_url_is_used_and_not_shown(measured: Measure, http_server: Web) -> None:
    url = f"http://ada:lovelace1@127.0.0.1:{http_server.port}/echo"
    found = measured("http", {"url": url}, "has(body.headers.authorization)")
    assert found.result == "PASS"
    assert found.request == f"GET {http_server.url}/echo"


def test_cookies_that_a_server_sets_are_neither_shown_nor_sent_back(measured: Measure, http_server: Web) -> None:
    found = measured("http", {"url": f"{http_server.url}/teapot"}, "headers['set-cookie'].startsWith('session=')")
    assert found.result == "PASS"
    assert "abcdef123456" not in str(found)


def test_redirects_are_followed_when_asked_and_a_circle_is_noticed(measured: Measure, http_server: Web) -> None:
    followed = measured("http", {"url": f"{http_server.url}/moved", "follow_redirects": True}, "redirects == 1")
    assert followed.result == "PASS", followed
    circle = measured("http", {"url": f"{http_server.url}/round", "follow_redirects": True})
    assert circle.result == "ERROR"
    assert "more than 5 redirects" in circle.summary


def test_headers_meant_for_one_host_are_not_sent_to_another(measured: Measure, http_server: Web) -> None:
    found = measured(
        "http",
        {
            "url": f"{http_server.url}/elsewhere",
            "follow_redirects": True,
            "headers": {"X-Key": "k"},
            "auth": {"bearer": "t"},
        },
        "!('x-key' in body.headers) && !('authorization' in body.headers)",
    )
    assert found.result == "PASS", found


def test_where_redirects_lead_is_told_followed_or_not(measured: Measure, http_server: Web) -> None:
    left = measured("http", {"url": f"{http_server.url}/moved"}, f"locations == ['{http_server.url}/health']")
    assert left.result == "PASS", left
    followed = measured(
        "http",
        {"url": f"{http_server.url}/moved", "follow_redirects": True},
        f"redirects == 1 && locations == ['{http_server.url}/health'] && url == locations[0]",
    )
    assert followed.result == "PASS", followed
    assert measured("http", {"url": f"{http_server.url}/health"}, "locations == []").result == "PASS"


def test_a_redirect_after_a_post_asks_with_get_and_without_the_body(measured: Measure, http_server: Web) -> None:
    spec = {"url": f"{http_server.url}/see-other", "method": "POST", "json": {"a": 1}, "follow_redirects": True}
    found = measured("http", spec, "body.method == 'GET' && body.body == '' && !('content-type' in body.headers)")
    assert found.result == "PASS", found


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/elsewhere-with-body", "redirected with its body to another host (localhost): not followed"),
        ("/to-a-file", "redirected to what is not the Web (file): not followed"),
    ],
)
def test_a_redirect_that_is_not_to_be_followed_is_an_error(
    measured: Measure, http_server: Web, path: str, words: str
) -> None:
    spec = {"url": http_server.url + path, "method": "POST" if "body" in path else "GET", "body": "secret"}
    found = measured("http", {**spec, "follow_redirects": True})
    assert (found.result, found.summary) == ("ERROR", words)


def test_a_header_that_cannot_be_sent_is_an_error_that_does_not_show_it(measured: Measure, http_server: Web) -> None:
    spec = {"url": f"{http_server.url}/echo", "headers": {"X-Key": "hunter2-and-more\n"}}
    found = measured("http", spec)
    assert found.result == "ERROR"
    assert found.summary == "a header to send holds what HTTP does not allow, a line break perhaps"


def test_a_name_can_be_sent_to_another_address(measured: Measure, http_server: Web) -> None:
    spec = {"url": f"http://bot.example:{http_server.port}/echo", "resolve_to": "127.0.0.1"}
    found = measured("http", spec, f"body.headers.host == 'bot.example:{http_server.port}'")
    assert found.result == "PASS", found
    assert found.request.endswith(" at 127.0.0.1")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/close", "closed the connection without an answer"),
        ("/cut", "closed the connection, 9 bytes into the body"),
        ("/not-http", "is not HTTP"),
    ],
)
def test_a_broken_answer_is_an_error_in_words(measured: Measure, http_server: Web, path: str, words: str) -> None:
    found = measured("http", {"url": http_server.url + path})
    assert found.result == "ERROR"
    assert words in found.summary
    assert f"127.0.0.1:{http_server.port}" in found.summary


def test_a_refused_connection_and_an_unknown_name_are_named(measured: Measure, refusing_port: int) -> None:
    refused = measured("http", {"url": f"http://127.0.0.1:{refusing_port}/"})
    assert (refused.result, refused.summary) == ("ERROR", f"connection refused by 127.0.0.1:{refusing_port}")
    unknown = measured("http", {"url": "http://no-such-host.invalid/"})
    assert (unknown.result, unknown.summary) == ("ERROR", "name not found: no-such-host.invalid")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/silent", "timed out waiting for the answer after 0.4 s"),
        ("/drip-headers", "timed out waiting for the answer after 0.4 s"),
        ("/drip", "timed out after first byte ("),
    ],
)
def test_a_server_that_takes_for_ever_is_given_up_in_time(
    measured: Measure, http_server: Web, path: str, words: str
) -> None:
    found = measured("http", {"url": http_server.url + path}, timeout=0.4)
    assert found.result == "ERROR"
    assert found.summary.startswith(words)
    assert ended_in_time(found, 0.4)


def test_a_black_hole_is_given_up_in_time_and_says_in_which_phase(measured: Measure, black_hole: int) -> None:
    found = measured("http", {"url": f"http://127.0.0.1:{black_hole}/"}, timeout=0.3)
    assert found.summary == f"timed out in connect to 127.0.0.1:{black_hole} after 0.3 s"
    assert ended_in_time(found, 0.3)


def test_too_many_headers_are_an_error(measured: Measure, http_server: Web) -> None:
    found = measured("http", {"url": f"{http_server.url}/many-headers"}, timeout=5.0)
    assert found.result == "ERROR"
    assert found.summary.startswith(f"the answer of 127.0.0.1:{http_server.port} is not HTTP: ")


@pytest.mark.parametrize("path", ["/huge", "/bomb"])
def test_an_endless_or_exploding_body_is_read_only_so_far(measured: Measure, http_server: Web, path: str) -> None:
    found = measured("http", {"url": http_server.url + path}, "size(text) <= 1048576 && status == 200", timeout=5.0)
    assert found.result == "PASS", found
    assert len(found.evidence) < 5000


def test_data_nested_too_deeply_to_be_decided_on_is_text(measured: Measure, http_server: Web) -> None:
    assert measured("http", {"url": f"{http_server.url}/deep"}, "body.startsWith('[[[')").result == "PASS"


def test_control_sequences_of_a_server_are_made_visible(measured: Measure, http_server: Web) -> None:
    found = measured("http", {"url": f"{http_server.url}/hostile"}, "body == 'nothing like it'")
    for text in (found.evidence, found.summary, *found.findings[0].found.values()):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
    assert "␛]52;c;" in found.evidence


def test_a_good_certificate_is_read(measured: Measure, authority: Authority, https_servers: dict[str, int]) -> None:
    found = measured(
        "http",
        {"url": f"https://localhost:{https_servers['good']}/health", "ca": str(authority.file)},
        "status == 200 && tls.version == 'TLSv1.3' && timing.tls > 0.0",
        "tls.expires_in > duration('456h') && tls.expires_in < duration('504h')",
        "tls.subject == 'CN=localhost' && tls.issuer == 'CN=Cockpit Test Authority' && 'localhost' in tls.names",
    )
    assert found.result == "PASS", found


def test_the_whole_chain_of_certificates_is_told(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    found = measured(
        "http",
        {"url": f"https://localhost:{https_servers['chain']}/health", "ca": str(authority.file)},
        "tls.verified && tls.chain_length == 2 && tls.chain[1].subject == 'CN=Cockpit Test Intermediate'",
        "tls.chain[1].issuer == 'CN=Cockpit Test Authority' && tls.chain_expires_in > duration('1h')",
        "tls.fingerprint.matches('^[0-9a-f]{64}$') && tls.cipher != '' && tls.alpn == 'http/1.1' && !tls.self_signed",
    )
    assert found.result == "PASS", found


def test_a_server_can_demand_a_certificate_of_ours(
    measured: Measure, authority: Authority, demanding_port: int
) -> None:
    spec = {"url": f"https://localhost:{demanding_port}/health", "ca": str(authority.file)}
    ours = authority.sign("captain", "captain")
    assert measured("http", {**spec, "cert": str(ours)}).result == "PASS"
    # With TLS 1.3 we have spoken before the server says so, and its reset may overtake its word: not each time.
    without = [measured("http", spec) for _ in range(10)]
    assert {each.result for each in without} == {"ERROR"}
    said = ": the server demands a certificate of ours, under `cert`"
    assert [each for each in without if each.summary.endswith(said)], without
    missing = measured("http", {**spec, "cert": "/nowhere/ours.pem"})
    assert (
        missing.summary == "our certificate under `cert` cannot be read: /nowhere/ours.pem: No such file or directory"
    )
    other = measured("http", {**spec, "cert": str(ours), "key": str(authority.sign("other", "other"))})
    assert other.summary == f"our certificate {ours} cannot be used: key values mismatch"
    neither = measured("http", {**spec, "cert": str(authority.file)})
    assert neither.summary.startswith(f"our certificate {authority.file} cannot be used: ")


def test_an_encrypted_key_is_an_error_and_nobody_is_asked_for_its_password(
    measured: Measure, authority: Authority, demanding_port: int
) -> None:
    spec = {"url": f"https://localhost:{demanding_port}/health", "ca": str(authority.file)}
    key = encrypted_key(authority.folder)
    found = measured("http", {**spec, "cert": str(authority.sign("captain", "captain")), "key": str(key)})
    assert found.result == "ERROR"
    assert found.summary.endswith("(there is nobody to ask for the password of an encrypted key)")


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("expired", "certificate expired 9 days ago ("),
        ("stranger", "certificate is signed by an unknown authority (CN=Somebody Else): name its file under `ca`"),
        ("incomplete", "certificate is signed by an unknown authority (CN=Cockpit Test Intermediate): name its file"),
        ("old_chain", "certificate of the authority CN=Cockpit Test Intermediate expired 3 hours ago ("),
        ("not_yet", "certificate is valid only from "),
        ("wrong_name", "certificate is for other.example, not for localhost"),
        ("self_signed", "certificate is self-signed (CN=localhost): name its file under `ca` to trust it"),
    ],
)
def test_a_bad_certificate_is_an_error_that_says_what_is_wrong_with_it(
    measured: Measure, authority: Authority, https_servers: dict[str, int], server: str, words: str
) -> None:
    found = measured("http", {"url": f"https://localhost:{https_servers[server]}/health", "ca": str(authority.file)})
    assert found.result == "ERROR"
    assert found.summary.startswith(words)


def test_an_authority_that_is_not_trusted_is_named(measured: Measure, https_servers: dict[str, int]) -> None:
    found = measured("http", {"url": f"https://localhost:{https_servers['good']}/health"})
    assert found.result == "ERROR"
    assert "signed by an unknown authority (CN=Cockpit Test Authority)" in found.summary


def test_a_certificate_can_be_measured_without_being_trusted(measured: Measure, https_servers: dict[str, int]) -> None:
    spec = {"url": f"https://localhost:{https_servers['expired']}/health", "verify": False}
    found = measured("http", spec, "tls.expires_in > duration('0s')")
    assert found.result == "FAIL"
    assert found.findings[0].found["tls.expires_in"].startswith("-")


def test_tls_on_a_port_without_it_and_a_missing_authority_are_named(
    measured: Measure, http_server: Web, https_servers: dict[str, int]
) -> None:
    plain = measured("http", {"url": f"https://127.0.0.1:{http_server.port}/"}, timeout=0.5)
    assert plain.result == "ERROR"
    assert "TLS" in plain.summary
    missing = measured("http", {"url": f"https://localhost:{https_servers['good']}/", "ca": "/nowhere/ca.pem"})
    assert "/nowhere/ca.pem: No such file or directory" in missing.summary


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "`http`: `url` is missing"),
        ({"url": "ftp://x"}, "`url` must begin with http:// or https:// and name a host"),
        ({"url": "http://x", "verfy": False}, "`verfy` is not a key of it"),
        ({"url": "http://x", "auth": {"user": "a", "bearer": "b"}}, "needs either `user` with `password`, or `bearer`"),
        ({"url": "http://x", "body": "a", "json": 1}, "has both `body` and `json`"),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, object], words: str) -> None:
    found = measured("http", spec)
    assert found.result == "ERROR"
    assert words in found.summary


def in_one_session(web: Web, *paths: str, method: str = "GET", detour: Detour | None = None) -> list[str]:
    """The results of asking for each path in turn, with connections kept between them."""

    async def run() -> list[str]:
        session, results = Session(detour), []
        for path in paths:
            check = Check("http", {"url": web.url + path, "method": method}, via=detour.name if detour else "")
            found = await measure("item", check, kinds=kinds(), values=no_values(), session=session)
            results.append(found.result)
        await session.close()
        return results

    return asyncio.run(run())


def test_a_connection_is_kept(http_server: Web) -> None:
    before = http_server.opened
    assert in_one_session(http_server, "/health", "/health", "/text", "/moved") == ["PASS"] * 4
    assert http_server.opened == before + 1


def test_a_kept_connection_that_the_server_closed_is_replaced(http_server: Web) -> None:
    before = http_server.opened
    assert in_one_session(http_server, "/last", "/last", "/health") == ["PASS"] * 3
    assert http_server.opened == before + 3


def test_a_request_that_may_not_be_sent_twice_goes_over_a_connection_of_its_own(http_server: Web) -> None:
    before, asked = http_server.opened, http_server.asked["/health"]
    assert in_one_session(http_server, "/health", "/health", method="POST") == ["PASS"] * 2
    assert (http_server.opened, http_server.asked["/health"]) == (before + 2, asked + 2)


def test_it_goes_through_a_host_where_names_are_looked_up(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    detour = Detour(names={"api.internal": "127.0.0.1"})
    place = f"api.internal:{https_servers['good']}"
    spec = {"url": f"https://{place}/echo", "ca": str(authority.file), "verify": False}
    found = measured(
        "http",
        spec,
        f"body.headers.host == '{place}' && timing.dns == 0.0 && timing.connect > 0.0 && timing.tls > 0.0",
        via="detour",
        routes=detour,
    )
    assert found.result == "PASS", found
    assert found.request == f"GET https://{place}/echo on detour"
    assert detour.went == [place]
    refused = measured("http", {"url": f"https://{place}/", "ca": str(authority.file)}, via="detour", routes=detour)
    assert refused.summary == "certificate is for localhost, 127.0.0.1, not for api.internal"
    assert detour.went == [place] * 3, "the second look goes there too"


def test_a_connection_through_a_host_is_kept_for_that_host_alone(http_server: Web) -> None:
    detour, before = Detour(), http_server.opened
    assert in_one_session(http_server, "/health", "/health", detour=detour) == ["PASS"] * 2
    assert in_one_session(http_server, "/health") == ["PASS"]
    assert (len(detour.went), http_server.opened) == (1, before + 2)


def test_a_slow_server_does_not_hold_up_the_others(http_server: Web) -> None:
    async def run() -> tuple[list[float], float]:
        session = Session()
        checks = [Check("http", {"url": f"{http_server.url}/silent"}, timeout=1.0)]
        checks += [Check("http", {"url": f"{http_server.url}/health"}, timeout=5.0) for _ in range(20)]
        began = time.monotonic()
        found = await asyncio.gather(
            *(measure("item", check, kinds=kinds(), values=no_values(), session=session) for check in checks)
        )
        await session.close()
        assert [each.result for each in found] == ["ERROR"] + ["PASS"] * 20
        return [each.took for each in found[1:]], time.monotonic() - began

    took, whole = asyncio.run(run())
    assert max(took) < 1.0
    assert whole < 1.0 + 0.5


def test_what_comes_back_is_fit_for_the_journal(measured: Measure, http_server: Web) -> None:
    found = measured("http", {"url": f"{http_server.url}/huge"}, *["text == 'x'"] * 20, timeout=5.0)
    assert len(msgspec.json.encode(found)) < 32 * 1024
    assert json.loads(msgspec.json.encode(found))["result"] == "FAIL"
