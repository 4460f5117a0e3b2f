"""What a shell offers while a command line is typed. Nothing here complains: what cannot be read offers nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator

Completer = Callable[..., Iterable[str]]
"""Called with the beginning of the word as `prefix`, and what was parsed so far as `parsed_args`."""

_CHECKLIST_ENDINGS = (".yaml", ".yml", ".md")


def runs(**_: object) -> Iterable[str]:
    """The ids of the runs that are here."""
    from cockpit.journal.folder import runs as run_folders

    return [folder.id for folder in run_folders()]


def records(prefix: str, **_: object) -> Iterable[str]:
    """Runs, and journal files."""
    return [*runs(), *_paths(prefix, (".jsonl",))]


def checklists(prefix: str, **_: object) -> Iterable[str]:
    """Shipped checklists by name, and files that may be one."""
    from cockpit.checklist.shipped import shipped

    return [*(path.stem for path in shipped()), *_paths(prefix, _CHECKLIST_ENDINGS)]


def items(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    """The ids of the items of the checklist or the run that was named before."""
    from cockpit.checklist import model

    document: model.Document
    if getattr(parsed_args, "run", None):
        from cockpit.cli.record import opened_document

        document = opened_document(parsed_args.run)
    else:
        from cockpit.cli.document import load_named

        document = load_named(parsed_args.file, dict(parsed_args.var or [])).document
    return [item.id for item in document.checkable()]


def steps(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    """The ids of the steps of the run that was named before."""
    from cockpit.cli.record import opened_document

    plan = opened_document(parsed_args.run).plan
    return [step.id for step in plan.every()] if plan is not None else []


def commands(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    """The ids of the quick commands of the run that was named before."""
    from cockpit.cli.record import opened_document

    return [command.id for command in opened_document(parsed_args.run).commands]


def contacts(parsed_args: argparse.Namespace, **_: object) -> Iterable[str]:
    """The names of the contacts of the run that was named before."""
    from cockpit.cli.record import opened_document

    return [contact.name for contact in opened_document(parsed_args.run).contacts]


def baselines(prefix: str, **_: object) -> Iterable[str]:
    """Baselines that are kept, and files that may be one."""
    from cockpit.journal.baseline import names

    return [*names(), *_paths(prefix, (".json",))]


def kinds(**_: object) -> Iterable[str]:
    """The kinds of check."""
    from cockpit.checks.registry import kinds as known

    return known()


def actions(**_: object) -> Iterable[str]:
    """The kinds of action."""
    from cockpit.actions.registry import kinds as known

    return known()


def _paths(prefix: str, endings: tuple[str, ...]) -> Iterator[str]:
    from pathlib import Path

    folder = prefix[: prefix.rfind("/") + 1]
    for path in sorted(Path(folder or ".").iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            yield f"{folder}{path.name}/"
        elif path.name.endswith(endings):
            yield folder + path.name
