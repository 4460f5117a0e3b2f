"""The `tls` kind against real servers: good ones, and each way in which one can be bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.certificates import Authority, new_authority
from tests.servers.mariadb import MariaDB
from tests.servers.postgres import Postgres
from tests.servers.web import Web
from tests.support.measuring import Measure, ended_in_time
from tests.support.routes import Detour


def test_a_good_port_passes_on_all_that_can_be_asked_of_it(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    found = measured(
        "tls",
        {"host": "localhost", "port": https_servers["good"], "ca": str(authority.file), "alpn": ["h2", "http/1.1"]},
        "verified && problem == '' && version == 'TLSv1.3' && cipher.startsWith('TLS_') && alpn == 'http/1.1'",
        "expires_in > duration('456h') && expires_in < duration('504h') && chain_expires_in == expires_in",
        "not_before < not_after && not_after > timestamp('2020-01-01T00:00:00Z')",
        "subject == 'CN=localhost' && issuer == 'CN=Cockpit Test Authority' && names == ['localhost', '127.0.0.1']",
        "chain_length == 1 && chain[0].issuer == issuer && chain[0].days_left > 19.0 && !self_signed",
        "key == 'EC secp256r1' && fingerprint.matches('^[0-9a-f]{64}$') && serial.matches('^[0-9a-f]+$')",
        "latency > 0.0 && latency < 5.0 && remote.startsWith('127.0.0.1:')",
    )
    assert found.result == "PASS", found
    assert found.request == f"TLS handshake with localhost:{https_servers['good']}"
    assert found.summary.startswith("TLSv1.3, certificate valid until 20")
    assert found.summary.endswith(" (20 days)")
    assert found.value == pytest.approx(20, abs=0.5)
    assert "chain 0: CN=localhost, signed by CN=Cockpit Test Authority, 20.0 days left" in found.evidence


def test_a_certificate_that_expires_soon_fails_the_condition_that_says_how_soon(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    spec = {"host": "localhost", "port": https_servers["soon"], "ca": str(authority.file)}
    assert measured("tls", spec).result == "PASS"
    found = measured("tls", spec, "expires_in > duration('336h')")
    assert found.result == "FAIL"
    assert found.findings[0].found == {"expires_in": "4d23h"}


@pytest.mark.parametrize(
    ("server", "words", "readable"),
    [
        ("expired", "certificate expired 9 days ago (", "expires_in < duration('-215h')"),
        ("not_yet", "certificate is valid only from ", "not_before > timestamp('2020-01-01T00:00:00Z')"),
        ("wrong_name", "certificate is for other.example, not for localhost", "names == ['other.example']"),
        ("self_signed", "certificate is self-signed (CN=localhost): name its file", "self_signed"),
        (
            "stranger",
            "certificate is signed by an unknown authority (CN=Somebody Else)",
            "issuer == 'CN=Somebody Else'",
        ),
        ("incomplete", "unknown authority (CN=Cockpit Test Intermediate): name its file", "chain_length == 1"),
        (
            "old_chain",
            "certificate of the authority CN=Cockpit Test Intermediate expired 3 hours ago",
            "chain_length == 2",
        ),
        ("old", "speaks nothing newer than TLSv1.1", "version == 'TLSv1.1'"),
    ],
)
def test_a_bad_port_fails_in_words_and_can_be_read_all_the_same(
    measured: Measure, authority: Authority, https_servers: dict[str, int], server: str, words: str, readable: str
) -> None:
    spec = {"host": "localhost", "port": https_servers[server], "ca": str(authority.file)}
    found = measured("tls", spec)
    assert (found.result, found.findings[0].found) == ("FAIL", {"verified": "false"})
    assert words in found.summary
    assert words in found.evidence
    assert measured("tls", spec, readable).result == "PASS"
    assert measured("tls", spec, "verified").result == "FAIL", "also when it is asked for"


def test_a_chain_with_its_intermediate_is_verified_and_told_in_full(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    found = measured(
        "tls",
        {"host": "localhost", "port": https_servers["chain"], "ca": str(authority.file)},
        "verified && chain_length == 2 && chain[1].subject == 'CN=Cockpit Test Intermediate'",
        "chain[1].issuer == 'CN=Cockpit Test Authority'",
    )
    assert found.result == "PASS", found


def test_an_authority_that_the_system_came_to_trust_meanwhile_is_trusted(
    measured: Measure,
    authority: Authority,
    https_servers: dict[str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(new_authority(tmp_path, "Somebody Else").file.read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    spec = {"host": "localhost", "port": https_servers["good"]}
    assert "unknown authority" in measured("tls", spec).summary
    bundle.write_text(bundle.read_text() + authority.file.read_text())
    assert measured("tls", spec).result == "PASS"


def test_the_name_that_is_asked_for_can_be_another_than_the_host(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    spec = {"host": "localhost", "port": https_servers["wrong_name"], "ca": str(authority.file)}
    found = measured("tls", {**spec, "server_name": "other.example"})
    assert found.result == "PASS", found
    assert found.request.endswith(" (server_name: other.example)")
    by_address = measured("tls", {"host": "127.0.0.1", "port": https_servers["good"], "ca": str(authority.file)})
    assert by_address.result == "PASS", by_address


@pytest.mark.parametrize(
    ("server", "versions"), [("good", "['TLSv1.2', 'TLSv1.3']"), ("old", "['TLSv1.0', 'TLSv1.1']")]
)
def test_the_versions_that_a_server_accepts_are_tried_when_they_are_asked_for(
    measured: Measure, authority: Authority, https_servers: dict[str, int], server: str, versions: str
) -> None:
    spec = {"host": "localhost", "port": https_servers[server], "ca": str(authority.file)}
    found = measured("tls", spec, f"versions == {versions}")
    assert found.result == "PASS", found
    shown = versions.strip("[]").replace("'", "")
    assert f"versions: {shown}" in measured("tls", {**spec, "probe_versions": True}).evidence
    assert "versions" not in measured("tls", spec).evidence


@pytest.mark.parametrize("protocol", ["smtp", "imap", "pop3", "ldap"])
def test_a_port_that_begins_in_clear_goes_on_to_tls(
    measured: Measure, authority: Authority, upgrading_servers: dict[str, int], protocol: str
) -> None:
    spec = {"host": "localhost", "port": upgrading_servers[protocol], "starttls": protocol, "ca": str(authority.file)}
    found = measured("tls", spec, "verified && subject == 'CN=localhost'", "versions == ['TLSv1.2', 'TLSv1.3']")
    assert found.result == "PASS", found
    assert found.request.endswith(f" (starttls: {protocol})")


def test_the_usual_port_of_the_protocol_is_asked_when_none_is_said(measured: Measure) -> None:
    assert ":5432 (starttls: postgres)" in measured("tls", {"host": "h.invalid", "starttls": "postgres"}).request
    assert measured("tls", {"host": "h.invalid"}).request == "TLS handshake with h.invalid:443"


def test_a_mariadb_server_shows_its_certificate(
    measured: Measure, authority: Authority, mariadb_server: MariaDB
) -> None:
    spec = {"host": "localhost", "port": mariadb_server.port, "starttls": "mysql", "ca": str(authority.file)}
    found = measured("tls", spec, "verified && 'localhost' in names", "'TLSv1.3' in versions")
    assert found.result == "PASS", found


def test_a_postgresql_server_shows_its_certificate(
    measured: Measure, authority: Authority, postgres_replica: Postgres
) -> None:
    spec = {"host": "localhost", "port": postgres_replica.port, "starttls": "postgres", "ca": str(authority.file)}
    found = measured("tls", spec, "verified && names == ['localhost']")
    assert found.result == "PASS", found


def test_a_postgresql_server_without_tls_says_so(measured: Measure, postgres_server: Postgres) -> None:
    found = measured("tls", {"host": "127.0.0.1", "port": postgres_server.port, "starttls": "postgres"})
    assert found.result == "ERROR"
    assert found.summary.endswith("the PostgreSQL server offers no TLS (ssl = off)")


@pytest.mark.parametrize(
    ("server", "protocol", "words"),
    [
        ("smtp_without", "smtp", "the SMTP server offers no STARTTLS"),
        ("smtp_busy", "smtp", "the server greets with '421 too busy, try again later'"),
        ("mysql_without", "mysql", "the server offers no TLS"),
        ("ldap_without", "ldap", "the LDAP server refuses StartTLS (result code 52)"),
        ("smtp", "imap", "the server greets with '220-mail.example'"),
        ("smtp", "pop3", "the server greets with '220-mail.example'"),
    ],
)
def test_a_server_that_does_not_go_on_to_tls_is_an_error_that_says_what_it_said(
    measured: Measure, upgrading_servers: dict[str, int], server: str, protocol: str, words: str
) -> None:
    found = measured("tls", {"host": "localhost", "port": upgrading_servers[server], "starttls": protocol})
    assert (found.result, found.summary) == ("ERROR", f"localhost:{upgrading_servers[server]}: {words}")


def test_a_bad_certificate_after_starttls_fails_in_the_same_words(
    measured: Measure, authority: Authority, upgrading_servers: dict[str, int]
) -> None:
    port = upgrading_servers["smtp_expired"]
    found = measured("tls", {"host": "localhost", "port": port, "starttls": "smtp", "ca": str(authority.file)})
    assert found.result == "FAIL"
    assert found.summary.startswith("certificate expired 9 days ago (")


def test_a_port_without_tls_is_an_error(measured: Measure, upgrading_servers: dict[str, int]) -> None:
    found = measured("tls", {"host": "localhost", "port": upgrading_servers["smtp"]})
    assert found.result == "ERROR"
    at = f"localhost:{upgrading_servers['smtp']}"
    assert found.summary == f"TLS with {at} failed: wrong version number (does this port speak TLS?)"


def test_a_refused_connection_an_unknown_name_and_a_missing_file_are_errors_in_words(
    measured: Measure, refusing_port: int, http_server: Web
) -> None:
    refused = measured("tls", {"host": "127.0.0.1", "port": refusing_port})
    assert (refused.result, refused.summary) == ("ERROR", f"connection refused by 127.0.0.1:{refusing_port}")
    unknown = measured("tls", {"host": "no-such-host.invalid"})
    assert (unknown.result, unknown.summary) == ("ERROR", "name not found: no-such-host.invalid")
    missing = measured("tls", {"host": "127.0.0.1", "port": http_server.port, "ca": "/nowhere/ca.pem"})
    assert missing.summary == "the certificates under `ca` cannot be read: /nowhere/ca.pem: No such file or directory"


def test_silence_is_given_up_in_time_and_says_in_which_phase(
    measured: Measure, black_hole: int, silent_port: int, upgrading_servers: dict[str, int]
) -> None:
    for spec, words in (
        ({"port": black_hole}, f"timed out in connect to 127.0.0.1:{black_hole} after 0.3 s"),
        ({"port": silent_port}, "timed out in the TLS handshake after 0.3 s"),
        ({"port": upgrading_servers["smtp_silent"], "starttls": "smtp"}, "timed out in smtp, before TLS after 0.3 s"),
    ):
        found = measured("tls", {"host": "127.0.0.1", **spec}, timeout=0.3)
        assert (found.result, found.summary) == ("ERROR", words)
        assert ended_in_time(found, 0.3)


def test_it_goes_through_a_host_where_names_are_looked_up_and_the_second_look_goes_there_too(
    measured: Measure, authority: Authority, https_servers: dict[str, int]
) -> None:
    detour = Detour(names={"db.internal": "127.0.0.1"})
    port = https_servers["expired"]
    spec = {"host": "db.internal", "port": port, "server_name": "localhost", "ca": str(authority.file)}
    found = measured("tls", spec, via="detour", routes=detour)
    assert found.result == "FAIL"
    assert found.summary.startswith("certificate expired 9 days ago (")
    assert detour.went == [f"db.internal:{port}"] * 2
    assert found.request.endswith(" on detour")
