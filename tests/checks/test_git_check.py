"""The `git` kind on real repositories."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.git import _without_user
from cockpit.checks.git_status import parse
from cockpit.journal.event import CheckMeasured
from tests.servers.need import missing
from tests.support.measuring import Measure
from tests.support.routes import Detour

Look = Callable[..., CheckMeasured]


@pytest.fixture(autouse=True)
def git_alone(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep git away from the settings of whoever runs the tests."""
    if shutil.which("git") is None:
        missing("git", "apt-get install git")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada Lovelace")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.com")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working tree with one commit, tagged twice."""
    folder = tmp_path / "bot"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "requirements.txt").write_text("flask==2.0\n")
    (folder / "frontend").mkdir()
    (folder / "frontend" / "package-lock.json").write_text("{}")
    (folder / ".gitignore").write_text("*.log\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "First version")
    git(folder, "tag", "v2.9.0")
    git(folder, "tag", "v2.10.0")
    return folder


@pytest.fixture(params=["here", "through a host"])
def look(request: pytest.FixtureRequest, measured: Measure) -> Look:
    if request.param == "here":
        return lambda spec, *expect, **more: measured("git", spec, *expect, **more)
    return lambda spec, *expect, **more: measured("git", spec, *expect, via="detour", routes=Detour(), **more)


def test_a_clean_tagged_tree_passes(look: Look, tree: Path) -> None:
    commit = git(tree, "rev-parse", "HEAD")
    (tree / "debug.log").touch()
    spec = {"path": str(tree), "tracked": ["requirements.txt", "frontend/package-lock.json", "./frontend"]}
    found = look(
        spec,
        f"commit == '{commit}' && commit.startsWith(short) && branch == 'main' && !detached",
        "clean && changed == [] && untracked == [] && stashes == 0",
        "tags == ['v2.10.0', 'v2.9.0'] && tag == 'v2.10.0' && describe.startsWith('v2.')",
        "upstream == '' && remote == '' && age < duration('1h') && age >= duration('0s')",
        "author == 'Ada Lovelace <ada@example.com>' && subject == 'First version'",
        "committed == ['requirements.txt', 'frontend/package-lock.json', './frontend'] && missing == []",
        "!signed && signature == 'none'",
    )
    assert found.result == "PASS", found
    assert found.summary == f"v2.10.0 at {commit[:7]}, clean"
    assert look(spec).result == "PASS"
    below = look({"path": str(tree / "frontend"), "tracked": ["package-lock.json", "../requirements.txt"]})
    assert below.result == "PASS", below


def test_what_differs_is_named(look: Look, tree: Path) -> None:
    (tree / "requirements.txt").write_text("flask==3.0\n")
    (tree / "new file\n2").touch()
    (tree / "staged").touch()
    git(tree, "add", "staged")
    git(tree, "mv", "frontend/package-lock.json", "frontend/moved.json")
    found = look({"path": str(tree), "tracked": ["staged", "none"]})
    assert found.result == "FAIL"
    assert "3 changed, 1 untracked, not committed: staged, none" in found.summary
    named = look(
        {"path": str(tree)},
        "changed == ['frontend/moved.json', 'requirements.txt', 'staged'] && untracked == ['new file\\n2'] && !clean",
    )
    assert named.result == "PASS", named
    assert "new file" in named.evidence


def test_commits_since_a_tag_and_away_from_the_upstream_are_counted(look: Look, tree: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(tree), str(clone))
    git(clone, "commit", "-q", "--allow-empty", "-m", "More")
    found = look(
        {"path": str(clone)},
        f"ahead == 1 && behind == 0 && upstream == 'origin/main' && remote == '{tree}' && tag == '' && clean",
        "describe.matches('^v2[.].*-1-g[0-9a-f]+$')",
    )
    assert found.result == "PASS", found
    git(clone, "checkout", "-q", "v2.9.0")
    found = look({"path": str(clone)}, "detached && branch == '' && tag == 'v2.10.0'")
    assert found.result == "PASS", found
    assert look({"path": str(clone)}, "ahead == 0").result == "FAIL"


def test_a_stash_and_a_changed_submodule_are_seen(look: Look, tree: Path, tmp_path: Path) -> None:
    (tree / "requirements.txt").write_text("x")
    git(tree, "stash")
    assert look({"path": str(tree)}, "clean && stashes == 1").result == "PASS"
    module = tmp_path / "module"
    git(tmp_path, "clone", "-q", str(tree), str(module))
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module), "module")
    git(tree, "commit", "-q", "-m", "With a module")
    assert look({"path": str(tree)}).result == "PASS"
    (tree / "module" / "requirements.txt").write_text("changed")
    assert look({"path": str(tree)}, "changed == ['module']").result == "PASS"


def test_a_repository_without_a_commit_has_none(look: Look, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "a").touch()
    found = look({"path": str(tmp_path), "tracked": ["a"]})
    assert (found.result, found.summary) == ("FAIL", "main, no commit yet, 1 untracked, not committed: a")
    assert look({"path": str(tmp_path)}, "commit == '' && tag == '' && describe == ''").result == "PASS"


def commit_signed(tree: Path, folder: Path) -> str:
    """Make a commit that is signed with an SSH key; what a line of allowed signers says of that key."""
    if shutil.which("ssh-keygen") is None:
        missing("ssh-keygen", "apt-get install openssh-client")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True, timeout=30)
    signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={folder}/key.pub")
    git(tree, *signing, "commit", "-q", "--allow-empty", "-S", "-m", "Signed")
    git(tree, "config", "gpg.format", "ssh")
    return "ada@example.com " + (folder / "key.pub").read_text()


def test_a_good_signature_is_told_from_none_and_from_one_of_somebody_else(
    look: Look, tree: Path, tmp_path: Path
) -> None:
    signer = commit_signed(tree, tmp_path)
    assert look({"path": str(tree)}, "signed").result == "FAIL"
    allowed = tmp_path / "allowed"
    git(tree, "config", "gpg.ssh.allowedSignersFile", str(allowed))
    allowed.write_text(
        "nobody@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDOFYoNsXQTR3C4SQwb3gGmDqJCY9XdO3kSAQKEGM9p\n"
    )
    assert look({"path": str(tree)}, "!signed && signature == 'good, by a key that is not trusted'").result == "PASS"
    allowed.write_text(signer)
    found = look({"path": str(tree)}, "signed && signature == 'good'")
    assert found.result == "PASS", found


def test_nothing_that_the_repository_names_is_run_and_nothing_is_written(
    look: Look, tree: Path, tmp_path: Path
) -> None:
    (tmp_path / "allowed").write_text(commit_signed(tree, tmp_path))
    git(tree, "config", "gpg.ssh.allowedSignersFile", str(tmp_path / "allowed"))
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "gpg.program", "gpg.ssh.program", "diff.external"):
        git(tree, "config", key, str(trap))
    hooks = tree / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "post-checkout"):
        shutil.copy(trap, hooks / name)
    key = tree / "requirements.txt"
    os.utime(key, (1, 1))
    (tmp_path / "sprung").unlink(missing_ok=True)
    index = (tree / ".git" / "index").read_bytes()
    found = look({"path": str(tree), "tracked": ["requirements.txt"]}, "clean && signed && describe != ''")
    assert found.result == "PASS", found
    assert not (tmp_path / "sprung").exists()
    assert (tree / ".git" / "index").read_bytes() == index


def test_a_variable_of_ours_does_not_lead_to_another_repository(
    look: Look, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q", "-b", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert look({"path": str(tree)}, "branch == 'main'").result == "PASS"


def test_the_token_in_a_remote_is_never_shown(look: Look, tree: Path) -> None:
    git(tree, "remote", "add", "origin", "https://robot7:hunter2@git.example/acme/bot.git")
    git(tree, "remote", "add", "deploy", "ssh://git@git.example/acme/bot.git")
    found = look({"path": str(tree)}, "remote == ''")
    assert found.findings[0].found == {"remote": "https://git.example/acme/bot.git"}
    assert "hunter2" not in str(found)
    assert "robot7" not in str(found)
    spec = {"path": str(tree), "remote": "deploy"}
    assert look(spec, "remote == 'ssh://git@git.example/acme/bot.git'").result == "PASS"


def test_what_is_no_repository_is_an_error_in_words(look: Look, tmp_path: Path) -> None:
    none = look({"path": str(tmp_path)})
    assert (none.result, none.summary) == ("ERROR", f"{tmp_path} is not in a git repository")
    gone = look({"path": f"{tmp_path}/gone"})
    assert (gone.result, gone.summary) == ("ERROR", f"there is no folder {tmp_path}/gone that this user may enter")


def test_a_tree_of_somebody_else_is_an_error_that_says_what_to_do(look: Look, tree: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(tree, 65534, 65534)
    os.chown(tree / ".git", 65534, 65534)
    found = look({"path": str(tree)})
    words = f"git does not trust {tree}: it belongs to another user."
    words += f" Run as its owner, or allow it: git config --global --add safe.directory {tree}"
    assert (found.result, found.summary) == ("ERROR", words)


def test_a_machine_without_git_is_an_error(
    measured: Measure, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = measured("git", {"path": str(tree)})
    assert (found.result, found.summary) == ("ERROR", f"there is no program git where {tree} is")


@pytest.mark.parametrize(
    ("spec", "words"),
    [({}, "`path` is missing"), ({"path": "x", "remote": "--upload-pack=x"}, "`remote` String should match")],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, Any], words: str) -> None:
    found = measured("git", spec)
    assert found.result == "ERROR"
    assert words in found.summary


PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("12u?"), PATHS, PATHS)))
def test_paths_of_any_kind_are_read_back(entries: list[tuple[str, str, str]]) -> None:
    fields = {"1": "M. N... 1 1 1 a b", "2": "R. N... 1 1 1 a b R100", "u": "UU N... 1 1 1 1 a b c"}
    records = ["# branch.oid abc", "# branch.head a b", "# something.new 1", "! ignored"]
    for kind, path, before in entries:
        records.append(f"{kind} {fields[kind]} {path}" if kind != "?" else f"? {path}")
        records += [before] if kind == "2" else []
    status = parse("\0".join([*records, ""]))
    assert status.commit == "abc"
    assert status.changed == [path for kind, path, _ in entries if kind != "?"]
    assert status.untracked == [path for kind, path, _ in entries if kind == "?"]


@settings(deadline=None)
@given(st.text())
def test_no_answer_breaks_the_reading(output: str) -> None:
    parse(output)


def test_who_logs_in_at_a_remote_is_left_out() -> None:
    for url, expected in (
        ("https://tok@h/x", "https://h/x"),
        ("https://u:p@ss@h/x", "https://h/x"),
        ("ssh://git:pw@h/x", "ssh://git@h/x"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("/srv/a@b", "/srv/a@b"),
        ("https://h/a@b", "https://h/a@b"),
    ):
        assert _without_user(url) == expected
