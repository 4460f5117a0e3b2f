"""A checklist of the size that a captain works with, and a run of it: what the screens are developed and tested on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cockpit.checklist import model
from cockpit.checklist.source import Source
from cockpit.journal import event as ev
from cockpit.journal.event import Actor, Data, Event

ADA = Actor("ada", 1000, "bastion-1", "pts/3", "10.0.0.7")
GRACE = Actor("grace", 1001, "bastion-1", "pts/5", "10.0.0.9")
ENGINE = Actor("ada", 1000, "bastion-1", engine=True)
OPENED = dt.datetime(2026, 11, 24, 9, 58, 0, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 11, 24, 10, 2, 41, tzinfo=dt.UTC)

_LIVE = {
    "flask-env-production": ("docker", {"container": "trading-bot-backend"}, "env.FLASK_ENV == 'production'"),
    "debug-false": ("docker", {"container": "trading-bot-backend"}, "env.DEBUG == 'False'"),
    "database-connection-strings": ("postgres", {"dsn": "${database_url}"}, "connected"),
    "redis-connection-strings": ("docker", {"container": "redis"}, "state == 'running'"),
    "production-database-created": ("postgres", {"query": "select 1"}, "rows == 1"),
    "connection-pooling-configured": ("http", {"url": "${base_url}/metrics"}, "body.pool >= 10"),
    "health-checks-implemented": (
        "http",
        {"url": "${base_url}/health"},
        "status == 200 && latency < duration('300ms')",
    ),
    "security-headers-configured": ("http", {"url": "${base_url}/"}, "'strict-transport-security' in headers"),
}
_ASKED = {
    "api-keys-for-exchanges-encrypted": model.Confirm(
        "Which KMS key encrypts the exchange API keys?",
        "AWS console > KMS > Customer managed keys, or `aws kms list-aliases`",
        "value.startsWith('arn:aws:kms:')",
        "security",
    ),
    "strong-secret-key-and-jwt-secret-key": model.Confirm(
        "How many bits of randomness have SECRET_KEY and JWT_SECRET_KEY, and when were they made?",
        "the entry `trading-bot/keys` in the secrets manager, field `created`",
    ),
}


def document() -> model.Document:
    """258 items in 8 parts, a reference part, five watches, contacts and commands."""
    parts = tuple(_parts())
    reference = model.Branch(
        "part",
        "quick-reference",
        "Quick Reference",
        _at(400),
        (
            model.Branch("section", "metrics", "Critical Success Metrics", _at(402), show=("watch",)),
            model.Branch("section", "contacts", "Emergency Contacts", _at(409), show=("contacts",)),
            model.Branch("section", "commands", "Quick Commands", _at(416), show=("commands",)),
        ),
    )
    return model.Document(
        "Trading Bot",
        (*parts, reference),
        variables=(
            model.Variable("base_url", "http://127.0.0.1:8080", is_set=True, origin="default"),
            model.Variable("exchange_kms_key", about="alias of the KMS key", example="alias/trading-bot"),
        ),
        positions={"operations": ("ada",), "security": ("grace",), "management": ()},
        contacts=(
            model.Contact("Operations Team", "operations", "+1 555 0100", "#ops"),
            model.Contact("Security Team", "security", "+1 555 0102", "#sec", "sec@example.com"),
            model.Contact("Cloud Provider Support"),
        ),
        commands=(
            model.Command("health", "Check application health", "curl -f https://yourdomain.com/health"),
            model.Command("logs", "View recent logs", "docker logs -f --tail 100 trading-bot-backend"),
            model.Command("resources", "Monitor system resources", 'top -p "$(pgrep -d, -f trading-bot)"'),
            model.Command("restart", "Restart services (if needed)", "docker-compose restart", changes=True),
        ),
        watch=tuple(_watches()),
    )


def opened(kind: str = "live", by: Actor = ADA) -> ev.RunOpened:
    """The first event's data."""
    data = model.encode(document())
    return ev.RunOpened("shop-2026-11-24-0958", kind, "2026.11.3", "production", msgspec.Raw(data), "d" * 64, "0.1.0")


def story(kind: str = "live") -> list[Event]:
    """A run at work: some confirmed, some failing, one waived, one taken back, notes."""
    told: list[tuple[float, Actor, Data]] = [
        (0, ADA, opened(kind)),
        (1, ENGINE, ev.EngineStarted(4711, "0.1.0")),
        (3, ENGINE, _passed("flask-env-production", "production")),
        (3, ENGINE, _passed("debug-false", "False")),
        (4, ENGINE, _passed("database-connection-strings", "connected in 4 ms", flaky=True)),
        (5, ENGINE, _passed("production-database-created", "1 row in 3 ms")),
        (
            6,
            ENGINE,
            ev.CheckMeasured(
                "redis-connection-strings",
                "ERROR",
                "no container named redis",
                tries=3,
                took=6.2,
                request="GET /containers/redis/json",
                findings=(ev.Finding("state == 'running'", False, problem="there is no state"),),
            ),
        ),
        (8, ENGINE, ev.CheckMeasured("health-checks-implemented", "PASS", "200 in 18 ms", value=18)),
        (60, ADA, ev.ItemConfirmed("strong-secret-key-and-jwt-secret-key", "256 bits, made 2026-11-20")),
        (
            75,
            ADA,
            ev.ItemConfirmed(
                "email-notification-service-credentials",
                "smtp-prod@example.com, checked by a test mail",
                note="rotates in March",
                evidence=(ev.Evidence(link="https://vault.example/secret/smtp"),),
            ),
        ),
        (90, ADA, ev.ItemConfirmed("requirements-txt-with-pinned-versions", "not all pinned", holds=False)),
        (95, ADA, ev.WordTakenBack("requirements-txt-with-pinned-versions", 13, "looked at the wrong branch")),
        (110, ADA, ev.ItemConfirmed("requirements-txt-with-pinned-versions", "214 of 214 pinned, commit 9f3c1ab")),
        (
            120,
            ADA,
            ev.ItemWaived("package-lock-json-committed", "no front end in this release", NOW + dt.timedelta(hours=2)),
        ),
        (125, ADA, ev.ItemRuledOut("read-replicas-configured-if-needed", "one node in this environment")),
        (140, GRACE, ev.NoteAdded("redis was moved to the managed cache last week", "redis-connection-strings")),
        (150, ENGINE, ev.CheckMeasured("security-headers-configured", "WARN", "hsts max-age is 300", value=300)),
        (
            170,
            ENGINE,
            ev.CheckMeasured(
                "health-checks-implemented",
                "FAIL",
                "200 in 812 ms",
                tries=2,
                took=1.7,
                value=812,
                request="GET http://127.0.0.1:8080/health",
                evidence='{"status": "ok", "db": "slow"}',
                findings=(
                    ev.Finding("status == 200", True, {"status": "200"}),
                    ev.Finding("latency < duration('300ms')", False, {"latency": "812ms"}),
                ),
            ),
        ),
    ]
    for number in range(8):
        told.append(
            (
                20 + 30 * number,
                ENGINE,
                ev.CheckMeasured("response-time", "PASS", f"{0.2 + 0.03 * number:.2f} s", value=0.2 + 0.03 * number),
            )
        )
    told.append((258, ENGINE, ev.CheckMeasured("error-rate", "PASS", "0.04 %", value=0.0004)))
    told.sort(key=lambda each: each[0])
    return [event(seq, data, by, OPENED + dt.timedelta(seconds=at)) for seq, (at, by, data) in enumerate(told)]


def event(seq: int, data: Data, by: Actor = ADA, at: dt.datetime = NOW) -> Event:
    """An event as the journal would give it."""
    return Event(seq, at, data.kind, by, data, mono=int((at - OPENED).total_seconds() * 1e6), boot="b", h=f"{seq:064x}")


def slug(text: str) -> str:
    """An id from a title."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _passed(item: str, summary: str, *, flaky: bool = False) -> ev.CheckMeasured:
    return ev.CheckMeasured(item, "PASS", summary, flaky=flaky, tries=2 if flaky else 1, took=0.02)


def _at(line: int) -> Source:
    return Source("checklists/production/main.yaml", line)


def _watches() -> Iterator[model.Item]:
    for name, target, live in (
        ("Uptime", "> 99.9 %", False),
        ("Response Time", "< 2 s", True),
        ("Error Rate", "< 0.1 %", True),
        ("Security Incidents", "0", False),
        ("Data Loss", "0", False),
    ):
        check = (
            model.Check("prometheus", {"query": slug(name)}, ("value < 2.0",), every=30.0, max_age=120.0)
            if live
            else None
        )
        asked = None if live else model.Confirm(f"What is the figure for {name.lower()}?")
        yield model.Item(
            slug(name),
            name,
            _at(403),
            check=check,
            confirm=asked,
            target=target,
            unwired=() if live else ("prometheus_url",),
        )


def _parts() -> Iterator[model.Branch]:
    """The headings and items of `launch.txt`, nested."""
    stack: list[tuple[int, str, int, list[model.Branch | model.Item]]] = []
    seen: set[str] = set()
    levels = {1: "part", 2: "section", 3: "group"}

    def close(down_to: int) -> Iterator[model.Branch]:
        while stack and stack[-1][0] >= down_to:
            depth, name, line, children = stack.pop()
            excluded = "platform is aws" if depth == 2 and name.startswith(("Azure", "DigitalOcean", "Docker/")) else ""
            branch = model.Branch(
                levels[depth], _unique(slug(name), seen), name, _at(line), tuple(children), excluded=excluded
            )
            if stack:
                stack[-1][3].append(branch)
            else:
                yield branch

    in_excluded = False
    for line, text in enumerate(Path(__file__).with_name("launch.txt").read_text().splitlines(), 10):
        marks, name = text.split(" ", 1)
        if marks == "-":
            stack[-1][3].append(_item(name, line, seen, in_excluded))
            continue
        yield from close(len(marks))
        if len(marks) <= 2:
            in_excluded = name.startswith(("Azure", "DigitalOcean", "Docker/"))
        stack.append((len(marks), name, line, []))
    yield from close(1)


def _item(name: str, line: int, seen: set[str], excluded: bool) -> model.Item:
    key = _unique(slug(name), seen)
    required = not re.search(r"\((optional|if .*)\)", name)
    why = "platform is aws" if excluded else ""
    if key in _LIVE:
        kind, spec, expect = _LIVE[key]
        check = model.Check(kind, spec, tuple(expect.split(" && ")), every=10.0, max_age=600.0, retry_for=5.0)
        return model.Item(key, name, _at(line), check=check, required=required, excluded=why)
    title = name.replace("`", "")
    asked = _ASKED.get(
        key, model.Confirm(f"What shows that this is so: {title}?", "the release's page in the team's wiki")
    )
    unwired = ("exchange_kms_key",) if key == "api-keys-for-exchanges-encrypted" else ()
    return model.Item(key, name, _at(line), confirm=asked, required=required, excluded=why, unwired=unwired)


def _unique(key: str, seen: set[str]) -> str:
    made, number = key, 2
    while made in seen:
        made, number = f"{key}-{number}", number + 1
    seen.add(made)
    return made
