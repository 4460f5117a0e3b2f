"""Checkpoints, signed and checked by OpenSSH itself."""

import os
import shutil
import subprocess

import pytest

from cockpit.journal import checkpoint, reader
from cockpit.journal.checkpoint import Checkpoint, Unsigned

pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="signing needs ssh-keygen")

HERE = Checkpoint("20261124-0300-v1-a1b2", 41, "ab" * 32)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Two people's keys, and who is allowed to sign."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ada", "grace"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name], check=True)
    public = (folder / "ada.pub").read_text().split()
    (folder / "allowed").write_text(f"ada@example.org {public[0]} {public[1]}\n")
    return folder


def test_the_text_is_three_lines():
    assert HERE.text == b"cockpit-journal/20261124-0300-v1-a1b2\n41\n" + b"ab" * 32 + b"\n"


def test_a_signed_checkpoint_names_its_key_and_its_signer(keys):
    signed = checkpoint.sign(HERE, keys / "ada")
    listed = subprocess.run(["ssh-keygen", "-l", "-f", keys / "ada.pub"], capture_output=True, text=True, check=True)
    assert signed.key in listed.stdout
    assert (signed.seq, signed.head) == (41, "ab" * 32)
    assert checkpoint.signed_with(HERE, signed.signature) == signed.key
    assert checkpoint.signed_by(HERE, signed.signature, keys / "allowed") == "ada@example.org"


def test_plain_openssh_proves_it(keys, tmp_path):
    signed = checkpoint.sign(HERE, keys / "ada")
    (tmp_path / "sig").write_text(signed.signature)
    command = ["ssh-keygen", "-Y", "verify", "-n", "cockpit-journal", "-f", keys / "allowed", "-I", "ada@example.org"]
    for text, status in ((HERE.text, 0), (HERE.text.replace(b"41", b"42"), 255)):
        done = subprocess.run([*command, "-s", tmp_path / "sig"], input=text, capture_output=True, check=False)
        assert done.returncode == status


@pytest.mark.parametrize(
    "other", [HERE._replace(run="another"), HERE._replace(seq=42), HERE._replace(head="ac" + "ab" * 31)]
)
def test_a_signature_of_anything_else_does_not_hold(keys, other):
    signature = checkpoint.sign(HERE, keys / "ada").signature
    with pytest.raises(Unsigned, match=r"incorrect signature|[Cc]ould not verify"):
        checkpoint.signed_with(other, signature)
    with pytest.raises(Unsigned):
        checkpoint.signed_by(other, signature, keys / "allowed")


def test_somebody_who_is_not_listed_did_not_sign(keys):
    signed = checkpoint.sign(HERE, keys / "grace")
    with pytest.raises(Unsigned):
        checkpoint.signed_by(HERE, signed.signature, keys / "allowed")


def test_a_key_in_the_agent_signs(keys, monkeypatch, tmp_path):
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.PIPE)
    try:
        agent.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        shutil.copy(keys / "ada", tmp_path / "key")
        subprocess.run(["ssh-add", "-q", tmp_path / "key"], check=True, capture_output=True)
        (tmp_path / "key").unlink()
        shutil.copy(keys / "ada.pub", tmp_path / "key.pub")
        signed = checkpoint.sign(HERE, tmp_path / "key.pub")
        assert checkpoint.signed_by(HERE, signed.signature, keys / "allowed") == "ada@example.org"
    finally:
        agent.kill()
        agent.wait()
        agent.stdout.close()


def test_what_cannot_sign_says_why_and_asks_for_nothing(keys, tmp_path, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(Unsigned, match="No such file"):
        checkpoint.sign(HERE, tmp_path / "none")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "a secret", "-f", tmp_path / "locked"], check=True)
    with pytest.raises(Unsigned, match="passphrase"):
        checkpoint.sign(HERE, tmp_path / "locked")
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(Unsigned, match="needs ssh-keygen"):
        checkpoint.sign(HERE, keys / "ada")


def test_a_journal_is_held_to_the_checkpoints_in_it(sample, journal, keys):
    with sample.create(journal) as writer:
        (event,) = writer.append([(sample.ada, sample.note("signed"))]).result(5)
        place = Checkpoint("20261124-0300-v1-a1b2", event.seq, event.h)
        signed = checkpoint.sign(place, keys / "ada")
        writer.append([(sample.ada, signed)]).result(5)
        other = checkpoint.sign(place._replace(head="ab" * 32), keys / "ada")
        writer.append([(sample.ada, other)]).result(5)
        foreign = checkpoint.sign(place._replace(run="another"), keys / "ada")
        writer.append([(sample.ada, foreign)]).result(5)
    good, changed, spliced = checkpoint.check(reader.read(journal))
    assert (good.checkpoint, good.problem) == (place, "")
    assert changed.problem == "event 1 is not the one that was signed"
    assert "signature" in spliced.problem


def test_a_journal_cut_and_written_anew_is_not_the_one_that_was_signed(sample, journal, keys):
    """The signature kept elsewhere is what shows it: the journal itself verifies."""
    events = sample.written(journal, 3)
    kept = checkpoint.sign(Checkpoint("20261124-0300-v1-a1b2", 3, events[3].h), keys / "ada")
    journal.unlink()
    sample.written(journal, 3)
    assert reader.verify(journal).ok
    (*_, last) = reader.read(journal)
    with pytest.raises(Unsigned):
        checkpoint.signed_with(Checkpoint("20261124-0300-v1-a1b2", last.seq, last.h), kept.signature)
