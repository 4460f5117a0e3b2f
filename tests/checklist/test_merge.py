"""A folder is one checklist; a checklist may extend another, and changes by id what it names."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.checklist import shipped
from cockpit.checklist.kinds import DocumentedKind
from cockpit.checklist.load import Loaded, load
from cockpit.checklist.problem import ChecklistError

Write = Callable[..., Path]

BASE = """\
    cockpit: 1
    name: Base
    note: Of the base.
    variables:
      url: {about: Where it runs., example: "http://x"}
      size: 3
      token: {env: TOKEN, secret: true, about: A token.}
    positions: [operations]
    contacts: [{name: Ops, phone: "1", chat: "#ops"}]
    commands: [{id: logs, title: Logs, run: tail x}]
    parts:
      - id: first
        title: First
        sections:
          - id: section
            title: Section
            items:
              - id: one
                title: One
                check: {page: {url: "${url}", port: 80}, expect: [status == 200], timeout: 5s}
                confirm: {ask: What?, look: There.}
              - {id: two, title: Two, required: false}
      - {id: last, title: Last, show: [watch]}
    watch: [{id: rate, title: Rate, target: < 1}]
    """


@pytest.fixture
def over(write: Write, kinds: dict[str, DocumentedKind]) -> Callable[[str], Loaded]:
    """Load a text that extends the base."""

    def load_over(text: str) -> Loaded:
        write(BASE, "base.yaml")
        lines = "\n".join(line[4:] for line in text.splitlines())
        return load(write(f"cockpit: 1\nextends: base.yaml\n{lines}"), kinds=kinds, environ={})

    return load_over


Over = Callable[[str], Loaded]


def test_what_is_not_named_stays_as_it_is(over: Over) -> None:
    document = over("    name: Mine").document
    assert (document.name, document.note) == ("Mine", "Of the base.")
    assert [item.id for item in document.items()] == ["one", "two"]
    assert [file.path for file in document.files] == ["base.yaml", "list.yaml"]


def test_an_item_of_the_base_changes_in_place_by_the_keys_that_are_named(over: Over) -> None:
    loaded = over("""\
    parts:
      - id: first
        items:
          - {id: new, title: New}
        sections:
          - id: section
            note: Of mine.
            items:
              - {id: one, check: {page: {port: 81}, expect: [status == 204]}}
              - {id: three, title: Three}
      - {id: extra, title: Extra, items: [{id: four, title: Four}]}
    """)
    document = loaded.document
    assert [item.id for item in document.items()] == ["one", "two", "three", "new", "four"]
    one = document.find("one")
    assert one is not None
    assert one.title == "One"
    assert one.unwired == ("url",)
    section = document.branch("section")
    assert section is not None
    assert (section.title, section.note) == ("Section", "Of mine.")
    files = {
        key: loaded.origins["one", key].file for key in ("title", "check.page.url", "check.page.port", "check.timeout")
    }
    assert files == {
        "title": "base.yaml",
        "check.page.url": "base.yaml",
        "check.page.port": "list.yaml",
        "check.timeout": "base.yaml",
    }


def test_an_item_is_found_by_its_id_wherever_it_is_written(over: Over) -> None:
    document = over(
        "    parts: [{id: first, items: [], sections: [{id: section, items: [{id: two, title: Changed}]}]}]"
    ).document
    assert [item.title for item in document.items()] == ["One", "Changed"]


def test_a_check_of_another_kind_takes_the_conditions_with_it(over: Over) -> None:
    check = over(
        "    parts: [{id: first, sections: [{id: section, items: [{id: one, check: {box: {name: b}}}]}]}]"
    ).document.find("one")
    assert check is not None
    assert check.check is not None
    assert (check.check.kind, check.check.expect, check.check.timeout) == ("box", (), 5)


def test_a_key_without_a_value_takes_that_of_the_base_away(over: Over) -> None:
    item = over(
        "    parts: [{id: first, sections: [{id: section, items: [{id: one, check: , confirm: }]}]}]"
    ).document.find("one")
    assert item is not None
    assert (item.check, item.unwired) == (None, ())
    assert item.confirm is not None
    assert item.confirm.ask == "One: what did you see that shows it?"


def test_variables_contacts_commands_and_watches_are_merged_by_their_names(over: Over) -> None:
    document = over("""\
    variables: {url: "http://mine", token: {command: pass token, secret: true}, more: 1}
    positions: {security: [grace]}
    contacts: [{name: Ops, phone: "2"}, {name: Me}]
    commands: [{id: logs, run: tail y}, {id: top, title: Top, run: top}]
    watch: [{id: rate, target: < 2}]
    """).document
    known = {variable.name: variable for variable in document.variables}
    assert (known["url"].value, known["url"].about) == ("http://mine", "Where it runs.")
    assert (known["token"].env, known["token"].command, known["token"].about) == ("", "pass token", "A token.")
    assert (known["size"].value, known["more"].value) == (3, 1)
    assert document.positions == {"operations": (), "security": ("grace",)}
    assert [(contact.name, contact.phone, contact.chat) for contact in document.contacts] == [
        ("Ops", "2", "#ops"),
        ("Me", "", ""),
    ]
    assert [(command.title, command.run) for command in document.commands] == [("Logs", "tail y"), ("Top", "top")]
    assert [(watch.title, watch.target) for watch in document.watch] == [("Rate", "< 2")]


def test_an_id_that_stands_at_another_level_in_the_base_is_refused(over: Over) -> None:
    message = re.escape("list.yaml:3:29: `section` stands under `sections` in the base, not under `items`")
    with pytest.raises(ChecklistError, match=message):
        over("    parts: [{id: first, items: [{id: section, title: S}]}]")


def test_problems_of_base_and_own_are_named_together(over: Over, write: Write) -> None:
    with pytest.raises(ChecklistError) as caught:
        over(
            "    parts: [{id: first, sections: [{id: section, items: [{id: one, check: {expect: [statsu == 1]}}]}]}]\n    nam: x"
        )
    assert [str(problem).partition(":")[0] for problem in caught.value.problems] == ["list.yaml", "list.yaml"]


def test_a_shipped_checklist_is_extended_by_its_name(
    write: Write, kinds: dict[str, DocumentedKind], monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped_base = write(BASE, "home/production.yaml")
    monkeypatch.setattr(shipped, "shipped", lambda: [shipped_base])
    assert load(write("cockpit: 1\nextends: production\n"), kinds=kinds, environ={}).document.name == "Base"
    with pytest.raises(ChecklistError) as caught:
        load(write("cockpit: 1\nextends: prodution\n"), kinds=kinds, environ={})
    assert str(caught.value) == (
        "list.yaml:2:10: `prodution`: there is no such file, folder or shipped checklist; did you mean `production`?"
    )


def test_markdown_can_be_extended(write: Write, kinds: dict[str, DocumentedKind]) -> None:
    write("# Launch\n## Before\n- [ ] Backups tested\n", "launch.md")
    text = (
        "cockpit: 1\nextends: launch.md\nparts: [{id: before, items: [{id: backups-tested, check: {box: {name: b}}}]}]"
    )
    (item,) = load(write(text), kinds=kinds, environ={}).document.items()
    assert (item.title, item.mode) == ("Backups tested", "live")


@pytest.mark.parametrize("name", ["list.yaml", ".", "./list.yaml"])
def test_a_checklist_cannot_extend_itself(write: Write, name: str) -> None:
    with pytest.raises(ChecklistError, match="checklists extend each other in a circle"):
        load(write(f"cockpit: 1\nextends: {name}\nname: T\n"), kinds={}, environ={})


def test_a_circle_of_checklists_is_refused(write: Write) -> None:
    write("extends: b.yaml", "a.yaml")
    write("extends: c.yaml", "b.yaml")
    write("extends: a.yaml", "c.yaml")
    with pytest.raises(ChecklistError, match=r"c.yaml:1:10: .* in a circle: a.yaml > b.yaml > c.yaml > a.yaml"):
        load(Path("a.yaml"), kinds={}, environ={})


def test_a_long_chain_of_checklists_is_refused(write: Write) -> None:
    for number in range(30):
        write(f"extends: {number + 1}.yaml", f"{number}.yaml")
    with pytest.raises(ChecklistError, match="more than 10 checklists extend each other"):
        load(Path("0.yaml"), kinds={}, environ={})


@pytest.mark.parametrize("name", ["x" * 5000, "a\\0b", "~nobody-here/x", "''"])
def test_a_name_that_no_file_can_have_is_no_checklist(write: Write, name: str) -> None:
    with pytest.raises(ChecklistError):
        load(write(f'cockpit: 1\nname: T\nextends: "{name}"\n'), kinds={}, environ={})


def test_a_folder_is_one_checklist_in_the_order_of_its_names(write: Write, kinds: dict[str, DocumentedKind]) -> None:
    write("cockpit: 1\nname: Folder\nvariables: {a: 1}\n", "list/00-head.yaml")
    write(
        "cockpit: 1\nvariables: {b: 2}\nparts: [{id: one, title: One, items: [{id: a, title: A}]}]\n",
        "list/10-one.yaml",
    )
    write("parts: [{id: two, title: Two, items: [{id: b, title: B, check: {box: {name: x}}}]}]\n", "list/20-two.yml")
    write("no: [yaml", "list/.hidden.yaml")
    write("# Not a part of it", "list/README.md")
    document = load(Path("list"), kinds=kinds, environ={}).document
    assert [part.id for part in document.parts] == ["one", "two"]
    assert [variable.name for variable in document.variables] == ["a", "b"]
    assert [file.path for file in document.files] == ["list/00-head.yaml", "list/10-one.yaml", "list/20-two.yml"]
    assert document.parts[1].source.file == "list/20-two.yml"


def test_what_a_folder_says_twice_is_named_with_both_places(write: Write) -> None:
    write(
        "cockpit: 1\nname: A\nvariables: {a: 1}\nparts: [{id: one, title: One, items: [{id: a, title: A}]}]\n",
        "list/1.yaml",
    )
    write(
        "cockpit: 1\nname: B\nvariables: {a: 2}\nparts: [{id: one, title: One, items: [{id: b, title: B}]}]\n",
        "list/2.yaml",
    )
    with pytest.raises(ChecklistError) as caught:
        load(Path("list"), kinds={}, environ={})
    assert [str(problem) for problem in caught.value.problems] == [
        "list/2.yaml:2:1: `name` is written twice in this folder; the first is at list/1.yaml:2:1",
        "list/2.yaml:3:13: `variables.a` is written twice in this folder; the first is at list/1.yaml:3:13",
        "list/2.yaml:4:14: the id `one` is used twice; the first is at list/1.yaml:4:14",
    ]


def test_a_broken_file_of_a_folder_does_not_hide_another(write: Write) -> None:
    write("a: [", "list/1.yaml")
    write("cockpit: 1\nb: *x\n", "list/2.yaml")
    write("c: {", "list/3.yaml")
    with pytest.raises(ChecklistError) as caught:
        load(Path("list"), kinds={}, environ={})
    assert {problem.file for problem in caught.value.problems} == {"list/1.yaml", "list/2.yaml", "list/3.yaml"}


@pytest.mark.parametrize("content", ["[]", "text"])
def test_a_file_of_a_folder_that_is_no_mapping_is_named(write: Write, content: str) -> None:
    write("cockpit: 1\nname: A\nparts: [{id: one, title: One, items: [{id: a, title: A}]}]\n", "list/1.yaml")
    write(content, "list/2.yaml")
    with pytest.raises(ChecklistError, match=r"list/2.yaml:1:1: a checklist is a mapping of keys to values"):
        load(Path("list"), kinds={}, environ={})


def test_a_folder_without_a_checklist_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Notes")
    with pytest.raises(ChecklistError, match="there is no checklist in this folder"):
        load(tmp_path, kinds={}, environ={})


def test_a_folder_of_a_thousand_files_is_refused(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.yaml").touch()
    with pytest.raises(ChecklistError, match="more than 200 files in one checklist"):
        load(tmp_path, kinds={}, environ={})


def test_a_path_comes_before_a_shipped_name_and_an_unknown_one_names_the_nearest(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = write("x: 1", "home/production.yaml")
    monkeypatch.setattr(shipped, "shipped", lambda: [home])
    assert shipped.resolve("production") == home
    write("y: 1", "production/a.yaml")
    assert shipped.resolve("production") == Path("production")
    with pytest.raises(ChecklistError, match="did you mean `production`"):
        shipped.resolve("prodution")


def test_the_shipped_checklists_are_found_beside_the_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "production").mkdir()
    (tmp_path / "demo.yaml").touch()
    (tmp_path / "schema.json").touch()
    monkeypatch.setattr(shipped, "_PLACES", (tmp_path / "none", tmp_path))
    assert [path.stem for path in shipped.shipped()] == ["demo", "production"]
