"""What no screen may do, read from its source: each of these has broken a terminal program before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cockpit.screens

SOURCES = sorted(Path(cockpit.screens.__file__).parent.rglob("*.py"))
SLOW_OR_BLINKING = {"OptionList", "ListView", "LoadingIndicator", "RichLog", "Log", "DataTable", "Markdown"}
MARKUP = {"Static", "Label", "Button", "Checkbox"}
THREADS = {"call_from_thread", "run_in_executor", "to_thread"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_screen_draws_only_lines_and_never_from_a_thread(path: Path) -> None:
    assert list(_offences(ast.parse(path.read_text()))) == []


def test_the_rules_see_what_they_forbid() -> None:
    source = """
from textual.widgets import OptionList
self.app.call_from_thread(f)
self.notify("[b]x")
Static("text")
self.loading = True
@work(thread=True)
def f(): ...
self.run_worker(f, thread=True)
"""
    assert len(list(_offences(ast.parse(source)))) == 7


def _offences(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (f"line {node.lineno}: {each.name}" for each in node.names if each.name in SLOW_OR_BLINKING)
        if isinstance(node, ast.Attribute) and (
            node.attr in THREADS or (node.attr == "loading" and isinstance(node.ctx, ast.Store))
        ):
            yield f"line {node.lineno}: {node.attr}"
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            plain = any(key.arg == "markup" for key in node.keywords)
            if (name in MARKUP or name == "notify") and not plain:
                yield f"line {node.lineno}: {name} may take text for markup"
            if any(key.arg == "thread" for key in node.keywords):
                yield f"line {node.lineno}: a thread"
