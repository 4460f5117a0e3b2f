"""Values of variables: filled in with their types, secrets read late, kept shortly, and hidden from then on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.checklist.model import Variable
from cockpit.connect.values import KEPT_SECONDS, ValueMissing, Values

PATH = {"PATH": "/usr/bin:/bin"}


def of(*variables: Variable, environ: dict[str, str] | None = None) -> Values:
    return Values(variables, environ or {})


def known(name: str, value: object) -> Variable:
    return Variable(name, value=value, is_set=True, origin="default")


def from_env(name: str = "token", env: str = "TOKEN") -> Variable:
    return Variable(name, secret=True, is_set=True, env=env)


def from_command(command: str) -> Variable:
    return Variable("token", secret=True, is_set=True, command=command)


def test_a_string_that_is_one_variable_keeps_its_type() -> None:
    values = of(known("port", 8080), known("names", ["a", "b"]), known("on", value=True), known("none", None))
    spec = {"a": "${port}", "b": ["${names}", {"c": "${on}"}], "d": "${none}", "e": 5}
    assert values.fill(spec) == {"a": 8080, "b": [["a", "b"], {"c": True}], "d": None, "e": 5}


def test_inside_a_text_a_value_is_text() -> None:
    values = of(known("host", "h"), known("port", 80), known("on", value=True), known("names", ["a", 2]))
    text = "http://${host}:${port}/?on=${on}&names=${names}"
    assert values.fill({"url": text}) == {"url": "http://h:80/?on=true&names=a,2"}


def test_values_are_used_as_they_are_and_not_filled_again() -> None:
    values = of(known("a", "${b}%20&"), known("b", "never"))
    assert values.fill({"url": "x${a}"}) == {"url": "x${b}%20&"}


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_what_names_no_variable_stays_as_it_is(value: object) -> None:
    if "${" not in repr(value):
        assert of().fill({"x": value}) == {"x": value}


def test_in_a_command_a_value_is_quoted_and_elsewhere_it_is_not() -> None:
    values = of(known("name", "it's; rm -rf /"), known("names", ["a", "b c"]), known("port", 80))
    spec = {"run": "ls ${name} ${names} ${port}", "url": "x${name}", "argv": ["${name}", "${names}"]}
    assert values.fill(spec, ["run"]) == {
        "run": """ls 'it'"'"'s; rm -rf /' 'a,b c' 80""",
        "url": "xit's; rm -rf /",
        "argv": ["it's; rm -rf /", ["a", "b c"]],
    }
    assert values.fill({"run": "${name}"}, ["run"]) == {"run": """'it'"'"'s; rm -rf /'"""}
    with pytest.raises(ValueMissing, match=r"^`\$\{name\}` stands within quotes"):
        values.fill({"run": 'ls "${name}"'}, ["run"])
    with pytest.raises(ValueMissing, match="a zero character stands in the value of `zero`"):
        of(known("zero", "a\0b")).fill({"run": "ls ${zero}"}, ["run"])


def test_what_is_no_name_is_left_to_the_shell() -> None:
    assert of().fill({"run": "echo ${1:-x} $HOME ${}"}) == {"run": "echo ${1:-x} $HOME ${}"}


def test_a_variable_without_a_value_says_what_to_do() -> None:
    with pytest.raises(
        ValueMissing,
        match=r"^variable url is not set \(environment variable URL \(not set\)\): give it with --var url=",
    ):
        of(Variable("url", origin="environment variable URL (not set)")).fill({"x": "${url}"})
    with pytest.raises(ValueMissing, match=r"^no variable is called 'uri': declare it under `variables`"):
        of(known("url", "x")).fill({"x": "a${uri}"})


def test_show_fills_in_what_may_be_shown() -> None:
    values = of(known("host", "h"), from_env(), Variable("unset"), environ={"TOKEN": "hunter2-and-more"})
    assert values.show("${host} ${token} ${unset} ${other}") == "h ${token} ${unset} ${other}"
    values.fill({"x": "${token}"})
    assert values.show("${host} hunter2-and-more") == "h ***token***"


def test_a_secret_is_hidden_from_the_moment_it_is_read() -> None:
    values = of(from_env(), environ={"TOKEN": "hunter2-and-more\n"})
    assert values.redactor("hunter2-and-more") == "hunter2-and-more"
    assert values.fill({"x": "Bearer ${token}"}) == {"x": "Bearer hunter2-and-more"}
    assert values.redactor("it is hunter2-and-more") == "it is ***token***"


@pytest.mark.parametrize(
    ("dsn", "forms"),
    [
        ("postgresql://bot:p%40ss%20word@db.example/bot", ("p%40ss%20word", "p@ss word")),
        ("host=db.example user=bot password='p@ss word'", ("p@ss word", "p%40ss%20word")),
        ("host=db.example password=p@ss_word dbname=bot", ("p@ss_word",)),
    ],
)
def test_the_password_inside_a_connection_string_is_hidden_by_itself(dsn: str, forms: tuple[str, ...]) -> None:
    values = of(from_env(), environ={"TOKEN": dsn})
    values.fill({"x": "${token}"})
    for form in forms:
        assert values.redactor(f"refused {form} for bot") == "refused ***token*** for bot"
    assert values.redactor("db.example") == "db.example"


def test_a_secret_too_short_to_hide_is_refused() -> None:
    with pytest.raises(
        ValueMissing, match=r"^variable token: its value is shorter than 6 characters, too short to be hidden"
    ):
        of(from_env(), environ={"TOKEN": "tiny"}).fill({"x": "${token}"})


def test_a_secret_comes_from_the_environment_a_file_or_a_command(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    assert of(from_env(), environ={"TOKEN": "from-env"}).fill({"x": "${token}"}) == {"x": "from-env"}
    in_file = Variable("token", secret=True, is_set=True, file=str(file))
    assert of(in_file).fill({"x": "${token}"}) == {"x": "from-a-file"}
    piped = from_command("printf '%s-%s' from $WHERE | tr a-z A-Z")
    assert of(piped, environ={**PATH, "WHERE": "command"}).fill({"x": "${token}"}) == {"x": "FROM-COMMAND"}


def test_what_is_read_and_no_secret_is_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("4.2.0-rc1\n")
    values = of(Variable("version", is_set=True, file=str(tmp_path / "version")))
    assert values.fill({"x": "${version}"}) == {"x": "4.2.0-rc1"}
    assert values.redactor("4.2.0-rc1") == "4.2.0-rc1"
    assert values.show("${version}") == "${version}"


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        (from_env(), "environment variable TOKEN is not set: export it before Cockpit starts"),
        (from_env(env="EMPTY"), "environment variable EMPTY is empty"),
        (
            Variable("token", secret=True, file="/nowhere/token"),
            "file /nowhere/token cannot be read: No such file or directory",
        ),
        (
            Variable("token", secret=True, file="/dev/zero"),
            "file /dev/zero is longer than 64 KiB: no secret is that long",
        ),
        (Variable("token", secret=True), "it says neither `env`, `file` nor `command`: give it one of them"),
        (from_command("echo nobody is logged in >&2; exit 3"), "ended with status 3: nobody is logged in"),
        (from_command("no-such-program"), "ended with status 127: "),
        (from_command("true"), "command `true` is empty"),
        (from_command("yes"), "command `yes` prints more than 64 KiB: no secret is that long"),
        (from_command("printf '\\377\\376secret'"), "is not text (UTF-8)"),
    ],
)
def test_a_secret_that_cannot_be_read_says_where_and_why(variable: Variable, words: str) -> None:
    with pytest.raises(ValueMissing) as caught:
        of(variable, environ={**PATH, "EMPTY": " "}).fill({"x": "${token}"})
    assert str(caught.value).startswith("variable token: ")
    assert words in str(caught.value)


def test_a_command_gets_no_input_and_is_ended_with_its_children(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("cockpit.connect.sources.COMMAND_SECONDS", 0.3)
    assert of(from_command("cat; echo no-input"), environ=PATH).fill({"x": "${token}"}) == {"x": "no-input"}
    began = time.monotonic()
    alive = tmp_path / "alive"
    with pytest.raises(ValueMissing, match=r"did not end within 0\.3 s"):
        of(from_command(f"(sleep 0.8; touch {alive}) & sleep 5"), environ=PATH).fill({"x": "${token}"})
    assert time.monotonic() - began < 1.5
    time.sleep(0.8)
    assert not alive.exists()


def test_a_secret_is_kept_for_a_short_time_and_then_read_again(tmp_path: Path) -> None:
    now = 0.0
    file = tmp_path / "token"
    file.write_text("first-secret")
    variable = Variable("token", secret=True, is_set=True, file=str(file))
    values = Values([variable], {}, clock=lambda: now)
    assert not values.at_hand({"x": "${token}"})
    values.fill({"x": "${token}"})
    assert values.at_hand({"x": ["a ${token}"]})
    file.write_text("second-secret")
    now = KEPT_SECONDS - 1
    assert values.fill({"x": "${token}"}) == {"x": "first-secret"}
    now = KEPT_SECONDS + 1
    assert not values.at_hand({"x": {"y": "${token}"}})
    assert values.fill({"x": "${token}"}) == {"x": "second-secret"}
    assert values.redactor("first-secret second-secret") == "***token*** ***token***"


def test_many_readers_at_once_run_a_command_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    values = of(from_command(f"echo x >> {count}; sleep 0.1; echo the-secret"), environ=PATH)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(values.fill({"x": "${token}"}))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert found == [{"x": "the-secret"}] * 8
    assert count.read_text() == "x\n"


def test_what_lies_there_is_hidden_before_it_is_used_and_no_command_is_run_for_that(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("key-in-a-file\n")
    values = of(
        from_env(),
        Variable("key", secret=True, is_set=True, file=str(tmp_path / "key")),
        Variable("none", secret=True, is_set=True, file=str(tmp_path / "none")),
        Variable("pin", secret=True, is_set=True, env="PIN"),
        Variable("asked", secret=True, is_set=True, command=f"touch {tmp_path}/asked; echo key-of-a-command"),
        environ={"TOKEN": "token-of-the-environment", "PIN": "1234", **PATH},
    )
    values.learn()
    shown = values.redactor("token-of-the-environment key-in-a-file key-of-a-command 1234")
    assert shown == "***token*** ***key*** key-of-a-command 1234"
    assert not (tmp_path / "asked").exists()


def test_a_token_in_the_path_of_a_webhook_is_hidden_by_itself_and_the_name_of_a_database_is_not() -> None:
    hook = "https://chat.example/hooks/T0KEN-of-the-channel?key=another%2Flong-enough"
    values = of(
        from_env(),
        from_env("dsn", "DSN"),
        environ={"TOKEN": hook, "DSN": "postgresql://a:secret-pass@h/a_long_database_name"},
    )
    values.learn()
    assert values.redactor("Cannot POST /hooks/T0KEN-of-the-channel") == "Cannot POST /hooks/***token***"
    assert values.redactor("another/long-enough") == "***token***"
    assert values.redactor("secret-pass at a_long_database_name") == "***dsn*** at a_long_database_name"
