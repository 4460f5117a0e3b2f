"""`cockpit show --markdown`: how each item of a checklist is measured or asked, and what makes it live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.checklist.load import load
from cockpit.checklist.model import Branch, Check, Document, Item, Variable
from cockpit.checklist.shipped import resolve
from cockpit.cli.document import known_actions, known_kinds
from cockpit.cli.documented import cell

SHORT = 90
"""Characters of a condition that are shown; `cockpit explain` shows all."""


def page(name: str, given: Mapping[str, str]) -> str:
    """The page on the checklist that `name` means; the same on every machine, whatever is set there.

    Raises ChecklistError with everything that is wrong with it.
    """
    written = _load(name, given, {})
    wired = _load(name, {**_examples(written.variables), **given}, _environment(written.variables))
    return markdown(written, wired)


def markdown(written: Document, wired: Document) -> str:
    """The page: `written` is the checklist with nothing set, `wired` the same with every variable set."""
    live = {item.id: item for item in wired.checkable() if item.check is not None}
    items = list(wired.items())
    measured = sum(item.id in live for item in items)
    lines = [
        f"# {written.name}: how each item is measured",
        "",
        f"{len(items)} items: {measured} are measured as soon as the variables that are named are set, the other",
        f"{len(items) - measured} are asked. An item whose variables are not set is asked, too. **Asked as well** is",
        "what the check alone does not show. **On demand** is what changes something, if only for a while: it is",
        "measured when it is asked for by name, and never by itself. This page is written by `make generated`.",
    ]
    unwired = {item.id: item.unwired for item in written.checkable()}
    for part in wired.parts:
        lines += _branch(part, 2, unwired)
    if wired.watch:
        lines += ["", "## Watches", *_table(wired.watch, unwired)]
    lines += ["", "## Variables", "", "| variable | what it is | example |", "|---|---|---|"]
    for variable in written.variables:
        source = f" From the environment variable `{variable.env}`." if variable.env else ""
        example = variable.example or ("" if variable.value is None else str(variable.value))
        lines.append(f"| `{variable.name}` | {cell(variable.about + source)} | {_code(example)} |")
    return "\n".join(lines) + "\n"


def _branch(branch: Branch, depth: int, unwired: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield from ("", f"{'#' * depth} {branch.title}")
    items = [child for child in branch.children if isinstance(child, Item)]
    if items:
        yield from _table(items, unwired)
    for child in branch.children:
        if isinstance(child, Branch):
            yield from _branch(child, min(depth + 1, 6), unwired)


def _table(items: Any, unwired: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    yield from ("", "| item | measured or asked | set |", "|---|---|---|")
    for item in items:
        names = ", ".join(f"`{name}`" for name in unwired.get(item.id, ()))
        yield f"| `{item.id}` {cell(item.title)} | {_how(item)} | {names} |"


def _how(item: Item) -> str:
    """The kind of its check with its conditions in short, or the question."""
    asked = cell(item.confirm.ask) if item.confirm is not None else ""
    if item.check is None:
        return f"asked: {asked}"
    when = ", **on demand**" if item.check.on_demand else ""
    also = f". **Asked as well:** {asked}" if item.mode == "both" else ""
    return f"{item.check.kind}{when}: {_conditions(item.check)}{also}"


def _conditions(check: Check) -> str:
    implied = getattr(known_kinds()[check.kind], "implied", "")
    return ", ".join(_code(" ".join(each.split())) for each in check.expect or (implied,))


def _code(text: str) -> str:
    if not text:
        return ""
    short = text if len(text) <= SHORT else f"{text[: SHORT - 4].rstrip()} ..."
    ticks = "``" if "`" in short else "`"
    return f"{ticks}{cell(short)}{ticks}"


def _load(name: str, given: Mapping[str, str], environ: Mapping[str, str]) -> Document:
    return load(resolve(name), kinds=known_kinds(), actions=known_actions(), given=given, environ=environ).document


def _examples(variables: tuple[Variable, ...]) -> dict[str, str]:
    return {each.name: each.example or "x" for each in variables if not (each.is_set or each.secret or each.env)}


def _environment(variables: tuple[Variable, ...]) -> dict[str, str]:
    return {each.env: each.example or "x" for each in variables if each.env}
