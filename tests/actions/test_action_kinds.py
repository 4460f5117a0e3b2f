"""The kinds of action: each documents itself, its example loads, and it shows exactly what it will do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cockpit.actions.kind import ActionKind
from cockpit.actions.registry import find, kinds
from cockpit.checklist.load import ChecklistError, load
from cockpit.checks.registry import kinds as checks
from tests.support.attempts import act

HOSTS = ("app1", "app2", "app3", "manager1")
VARIABLES = ("database_url", "admin_token")


def loaded(folder: Path, *steps: str):
    """The document of a plan with these steps."""
    lines = ["cockpit: 1", "name: A test", "hosts:"]
    lines += [f"  {name}: {{ssh: deploy@10.0.0.{number}}}" for number, name in enumerate(HOSTS, 1)]
    lines += ["variables:", "  colour: green with envy", "  unset: {env: NOT_SET_ANYWHERE}"]
    lines += [f"  {name}: {{env: {name.upper()}, secret: true}}" for name in VARIABLES]
    lines += ["parts: [{id: p, title: P, items: [{id: owner, title: Owner, confirm: Who?}]}]", "golive:", "  steps:"]
    for text in steps:
        first, *rest = text.strip("\n").splitlines()
        lines += [f"    - {first}", *(f"      {line}" for line in rest)]
    file = folder / "plan.yaml"
    file.write_text("\n".join([*lines, ""]))
    environ = {name.upper(): "a-long-secret" for name in VARIABLES}
    return load(file, kinds=checks(), actions=kinds(), environ=environ).document


def refused(folder: Path, step: str) -> str:
    with pytest.raises(ChecklistError) as error:
        loaded(folder, step)
    return str(error.value)


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
def test_every_kind_documents_itself_and_its_example_loads(kind: ActionKind, tmp_path: Path) -> None:
    assert find(kind.name) is kind
    assert kind.about.endswith(".")
    assert all(field.description for field in kind.spec.model_fields.values())
    document = loaded(tmp_path, kind.example)
    (step,) = document.plan.steps
    assert step.action.kind == kind.name
    assert kind.request(kind.spec.model_validate(step.action.spec))
    written = yaml.safe_load(kind.example)["run"][kind.name]
    assert kind.alone or not isinstance(written, str)


def test_the_kinds_are_known_without_importing_what_they_act_with() -> None:
    heavy = ("httpx", "h11", "docker", "psycopg", "pymysql", "paramiko", "requests", "textual", "sqlite3")
    program = (
        "import sys; from cockpit.actions.registry import kinds; print(*sorted(kinds()))\n"
        f"print(*[name for name in {heavy} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.splitlines() == ["command compose docker http manual sql ssh swarm", ""]


def test_there_is_no_kind_that_is_not_a_file_of_one() -> None:
    assert find("runner") is None
    assert find("nothing-like-it") is None
    assert find("databases.sqlite") is None


REQUESTS = [
    ("command", {"run": "./switch green"}, "./switch green"),
    ("command", {"argv": ["./switch", "deep green"], "folder": "/srv", "environment": {"A": "b"}},
     "./switch 'deep green' (in /srv, with A set)"),
    ("ssh", {"run": "uptime"}, "uptime"),
    ("docker", {"restart": "bot", "grace": 30}, "docker restart --time 30 bot"),
    ("docker", {"start": "bot", "daemon": "tcp://10.0.0.5:2376"}, "docker start bot (at tcp://10.0.0.5:2376)"),
    ("docker", {"remove": "bot"}, "docker rm --volumes bot"),
    ("docker", {"run": {"image": "bot:1", "name": "green", "command": ["serve", "a b"], "environment": {"A": "hidden"},
                        "ports": ["127.0.0.1:80:8080"], "restart": "always"}},
     "docker run --detach --pull never --name green --env A --publish 127.0.0.1:80:8080 --restart always bot:1 serve 'a b'"),
    ("compose", {"do": "up", "project": "green", "folder": "/srv", "files": ["a.yml"], "services": ["web"]},
     "docker compose --file a.yml --project-name green up --detach web (in /srv)"),
    ("swarm", {"service": "bot", "image": "bot:2"}, "docker service update --image bot:2 bot"),
    ("swarm", {"service": "bot", "scale": 3}, "docker service scale bot=3"),
    ("swarm", {"service": "bot", "rollback": True}, "docker service rollback bot"),
    ("http", {"url": "http://a/b", "headers": {"Authorization": "hidden"}, "body": {"a": 1}, "status": [200, 204]},
     'POST http://a/b {"a": 1} (with headers Authorization; expects status 200 or 204)'),
    ("sql", {"dsn": "postgresql://u:hidden@db:5432/bot?x=1", "script": "SELECT 1"},
     "SELECT 1\n(in one transaction on postgresql://db:5432/bot)"),
    ("sql", {"dsn": "host=db dbname=bot password=hidden", "script": "SELECT 1"},
     "SELECT 1\n(in one transaction on postgresql://db/bot)"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec", "words"), REQUESTS)
def test_a_kind_shows_exactly_what_it_will_do(kind: str, spec: dict[str, object], words: str) -> None:
    found = kinds()[kind]
    assert found.request(found.spec.model_validate(spec)) == words


WRONG = [
    ("command", {}), ("command", {"run": "a", "argv": ["b"]}), ("command", {"run": "a", "environment": {"A-B": "c"}}),
    ("docker", {}), ("docker", {"start": "a", "stop": "b"}), ("docker", {"pull": "bot:latest"}),
    ("docker", {"run": {"image": "a", "name": "b", "ports": ["80"]}}), ("docker", {"start": "a", "daemon": "ssh://b"}),
    ("compose", {"do": "up"}), ("compose", {"do": "down", "folder": "/"}),
    ("compose", {"do": "up", "folder": "/", "services": ["--help"]}),
    ("swarm", {"service": "a"}), ("swarm", {"service": "a", "scale": 1, "rollback": True}),
    ("http", {"url": "ftp://a"}), ("http", {"url": "http://a", "method": "BREW"}), ("sql", {"dsn": "sqlite:///a"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec"), WRONG)
def test_what_cannot_be_meant_is_refused(kind: str, spec: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        kinds()[kind].spec.model_validate(spec)


def test_a_step_that_needs_a_host_must_name_one(tmp_path: Path) -> None:
    said = refused(tmp_path, "id: a\ntitle: A\nrun: {ssh: uptime}")
    assert "`ssh` is carried out on hosts only, and none is named" in said


def test_a_secret_in_a_command_line_is_refused_where_it_is_written(tmp_path: Path) -> None:
    said = refused(tmp_path, "id: a\ntitle: A\nrun: {command: 'login ${admin_token}'}")
    assert "`admin_token` is a secret, and a command line can be read by everyone on the machine" in said
    said = refused(tmp_path, "id: a\ntitle: A\nrun: {command: {argv: [login, '${admin_token}']}}")
    assert "`admin_token` is a secret" in said


def test_a_value_that_cannot_be_quoted_is_refused_where_it_is_written(tmp_path: Path) -> None:
    said = refused(tmp_path, "id: a\ntitle: A\nrun: {command: \"echo '${colour}'\"}")
    assert "stands within quotes" in said


def test_arguments_are_seen_by_no_shell() -> None:
    assert act("command", {"argv": ["printf", "%s|", "a b", "$HOME", "*", 7]}).output == "a b|$HOME|*|7|"


def test_a_command_gets_its_input_folder_and_environment(tmp_path: Path) -> None:
    spec = {"run": "cat; pwd; echo $A", "input": "given\n", "folder": str(tmp_path), "environment": {"A": 7}}
    assert act("command", spec).output == f"given\n{tmp_path}\n7\n"


def test_a_command_that_cannot_be_begun_has_done_nothing(tmp_path: Path) -> None:
    lost = act("command", {"run": "true", "folder": str(tmp_path / "nowhere")}).outcome
    assert (lost.done, lost.nothing) == (False, True)


def test_a_command_that_was_ended_by_a_signal_is_in_doubt() -> None:
    outcome = act("command", {"run": "echo half way; kill -KILL $$"}).outcome
    assert (outcome.done, outcome.unknown) == (False, True)
    assert outcome.summary.startswith("ended by signal KILL after ")
    assert outcome.summary.endswith(": half way")
