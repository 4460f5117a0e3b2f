"""Two small kinds of check, and ways to write checklists and see what is wrong with them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pydantic
import pytest

from cockpit.checklist.kinds import DocumentedKind, Field, Spec
from cockpit.checklist.load import Loaded, load
from cockpit.checklist.problem import ChecklistError, Problem

DATA = Path(__file__).parent.parent / "data"


class PageSpec(Spec):
    url: str = pydantic.Field(description="Where to ask.", min_length=1)
    port: int = pydantic.Field(80, ge=1, le=65535, description="The port.")
    method: str = pydantic.Field("GET", pattern="^[A-Z]+$", description="The method.")
    headers: dict[str, str] = pydantic.Field(default_factory=dict, description="What to send along.")
    secure: bool = pydantic.Field(False, description="Insist on TLS.")


class BoxSpec(Spec):
    name: str = pydantic.Field(description="Its name.")


@dataclass(frozen=True)
class TestKind:
    """A kind that is documented and never measures."""

    __test__ = False

    name: str
    about: str
    spec: type[Spec]
    fields: tuple[Field, ...]
    implied: str = ""
    example: str = ""
    via: bool = False


KINDS: dict[str, DocumentedKind] = {
    "page": TestKind(
        "page",
        "Asks for a page.",
        PageSpec,
        (
            Field("status", "int", "The status."),
            Field("latency", "double", "How long it took.", "seconds"),
            Field("headers", "map", "What came with it."),
            Field("body", "dyn", "The page."),
            Field("text", "string", "The page as text."),
            Field("tls.expires_in", "duration", "Until the certificate expires."),
        ),
        via=True,
    ),
    "box": TestKind("box", "Looks into a box.", BoxSpec, (Field("full", "bool", "It is full."),), implied="full"),
}

Write = Callable[..., Path]
Problems = Callable[..., list[Problem]]


@pytest.fixture
def kinds() -> Mapping[str, DocumentedKind]:
    return KINDS


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file in the working directory, and give its path as a user would."""
    monkeypatch.chdir(tmp_path)

    def file(text: str, name: str = "list.yaml") -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return file


@pytest.fixture
def loaded(write: Write, kinds: Mapping[str, DocumentedKind]) -> Callable[..., Loaded]:
    """Load a text."""

    def from_text(
        text: str, name: str = "list.yaml", *, environ: Mapping[str, str] | None = None, **given: str
    ) -> Loaded:
        return load(write(text, name), kinds=kinds, given=given, environ=environ or {})

    return from_text


@pytest.fixture
def problems(write: Write, kinds: Mapping[str, DocumentedKind]) -> Problems:
    """What is wrong with a text: nothing, or all that loading it says."""

    def of_text(
        text: str, name: str = "list.yaml", *, environ: Mapping[str, str] | None = None, **given: str
    ) -> list[Problem]:
        try:
            load(write(text, name), kinds=kinds, given=given, environ=environ or {})
        except ChecklistError as error:
            return list(error.problems)
        return []

    return of_text


@pytest.fixture
def one_item(problems: Problems) -> Callable[..., list[str]]:
    """What is wrong with one item (YAML, without its id and title), without the place."""

    def of_item(item: str, head: str = "") -> list[str]:
        text = f"cockpit: 1\nname: Test\n{textwrap.dedent(head)}\nparts:\n  - id: part\n    title: Part\n    items:\n"
        text += "      - id: item\n        title: Item\n" + textwrap.indent(
            textwrap.dedent(item).strip("\n"), "        "
        )
        return [f"{problem.message}; {problem.hint}" if problem.hint else problem.message for problem in problems(text)]

    return of_item
