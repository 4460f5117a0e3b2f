"""The SSH servers of the suite are what they say: tried with OpenSSH's own client."""

from __future__ import annotations

import subprocess

import pytest

from tests.servers.ssh import PASSPHRASE, Bastions, Keys, Sshd, StartSshd

pytestmark = pytest.mark.server


def ssh(server: Sshd, *options: str, known_hosts: str | None = None, **chosen: object) -> subprocess.CompletedProcess:
    config = server.config(known_hosts, BatchMode="yes", StrictHostKeyChecking="yes", ConnectTimeout=3, **chosen)
    command = ["ssh", "-F", str(config), "-p", str(server.port), *options, server.address, "echo hello"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)


def test_a_plain_server_lets_the_users_keys_in_and_no_stranger(ssh_server: Sshd, ssh_keys: Keys):
    for key in ("user", "user-rsa", "user-ecdsa", "certified"):
        done = ssh(ssh_server, IdentityFile=ssh_keys[key])
        assert done.stdout == "hello\n", done.stderr
    for key in ("stranger", "outdated", "encrypted"):
        assert "Permission denied" in ssh(ssh_server, IdentityFile=ssh_keys[key]).stderr
    assert PASSPHRASE not in ssh_keys["encrypted"].read_text()


def test_a_server_that_is_not_known_or_changed_is_refused(start_sshd: StartSshd, ssh_keys: Keys):
    server = start_sshd(host_key="changed")
    assert "strict checking" in ssh(server, known_hosts="").stderr
    wrong = f"[127.0.0.1]:{server.port} {ssh_keys.public('host')}"
    assert "HAS CHANGED" in ssh(server, known_hosts=wrong).stderr


def test_a_hosts_certificate_is_believed_when_its_authority_is(start_sshd: StartSshd, ssh_keys: Keys):
    server = start_sshd(host_key=ssh_keys.certify_host("127.0.0.1"))
    known = f"@cert-authority [127.0.0.1]:* {ssh_keys.public('host-ca')}"
    assert ssh(server, known_hosts=known).stdout == "hello\n"


def test_hosts_behind_bastions_are_reached_through_them_alone(bastions: Bastions):
    through = f"ProxyCommand=ssh -F {bastions['bastion'].config(bastions.known_hosts)} -W %h:%p {{}}"
    bastion = bastions["bastion"].address
    for name in ("app1", "app2", "inner"):
        done = ssh(bastions[name], "-o", through.format(bastion))
        assert done.stdout == "hello\n", done.stderr
    assert ssh(bastions["deep"], "-o", through.format(bastion)).returncode == 255
    with bastions["app2"].dropped():
        assert "timed out" in ssh(bastions["app2"], "-o", through.format(bastion)).stderr
