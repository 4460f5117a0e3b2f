"""What programs are started in for a while: a state home of their own, and code that they carry out first."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import cockpit
from tests.support.engines import kill_engines

ROOT = Path(cockpit.__file__).parents[1]


@contextlib.contextmanager
def environment(laid_over: Mapping[str, str]) -> Iterator[None]:
    """These variables, and afterwards those that were there before."""
    before = dict(os.environ)
    os.environ.update(laid_over)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def a_home() -> Iterator[Path]:
    """A state home which others can get to, as far as it lets them; engines that live on there are ended."""
    with tempfile.TemporaryDirectory(prefix="ck-", ignore_cleanup_errors=True) as made:
        home = Path(made) / "cockpit"
        Path(made).chmod(0o711)
        with environment({"COCKPIT_HOME": str(home)}):
            try:
                yield home
            finally:
                kill_engines(home)


@contextlib.contextmanager
def beginning_with(code: str, folder: Path) -> Iterator[None]:
    """Python programs that are started meanwhile carry this out first; it is kept in `folder`, which is made."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(code)
    with environment({"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}):
        yield
