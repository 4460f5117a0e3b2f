"""Own reading of known_hosts: what sshd(8) says, with OpenSSH's own program as the oracle."""

from __future__ import annotations

import base64
import fnmatch
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.connect.ssh.known_hosts import about, fingerprint, parse, type_of, without_port
from tests.servers.ssh import Keys


def blob(kind: str = "ssh-ed25519", body: bytes = bytes(36)) -> bytes:
    return len(kind).to_bytes(4) + kind.encode() + body


def line(hosts: str, body: bytes = bytes(36), kind: str = "ssh-ed25519", marker: str = "") -> str:
    return f"{marker} {hosts} {kind} {base64.b64encode(blob(kind, body)).decode()} comment of mine".strip()


def known(text: str, host: str, port: int = 22, alias: str = "") -> list[int]:
    """The lines of `text` that are about a host."""
    entries, _ = parse(text, "kh")
    return [entry.line for entry in about(entries, host, port, alias)]


def test_a_name_an_address_a_list_and_a_port_are_found():
    text = "\n".join(["# a comment", "", line("app1,10.0.0.5"), line("[app1]:2222"), "  " + line("APP2")])
    assert known(text, "app1") == [3]
    assert known(text, "10.0.0.5") == [3]
    assert known(text, "app1", 2222) == [4]
    assert known(text, "app2") == [5]
    assert known(text, "App2") == [5]
    assert known(text, "app3") == []


def test_wildcards_match_and_one_negated_pattern_takes_the_line_out():
    text = "\n".join([line("*.example,!db.example"), line("10.0.0.?"), line("!db.example"), line("*")])
    assert known(text, "web.example") == [1, 4]
    assert known(text, "db.example") == [4]
    assert known(text, "10.0.0.7") == [2, 4]
    assert known(text, "10.0.0.77") == [4]


def test_an_alias_is_looked_for_without_a_port():
    text = "\n".join([line("[app1]:2222"), line("blue")])
    assert known(text, "app1", 2222, alias="blue") == [2]


def test_a_key_known_for_the_usual_port_is_remembered_for_another():
    entries, _ = parse("\n".join([line("app1"), line("app1", marker="@revoked")]), "kh")
    assert [entry.line for entry in without_port(entries, "app1")] == [1]


def test_markers_are_kept_apart():
    entries, notes = parse("\n".join([line("*", marker="@cert-authority"), line("*", marker="@revoked")]), "kh")
    assert [entry.marker for entry in entries] == ["cert-authority", "revoked"]
    assert notes == []


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("app1", "no hosts, type and key"),
        ("app1 ssh-ed25519 %%%", "not base64"),
        ("app1 ssh-ed25519 QUJD", "not of the type"),
        (line("app1", kind="ssh-rsa").replace("ssh-rsa", "ssh-dss", 1), "not of the type"),
        (line("app1", marker="@trusted"), "no marker @trusted"),
        (line("|1|abc|def"), "cannot be read"),
        (line("|1|QUJD|QUJD"), "wrong length"),
        (line("|2|QUJD|QUJD"), "cannot be read"),
        ("app1 1024 35 1234567", "not base64"),
    ],
)
def test_a_line_that_cannot_be_read_is_noted_and_takes_no_other_down(bad: str, problem: str):
    entries, notes = parse("\n".join([line("before"), bad, line("after")]), "kh")
    assert [entry.hosts for entry in entries] == ["before", "after"]
    assert [(note.file, note.line) for note in notes] == [("kh", 2)]
    assert problem in notes[0].problem


@given(st.text())
def test_no_text_breaks_the_reader(text: str):
    entries, notes = parse(text, "kh")
    lines = [each for each in text.split("\n") if each.split() and not each.split()[0].startswith("#")]
    assert len(entries) + len(notes) == len(lines)
    about(entries, "app1", 2222)


@given(
    st.lists(st.text("ab.*?!", min_size=1, max_size=8), min_size=1, max_size=4), st.text("ab.", min_size=1, max_size=8)
)
@settings(max_examples=500)
def test_patterns_mean_what_globs_mean(patterns: list[str], host: str):
    def like(pattern: str) -> bool:
        return re.fullmatch(fnmatch.translate(pattern), host) is not None

    wanted = any(like(each) for each in patterns if not each.startswith("!"))
    unwanted = any(like(each[1:]) for each in patterns if each.startswith("!"))
    assert bool(known(line(",".join(patterns)), host)) == (wanted and not unwanted)


def test_a_pattern_cannot_make_it_slow():
    assert known(line("*a" * 500 + "b"), "a" * 5000) == []


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_it_finds_what_ssh_keygen_finds(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory):
    names = st.sampled_from(
        ["app1", "app2", "10.0.0.5", "[app1]:2222", "*.example", "web.example", "!web.example", "a?p1"]
    )
    lists = data.draw(st.lists(st.lists(names, min_size=1, max_size=3).map(",".join), min_size=1, max_size=6))
    marks = [data.draw(st.sampled_from(["", "", "@revoked", "@cert-authority"])) for _ in lists]
    real = base64.b64decode("AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")
    text = "\n".join(line(each, real[-36:], marker=mark) for each, mark in zip(lists, marks, strict=True))
    file = tmp_path_factory.mktemp("kh") / "known_hosts"
    file.write_text(text + "\n")
    if data.draw(st.booleans()):
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    text = file.read_text()
    host, port = data.draw(st.sampled_from([("app1", 22), ("app1", 2222), ("10.0.0.5", 22), ("web.example", 22)]))
    name = host if port == 22 else f"[{host}]:{port}"
    said = subprocess.run(["ssh-keygen", "-F", name, "-f", file], check=False, capture_output=True, text=True).stdout
    assert known(text, host, port) == [int(number) for number in re.findall(r"found: line (\d+)", said)]


def test_a_fingerprint_is_the_one_that_ssh_keygen_says(ssh_keys: Keys):
    for name in ("host", "host-rsa", "host-ecdsa"):
        shown = base64.b64decode(ssh_keys.public(name).split()[1])
        assert fingerprint(shown) == ssh_keys.fingerprint(name)
        assert type_of(shown) == ssh_keys.public(name).split()[0]


def test_a_file_with_thousands_of_hashed_lines_is_read_quickly(tmp_path: Path):
    text = "\n".join(line(f"|1|{'A' * 27}=|{'B' * 27}=") for _ in range(5000))
    entries, notes = parse(text, "kh")
    assert len(entries) == 5000
    assert not notes
    assert about(entries, "app1", 22) == ()
