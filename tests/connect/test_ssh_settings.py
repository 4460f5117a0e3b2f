"""What `ssh -G` says of a host is what is done."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.checklist.hosts import destination
from cockpit.connect.dial import Unreachable
from cockpit.connect.ssh import settings
from cockpit.connect.ssh.settings import Settings, ask, read

pytestmark = pytest.mark.server


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "more").write_text("Host app1\n  HostName 10.0.0.5\n  User deploy\n")
    (tmp_path / "config").write_text(
        f"""
Include {tmp_path}/more
Match host 10.0.0.5 exec "true"
  Port 2222
Host app1
  IdentityFile "{tmp_path}/with space/%n-key"
  IdentityFile ~/keys/${{ROLE}}
  CertificateFile {tmp_path}/%r-cert.pub
  UserKnownHostsFile {tmp_path}/kh1 {tmp_path}/kh2
  GlobalKnownHostsFile none
  IdentitiesOnly yes
  HostKeyAlias blue
  ProxyJump captain@bastion:2200,inner
  ConnectTimeout 7
  ServerAliveInterval 5
  ServerAliveCountMax 2
  IdentityAgent {tmp_path}/agent.sock
  StrictHostKeyChecking no
Host proxied
  ProxyCommand /bin/nc %h %p # %n %r %%
  IdentityAgent none
  RevokedHostKeys {tmp_path}/revoked
  HostKeyAlgorithms ssh-ed25519
"""
    )
    return tmp_path / "config"


def asked(written: str, config: Path) -> Settings:
    return asyncio.run(ask(destination(written), str(config)))


def test_everything_that_matters_is_taken_from_it(config: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROLE", "captain")
    monkeypatch.setenv("HOME", "/home/ada")
    found, folder = asked("app1", config), config.parent
    assert (found.name, found.host, found.port, found.user) == ("app1", "10.0.0.5", 2222, "deploy")
    assert found.identity_files == (f"{folder}/with space/app1-key", "/home/ada/keys/captain")
    assert found.certificate_files == (f"{folder}/deploy-cert.pub",)
    assert found.known_hosts == (f"{folder}/kh1", f"{folder}/kh2")
    assert found.identities_only
    assert found.alias == "blue"
    assert found.jumps == ("captain@bastion:2200", "inner")
    assert (found.connect_timeout, found.alive_interval, found.alive_count) == (7, 5, 2)
    assert found.agent == f"{folder}/agent.sock"
    assert not found.proxy_command
    assert not found.unsupported


def test_what_the_checklist_says_comes_first(config: Path):
    found = asked("root@app1:22", config)
    assert (found.host, found.user, found.port) == ("10.0.0.5", "root", 22)


def test_defaults_are_those_of_ssh(config: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    found = asked("elsewhere.example", config)
    assert found.port == 22
    assert found.agent == "/run/agent"
    assert any(path.endswith("/.ssh/id_ed25519") for path in found.identity_files)
    assert any(path.endswith("/.ssh/known_hosts") for path in found.known_hosts)
    assert "/etc/ssh/ssh_known_hosts" in found.known_hosts
    assert (found.connect_timeout, found.alive_interval, found.jumps, found.identities_only) == (0, 0, (), False)


def test_what_only_openssh_can_follow_is_named(config: Path):
    found = asked("proxied", config)
    assert found.unsupported == "RevokedHostKeys"
    assert found.agent == ""
    assert found.proxy_command == "/bin/nc proxied 22 # proxied root %".replace("root", found.user)
    assert found.algorithms is not None
    assert found.algorithms["keys"] == {"ssh-ed25519"}


def test_an_agent_may_be_named_by_a_variable():
    assert read("identityagent $MY_AGENT\n", "app1", {"MY_AGENT": "/run/mine"}).agent == "/run/mine"
    assert read("identityagent SSH_AUTH_SOCK\n", "app1", {"SSH_AUTH_SOCK": "/run/usual"}).agent == "/run/usual"
    assert read("", "app1", {}).agent == ""


def test_paths_with_spaces_in_one_line_are_told_apart():
    found = read("userknownhostsfile /home/ada lovelace/kh ~/kh2 none\n", "app1", {})
    assert found.known_hosts == ("/home/ada lovelace/kh", str(Path("~/kh2 none").expanduser()))


def test_a_configuration_that_cannot_be_read_is_told_in_the_words_of_ssh(tmp_path: Path):
    (tmp_path / "config").write_text("Host *\n  Portt 22\n")
    with pytest.raises(
        Unreachable, match=r"the SSH configuration of app1 cannot be read: .* line 2: Bad configuration option: portt"
    ):
        asked("app1", tmp_path / "config")
    with pytest.raises(Unreachable, match="Can't open user config file"):
        asked("app1", tmp_path / "nowhere")


def test_without_ssh_it_says_what_to_install(config: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unreachable, match=r"no program `ssh` here \(install the package openssh-client\)"):
        asked("app1", config)


def test_a_hop_of_a_jump_is_a_destination():
    assert settings.jump("captain@bastion:2200") == destination("captain@bastion:2200")
    assert settings.jump("ssh://captain@bastion:2200") == destination("captain@bastion:2200")
    with pytest.raises(Unreachable, match="ProxyJump"):
        settings.jump("-oProxyCommand=x")
