"""Who a host is: its key or certificate is verified, against real servers; nothing is believed or added by itself."""

from __future__ import annotations

import base64
import time
from pathlib import Path

import pytest

from cockpit.connect.ssh.host_key import Distrusted, host_keys
from cockpit.connect.ssh.known_hosts import parse
from tests.servers.ssh import Keys, Sshd, StartSshd
from tests.support.hosts import refused, run

pytestmark = pytest.mark.server


def test_a_known_host_is_reached_however_its_name_is_written(ssh_server: Sshd, ssh_keys: Keys, tmp_path: Path):
    key, port = ssh_keys.public("host"), ssh_server.port
    assert run(ssh_server.host()).output == b"hello\n"
    for written in (f"other,[127.0.0.1]:{port} {key}", f"[127.0.0.*]:* {key}", f"127.0.0.1 {key}"):
        assert run(ssh_server.host(known_hosts=written)).output == b"hello\n"
    assert run(ssh_server.host(known_hosts=f"blue {key}", HostKeyAlias="blue")).output == b"hello\n"


def test_an_unknown_host_is_refused_with_all_that_is_needed_to_find_out(ssh_server: Sshd, ssh_keys: Keys):
    host = ssh_server.host(known_hosts="elsewhere ssh-ed25519 broken")
    file = Path(host.config).parent / "known_hosts"
    words = refused(host)
    assert f"the host key of app (127.0.0.1:{ssh_server.port}) is not known" in words
    assert f"it shows ssh-ed25519 {ssh_keys.fingerprint('host')}" in words
    assert f"there is none for [127.0.0.1]:{ssh_server.port} in {file}" in words
    assert f"not read: {file}:1" in words
    advice = f"compare with the host's administrator, then add it (`ssh-keyscan -p {ssh_server.port} 127.0.0.1`)"
    assert advice in words
    assert words.index(advice) + len(advice) < 300 + len(str(file)), "a summary has 300 characters"
    assert file.read_text() == "elsewhere ssh-ed25519 broken\n"


def test_strict_checking_is_never_weakened(ssh_server: Sshd):
    for weak in ("no", "accept-new", "off"):
        host = ssh_server.host(known_hosts="", StrictHostKeyChecking=weak)
        assert "is not known" in refused(host)
        assert (Path(host.config).parent / "known_hosts").read_text().strip() == ""


def test_a_changed_host_key_is_refused_with_both_fingerprints(start_sshd: StartSshd, ssh_keys: Keys):
    server = start_sshd(host_key="changed")
    host = server.host(known_hosts=f"\n[127.0.0.1]:{server.port} {ssh_keys.public('host')}")
    file = Path(host.config).parent / "known_hosts"
    words = refused(host)
    assert f"the host key of app (127.0.0.1:{server.port}) has changed" in words
    assert f"it shows ssh-ed25519 {ssh_keys.fingerprint('changed')}" in words
    assert f"but {file}:2 has ssh-ed25519 {ssh_keys.fingerprint('host')}" in words
    assert "administrator" in words


def test_a_host_that_is_known_by_one_key_is_asked_for_that_one(start_sshd: StartSshd, ssh_keys: Keys):
    both = [f"HostKey {ssh_keys[name]}" for name in ("changed", "host-rsa", "host-ecdsa")]
    server = start_sshd(*both)
    for name in ("host-rsa", "host-ecdsa", "changed"):
        known = f"[127.0.0.1]:{server.port} {ssh_keys.public(name)}"
        assert run(server.host(known_hosts=known)).output == b"hello\n"


def test_a_host_that_has_another_type_of_key_than_is_known_is_not_known(ssh_server: Sshd, ssh_keys: Keys):
    host = ssh_server.host(known_hosts=f"[127.0.0.1]:{ssh_server.port} {ssh_keys.public('host-rsa')}")
    words = refused(host)
    assert "is not known" in words
    assert f"has ssh-rsa {ssh_keys.fingerprint('host-rsa')}" in words


def test_a_revoked_key_is_refused_whatever_else_is_known(ssh_server: Sshd, ssh_keys: Keys):
    known = f"{ssh_server.known_hosts}\n@revoked * {ssh_keys.public('host')}"
    words = refused(ssh_server.host(known_hosts=known))
    assert "is revoked in" in words
    assert "known_hosts:2" in words


def test_a_certificate_is_believed_when_its_authority_is(start_sshd: StartSshd, ssh_keys: Keys):
    server = start_sshd(host_key=ssh_keys.certify_host("app.example", "127.0.0.1"))
    believed = f"@cert-authority [127.0.0.1]:* {ssh_keys.public('host-ca')}"
    assert run(server.host(known_hosts=believed)).output == b"hello\n"
    alias = f"@cert-authority *.example {ssh_keys.public('host-ca')}"
    assert run(server.host(known_hosts=alias, HostKeyAlias="app.example")).output == b"hello\n"


@pytest.mark.parametrize("name", ["host-rsa", "host-ecdsa"])
def test_certificates_of_every_type_are_believed(start_sshd: StartSshd, ssh_keys: Keys, name: str):
    server = start_sshd(host_key=ssh_keys.certify_host("127.0.0.1", name=name))
    assert run(server.host(known_hosts=f"@cert-authority * {ssh_keys.public('host-ca')}")).output == b"hello\n"


def test_a_certificate_of_somebody_else_leaves_only_the_key_itself(start_sshd: StartSshd, ssh_keys: Keys):
    server = start_sshd(host_key=ssh_keys.certify_host("127.0.0.1"))
    other = f"@cert-authority * {ssh_keys.public('user-ca')}"
    assert "is not known" in refused(server.host(known_hosts=other))
    plain = f"{other}\n[127.0.0.1]:{server.port} {ssh_keys.public('host')}"
    assert run(server.host(known_hosts=plain)).output == b"hello\n"


@pytest.mark.parametrize(
    ("principals", "since", "until", "problem"),
    [
        (("other.example",), "-1h", "+1h", "it is for other.example, not for 127.0.0.1"),
        (("127.0.0.1",), "-2h", "-1h", "it expired on 20"),
        (("127.0.0.1",), "+1h", "+2h", "it is valid only from 20"),
    ],
)
def test_a_certificate_that_is_not_good_is_refused(
    start_sshd: StartSshd, ssh_keys: Keys, principals: tuple[str, ...], since: str, until: str, problem: str
):
    server = start_sshd(host_key=ssh_keys.certify_host(*principals, since=since, until=until))
    host = server.host(known_hosts=f"@cert-authority * {ssh_keys.public('host-ca')}")
    words = refused(host)
    assert f"the host certificate of app (127.0.0.1:{server.port}) is refused: {problem}" in words
    assert "known_hosts:1" in words


def test_a_revoked_authority_is_no_authority(start_sshd: StartSshd, ssh_keys: Keys):
    server = start_sshd(host_key=ssh_keys.certify_host("127.0.0.1"))
    authority = ssh_keys.public("host-ca")
    words = refused(server.host(known_hosts=f"@cert-authority * {authority}\n@revoked * {authority}"))
    assert "is revoked in" in words


def certificate(keys: Keys, *, damaged: bool = False) -> bytes:
    made = keys.certify_host("app1")
    blob = bytearray(base64.b64decode(Path(f"{made}-cert.pub").read_text().split()[1]))
    if damaged:
        blob[-1] ^= 1
    return bytes(blob)


def test_one_wrong_bit_in_a_certificate_is_noticed(ssh_keys: Keys):
    entries, _ = parse(f"@cert-authority * {ssh_keys.public('host-ca')}", "kh")
    known = host_keys(entries, "app1", 22, "app1", alias="", files=(), skipped=())
    known.judge(certificate(ssh_keys))
    with pytest.raises(Distrusted, match=r"signature is wrong|cannot be read"):
        known.judge(certificate(ssh_keys, damaged=True))


def test_a_certificate_for_users_is_none_for_hosts(ssh_keys: Keys):
    entries, _ = parse(f"@cert-authority * {ssh_keys.public('user-ca')}", "kh")
    known = host_keys(entries, "app1", 22, "app1", alias="", files=(), skipped=())
    shown = base64.b64decode(ssh_keys["certified-cert.pub"].read_text().split()[1])
    with pytest.raises(Distrusted, match="it is one for users"):
        known.judge(shown, time.time())


def test_a_configuration_that_only_openssh_can_follow_is_refused_and_says_so(ssh_server: Sshd):
    words = refused(ssh_server.host(RevokedHostKeys="/etc/ssh/revoked"))
    assert "RevokedHostKeys, which only OpenSSH can follow: write `client: openssh`" in words
