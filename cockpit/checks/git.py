"""`git`: which commit a working tree stands at, and whether anything in it differs from it.

Nothing is fetched, written or locked, and nothing that the repository's configuration names is run but its filters, as
`git status` has to.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import posixpath
import re
import time
from typing import Any

import pydantic

from cockpit.checklist.condition_values import shown as words_for
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.git_status import Status, parse
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.connect.route import Ended, Program, Route

OUTPUT_LIMIT = 8 * 1024 * 1024
"""Bytes of one answer of git: some 100,000 changed files."""

SHOWN = 20
"""Changed and untracked paths that are shown; all are counted."""

_COMMAND = (
    "git",
    *("--no-pager", "--no-optional-locks", "--literal-pathspecs"),
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "gpg.program=gpg", "-c", "gpg.x509.program=gpgsm", "-c", "gpg.ssh.program=ssh-keygen"),
    *("-c", "log.showSignature=false", "-c", "protocol.allow=never", "-c", "color.ui=false"),
)
"""Beside the wish to read only: what a repository's own configuration could name to be run is named here instead."""

_ENVIRONMENT = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}

_SIGNATURES = {
    "G": "good",
    "U": "good, by a key that is not trusted",
    "B": "bad",
    "X": "good, but expired",
    "Y": "good, by a key that has expired",
    "R": "good, by a key that was revoked",
    "E": "cannot be checked",
    "N": "none",
}
"""By the letter of `%G?` (git-log)."""


class GitSpec(Spec):
    """A working tree."""

    path: str = pydantic.Field(min_length=1, description="A folder of the working tree; `~` is the home directory.")
    tracked: tuple[str, ...] = pydantic.Field(
        (), description="Files that must be committed (of a folder: some file), relative to `path`."
    )
    remote: str = pydantic.Field("origin", pattern=r"^[^-\s][^\s]*$", description="The remote that `remote` is of.")


class Git:
    """Asks the git program, where the working tree is."""

    name = "git"
    about = (
        "Which commit, tag and branch a working tree stands at, what in it differs, and whether files are committed."
    )
    spec = GitSpec
    via = True
    implied = "clean && size(missing) == 0"
    example = """\
git: {path: /srv/bot, tracked: [requirements.txt, frontend/package-lock.json]}
expect:
  - clean && size(missing) == 0
  - tag == 'v2.4.0'
"""
    fields = (
        Field("commit", "string", "The commit that is checked out; empty before the first."),
        Field("short", "string", "It, abbreviated."),
        Field("branch", "string", "Empty when none is checked out."),
        Field("detached", "bool", "A commit is checked out, not a branch."),
        Field("clean", "bool", "Nothing differs from the commit, and nothing is untracked but what is ignored."),
        Field("changed", "list", "Paths that differ, staged or not, submodules among them."),
        Field("untracked", "list", "Paths that git does not know and does not ignore."),
        Field("tags", "list", "Tags of the commit, the highest version first."),
        Field("tag", "string", "The first of them; empty when it has none."),
        Field("describe", "string", "`v2.4.0-3-gabc1234`: the nearest tag, the commits since, the commit."),
        Field("upstream", "string", "The branch that this one follows: `origin/main`; empty without one."),
        Field("ahead", "int", "Commits that the upstream has not; as last fetched."),
        Field("behind", "int", "Commits that only the upstream has; as last fetched."),
        Field("remote", "string", "Where `origin` is, without user name and password; empty without one."),
        Field("age", "duration", "Since the commit was made."),
        Field("author", "string", "Name and e-mail address of its author."),
        Field("subject", "string", "The first line of its message."),
        Field("signed", "bool", "It has a good signature by a key that git there is told to trust."),
        Field(
            "signature", "string", "`good`, `none`, `bad`, `cannot be checked`, ...; asked when a condition uses it."
        ),
        Field("committed", "list", "Those of `tracked` that are in the commit."),
        Field("missing", "list", "Those that are not."),
        Field("stashes", "int", "Changes that are stashed away."),
    )

    def request(self, spec: GitSpec) -> str:
        """`git status of /srv/bot`."""
        return f"git status of {spec.path}" + (f"; is there {', '.join(spec.tracked)}" if spec.tracked else "")

    async def read(self, spec: GitSpec, session: Session, timeout: float) -> Reading:
        """Ask what is wanted of one tree. Raises Unmeasurable, Unreachable."""
        tree = _Tree(session.route, spec.path, time.monotonic() + timeout, timeout)
        status = parse(
            await tree.ask("status", "--porcelain=v2", "--branch", "--show-stash", "-z", "--untracked-files=normal")
        )
        signature = bool(session.used & {"signed", "signature"})
        log, tags, describe, remote, committed = await asyncio.gather(
            _log(tree, status, signature=signature),
            tree.ask("tag", "--points-at", "HEAD", "--sort=-version:refname", good=(0, 128, 129)),
            tree.ask("describe", "--tags", "--always", "HEAD", good=(0, 128)),
            tree.ask("config", "--get", f"remote.{spec.remote}.url", good=(0, 1)),
            _committed(tree, status, spec.tracked),
        )
        values = {
            **_of_status(status),
            **log,
            "tags": tags.split() if status.commit else [],
            "describe": describe.strip(),
            "remote": _without_user(remote.strip()),
            "committed": [path for path in spec.tracked if path in committed],
            "missing": [path for path in spec.tracked if path not in committed],
        }
        values["tag"] = values["tags"][0] if values["tags"] else ""
        return Reading(values, _summary(values), _evidence(values))


KIND: Kind = Git()


class _Tree:
    """One working tree, asked until its time is over."""

    def __init__(self, route: Route, path: str, ends: float, timeout: float) -> None:
        self._route, self._path, self._ends, self._timeout = route, path, ends, timeout

    async def ask(self, *arguments: str, good: tuple[int, ...] = (0,)) -> str:
        """What git prints. Raises Unmeasurable when its exit status is none of `good`."""
        program = Program(
            ("/bin/sh", "-c", _AT_HOME, "sh", self._path, *_COMMAND, *arguments),
            environment=_ENVIRONMENT,
            limit=OUTPUT_LIMIT,
        )
        ended = await self._route.run(program, max(0.05, self._ends - time.monotonic()))
        if ended.timed_out:
            raise Unmeasurable(f"timed out in `git {arguments[0]}` of {self._path} after {self._timeout:.1f} s")
        if ended.status not in good:
            raise Unmeasurable(_refused(self._path, arguments[0], ended))
        if ended.cut:
            raise Unmeasurable(f"too much differs in {self._path}: git says more than {OUTPUT_LIMIT} bytes")
        return ended.output.decode("utf-8", "backslashreplace") if ended.status == 0 else ""


_AT_HOME = r"""
case $1 in "~") tree=$HOME ;; "~/"*) tree=$HOME/${1#"~/"} ;; *) tree=$1 ;; esac
shift
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
cd -- "$tree" || exit 71
exec "$@"
"""
"""A variable of whoever started us must not lead git to another repository."""


def _refused(path: str, asked: str, ended: Ended) -> str:
    said = ended.errors.decode("utf-8", "backslashreplace").strip()
    if "dubious ownership" in said:
        tree = next(iter(re.findall(r"repository at '(.+)'", said)), path)
        return (
            f"git does not trust {tree}: it belongs to another user."
            f" Run as its owner, or allow it: git config --global --add safe.directory {tree}"
        )
    if "not a git repository" in said:
        return f"{path} is not in a git repository"
    if ended.status == 71:
        return f"there is no folder {path} that this user may enter"
    if ended.status == 127:
        return f"there is no program git where {path} is"
    last = said.rpartition("\n")[2].removeprefix("fatal: ")
    return f"`git {asked}` of {path} failed: {last or f'exit status {ended.status}'}"


async def _log(tree: _Tree, status: Status, *, signature: bool) -> dict[str, Any]:
    if not status.commit:
        return {"short": "", "author": "", "subject": ""}
    form = "%h%x00%ct%x00%an <%ae>%x00%s%x00" + ("%G?" if signature else "")
    short, when, author, subject, letter = (
        await tree.ask("log", "-1", "--encoding=UTF-8", f"--format={form}", "HEAD", "--")
    ).split("\0")
    found = {
        "short": short,
        "age": dt.timedelta(seconds=round(time.time() - int(when))),
        "author": author,
        "subject": subject,
    }
    if signature:
        letter = letter.strip()
        found |= {"signed": letter == "G", "signature": _SIGNATURES.get(letter, "unknown")}
    return found


async def _committed(tree: _Tree, status: Status, paths: tuple[str, ...]) -> set[str]:
    if not status.commit or not paths:
        return set()
    listed = (await tree.ask("ls-tree", "-r", "-z", "--name-only", "HEAD", "--", *paths)).split("\0")
    return {path for path in paths if any(f"{name}/".startswith(f"{posixpath.normpath(path)}/") for name in listed)}


def _of_status(status: Status) -> dict[str, Any]:
    values: dict[str, Any] = {
        "commit": status.commit,
        "branch": status.branch,
        "detached": not status.branch,
        "clean": status.clean,
        "changed": status.changed,
        "untracked": status.untracked,
        "upstream": status.upstream,
        "stashes": status.stashes,
    }
    if status.ahead is not None and status.behind is not None:
        values |= {"ahead": status.ahead, "behind": status.behind}
    return values


def _without_user(url: str) -> str:
    """A remote without who logs in there: a token often stands in the user's place."""
    return re.sub(r"^(https?://|ftps?://)[^/]*@", r"\1", re.sub(r"(://[^/:@]*):[^/]*@", r"\1@", url))


def _summary(values: dict[str, Any]) -> str:
    at = values["tag"] or values["branch"] or "no branch"
    words = [f"{at} at {values['short']}" if values["commit"] else f"{at}, no commit yet"]
    words += ["clean"] if values["clean"] else []
    words += [f"{len(values['changed'])} changed"] if values["changed"] else []
    words += [f"{len(values['untracked'])} untracked"] if values["untracked"] else []
    words += [f"{values['ahead']} ahead"] if values.get("ahead") else []
    words += [f"{values['behind']} behind {values['upstream']}"] if values.get("behind") else []
    words += [f"not committed: {', '.join(values['missing'])}"] if values["missing"] else []
    return ", ".join(words)


def _evidence(values: dict[str, Any]) -> str:
    names = ("commit", "branch", "tags", "describe", "age", "author", "subject", "signature", "upstream", "remote")
    lines = [f"{name}: {words_for(values[name])}" for name in names if values.get(name)]
    for name in ("changed", "untracked"):
        paths = values[name]
        if paths:
            lines += ["", f"{name}:", *paths[:SHOWN]]
            lines += [f"[{len(paths) - SHOWN} more]"] if len(paths) > SHOWN else []
    return "\n".join(lines)
