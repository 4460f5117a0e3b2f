"""The `requirements` kind on real files of every format."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.requirements_files import reader_of
from tests.support.measuring import Measure
from tests.support.routes import Detour

HASH = "--hash=sha256:" + "0" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def spec(folder: Path, **files: str) -> dict[str, Any]:
    """Write files, whose names have `_` for `.` and `__` for `-`, and name them all."""
    names = []
    for name, text in files.items():
        path = folder / name.replace("__", "-").replace("_", ".")
        path.write_text(text)
        names.append(str(path))
    return {"files": names}


@pytest.mark.parametrize("options", [{}, {"via": "detour"}])
def test_pinned_requirements_pass(measured: Measure, folder: Path, options: dict[str, Any]) -> None:
    (folder / "base.txt").write_text(f"jinja2===3.1 {HASH}\n-r deeper/more.txt\n")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "more.txt").write_text(f"click==8.1 {HASH}\n-r ../base.txt\n")
    text = (
        "# comment\n--index-url https://user:hunter2@pypi.example/simple\n-r base.txt\n\n"
        f"Flask[async] == 2.0 ; python_version > '3.8' \\\n    {HASH} \\\n    {HASH}  # why\n"
    )
    found = measured(
        "requirements",
        spec(folder, requirements_txt=text),
        "unpinned == [] && absent == [] && hashed && unhashed == [] && count == 3 && size(files) == 3 && locks == []",
        "packages == {'flask': '2.0', 'jinja2': '3.1', 'click': '8.1'} && !('pytest' in packages)",
        routes=Detour(),
        **options,
    )
    assert found.result == "PASS", found
    assert found.summary == "3 packages; all pinned"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("flask", "flask"),
        ("Flask>=2", "flask>=2"),
        ("flask==2.*", "flask==2.*"),
        ("flask~=2.0", "flask~=2.0"),
        ("flask==2,>=1", "flask>=1,==2"),
        (
            "git+https://tok:hunter2@git.example/a/b.git@main#egg=B_x",
            "b-x @ git+https://***@git.example/a/b.git@main#egg=B_x",
        ),
        ("x @ https://files.example/x-1.tar.gz", "x @ https://files.example/x-1.tar.gz"),
        ("-e git+https://git.example/a.git#egg=a", "a @ git+https://git.example/a.git#egg=a"),
    ],
)
def test_what_is_not_pinned_is_named_with_its_line(measured: Measure, folder: Path, line: str, shown: str) -> None:
    asked = spec(folder, requirements_txt=f"ok==1\n{line}\n")
    found = measured("requirements", asked)
    assert found.result == "FAIL"
    words = f"{shown} ({folder}/requirements.txt:2)"
    if shown != "flask>=1,==2":  # the library sorts as it likes
        assert found.summary == f"2 packages; 1 not pinned: {words}"
    assert "hunter2" not in str(found)
    assert measured("requirements", asked, "!hashed && size(unpinned) == 1 && size(unhashed) >= 1").result == "PASS"


@pytest.mark.parametrize(
    "line",
    [
        "x===1.0+local",
        f"git+https://git.example/a/b.git@{COMMIT}#egg=b",
        f"b @ git+ssh://git@git.example/a/b.git@{COMMIT}",
        f"x @ https://files.example/x-1.tar.gz#sha256={'0' * 64}",
        "./wheels/x-1.whl",
        "-e .",
        "--editable=./sub",
        "x==1 --global-option='a b'",
        "--no-binary :all:",
    ],
)
def test_what_cannot_change_is_pinned(measured: Measure, folder: Path, line: str) -> None:
    found = measured("requirements", spec(folder, requirements_txt=f"{line}\n"))
    assert found.result == "PASS", found


def test_constraints_and_compiled_files_pin_what_others_want(measured: Measure, folder: Path) -> None:
    (folder / "constraints.txt").write_text("click==8.1\nunused==1\n")
    (folder / "requirements.txt").write_text("-c constraints.txt\nClick\n")
    found = measured("requirements", {"files": [str(folder / "requirements.txt")]}, "packages == {'click': '8.1'}")
    assert found.result == "PASS", found
    assert measured("requirements", {"files": [str(folder / "requirements.txt")]}).result == "PASS"
    compiled = spec(folder, app_in="flask>=2\n", app_txt="flask==2.1\nwerkzeug==2.1\n")
    assert measured("requirements", compiled).result == "PASS"
    older = spec(folder, app_in="flask>=3\n", app_txt="flask==2.1\n")
    found = measured("requirements", older)
    assert (found.result, found.summary) == (
        "FAIL",
        f"1 packages; 1 not pinned: flask>=3 ({folder}/app.in:1): {folder}/app.txt:1 has another",
    )


PYPROJECT = """\
[project]
dependencies = ["flask>=2,<3", "Click"]
[project.optional-dependencies]
web = ["gunicorn==20.1"]
[dependency-groups]
dev = ["pytest>=8", {include-group = "web"}]
"""
POETRY = """\
[tool.poetry.dependencies]
python = "^3.11"
flask = "^2.0"
click = {version = "8.1.0"}
here = {path = "../here"}
there = {git = "https://git.example/x.git", rev = "main"}
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""


def test_a_manifest_is_pinned_by_its_lock_file(measured: Measure, folder: Path) -> None:
    manifest = spec(folder, pyproject_toml=PYPROJECT)
    alone = measured("requirements", manifest, "size(unpinned) == 3 && packages.gunicorn == '20.1' && count == 4")
    assert alone.result == "PASS", alone
    lock = (
        '[[package]]\nname = "flask"\nversion = "2.1"\nsdist = {hash = "sha256:0"}\n'
        '[[package]]\nname = "click"\nversion = "8.1"\nwheels = [{hash = "sha256:0"}]\n'
        '[[package]]\nname = "bot"\nversion = "0.1"\nsource = {editable = "."}\n'
    )
    both = spec(folder, pyproject_toml=PYPROJECT, uv_lock=lock)
    found = measured("requirements", both)
    assert (found.result, found.summary) == (
        "FAIL",
        f"5 packages; 1 not pinned: pytest>=8 ({folder}/pyproject.toml)",
    )
    lock += '[[package]]\nname = "pytest"\nversion = "8.2"\nwheels = [{hash = "sha256:0"}]\n'
    both = spec(folder, pyproject_toml=PYPROJECT, uv_lock=lock)
    found = measured("requirements", both, "unpinned == [] && packages.flask == '2.1' && size(locks) == 1")
    assert found.result == "PASS", found
    stale = spec(folder, pyproject_toml=PYPROJECT.replace("flask>=2,<3", "flask>=3"), uv_lock=lock)
    assert measured("requirements", stale).result == "FAIL"


def test_poetrys_manifest_and_lock_file(measured: Measure, folder: Path) -> None:
    alone = measured("requirements", spec(folder, pyproject_toml=POETRY), "size(unpinned) == 3 && count == 5")
    assert alone.result == "PASS", alone
    lock = "".join(
        f'[[package]]\nname = "{name}"\nversion = "2.1"\nfiles = [{{file = "x", hash = "sha256:0"}}]\n'
        for name in ("flask", "there", "pytest")
    )
    both = spec(folder, pyproject_toml=POETRY, poetry_lock=lock)
    assert measured("requirements", both).result == "PASS"


def test_pylock_and_pipenv(measured: Measure, folder: Path) -> None:
    pylock = (
        '[[packages]]\nname = "a"\nversion = "1"\nwheels = [{hashes = {sha256 = "0"}}]\n'
        f'[[packages]]\nname = "b"\nvcs = {{type = "git", commit-id = "{COMMIT}"}}\n'
        '[[packages]]\nname = "c"\nversion = "1"\n'
    )
    found = measured(
        "requirements", spec(folder, pylock_toml=pylock), "unpinned == [] && size(unhashed) == 1 && count == 3"
    )
    assert found.result == "PASS", found
    pipfile = '[packages]\nflask = "*"\nclick = "==8.1"\n[dev-packages]\npytest = {version = ">=8"}\n'
    assert measured("requirements", spec(folder, Pipfile=pipfile), "size(unpinned) == 2").result == "PASS"
    lock = {
        "default": {"flask": {"version": "==2.1", "hashes": ["sha256:0"]}},
        "develop": {"pytest": {"version": "==8.2", "hashes": ["sha256:0"]}},
    }
    both = spec(folder, Pipfile=pipfile, Pipfile_lock=json.dumps(lock))
    assert measured("requirements", both, "unpinned == [] && packages.flask == '2.1'").result == "PASS"


PACKAGE = {"dependencies": {"react": "^18.0.0", "exact": "1.2.3"}, "devDependencies": {"@types/node": "~20"}}
PACKAGE_LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"react": "^18.0.0", "exact": "1.2.3"}, "devDependencies": {"@types/node": "~20"}},
        "node_modules/react": {"version": "18.2.0", "resolved": "https://r/x", "integrity": "sha512-x"},
        "node_modules/exact": {"version": "1.2.3", "resolved": "https://r/x", "integrity": "sha512-x"},
        "node_modules/@types/node": {"version": "20.1.0", "resolved": "https://r/x", "integrity": "sha512-x"},
        "node_modules/react/node_modules/deep": {
            "version": "1.0.0",
            "resolved": "https://r/x",
            "integrity": "sha512-x",
        },
    },
}
YARN = """\
# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"@types/node@~20":
  version "20.1.0"
  integrity sha512-x

exact@1.2.3:
  version "1.2.3"
  integrity sha512-x

react@^17, react@^18.0.0:
  version "18.2.0"
  integrity sha512-x
  dependencies:
    loose-envify "^1.1.0"
"""
BERRY = """\
__metadata:
  version: 8

"@types/node@npm:~20":
  version: 20.1.0
  checksum: 10c0/x

"bot@workspace:.":
  version: 0.0.0-use.local

"exact@npm:1.2.3":
  version: 1.2.3
  checksum: 10c0/x

"react@npm:^17, react@npm:^18.0.0":
  version: 18.2.0
  checksum: 10c0/x
"""
PNPM = """\
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      react: {specifier: ^18.0.0, version: 18.2.0}
      exact: {specifier: 1.2.3, version: 1.2.3}
    devDependencies:
      '@types/node': {specifier: ~20, version: 20.1.0}
packages:
  react@18.2.0: {resolution: {integrity: sha512-x}}
  exact@1.2.3: {resolution: {integrity: sha512-x}}
  '@types/node@20.1.0(peer@1.0.0)': {resolution: {integrity: sha512-x}}
"""
OLD_LOCK = {
    "lockfileVersion": 1,
    "dependencies": {
        "react": {
            "version": "18.2.0",
            "integrity": "sha512-x",
            "dependencies": {"exact": {"version": "1.2.3", "integrity": "x"}},
        },
        "@types/node": {"version": "20.1.0", "integrity": "sha512-x"},
    },
}


@pytest.mark.parametrize(
    ("name", "text", "knows_what_was_wanted"),
    [
        ("package-lock.json", json.dumps(PACKAGE_LOCK), True),
        ("npm-shrinkwrap.json", json.dumps(OLD_LOCK), False),
        ("yarn.lock", YARN, True),
        ("yarn.lock", BERRY, True),
        ("pnpm-lock.yaml", PNPM, True),
    ],
)
def test_npms_manifest_is_pinned_by_a_lock_file(
    measured: Measure, folder: Path, name: str, text: str, *, knows_what_was_wanted: bool
) -> None:
    manifest = folder / "package.json"
    manifest.write_text(json.dumps(PACKAGE))
    alone = measured("requirements", {"files": [str(manifest)]}, "size(unpinned) == 2 && packages.exact == '1.2.3'")
    assert alone.result == "PASS", alone
    (folder / name).write_text(text)
    asked = {"files": [str(manifest), str(folder / name)]}
    found = measured(
        "requirements",
        asked,
        "unpinned == [] && hashed && packages.react == '18.2.0' && packages['@types/node'] == '20.1.0'",
    )
    assert found.result == "PASS", found
    assert measured("requirements", asked).result == "PASS"
    manifest.write_text(json.dumps(PACKAGE).replace("^18.0.0", "^19.0.0"))
    stale = measured("requirements", asked)
    assert (stale.result == "FAIL") is knows_what_was_wanted, stale
    if knows_what_was_wanted:
        assert f"react@^19.0.0 ({manifest}): {folder}/{name} has another" in stale.summary


def test_a_file_that_is_not_there_fails(measured: Measure, folder: Path) -> None:
    asked = spec(folder, requirements_txt="-r gone.txt\n")
    found = measured("requirements", asked)
    assert (found.result, found.summary) == ("FAIL", f"0 packages; all pinned; not there: {folder}/gone.txt")
    assert measured("requirements", {"files": [str(folder / "package-lock.json")]}, "absent == []").result == "FAIL"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("requirements.txt", "ok==1\n<html>\n", "requirements.txt:2 is no requirement"),
        ("requirements.txt", "-r https://example.com/r.txt", "is included from an address: only files are read"),
        ("pyproject.toml", "[project", "Expected ']'"),
        ("pyproject.toml", "project = 1", "it is not built as files of its name are"),
        ("package.json", "[]", "it is no JSON object"),
        ("package-lock.json", "{", "line 1, column 2"),
        ("poetry.lock", "package = 1", "it has no packages"),
        ("yarn.lock", "hello", "it is no lock file of yarn"),
        ("pnpm-lock.yaml", "- a", "it is no lock file of pnpm"),
    ],
)
def test_what_cannot_be_read_is_an_error_in_words(
    measured: Measure, folder: Path, name: str, text: str, words: str
) -> None:
    (folder / name).write_text(text)
    found = measured("requirements", {"files": [str(folder / name)]})
    assert found.result == "ERROR"
    assert words in found.summary


def test_a_name_that_is_not_known_is_refused(measured: Measure) -> None:
    found = measured("requirements", {"files": ["setup.py"]})
    assert found.result == "ERROR"
    assert found.summary.startswith("`requirements`: `files` setup.py has none of the names that can be read: *.txt")


def test_files_that_include_each_other_without_end_are_given_up(measured: Measure, folder: Path) -> None:
    for number in range(60):
        (folder / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    found = measured("requirements", {"files": [str(folder / "0.txt")]}, timeout=30.0)
    assert (found.result, found.summary) == ("ERROR", "more than 50 files include each other")


NAMES = st.sampled_from(
    ["requirements.txt", "pyproject.toml", "uv.lock", "package.json", "yarn.lock", "pnpm-lock.yaml"]
)
PIECES = st.sampled_from(
    ["flask", "==1", ">=", "-r ", "-e", "\\\n", "\n", "#", " ", "@", "://", "[", "]", "{", "}", '"', ":", "="]
)


@settings(deadline=None)
@given(NAMES, st.lists(PIECES).map("".join) | st.text())
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    reader = reader_of(name)
    assert reader is not None
    with contextlib.suppress(ValueError, AttributeError, TypeError, RecursionError):
        reader(name, text)
