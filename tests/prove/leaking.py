"""A world in which everything repeats the secrets that it is given, in every form, in pieces."""

from __future__ import annotations

import asyncio
import base64
import functools
import html
import itertools
import json
import os
import random
import re
import secrets
import shlex
import sys
import urllib.parse
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

ENVIRONMENT, FILE, COMMAND, DSN = "from_environment", "from_file", "from_command", "dsn"
CHAT, HOOK, LATE, KEY, PHRASE = "chat_url", "hook_url", "not_used_yet", "pem", "passphrase"
ALL = (ENVIRONMENT, FILE, COMMAND, DSN, CHAT, HOOK, LATE, KEY, PHRASE)

ON_HOSTS = (
    "by-command", "by-lines", "by-plugin", "by-header", "by-address", "by-database", "by-file", "by-no-program",
)  # fmt: skip
"""What is measured from hosts too."""

REPEATER = """\
import json, os, sys, time
out = (1, 2)
for number, piece in enumerate(json.load(open(sys.argv[1]))):
    os.write(out[number % 2] if "--both" in sys.argv else 1, piece.encode())
    if "--slowly" in sys.argv and number % 40 == 0:
        time.sleep(0.01)
sys.exit(int(sys.argv[2]))
"""


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

Form = tuple[str, str]
"""How a secret is written, and which part of that gives it away wherever it stands."""


class Sentinels:
    """Secrets that stand nowhere else in the world, and every form in which they might be met."""

    def __init__(self, chance: random.Random | None = None) -> None:
        """Made up by `chance`."""
        word = (chance or random.Random(secrets.randbits(64))).randbytes
        self._marks: dict[str, str] = {name: word(9).hex() for name in ALL}
        self.values = {name: self._value(name, mark) for name, mark in self._marks.items()}

    def _value(self, name: str, mark: str) -> str:
        match name:
            case "dsn":
                return f"postgresql://ada:{urllib.parse.quote(f'{mark[:6]}@/{mark[6:]}', safe='')}@127.0.0.1:{{port}}/x"
            case "chat_url":
                return f"json://captain:{mark}@127.0.0.1:{{port}}/{mark[::-1]}"
            case "hook_url":
                return f"http://127.0.0.1:{{port}}/{mark}/x?key={mark[::-1]}"
            case "pem":
                lines = [mark[at:] + mark[:at] for at in range(3)]
                return "\n".join(["-----BEGIN KEY-----", *lines, "-----END KEY-----"])
            case "from_environment":
                return f"{mark}\"'é \\ %&+${mark[::-1]}"
            case _:
                return f"{mark}/+={mark[::-1]}"

    def point_to(self, port: int) -> None:
        """Where the URLs among them lead."""
        self.values = {name: value.replace("{port}", str(port)) for name, value in self.values.items()}
        self.__dict__.pop("forms", None)

    @functools.cached_property
    def forms(self) -> dict[str, list[Form]]:
        """By secret: every form that would give it away."""
        found = {name: forms_of(value) for name, value in self.values.items()}
        found[DSN] += forms_of(urllib.parse.unquote(urllib.parse.urlsplit(self.values[DSN]).password or ""))
        for url in (CHAT, HOOK):
            found[url] += forms_of(self._marks[url]) + forms_of(self._marks[url][::-1])
        found[KEY] += [(line, line) for line in self.values[KEY].splitlines() if "KEY" not in line]
        return found

    def found_in(self, content: bytes) -> list[str]:
        """The names of the secrets that stand in `content`, in any form."""
        return [name for name, forms in self.forms.items() if any(told.encode() in content for _, told in forms)]

    def pieces(self, chance: random.Random) -> list[str]:
        """A text with every form of every secret in it, cut anywhere."""
        said = [
            f"{name} {number} is {form} ." for name, all_ in self.forms.items() for number, (form, _) in enumerate(all_)
        ]
        chance.shuffle(said)
        text = "\n".join(["Traceback (most recent call last):", *said, ""])
        cuts = sorted({0, len(text), *(chance.randrange(len(text)) for _ in range(len(text) // 60))})
        return [text[one:two] for one, two in itertools.pairwise(cuts)]


def forms_of(value: str) -> list[Form]:
    """Every form in which a program commonly writes a text down."""
    raw = value.encode()
    quoted = [urllib.parse.quote(value), urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value)]
    as_json = json.dumps(value)[1:-1]
    forms = [
        value,
        value.strip(),
        as_json,
        as_json.replace("/", "\\/"),
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        shlex.quote(value),
        html.escape(value),
        html.escape(value, quote=False),
        *quoted,
        *(re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), each) for each in quoted),
        raw.hex(),
        raw.hex().upper(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ]
    # Behind one and behind two other bytes, as in `Authorization: Basic`; the ends belong to the neighbours too.
    behind = []
    for shift in (1, 2):
        form = base64.b64encode(b"ab"[:shift] + raw + b"xyz").decode()
        behind.append((form, form[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]))
    wrapped = base64.encodebytes(raw).decode()
    return [(form, form) for form in dict.fromkeys(forms)] + [
        *behind,
        (wrapped, max(wrapped.splitlines(), key=len)),
    ]


def checklist(work: Path, port: int, hosts: Mapping[str, Mapping[str, str]], closed: str, *, full: bool) -> str:
    """A checklist that hands secrets to everything that takes one, here and on hosts; each place gives them back.

    `closed` is the one of `hosts` that lets nobody in. When it is `full`, each of them carries out steps alone, too, and
    says in its last words all that another says.
    """
    repeat = f"{sys.executable} {work}/repeat.py {work}/pieces.json"
    variables = {
        ENVIRONMENT: {"env": "PROVE_ENVIRONMENT", "secret": True},
        FILE: {"file": f"{work}/file", "secret": True},
        COMMAND: {"command": f"cat {work}/command", "secret": True},
        DSN: {"env": "PROVE_DSN", "secret": True},
        CHAT: {"env": "PROVE_CHAT", "secret": True},
        HOOK: {"env": "PROVE_HOOK", "secret": True},
        KEY: {"file": f"{work}/pem", "secret": True},
        LATE: {"env": "PROVE_LATE", "secret": True},
    }
    use = {name: f"${{{name}}}" for name in variables}
    given = {"A": use[ENVIRONMENT], "B": use[FILE], "C": use[COMMAND], "D": use[DSN], "E": use[KEY], "F": use[CHAT]}
    web = f"http://127.0.0.1:{port}"
    checks: dict[str, dict[str, object]] = {
        "by-command": {"command": {"run": f"{repeat} 1 --both", "environment": given, "input": use[KEY]}},
        "by-lines": {"command": {"run": f"{repeat} 0"}, "expect": ["lines[0] == 'x'", "output.contains('nothing')"]},
        "by-plugin": {"plugin": {"run": f"{repeat} 2", "environment": given}},
        "by-header": {
            "http": {"url": f"{web}/", "headers": {"X-Key": use[FILE], "X-Other": use[COMMAND]}},
            "expect": ["text == ''", "headers['x-said'] == ''"],
        },
        "by-auth": {
            "http": {"url": f"{web}/", "auth": {"user": "ada", "password": use[FILE]}},
            "expect": ["body.status == 'ok'"],
        },
        "by-address": {"http": {"url": f"{web}/path/{use[FILE]}?key={use[COMMAND]}"}, "expect": ["status == 1"]},
        "by-no-address": {"http": {"url": f"http://nowhere.invalid/{use[COMMAND]}"}},
        "by-body": {"http": {"url": f"{web}/", "method": "POST", "json": {"key": use[KEY]}}, "expect": ["text == ''"]},
        "by-hook": {"http": {"url": use[HOOK]}, "expect": ["text == ''", "url == ''"]},
        "by-database": {"postgres": {"dsn": use[DSN]}, "expect": ["alive"]},
        "by-wrong-database": {"mysql": {"url": use[DSN]}, "expect": ["alive"]},
        "by-cache": {"redis": {"url": f"redis://127.0.0.1:{port}/0", "password": use[FILE]}, "expect": ["alive"]},
        "by-socket": {"websocket": {"url": f"ws://127.0.0.1:{port}/{use[FILE]}"}},
        "by-file": {"file": {"path": f"{work}/said.txt"}, "expect": ["text == ''"]},
        "by-no-program": {
            "command": {"argv": ["/no/such/program"], "environment": given, "folder": f"{work}/{use[FILE]}"}
        },
        "by-no-file": {"file": {"path": f"/no/such/{use[FILE]}"}, "expect": ["exists"]},
    }
    open_hosts = [name for name in hosts if name != closed]
    for place, host in enumerate(open_hosts):
        checks |= {f"{name}-on-{host}": {**checks[name], "via": host} for name in ON_HOSTS}
        checks |= {
            f"by-end-{number}-on-{host}": {"command": {"run": f"cat {work}/end-{number}; exit 3"}, "via": host}
            for number in range(len(ALL))
            if full or number % len(open_hosts) == place
        }
        checks[f"by-signal-on-{host}"] = {"command": {"run": f"{repeat} 0; kill -9 $$"}, "via": host}
    if closed in hosts:
        checks["by-no-entry"] = {"command": {"run": f"{repeat} 0", "environment": given}, "via": closed}
    items = [
        {"id": name, "title": f"Said {name}", "check": {"timeout": "20s", **check}} for name, check in checks.items()
    ]
    steps: list[dict[str, object]] = [
        {"id": "run", "title": "Run", "run": {"command": {"run": f"{repeat} 0 --both --slowly", "environment": given}}},
        {
            "id": "send",
            "title": "Send",
            "run": {
                "http": {
                    "url": f"{web}/{use[COMMAND]}",
                    "headers": {"Authorization": f"Bearer {use[FILE]}"},
                    "body": {"key": use[KEY]},
                }
            },
        },
        {"id": "sql", "title": "Ask", "run": {"sql": {"dsn": use[DSN], "script": f"select '{use[FILE]}'"}}},
    ]
    far = {"run": f"{repeat} 0 --both --slowly", "environment": given}
    on_all = {"hosts": open_hosts, "batch": len(open_hosts)}
    if full:
        steps += [
            {"id": f"run-on-{host}", "title": "Run there", "run": {"command": far, "host": host}} for host in open_hosts
        ]
    if open_hosts:
        steps.append({"id": "run-on-all", "title": "Run there", "run": {"command": far, **on_all}})
        steps.append({"id": "fail-on-all", "title": "Fail there", "run": {"ssh": {"run": f"{repeat} 3"}, **on_all}})
    if full and closed in hosts:
        steps.append({"id": "fail-at-the-door", "title": "Fail", "run": {"command": far, "host": closed}})
    steps.append({"id": "fail", "title": "Fail", "run": {"command": {"run": f"{repeat} 3", "input": use[KEY]}}})
    again = {"title": "Again", "run": {"command": f'{repeat} 0; echo "${{{FILE}}}"'}}
    commands = [{"id": "again", **again}]
    commands += [
        {"id": f"again-on-{host}", "host": host, "changes": number == 0, **again}
        for number, host in enumerate(open_hosts)
    ]
    log = {"file": f"{work}/said.txt", "tail": 1000}
    item = {"id": "owner", "title": "Who", "confirm": {"ask": "Who?"}}
    group = {"id": "all", "title": "All", "items": [*items, item]}
    section = {"id": "section", "title": "Section", "groups": [group]}
    return json.dumps(
        {
            "cockpit": 1,
            "name": "Everything repeats",
            "variables": variables,
            "hosts": hosts,
            "logs": [{"id": "said", **log}, *({"id": f"said-on-{host}", **log, "via": host} for host in open_hosts)],
            "commands": commands,
            "notify": [{"id": "chat", "to": use[CHAT], "on": ["hold", "milestone", "failure"]}],
            "parts": [{"id": "part", "title": "Part", "sections": [section]}],
            "golive": {"steps": [{**step, "required": False} for step in steps]},
        },
        indent=1,
    )


def lay_out(work: Path, sentinels: Sentinels, chance: random.Random) -> dict[str, str]:
    """The files that the checklist reads; the environment that it is opened in."""
    for name, place in ((FILE, "file"), (COMMAND, "command"), (KEY, "pem")):
        (work / place).write_text(sentinels.values[name] + "\n")
    pieces = sentinels.pieces(chance)
    (work / "pieces.json").write_text(json.dumps(pieces))
    (work / "said.txt").write_text("".join(pieces))
    (work / "repeat.py").write_text(REPEATER)
    for number, forms in enumerate(sentinels.forms.values()):
        chance.shuffle(forms)
        (work / f"end-{number}").write_text(" . ".join(form for form, _ in forms))
    return {
        "PROVE_ENVIRONMENT": sentinels.values[ENVIRONMENT],
        "PROVE_DSN": sentinels.values[DSN],
        "PROVE_CHAT": sentinels.values[CHAT],
        "PROVE_HOOK": sentinels.values[HOOK],
        "PROVE_LATE": sentinels.values[LATE],
    }


def repeats(sentinels: Sentinels, seed: int, told: list[bytes]) -> Serve:
    """A server that answers, in small pieces, all that it was told, and every secret.

    What it is told by notifications, whose address alone is a secret, is added to `told` without that.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(5):
                head = await reader.read(65536)
            if head.startswith(b"POST /" + sentinels.values[CHAT].rpartition("/")[2].encode()):
                told.append(head + await _rest(reader, head))
                told[-1] = told[-1].partition(b"\r\n\r\n")[2]
            text = "".join(sentinels.pieces(random.Random(seed))).encode()
            said = head + base64.b64encode(head) + text
            header = b"".join(line for line in head.splitlines() if line.lower().startswith((b"x-", b"auth")))
            if head.startswith((b"GET", b"POST", b"PUT")):
                start = b"HTTP/1.1 500 no: %s\r\nX-Said: %s\r\nContent-Length: %d\r\n\r\n" % (header, header, len(said))
            else:
                start = b"-ERR " + base64.b64encode(head) + b" " + head.replace(b"\r\n", b" ") + b"\r\n"
            answer = start + said
            for at in range(0, len(answer), 500):
                writer.write(answer[at : at + 500])
                await writer.drain()
                await asyncio.sleep(0)
            writer.close()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            writer.transport.abort()

    return serve


async def _rest(reader: asyncio.StreamReader, head: bytes) -> bytes:
    """What is missing of the body of a request of which this much has come."""
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    missing = int(length[1]) - len(head.partition(b"\r\n\r\n")[2]) if length else 0
    async with asyncio.timeout(5):
        return await reader.readexactly(missing) if missing > 0 else b""


def files_below(folder: Path) -> Iterator[Path]:
    """Every regular file in a folder, however deep."""
    for at, _, names in os.walk(folder):
        for name in names:
            path = Path(at) / name
            if path.is_file() and not path.is_symlink():
                yield path
