"""`${name}` in a shell command: one word whatever is in it, or refused where that cannot be promised."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Annotated

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checklist.kinds import DocumentedKind, Field, Meaning, Spec
from cockpit.checklist.load import Loaded
from cockpit.checklist.shell import fill, uses_in
from tests.checklist.conftest import Problems, TestKind

HOSTILE = [
    "; rm -rf /",
    "$(touch /tmp/never)",
    "`id`",
    "it's",
    'say "hi"',
    "two\nlines\n",
    "a  b\tc",
    "*",
    "~root",
    "-n",
    "",
    "\\",
    "a'\"$x\"'b",
    "!history",
    "${HOME}",
    "\\'",
    "grün €",
]
SHELLS = [shell for shell in (("sh",), ("bash",), ("bash", "--posix"), ("busybox", "sh")) if shutil.which(shell[0])]


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_one_word_whatever_is_in_it(shell: tuple[str, ...], value: str) -> None:
    command = "printf '<%s>' ${x} pre${x}post \"Name: \"${x} # don't\nprintf '<%s>' ${x}"
    said = subprocess.run([*shell, "-c", fill(command, lambda _: value)], capture_output=True, check=True, timeout=20)
    assert said.stdout.decode() == f"<{value}><pre{value}post><Name: {value}><{value}>"
    assert said.stderr == b""


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",))))
def test_any_value_comes_through_a_shell_unchanged(value: str) -> None:
    said = subprocess.run(
        ["sh", "-c", fill("printf %s $(true)${x}", lambda _: value)], capture_output=True, timeout=20, check=True
    )
    assert said.stdout.decode() == value


@pytest.mark.parametrize(
    ("command", "trouble"),
    [
        ('curl "${x}/health"', 'stands within quotes ("...")'),
        ("ssh app1 'ls ${x}'", "stands within quotes ('...')"),
        ("# don't\nsh -c 'ls ${x}'", "stands within quotes ('...')"),
        ("a\\\n#'\nls ${x}'", "stands within quotes ('...')"),
        ('echo \\" "${x}"', 'stands within quotes ("...")'),
        ('echo "\\"${x}"', 'stands within quotes ("...")'),
        ("echo a#'${x}'", "stands within quotes ('...')"),
        ("cat <<END\n${x}\nEND", "stands after a here-document, `<<`"),
        ("cat <\\\n<END\n${x}\nEND", "stands after a backslash or a `$`"),
        ("echo `echo ${x}`", "stands after a backtick"),
        ('echo "$(echo "${x}")"', "stands after `$(` within quotes"),
        ("echo $((${x} + 1))", "stands after arithmetic"),
        ("if (( ${x} > 1 )); then :; fi", "stands after arithmetic"),
        ("echo $[${x}]", "stands after arithmetic"),
        ("echo \\${x}", "stands after a backslash or a `$`"),
        ("echo $${x}", "stands after a backslash or a `$`"),
        ("echo $\\\n${x}", "stands after a backslash or a `$`"),
        ("echo ${y:-${x}}", "stands after an expansion of the shell's own, `${...}`"),
        ("echo $'it\\'s' ${x}", "stands after `$` and a quote"),
    ],
)
def test_where_it_cannot_be_quoted_a_value_is_refused(command: str, trouble: str) -> None:
    (use,) = [use for use in uses_in(command) if use.name == "x"]
    assert use.trouble == trouble
    with pytest.raises(ValueError, match=r"^`\$\{x\}` stands .*: write it outside of quotes"):
        fill(command, lambda _: "value")


@pytest.mark.parametrize(
    "command",
    [
        "echo ${x}",
        "test $(wc -l < ${x}) -gt 3",
        "echo '$(' ${x}",
        'grep "a$" ${x}',
        'echo "<<" "$HOME" "((" ${x}',
        "case y in a) # it's\n echo ${x};; esac",
        "echo \\\\${x}",
        "echo '\\' ${x}",
        "A=${x} b >${x} 2>&1 # `",
    ],
)
def test_elsewhere_it_may_stand(command: str) -> None:
    assert {use.trouble for use in uses_in(command)} == {""}
    assert fill(command, lambda _: "a b").count("'a b'") == command.count("${x}")


def test_a_zero_character_is_refused() -> None:
    with pytest.raises(ValueError, match="a zero character stands in the value of `x`"):
        fill("echo ${x}", lambda _: "a\0b")


def test_a_text_without_variables_is_run_as_it_is_written() -> None:
    command = 'a="$b" `c` <<E\n${d:-e} ${f-} $1 ${#}\nE\n'
    assert fill(command, pytest.fail) == command


@given(st.text("ab '\"\\\n$(){}`<#;x"))
def test_every_text_can_be_looked_at(command: str) -> None:
    uses = list(uses_in(command))
    assert all(command[use.start : use.end] == f"${{{use.name}}}" for use in uses)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*"'\"\\\n$#;|< ", "${x}", "$(", ")", "a", "\\\n", "`", "<<"]), min_size=1, max_size=9))
def test_what_is_not_refused_carries_nothing_out(pieces: list[str]) -> None:
    command = ": " + "".join(pieces)
    if any(use.trouble for use in uses_in(command)):
        return
    for value in ("'; echo OUT >&2; '", '"; echo OUT >&2; "', "$(echo OUT >&2)", "`echo OUT >&2`", "\n echo OUT >&2\n"):
        filled = fill(command, lambda _, value=value: value)  # type: ignore[misc]
        said = subprocess.run(["bash", "-c", filled], input="", capture_output=True, text=True, timeout=20, check=False)
        carried_out = [line for line in said.stderr.splitlines() if line.strip() == "OUT"]
        assert not carried_out, (filled, said)


class RemoteSpec(Spec):
    run: Annotated[str, Meaning.SHELL] = pydantic.Field("", description="A shell command.")
    argv: Annotated[tuple[str, ...], Meaning.ARGUMENTS] = pydantic.Field((), description="A program.")
    environment: dict[str, str] = pydantic.Field({}, description="Its environment.")
    host: Annotated[str, Meaning.HOST] = pydantic.Field("", description="Where.")


@pytest.fixture
def kinds() -> Mapping[str, DocumentedKind]:
    fields = (Field("status", "int", "How it ended."),)
    return {"remote": TestKind("remote", "Runs something.", RemoteSpec, fields, implied="status == 0")}


def checklist(spec: str, more: str = "") -> str:
    return (
        "cockpit: 1\nname: T\n"
        "variables: {name: x, token: {env: TOKEN, secret: true}, where: {about: Which host.}}\n"
        "hosts: {app1: a.example, behind: {ssh: b.example, via: gate}, gate: '${where}'}\n"
        f"parts: [{{id: p, title: P, items: [{{id: i, title: I, check: {{remote: {spec}{more}}}}}]}}]\n"
    )


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{run: 'ls \"${name}\"'}", '`${name}` stands within quotes ("..."): it cannot be quoted; write it outside'),
        ("{run: 'curl -H ${token} x'}", "`token` is a secret, and a command line can be read by everyone"),
        ("{argv: [curl, 'x${token}']}", "`token` is a secret, and a command line can be read by everyone"),
        (
            "{run: 'ls ${HOME}'}",
            "the variable `HOME` is not declared; known here: name, token, where; one of the shell's own",
        ),
        ("{host: app2}", "there is no host `app2`; did you mean `app1`?"),
        ("{environment: {A: '${1:-x}'}}", "`1:-x` is no name of a variable"),
    ],
)
def test_a_command_that_cannot_be_run_safely_is_refused_at_load(problems: Problems, spec: str, said: str) -> None:
    [problem] = problems(checklist(spec))
    assert said in str(problem)


def test_what_may_stand_in_a_command_loads(loaded: Callable[..., Loaded]) -> None:
    spec = "{run: 'ls ${name} ${1:-x} $HOME', argv: ['${name}'], environment: {TOKEN: '${token}'}, host: app1}"
    item = loaded(checklist(spec), environ={"TOKEN": "hunter2-and-more"}).document.find("i")
    assert item is not None
    assert item.check is not None
    assert item.check.spec["run"] == "ls ${name} ${1:-x} $HOME"


def test_a_check_that_names_a_host_waits_for_what_that_host_needs(loaded: Callable[..., Loaded]) -> None:
    item = loaded(checklist("{run: ls, host: behind}")).document.find("i")
    assert item is not None
    assert item.unwired == ("where",)


def test_a_check_that_names_a_host_has_no_other_way(problems: Problems) -> None:
    [problem] = problems(checklist("{run: ls, host: app1}", ", via: app1"))
    assert problem.message == "`remote` names the host that it goes to: it has no `via` of its own"
