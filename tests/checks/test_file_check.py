"""The `file` kind on real files: here, through a host, and with the programs of busybox."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cockpit.checks import file_read
from cockpit.checks.file_found import Asked
from cockpit.checks.kind import Unmeasurable
from cockpit.connect.dial import Unreachable
from cockpit.connect.here import HERE
from cockpit.connect.route import Ended, Program, Route
from cockpit.journal.event import CheckMeasured
from tests.servers.need import missing
from tests.support.measuring import Measure
from tests.support.routes import Detour

APPLETS = ("sh", "stat", "head", "readlink", "sha256sum", "find", "xargs", "date", "cat")


class Busybox(Detour):
    """A host that has busybox, and none of GNU's programs."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    async def run(self, program: Program, timeout: float) -> Ended:
        assert isinstance(program.command, tuple)
        command = (str(self.folder / "sh"), *program.command[1:])
        program = replace(program, command=command, environment={"PATH": str(self.folder)})
        return await super().run(program, timeout)


@pytest.fixture(params=["here", "through a host", "busybox"])
def look(
    request: pytest.FixtureRequest, measured: Measure, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., CheckMeasured]:
    """Measure a file: `look({"path": ...}, "exists")`."""
    if request.param == "here":
        return lambda spec, *expect, **more: measured("file", spec, *expect, **more)
    routes = Detour()
    if request.param == "busybox":
        busybox = shutil.which("busybox") or missing("busybox", "apt-get install busybox-static")
        folder = tmp_path_factory.mktemp("bin")
        for name in APPLETS:
            (folder / name).symlink_to(busybox)
        routes = Busybox(folder)
    return lambda spec, *expect, **more: measured("file", spec, *expect, via="detour", routes=routes, **more)


Look = Callable[..., CheckMeasured]


def test_a_file_passes_on_all_that_can_be_asked_of_it(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "VERSION"
    path.write_text("2.4.0\nsecond\n")
    path.chmod(0o640)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    found = look(
        {"path": str(path)},
        "exists && kind == 'file' && target == '' && size == 13 && mode == '0640' && !owner_only",
        f"owner == '{path.owner()}' && group == '{path.group()}'",
        "age >= duration('0s') && age < duration('1h') && modified > timestamp('2020-01-01T00:00:00Z')",
        f"text == '2.4.0\\nsecond\\n' && lines == ['2.4.0', 'second'] && line_count == 2 && sha256 == '{digest}'",
        "count == 1 && total_size == 13 && newest.size == 13 && problem == ''",
        "size(missing) == 0 && forbidden_count == 0",
    )
    assert found.result == "PASS", found
    assert found.request.startswith(f"look at {path}")
    assert found.summary.startswith(f"13 bytes, 0640 {path.owner()}:{path.group()}, changed ")


def test_what_fails_shows_what_was_found(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"debug": true}')
    path.chmod(0o644)
    os.utime(path, (time.time() - 7200, time.time() - 7200))
    found = look({"path": str(path)}, "owner_only", "data.debug == false", "age < duration('1h')")
    assert found.result == "FAIL"
    assert [finding.holds for finding in found.findings] == [False, False, False]
    assert found.findings[1].found == {"data.debug": "true"}
    assert "changed 7200" in found.summary or "changed 720" in found.summary


def test_the_mode_tells_who_else_may_read_and_change_it(look: Look, tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.touch()
    for mode, expected in (
        (0o600, "owner_only && !others_write"),
        (0o700, "owner_only && !others_write"),
        (0o604, "!owner_only && !others_write"),
        (0o640, "!owner_only && !others_write"),
        (0o622, "owner_only && others_write"),
        (0o660, "!owner_only && others_write"),
    ):
        path.chmod(mode)
        found = look({"path": str(path)}, f"{expected} && mode == '{mode:04o}'")
        assert found.result == "PASS", (oct(mode), found)


def test_a_missing_file_was_measured_and_is_missing(look: Look, tmp_path: Path) -> None:
    found = look({"path": str(tmp_path / "none")})
    assert (found.result, found.summary) == ("FAIL", f"{tmp_path}/none is not there")
    assert look({"path": str(tmp_path / "none")}, "!exists && kind == 'missing' && count == 0").result == "PASS"
    (tmp_path / "file").touch()
    assert look({"path": str(tmp_path / "file" / "below")}, "!exists").result == "PASS"


def test_nothing_about_the_content_of_a_missing_file_holds(look: Look, tmp_path: Path) -> None:
    spec = {"path": str(tmp_path / "none"), "must_not": ["x"]}
    for condition in (
        "forbidden_count == 0",
        "size(missing) == 0",
        "problem == ''",
        "text == ''",
        "!text.contains('x')",
    ):
        assert look(spec, condition).result == "FAIL", condition


def test_a_link_is_followed_and_one_that_leads_nowhere_is_said(look: Look, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("gone")
    assert look({"path": str(tmp_path / "link")}, "kind == 'file' && target == 'real' && size == 1").result == "PASS"
    found = look({"path": str(tmp_path / "dangling")})
    assert (found.result, found.summary) == ("FAIL", f"{tmp_path}/dangling is a link to gone, which is not there")
    (tmp_path / "loop").symlink_to("loop")
    found = look({"path": str(tmp_path / "loop")})
    assert found.result == "ERROR"
    assert "ymbolic link" in found.summary


def test_pipes_sockets_and_devices_are_named_and_never_opened(look: Look, state_home: Path) -> None:
    os.mkfifo(state_home / "pipe")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(state_home / "socket"))
        places = {"pipe": state_home / "pipe", "socket": state_home / "socket", "device": Path("/dev/zero")}
        for kind, path in places.items():
            found = look({"path": str(path)}, f"kind == '{kind}' && problem == ''")
            assert found.result == "PASS", found
            assert look({"path": str(path)}, "text == ''").result == "FAIL"
            assert look({"path": str(path), "must_not": ["x"]}).result == "ERROR"


def test_a_file_without_a_size_is_read_all_the_same(look: Look) -> None:
    found = look({"path": "/proc/meminfo"}, "text.contains('MemTotal') && size == 0")
    assert found.result == "PASS", found


def test_a_long_file_is_cut_and_says_nothing_about_the_whole(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_text("[" + "1," * 1024 * 1024 + "1]")
    assert look({"path": str(path)}, "size(text) == 1048576 && exists").result == "PASS"
    assert look({"path": str(path)}, "line_count == 1").result == "FAIL"
    found = look({"path": str(path)})
    assert found.result == "FAIL"
    assert "cannot be read as json: it is longer than 1 MiB" in found.summary
    assert look({"path": str(path), "must": [r"1\]$"]}, "size(missing) == 0").result == "PASS"


def test_a_file_too_long_to_be_searched_is_an_error_and_not_green(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "huge.log"
    with path.open("wb") as file:
        file.truncate(33 * 1024 * 1024)
    found = look({"path": str(path), "must_not": ["ERROR"]}, timeout=20.0)
    assert (found.result, found.summary) == ("ERROR", f"{path} is longer than 32 MiB: too long to be searched")
    assert look({"path": str(path)}, f"size == {33 * 1024 * 1024}").result == "PASS"


def test_lines_that_must_and_must_not_be_there_are_looked_for(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text("server_tokens off;\r\nssl_protocols TLSv1 TLSv1.2;\n")
    path.chmod(0o644)
    good = look({"path": str(path), "must": ["^server_tokens off;$"], "must_not": ["autoindex on"]})
    assert good.result == "PASS", good
    bad = look({"path": str(path), "must": ["never said"], "must_not": [r"TLSv1\b[^.]", "tokens"]})
    assert bad.result == "FAIL"
    assert "without never said, 2 lines that must not be there" in bad.summary
    assert "line 2: ssl_protocols TLSv1 TLSv1.2;" in bad.evidence
    counted = look({"path": str(path), "must": ["."], "must_not": ["x"]}, "matched['.'] == 2 && matched.x == 0")
    assert counted.result == "PASS", counted


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", '{"bot": {"debug": false, "ports": [80, 443]}}'),
        ("a.yaml", "bot:\n  debug: false\n  ports: [80, 443]\n"),
        ("a.toml", "[bot]\ndebug = false\nports = [80, 443]\n"),
    ],
)
def test_data_is_read_in_the_format_that_the_name_tells(look: Look, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    found = look({"path": str(tmp_path / name)}, "data.bot.debug == false && data.bot.ports == [80, 443]")
    assert found.result == "PASS", found


def test_dotenv_and_ini_are_read(look: Look, tmp_path: Path) -> None:
    (tmp_path / ".env.production").write_text("# c\nexport FLASK_ENV=production\nURL='http://${FLASK_ENV}'\nEMPTY=\n")
    found = look(
        {"path": str(tmp_path / ".env.production")},
        "data.FLASK_ENV == 'production' && data.URL == 'http://production' && data.EMPTY == '' && size(data) == 3",
    )
    assert found.result == "PASS", found
    (tmp_path / "a.conf").write_text("[Service]\nRestart = always\n")
    spec = {"path": str(tmp_path / "a.conf"), "format": "ini"}
    assert look(spec, "data.Service.Restart == 'always'").result == "PASS"
    assert look({"path": str(tmp_path / "a.conf")}, "data.Service.Restart == 'always'").result == "FAIL"


def test_broken_data_is_said_with_its_place(look: Look, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a":\n}')
    found = look({"path": str(tmp_path / "a.json")})
    assert found.result == "FAIL"
    assert found.summary.endswith("it cannot be read as json: line 2, column 1: expecting value")
    assert look({"path": str(tmp_path / "a.json")}, "data.a == 1").result == "FAIL"


SECRET = "hunter2hunter2"


def test_secrets_in_content_are_compared_and_never_shown(look: Look, tmp_path: Path) -> None:
    for name, content in (
        (".env", f"SECRET_KEY={SECRET}\nURL=http://u:{SECRET}@h/\n"),
        (
            "a.json",
            json.dumps({"SECRET_KEY": SECRET, "nested": {"auth": {"x": [SECRET]}}, "URL": f"http://u:{SECRET}@h/"}),
        ),
        ("a.yaml", f"SECRET_KEY: {SECRET}\nURL: http://u:{SECRET}@h/\n"),
    ):
        path = tmp_path / name
        path.write_text(content)
        path.chmod(0o644)
        spec = {"path": str(path), "must_not": ["hunter2"]}
        good = look(spec, f"data.SECRET_KEY == '{SECRET}' && data.URL.endsWith('h/')")
        assert good.result == "PASS", good
        bad = look(
            spec,
            "data.SECRET_KEY == ''",
            "data == {}",
            "data.URL == ''",
            "text == ''",
            "lines == []",
            "forbidden == []",
        )
        assert bad.result == "FAIL"
        assert bad.findings[0].found == {"data.SECRET_KEY": "***"}
        assert SECRET not in str(bad), bad


def test_the_text_of_a_file_that_only_its_owner_may_read_is_not_shown(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.write_text(SECRET)
    path.chmod(0o600)
    spec = {"path": str(path), "must_not": ["hunter"]}
    assert look(spec, f"text == '{SECRET}'").result == "PASS"
    bad = look(spec, "text == ''", "lines == []", "sha256 == ''", "forbidden == []")
    assert bad.result == "FAIL"
    assert [finding.found for finding in bad.findings] == [
        {"text": "***"},
        {"lines": "[***]"},
        {"sha256": "***"},
        {"forbidden": "[line 1: ***]"},
    ]
    assert SECRET not in str(bad)


def test_the_files_of_a_folder_are_counted(look: Look, tmp_path: Path) -> None:
    now = time.time()
    for name, age, size in (("a.dump", 90_000, 10), ("b.dump", 3600, 2_000_000), ("c.txt", 60, 5)):
        (tmp_path / name).write_bytes(bytes(size))
        os.utime(tmp_path / name, (now - age, now - age))
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "d\n e.dump").write_bytes(bytes(7))
    folder = look(
        {"path": f"{tmp_path}/"},
        "kind == 'folder' && count == 3 && total_size == 2000015",
        f"newest.path == '{tmp_path}/c.txt' && newest.age < duration('1h') && newest.size == 5",
        f"oldest.path == '{tmp_path}/a.dump' && oldest.age > duration('24h')",
    )
    assert folder.result == "PASS", folder
    deep = look(
        {"path": str(tmp_path), "deep": True},
        "count == 4 && total_size == 2000022 && newest.path.endsWith('d\\n e.dump')",
    )
    assert deep.result == "PASS", deep
    dumps = look(
        {"path": f"{tmp_path}/*.dump"},
        "exists && count == 2 && newest.age < duration('24h') && newest.size > 1048576",
    )
    assert dumps.result == "PASS", dumps
    assert f"{tmp_path}/b.dump" in dumps.evidence
    old = look({"path": f"{tmp_path}/a.*"}, "newest.age < duration('24h')")
    assert (old.result, old.findings[0].found["newest.age"]) == ("FAIL", "1d1h")


def test_a_pattern_that_matches_nothing_fails(look: Look, tmp_path: Path) -> None:
    found = look({"path": f"{tmp_path}/*.dump"})
    assert (found.result, found.summary) == ("FAIL", f"no file matches {tmp_path}/*.dump")
    assert look({"path": f"{tmp_path}/*.dump"}, "newest.age < duration('24h')").result == "FAIL"
    assert look({"path": f"{tmp_path}/none/*.dump"}, "!exists && count == 0").result == "PASS"


def test_names_with_anything_in_them_are_taken_as_they_are(look: Look, tmp_path: Path) -> None:
    for name in ("a b'\"$(touch pwned);`touch pwned`&", "back\\slash", "two\nlines", "-n", "é\x1b[31m"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "-n x").write_text("1")
        found = look({"path": str(folder / "-n x")}, "exists && size == 1 && text == '1'")
        assert found.result == "PASS", (name, found)
        if "\\" not in name:  # in a pattern it takes the meaning of the next character away
            found = look({"path": f"{folder}/*"}, "count == 1", "newest.path.endsWith('/-n x')")
            assert found.result == "PASS", (name, found)
    assert not list(tmp_path.rglob("pwned"))
    assert not Path("pwned").exists()


def test_the_home_directory_is_the_one_of_the_machine(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".env").write_text("A=1\n")
    assert look({"path": "~/.env"}, "data.A == '1'").result == "PASS"
    assert look({"path": "~/.e*"}, "count == 1").result == "PASS"
    assert look({"path": "~"}, "kind == 'folder'").result == "PASS"


def test_what_may_not_be_read_is_an_error_in_words(state_home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can ask as somebody else")
    state_home.chmod(0o755)
    closed = state_home / "closed"
    closed.mkdir()
    (closed / "in").write_text("x")
    (state_home / "file.json").write_text("{}")
    (state_home / "file.json").chmod(0o600)
    closed.chmod(0o700)
    said = {name: _as_nobody(state_home / name, condition) for name, condition in CLOSED.items()}
    assert said == {
        "closed": ["ERROR", f"{state_home}/closed is there, but this user may not read it: permission denied"],
        "closed/in": ["ERROR", f"{state_home}/closed/in cannot be looked at: permission denied"],
        "closed/*": ["ERROR", f"{state_home}/closed is there, but this user may not read it: permission denied"],
        "file.json": ["ERROR", f"{state_home}/file.json is there, but this user may not read it: permission denied"],
    }
    assert _as_nobody(state_home / "file.json", "owner_only")[0] == "PASS"
    assert _as_nobody(state_home / "closed", "mode == '0700'")[0] == "PASS"


CLOSED = {"closed": "count == 0", "closed/in": "exists", "closed/*": "exists", "file.json": "text == ''"}


def _as_nobody(path: Path, condition: str) -> list[str]:
    program = (
        "import asyncio, json, os, re2, yaml, dotenv\n"
        "from cockpit.checks import measure, registry\n"
        "from cockpit.checks.kind import Session\n"
        "from cockpit.checklist.model import Check\n"
        "from cockpit.checklist.conditions import compile_condition\n"
        "from cockpit.connect.values import Values\n"
        "kinds = registry.kinds()\n"
        f"compile_condition({condition!r}, kinds['file'].fields)\n"
        "os.setgid(65534); os.setuid(65534)\n"
        f"check = Check('file', {{'path': {str(path)!r}}}, expect=({condition!r},))\n"
        "found = asyncio.run(measure.measure('i', check, kinds=kinds, values=Values([], {}), session=Session()))\n"
        "print(json.dumps([found.result, found.summary]))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    answer: list[str] = json.loads(said.stdout) if said.returncode == 0 else [said.stderr]
    return answer


def test_a_file_that_hangs_is_given_up_in_time(measured: Measure) -> None:
    if os.geteuid() != 0 or not os.access("/proc/kmsg", os.R_OK):
        pytest.skip("only root may read /proc/kmsg, which waits for the kernel to say something")
    found = measured("file", {"path": "/proc/kmsg"}, "text == 'never'", timeout=0.5)
    if found.result == "ERROR":
        assert found.summary in (
            "timed out while /proc/kmsg was read, after 0.5 s",
            "/proc/kmsg cannot be read: operation not permitted",
        )
    assert found.took < 5.0


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "`path` is missing"),
        ({"path": "x", "must": ["("]}, "`must.0` is not a regular expression"),
        ({"path": "x", "format": "xml"}, "`format` Input should be 'json'"),
        ({"path": "/x/*", "must": ["a"]}, "a pattern stands for many files"),
    ],
)
def test_a_wrong_specification_is_an_error_in_words(measured: Measure, spec: dict[str, Any], words: str) -> None:
    found = measured("file", spec)
    assert found.result == "ERROR"
    assert words in found.summary


def test_one_round_trip_is_all_it_takes(measured: Measure, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    routes = Detour()
    assert measured("file", {"path": f"{tmp_path}/a.json"}, "data == {}", via="detour", routes=routes).result == "PASS"
    assert measured("file", {"path": f"{tmp_path}/*"}, "count == 1", via="detour", routes=routes).result == "PASS"
    assert len(routes.went) == 2


def test_what_is_here_is_found_as_a_host_would_find_it(state_home: Path) -> None:
    (state_home / "a.json").write_text('{"a": 1}')
    (state_home / "link").symlink_to(".//a.json")
    (state_home / "gone").symlink_to("nowhere")
    (state_home / "loop").symlink_to("loop")
    (state_home / "deeper" / "still").mkdir(parents=True)
    (state_home / "deeper" / "still" / "b\n c").write_bytes(b"\xff\0\n" * 10)
    (state_home / "deeper" / "link").symlink_to(state_home / "a.json")
    (state_home / "deeper" / "round").symlink_to(state_home)
    Path(os.fsdecode(bytes(state_home) + b"/deeper/\xff")).touch()
    os.mkfifo(state_home / "pipe")
    (state_home / "a.json").chmod(0o4751)
    os.utime(state_home / "a.json", (-10.5, -10.5))
    if os.geteuid() == 0:
        os.chown(state_home / "a.json", 54321, 54322)
    below = (
        "",
        "a.json",
        "link",
        "gone",
        "loop",
        "deeper",
        "deeper/still/b\n c",
        "pipe",
        "none",
        "a.json/x",
        "x" * 300,
    )
    paths = [*(f"{state_home}/{each}" for each in below), "/dev/null", "/proc/version", ".", "~", "/"]
    for path in paths:
        for more in ({}, {"limit": 5}, {"limit": 1000, "checksum": True}, {"depth": 1}, {"depth": 2}, {"depth": 100}):
            if path in ("~", "/") and "depth" in more:
                continue  # they are of any size
            asked = Asked(path, **more)
            assert _said(asked, HERE) == _said(asked, Detour()), asked


def _said(asked: Asked, route: Route) -> str:
    """What was found, or why nothing was, but for the time."""
    try:
        found = asyncio.run(file_read.look(route, asked, 10))
    except (Unmeasurable, Unreachable) as error:
        return str(error).removesuffix(" on detour")
    files = sorted(found.files, key=lambda file: file.path)
    return str(replace(found, now=0, files=tuple(files)))


def test_a_path_that_is_none_is_said(look: Look) -> None:
    found = look({"path": "nul\0"})
    assert found.result == "ERROR"
    assert "a zero character stands in it" in found.summary
