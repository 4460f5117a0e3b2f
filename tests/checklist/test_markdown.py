"""Markdown is read with every box in it, whatever its shape, and can be written as YAML."""

from __future__ import annotations

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.checklist.ids import slug
from cockpit.checklist.load import load
from cockpit.checklist.markdown import read_markdown, to_yaml
from cockpit.checklist.model import Branch, Document, Item
from cockpit.checklist.problem import ChecklistError
from cockpit.checklist.repair import repair

DATA = Path(__file__).parent.parent / "data"
MISSION = DATA / "production-deployment-checklist.md"
DELIVERED = DATA / "as-delivered.txt"

Write = Callable[..., Path]


def document(path: Path) -> Document:
    return load(path, kinds={}, environ={}).document


def without_places(document: Document) -> bytes:
    """The document, but not where it was written."""
    text = msgspec.json.encode(msgspec.structs.replace(document, files=()))
    return re.sub(rb'"source":\{[^}]*\}', b"", text)


def tree(branch: Branch | Item) -> object:
    if isinstance(branch, Item):
        return branch.title
    return {branch.title: [tree(child) for child in branch.children]}


@pytest.fixture
def shape(write: Write) -> Callable[[str], list[object]]:
    """Titles of everything, in the order and nesting in which it was read."""
    return lambda text: [tree(part) for part in document(write(text, "list.md")).parts]


Shape = Callable[[str], list[object]]


@pytest.mark.parametrize("path", [MISSION, DELIVERED], ids=["clean", "wrongly decoded"])
def test_the_production_checklist_is_read_with_all_its_302_boxes(path: Path) -> None:
    found = document(path)
    levels = Counter(branch.level for branch in found.branches())
    assert levels == {"part": 9, "section": 24, "group": 44}
    assert len(list(found.items())) == 258
    assert levels["group"] + 258 == path.read_text().count("- [ ]") == 302
    assert found.name == "Production Deployment Checklist"
    ids = [each.id for each in (*found.branches(), *found.checkable())]
    assert len(ids) == len(set(ids))


def test_a_wrongly_decoded_file_gives_the_same_document_as_the_clean_one() -> None:
    assert without_places(document(DELIVERED)) == without_places(document(MISSION))


def test_the_parts_and_titles_of_the_production_checklist_are_as_written() -> None:
    found = document(DELIVERED)
    assert [part.title for part in found.parts] == [
        "Pre-Deployment Checklist",
        "Deployment Process",
        "Post-Deployment Verification",
        "Monitoring and Observability",
        "Operational Readiness",
        "Go-Live Checklist",
        "Platform-Specific Checklists",
        "Compliance and Governance",
        "Quick Reference",
    ]
    item = found.find("flask-env-production")
    assert item is not None
    assert (item.title, item.source.line) == ("`FLASK_ENV=production`", 9)


def test_the_quick_reference_becomes_watches_contacts_and_commands() -> None:
    found = document(MISSION)
    assert found.parts[-1].show == ("watch", "contacts", "commands")
    assert [(watch.title, watch.target) for watch in found.watch] == [
        ("Uptime", ">99.9%"),
        ("Response Time", "<2 seconds"),
        ("Error Rate", "<0.1%"),
        ("Security Incidents", "0"),
        ("Data Loss", "0"),
    ]
    assert [(contact.name, contact.note) for contact in found.contacts] == [
        ("Operations Team", ""),
        ("Development Team", ""),
        ("Security Team", ""),
        ("Management", ""),
        ("Cloud Provider Support", ""),
    ]
    assert [(command.title, command.run, command.changes) for command in found.commands] == [
        ("Check application health", "curl -f https://yourdomain.com/health", False),
        ("View recent logs", "docker logs -f --tail 100 trading-bot-backend", False),
        ("Check database connectivity", 'psql $DATABASE_URL -c "SELECT 1;"', False),
        ("Monitor system resources", 'top -p $(pgrep -f "trading-bot")', False),
        ("Restart services (if needed)", "docker-compose restart", True),
    ]


def test_the_platforms_are_a_choice_and_all_count_until_one_is_made() -> None:
    found = document(MISSION)
    assert [variable.value for variable in found.variables] == [["aws", "azure", "digitalocean", "docker-kubernetes"]]
    assert not any(item.excluded for item in found.items())
    chosen = load(MISSION, kinds={}, environ={}, given={"platforms": "aws,azure"}).document
    counted = {branch.id: not branch.excluded for branch in chosen.parts[6].branches()}
    assert counted.pop("platform-specific-checklists")
    assert counted == {"aws": True, "azure": True, "digitalocean": False, "docker-kubernetes": False}
    assert sum(bool(item.excluded) for item in chosen.items()) == 20


def test_what_is_optional_is_not_required() -> None:
    assert [item.id for item in document(MISSION).items() if not item.required] == [
        "read-replicas-configured",
        "multi-factor-authentication",
        "cdn-configured",
        "slack-teams-integration",
        "sms-alerts-configured",
        "pagerduty-integration",
        "service-mesh-configured",
    ]


def test_an_id_that_would_occur_twice_takes_the_name_of_what_it_stands_under() -> None:
    ids = {item.id for item in document(MISSION).items()}
    assert {"infrastructure-security-firewall-rules-configured", "digitalocean-firewall-rules-configured"} <= ids
    assert "firewall-rules-configured" not in ids
    assert {"scalability-preparation-auto-scaling-rules-defined", "azure-auto-scaling-rules-defined"} <= ids


def test_prose_is_kept_as_notes() -> None:
    note = document(MISSION).note
    assert note.startswith("This comprehensive checklist ensures")
    assert "Remember: This checklist should be customized" in note
    assert "- AWS Deployment Guide (AWS_DEPLOYMENT_GUIDE.md)" in note


@pytest.mark.parametrize("path", [MISSION, DELIVERED], ids=["clean", "wrongly decoded"])
def test_the_yaml_that_is_written_loads_to_the_same_document(path: Path, tmp_path: Path) -> None:
    written = tmp_path / "list.yaml"
    written.write_text(to_yaml(path), encoding="utf-8")
    assert without_places(document(written)) == without_places(document(path))


def test_the_yaml_that_is_written_names_its_schema_and_reads_well() -> None:
    lines = to_yaml(MISSION).splitlines()
    assert lines[:3] == [
        "# yaml-language-server: $schema=checklist.schema.json",
        "cockpit: 1",
        "name: Production Deployment Checklist",
    ]
    start = lines.index("parts:")
    assert lines[start : start + 9] == [
        "parts:",
        "  - id: pre-deployment-checklist",
        "    title: Pre-Deployment Checklist",
        "    sections:",
        "      - id: environment-setup",
        "        title: Environment Setup",
        "        groups:",
        "          - id: production-environment-variables-configured",
        "            title: Production environment variables configured",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# L\n## P\n- [ ] a\n* [x] b\n+ [X] c\n1. [ ] d\n2) [ ] e\n", [{"P": ["a", "b", "c", "d", "e"]}]),
        ("# L\n- [ ] a\n", [{"L": ["a"]}]),
        ("# L\r## P\r- [ ] a\r\n- [ ] b\r", [{"P": ["a", "b"]}]),
        ("- [ ] a\n- [ ] b\n", [{"Checklist": ["a", "b"]}]),
        ("# A\n- [ ] a\n# B\n- [ ] b\n", [{"A": ["a"]}, {"B": ["b"]}]),
        ("# L\n- [ ] own\n## P\n- [ ] a\n", [{"L": ["own"]}, {"P": ["a"]}]),
        ("# L\n### P\n##### S\n- [ ] a\n", [{"P": [{"S": ["a"]}]}]),
        ("L\n=\nP\n-\n- [ ] a\n", [{"P": ["a"]}]),
        ("# L\n## P\n### S\n#### G\n- [ ] a\n##### H\n- [ ] b\n", [{"P": [{"S": [{"G": ["a"]}, {"G: H": ["b"]}]}]}]),
        ("# L\n## P\n- [ ] g\n  - [ ] a\n  - [ ] b\n- [ ] h\n  - [ ] c\n", [{"P": [{"g": ["a", "b"]}, {"h": ["c"]}]}]),
        ("# L\n## P\n- **g**\n  - [ ] a\n", [{"P": [{"g": ["a"]}]}]),
        (
            "# L\n## P\n- [ ] g\n  - [ ] m\n    - [ ] a\n    - [ ] b\n  - [ ] c\n",
            [{"P": [{"g": ["m: a", "m: b", "c"]}]}],
        ),
        ("# L\n## P\n- [ ] first\n- [ ] g\n  - [ ] a\n", [{"P": ["first", {"g": ["a"]}]}]),
        ("# L\n## P\n1. [ ] a\n2. [ ] g\n   - [ ] b\n3. [ ] c\n", [{"P": [{"P": ["a"]}, {"g": ["b"]}, {"P": ["c"]}]}]),
        ("# L\n## P\n- [ ] a\n### S\n- [ ] b\n", [{"P": ["a", {"S": ["b"]}]}]),
        ("# L\n## P\n- one\n- two\n", [{"P": ["one", "two"]}]),
        ("# L\n## P\n- [ ] a\n\n  more on a\n- [ ] b\n  - only said of b\n", [{"P": ["a", "b"]}]),
        ("# L\n## P\n- [ ] ✅ **bold** *and* `code` 🗄️\n", [{"P": ["bold and `code`"]}]),
        (
            "# L\n## P\n- [ ] see [this](http://x)\n- [ ] <http://y>\n- [ ] ![pic](z)\n",
            [{"P": ["see this (http://x)", "http://y", "pic"]}],
        ),
        (
            "# L\n## P\n- [ ] one\n  line\n- [ ]\n- [x](not) a box\n- [ ] last\n",
            [{"P": ["one line", "(without a title)", "last"]}],
        ),
        ("# L\n## P\n- [ ] a\n- [ ] ${HOME} set\n", [{"P": ["a", "$HOME set"]}]),
        ("# L\n## Intro\ntext\n## P\n- [ ] a\n", [{"P": ["a"]}]),
        ("# L\n## P\n```\n- [ ] not a box\n```\n- [ ] a\n", [{"P": ["a"]}]),
        ("# L\n## P\n<!-- - [ ] hidden -->\n\n- [ ] a\n", [{"P": ["a"]}]),
    ],
)
def test_any_shape_of_headings_and_lists_keeps_its_boxes_in_their_order(
    shape: Shape, text: str, expected: list[object]
) -> None:
    assert shape(text) == expected


def test_what_is_said_below_a_task_is_its_note(write: Write) -> None:
    text = "# L\n## P\n- [ ] a\n\n  more on a\n\n  ```\n  run it\n  ```\n- [ ] b\n  - said of b\n    - and more\n"
    first, second = document(write(text, "list.md")).items()
    assert first.note == "more on a\n\nrun it"
    assert second.note == "- said of b\n- and more"


def test_a_mark_on_a_group_holds_for_all_below_it(write: Write) -> None:
    text = "# L\n## P\n- [ ] g (If Used)\n  - [ ] a\n  - [ ] m\n    - [ ] b\n- [ ] h\n  - [ ] c (if applicable)\n  - [ ] d (ifs)\n"
    assert [item.required for item in document(write(text, "list.md")).items()] == [False, False, False, True]


def test_contacts_are_read_as_far_as_they_can_be(write: Write) -> None:
    text = (
        "# L\n## P\n- [ ] a\n## On-call contacts\nIn this order.\n- Ada: +44 20 7946 0000, ada@example.com #ops\n"
        "- Grace: at the desk\n- Nobody: TBD\n- Just a name\n"
    )
    found = document(write(text, "list.md"))
    assert [(c.name, c.phone, c.email, c.chat, c.note) for c in found.contacts] == [
        ("Ada", "+44 20 7946 0000", "ada@example.com", "#ops", ""),
        ("Grace", "", "", "", "at the desk"),
        ("Nobody", "", "", "", ""),
        ("Just a name", "", "", "", ""),
    ]
    assert found.parts[1].note == "In this order."


def test_commands_of_several_lines_stay_together(write: Write) -> None:
    text = (
        "# L\n## P\n- [ ] a\n## Commands\n```sh\nuptime\n\n# Look around\nls \\\n  -l\ndf -h\n# Only a comment\n\n"
        "# Take it down\ndocker compose down\n```\n"
    )
    found = document(write(text, "list.md"))
    assert [(command.title, command.run, command.changes) for command in found.commands] == [
        ("uptime", "uptime", False),
        ("Look around", "ls \\\n  -l\ndf -h", False),
        ("Take it down", "docker compose down", True),
    ]


@pytest.mark.parametrize("text", ["", "# Title\n", "text\n\nmore\n", "```\n- [ ] a\n```\n", "## Contacts\n- Ada: 1\n"])
def test_a_text_without_a_single_item_is_no_checklist(write: Write, text: str) -> None:
    with pytest.raises(ChecklistError, match="this Markdown file holds no checklist"):
        document(write(text, "list.md"))


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("# \u00e2\u0153\u2026 Caf\u00c3\u00a9", "# \u2705 Caf\u00e9"),
        ("### \u011f\u0178\u2014\u201e\u00ef\u00b8 Database", "### Database"),
        ("# Caf\u00e9 \u2705", "# Caf\u00e9 \u2705"),
        ("# It says \u00c3\u00a9 \u2705", "# It says \u00c3\u00a9 \u2705"),
        ("# \u00c9tapes d\u00e9j\u00e0 faites", "# \u00c9tapes d\u00e9j\u00e0 faites"),
        ("# plain", "# plain"),
    ],
)
def test_only_a_text_that_was_wholly_decoded_wrong_is_repaired(text: str, repaired: str) -> None:
    assert repair(text) == repaired


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("Docker/Kubernetes", "docker-kubernetes"),
        ("Don't panic!", "dont-panic"),
        ("Élan vital", "elan-vital"),
        ("検査", "item"),
        ("a" * 100, "a" * 60),
        ("word " * 30, "word-word-word-word-word-word-word-word-word-word-word-word"),
    ],
)
def test_a_slug_is_readable(title: str, made: str) -> None:
    assert slug(title) == made


def test_titles_that_are_the_same_everywhere_are_numbered_at_last(write: Write) -> None:
    text = "# L\n## P\n- [ ] a\n- [ ] a\n- [ ] 検査\n- [ ] 項目\n"
    assert [item.id for item in document(write(text, "list.md")).items()] == ["p-a", "p-a-2", "p-item", "p-item-2"]


HOSTILE = [
    "> " * 2000,
    "- " * 3000 + "[ ] a",
    "[" * 20_000,
    "*a " * 20_000,
    "`" * 20_000,
    "#" * 20_000,
    "- [ ] a\n" * 5000,
    "![" * 9000,
    "<a " * 9000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_read_in_a_moment(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(ChecklistError):
        read_markdown(text, "list.md")
    assert time.process_time() - began < 5


WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
LINES = st.builds(
    str.__add__,
    st.sampled_from(
        [
            "# ",
            "## ",
            "### ",
            "#### ",
            "- [ ] ",
            "  - [ ] ",
            "    - [x] ",
            "* ",
            "1. [ ] ",
            "",
            "> ",
            "```",
            "---",
            "\t",
        ]
    ),
    WORDS
    | st.sampled_from(
        ["Contacts", "Commands", "Metrics", "Platforms", "X: 1", "(optional)", "${a}", "'", '"', ": ", "#"]
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(LINES, max_size=20).map("\n".join) | st.text(max_size=80))
def test_any_markdown_is_a_checklist_that_survives_yaml_or_holds_none(tmp_path: Path, text: str) -> None:
    path, written = tmp_path / "list.md", tmp_path / "list.yaml"
    path.write_bytes(text.encode("utf-8", "replace"))
    found = None
    with contextlib.suppress(ChecklistError):
        found = document(path)
    if found is None:
        with pytest.raises(ChecklistError, match="this Markdown file holds no checklist"):
            document(path)
        return
    written.write_text(to_yaml(path), encoding="utf-8")
    assert without_places(document(written)) == without_places(found)
