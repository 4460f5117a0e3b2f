"""Logging in: agent, key files in order, certificates, passphrases; and what is said when nobody is let in."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cockpit.connect.ssh import key_file
from tests.servers.ssh import PASSPHRASE, Agent, Keys, Sshd, StartSshd
from tests.support.hosts import refused, run

pytestmark = pytest.mark.server


@pytest.mark.parametrize("key", ["user", "user-rsa", "user-ecdsa", "certified"])
def test_a_key_of_every_type_lets_in(ssh_server: Sshd, ssh_keys: Keys, key: str):
    assert run(ssh_server.host(IdentityFile=ssh_keys[key])).output == b"hello\n"


def test_keys_are_tried_in_order_until_one_is_good(ssh_server: Sshd, ssh_keys: Keys):
    keys = f"{ssh_keys['stranger']}\n  IdentityFile {ssh_keys['outdated']}\n  IdentityFile {ssh_keys['user']}"
    assert run(ssh_server.host(IdentityFile=keys)).output == b"hello\n"


def test_a_refusal_names_every_key_that_was_tried(ssh_server: Sshd, ssh_keys: Keys):
    keys = f"{ssh_keys['stranger']}\n  IdentityFile {ssh_keys['outdated']}"
    words = refused(ssh_server.host(IdentityFile=keys))
    assert f"app (127.0.0.1:{ssh_server.port}) does not let root in" in words.replace("let ", "let ")
    assert f"{ssh_keys['stranger']} (ssh-ed25519 {ssh_keys.fingerprint('stranger')})" in words
    assert f"{ssh_keys['outdated']} (certificate, {ssh_keys.fingerprint('outdated')})" in words
    assert f"{ssh_keys['outdated']} (ssh-ed25519" in words


def test_without_any_key_it_says_so(ssh_server: Sshd, tmp_path: Path):
    assert "there is no key to offer" in refused(ssh_server.host(IdentityFile=tmp_path / "none"))


def test_a_server_that_wants_something_else_says_what(start_sshd: StartSshd):
    server = start_sshd("PubkeyAuthentication no", "KbdInteractiveAuthentication yes")
    assert "it wants keyboard-interactive, which Cockpit does not do" in refused(server.host())


def test_a_server_that_wants_more_than_a_key_says_what(start_sshd: StartSshd):
    server = start_sshd("AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes")
    assert "it wants keyboard-interactive, which Cockpit does not do" in refused(server.host())


def test_too_many_keys_are_told_as_what_they_are(start_sshd: StartSshd, ssh_keys: Keys):
    server = start_sshd("MaxAuthTries 2")
    keys = f"{ssh_keys['stranger']}\n  IdentityFile {ssh_keys['outdated']}\n  IdentityFile {ssh_keys['user']}"
    words = refused(server.host(IdentityFile=keys))
    assert "it hung up: Too many authentication failures" in words


def test_an_encrypted_key_opens_with_its_passphrase_and_not_without(ssh_server: Sshd, ssh_keys: Keys):
    path = str(ssh_keys["encrypted"])
    host = ssh_server.host(IdentityFile=path)
    assert run(host, passphrases={path: PASSPHRASE}).output == b"hello\n"
    assert f"{path}: it is encrypted, and its passphrase was not given" in refused(host)
    words = refused(host, passphrases={path: "not-the-passphrase"})
    assert f"{path}: its passphrase is wrong" in words
    assert "not-the-passphrase" not in words


def test_an_agent_is_asked_first_and_keys_in_files_after_it(ssh_server: Sshd, ssh_keys: Keys, ssh_agent: Agent):
    host = ssh_server.host(IdentityAgent=ssh_agent.socket, IdentitiesOnly="no", IdentityFile=ssh_keys["stranger"])
    words = refused(host)
    ssh_agent.add(ssh_keys["user"])
    assert run(host).output == b"hello\n"
    assert "of the agent" not in words


@pytest.mark.parametrize("key", ["user", "user-rsa", "user-ecdsa", "certified"])
def test_an_agent_signs_for_every_type_of_key(ssh_server: Sshd, ssh_keys: Keys, ssh_agent: Agent, key: str):
    ssh_agent.add(ssh_keys[key])
    host = ssh_server.host(IdentityAgent=ssh_agent.socket, IdentitiesOnly="no", IdentityFile="/nonexistent")
    assert run(host).output == b"hello\n"


def test_only_identities_that_are_named_are_asked_of_an_agent(
    ssh_server: Sshd, ssh_keys: Keys, ssh_agent: Agent, tmp_path: Path
):
    ssh_agent.add(ssh_keys["user"])
    shutil.copy(ssh_keys["user.pub"], tmp_path / "mine.pub")
    agent = {"IdentityAgent": ssh_agent.socket, "IdentitiesOnly": "yes"}
    assert run(ssh_server.host(IdentityFile=tmp_path / "mine", **agent)).output == b"hello\n"
    assert run(ssh_server.host(IdentityFile=tmp_path / "mine.pub", **agent)).output == b"hello\n"
    assert "there is no key to offer" in refused(ssh_server.host(IdentityFile=tmp_path / "other", **agent))


def test_a_certificate_in_a_file_goes_with_a_key_of_the_agent(
    ssh_server: Sshd, ssh_keys: Keys, ssh_agent: Agent, tmp_path: Path
):
    for end in ("", ".pub"):
        shutil.copy(f"{ssh_keys['certified']}{end}", tmp_path / f"alone{end}")
    ssh_agent.add(tmp_path / "alone")
    certificate = f"{ssh_keys['certified']}-cert.pub"
    host = ssh_server.host(
        IdentityAgent=ssh_agent.socket, IdentitiesOnly="no", IdentityFile="/nonexistent", CertificateFile=certificate
    )
    assert run(host).output == b"hello\n"


def test_an_agent_that_hangs_costs_no_more_than_the_time_there_is(ssh_server: Sshd, ssh_keys: Keys, ssh_agent: Agent):
    ssh_agent.add(ssh_keys["user"])
    host = ssh_server.host(IdentityAgent=ssh_agent.socket)
    with ssh_agent.frozen():
        assert "timed out in the SSH authentication with app" in refused(host, timeout=2.0)


def test_an_agent_that_is_not_there_is_told_when_nobody_is_let_in(ssh_server: Sshd, ssh_keys: Keys, tmp_path: Path):
    host = ssh_server.host(IdentityAgent=tmp_path / "gone", IdentityFile=ssh_keys["stranger"])
    assert f"no agent answers at {tmp_path}/gone" in refused(host)
    assert run(ssh_server.host(IdentityAgent=tmp_path / "gone")).output == b"hello\n"


def test_a_key_that_others_may_read_is_not_used(ssh_server: Sshd, ssh_keys: Keys, tmp_path: Path):
    key = tmp_path / "open"
    shutil.copy(ssh_keys["user"], key)
    key.chmod(0o644)
    assert f"{key}: others may read it: `chmod 600 {key}`" in refused(ssh_server.host(IdentityFile=key))


def test_keys_that_are_encrypted_are_recognised(ssh_keys: Keys, tmp_path: Path):
    assert key_file.is_encrypted(ssh_keys["encrypted"].read_bytes())
    for name in ("user", "user-rsa", "user-ecdsa"):
        assert not key_file.is_encrypted(ssh_keys[name].read_bytes())
    assert key_file.is_encrypted(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nabc\n")
    assert key_file.is_encrypted(b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")
    assert not key_file.is_encrypted(b"-----BEGIN OPENSSH PRIVATE KEY-----\n%%%\n-----END")
    assert not key_file.is_encrypted(b"")


def test_a_damaged_key_is_told_as_that(ssh_server: Sshd, tmp_path: Path):
    key = tmp_path / "damaged"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")
    key.chmod(0o600)
    assert f"{key}: it cannot be read as a private key" in refused(ssh_server.host(IdentityFile=key))


def test_weak_algorithms_are_not_offered(start_sshd: StartSshd):
    for weak in ("Ciphers aes128-cbc,3des-cbc", "MACs hmac-sha1,hmac-md5", "HostKeyAlgorithms ssh-rsa"):
        server = start_sshd(weak, host_key="host-rsa")
        words = refused(server.host())
        assert "no agreement with the server" in words
        assert "in the SSH key exchange with app" in words


def test_what_the_configuration_forbids_is_not_offered(start_sshd: StartSshd):
    server = start_sshd("Ciphers aes256-ctr")
    assert run(server.host(Ciphers="aes256-ctr")).output == b"hello\n"
    assert "no agreement" in refused(server.host(Ciphers="aes128-ctr"))
