"""`file`: what there is at a path, whose it is, how old, what it holds; of a folder or a pattern, the files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pydantic

from cockpit.checklist.condition_values import shown as words_for
from cockpit.checklist.kinds import Field, Spec
from cockpit.checks.file_data import Format, data_in, format_of
from cockpit.checks.file_found import Asked, File, Found
from cockpit.checks.file_read import is_pattern, lines_of, look
from cockpit.checks.hiding import HIDDEN, settings_shown, settings_text_shown
from cockpit.checks.kind import Kind, Reading, Session, Unmeasurable
from cockpit.checks.pattern import Pattern, Search
from cockpit.connect.thread import in_thread

TEXT_LIMIT = 1024 * 1024
"""Bytes of a file that conditions see."""

SEARCH_LIMIT = 32 * 1024 * 1024
"""Bytes of a file that is searched for patterns; a longer one is not searched at all."""

DEEPEST = 100
"""Levels of folders that are looked into."""

LISTED = 20
"""Files of a folder that are shown, the newest first; all are counted."""


class FileSpec(Spec):
    """A path, and what to look for in it."""

    path: str = pydantic.Field(
        min_length=1,
        description="A file, a folder, or a pattern for files (`/backups/*.dump`); `~` is the home directory.",
    )
    deep: bool = pydantic.Field(False, description="Of a folder: count the files at any depth, not only its own.")
    format: Format | None = pydantic.Field(
        None, description="How `data` is written: `json`, `yaml`, `toml`, `dotenv`, `ini`; nothing: as its name ends."
    )
    must: tuple[Pattern, ...] = pydantic.Field((), description="Regular expressions (RE2); each must match some line.")
    must_not: tuple[Pattern, ...] = pydantic.Field((), description="Regular expressions that no line may match.")

    @pydantic.model_validator(mode="after")
    def _one_file(self) -> FileSpec:
        if is_pattern(self.path) and (self.must or self.must_not or self.format or self.deep):
            raise ValueError("a pattern stands for many files, which are counted and not read: name one file or folder")
        return self


class FileKind:
    """Looks at what is here itself, and has a host's programs look at what is there."""

    name = "file"
    about = "What is at a path: its size, age, owner and mode, its content as text and as data; or a folder's files."
    spec = FileSpec
    via = True
    imports = ("re2", "yaml", "dotenv")
    implied = "exists && size(missing) == 0 && forbidden_count == 0 && problem == ''"
    example = """\
file: {path: /srv/bot/.env, must_not: ["(?i)changeme"]}
expect:
  - exists && owner_only && owner == 'bot'
  - data.FLASK_ENV == 'production'
  - forbidden_count == 0
"""
    fields = (
        Field("exists", "bool", "Something is there; of a pattern: some file matches."),
        Field(
            "kind", "string", "`file`, `folder`, `socket`, `pipe`, `device`; `link` when it leads nowhere; `missing`."
        ),
        Field("target", "string", "Where a link leads; empty when it is none. All else is of what it leads to."),
        Field("size", "int", "The file.", "bytes"),
        Field("mode", "string", "Its permissions, octal: `0600`."),
        Field("owner", "string", "User whose it is."),
        Field("group", "string", "Group whose it is."),
        Field("owner_only", "bool", "By its mode nobody but its owner (and root) may read it."),
        Field("others_write", "bool", "By its mode others than its owner (and root) may change it."),
        Field("age", "duration", "Since its content last changed, by the clock of its machine."),
        Field("modified", "timestamp", "When its content last changed."),
        Field("sha256", "string", "Of all its content, hexadecimal."),
        Field("text", "string", "Its text; the first 1 MiB."),
        Field("lines", "list", "The lines of `text`."),
        Field("line_count", "int", "Its lines; of a file longer than is read there is none."),
        Field("data", "dyn", "JSON, YAML, TOML, dotenv or INI as data; secrets by their name are never shown."),
        Field("problem", "string", "Why there is no `data`, though its name or `format` says so; empty otherwise."),
        Field("matched", "map", "Each regular expression to the number of lines it matched."),
        Field("missing", "list", "Those of `must` that matched no line."),
        Field("forbidden", "list", "Lines that `must_not` matched, with their numbers; the first 20."),
        Field("forbidden_count", "int", "How many there are."),
        Field("count", "int", "Regular files: in the folder, matching the pattern; 1 for a file."),
        Field("total_size", "int", "All of them.", "bytes"),
        Field("newest.path", "string", "The one that changed last."),
        Field("newest.age", "duration", "Since then."),
        Field("newest.size", "int", "That one.", "bytes"),
        Field("oldest.path", "string", "The one that has not changed for the longest time."),
        Field("oldest.age", "duration", "Since then."),
        Field("oldest.size", "int", "That one.", "bytes"),
    )

    def request(self, spec: FileSpec) -> str:
        """`look at /srv/bot/.env`."""
        patterns = ", ".join((*spec.must, *(f"not {pattern}" for pattern in spec.must_not)))
        return f"look at {spec.path}" + (f" for {patterns}" if patterns else "")

    async def read(self, spec: FileSpec, session: Session, timeout: float) -> Reading:
        """Look once. Raises Unmeasurable, Unreachable."""
        searched = bool(spec.must or spec.must_not)
        limit = SEARCH_LIMIT if searched else (TEXT_LIMIT if session.used & _OF_CONTENT else None)
        depth = (DEEPEST if spec.deep else 1) if session.used & _OF_FILES else None
        checksum = "sha256" in session.used
        found = await look(session.route, Asked(spec.path, limit, checksum, depth), timeout)
        if searched and found.exists and found.kind != "file":
            raise Unmeasurable(f"{spec.path} is a {found.kind}: only a file is searched")
        if searched and not found.whole:
            raise Unmeasurable(
                f"{spec.path} is longer than {SEARCH_LIMIT // 1024 // 1024} MiB: too long to be searched"
            )
        return await in_thread(
            spec.path, lambda: _reading(spec, found, opened=limit is not None, listed=depth is not None)
        )


KIND: Kind = FileKind()

_OF_CONTENT = frozenset({"text", "lines", "line_count", "data", "problem"})
"""Fields for which the file is opened."""

_OF_FILES = frozenset(
    field.name for field in FileKind.fields if field.name.startswith(("count", "total", "newest", "old"))
)
"""Fields for which a folder is looked into."""


def _reading(spec: FileSpec, found: Found, *, opened: bool, listed: bool) -> Reading:
    many = is_pattern(spec.path)
    values: dict[str, Any] = {"exists": found.exists, "kind": found.kind, "target": found.target}
    if many or listed or found.kind != "folder":
        values |= _counted(found, many=many or found.kind == "folder")
    if not found.exists:
        return Reading(values, _nothing(found), evidence=_nothing(found))
    values |= {"problem": "", "matched": {}, "missing": [], "forbidden": [], "forbidden_count": 0}
    values |= {} if many else _facts(found)
    if opened and found.kind == "file" and not many:
        values |= _content(spec, found)
    return Reading(values, _summary(values), _evidence(values, found), shown=_fit_to_show(values))


def _nothing(found: Found) -> str:
    if found.kind == "link":
        return f"{found.path} is a link to {found.target}, which is not there"
    return f"no file matches {found.path}" if is_pattern(found.path) else f"{found.path} is not there"


def _facts(found: Found) -> dict[str, Any]:
    return {
        "size": found.size,
        "mode": f"{found.mode:04o}",
        "owner": found.owner,
        "group": found.group,
        "owner_only": not found.mode & 0o044,
        "others_write": bool(found.mode & 0o022),
        "age": dt.timedelta(seconds=found.now - found.modified),
        "modified": dt.datetime.fromtimestamp(found.modified, dt.UTC),
        **({"sha256": found.sha256} if found.sha256 else {}),
    }


def _content(spec: FileSpec, found: Found) -> dict[str, Any]:
    search = Search(spec.must, spec.must_not, lambda line: _line(line, found, search.lines))
    head = found.content[:TEXT_LIMIT]
    text = head.decode("utf-8", "backslashreplace")
    values: dict[str, Any] = {"text": text, "lines": text.splitlines()}
    if found.whole:
        values["line_count"] = len(lines_of(found.content))
    written = spec.format or format_of(found.path)
    if written is not None:
        try:
            if not found.whole or len(head) < len(found.content):
                raise ValueError("it is longer than 1 MiB")  # noqa: TRY301 - told as the others are
            values["data"] = data_in(text, written)
        except ValueError as error:
            values["problem"] = f"it cannot be read as {written}: {error}"
    for line in lines_of(found.content) if spec.must or spec.must_not else ():
        search.look_at(line)
    return {
        **values,
        "matched": search.matched,
        "missing": search.missing,
        "forbidden": search.forbidden,
        "forbidden_count": search.forbidden_count,
    }


def _line(line: bytes, found: Found, number: int) -> str:
    """A line as it may be shown; what only its owner may read is not."""
    text = settings_text_shown(line.decode("utf-8", "backslashreplace")) if found.mode & 0o044 else HIDDEN
    return f"line {number}: {text}"


def _counted(found: Found, *, many: bool) -> dict[str, Any]:
    alone = (File(found.path, found.size, found.modified),) if found.kind == "file" else ()
    files = found.files if many else alone
    values: dict[str, Any] = {"count": len(files), "total_size": sum(file.size for file in files)}
    if files:
        for name, choose in (("newest", max), ("oldest", min)):
            chosen = choose(files, key=lambda file: file.modified)
            values[f"{name}.path"] = chosen.path
            values[f"{name}.age"] = dt.timedelta(seconds=found.now - chosen.modified)
            values[f"{name}.size"] = chosen.size
    return values


def _fit_to_show(values: dict[str, Any]) -> dict[str, Any]:
    fit = dict(values)
    if "text" in values:
        fit["text"] = settings_text_shown(values["text"]) if not values["owner_only"] else HIDDEN
        fit["lines"] = fit["text"].splitlines()
    if values.get("owner_only") and "sha256" in values:
        fit["sha256"] = HIDDEN  # a short secret could be found by trying
    if "data" in values:
        fit["data"] = settings_shown(values["data"])
    return fit


def _summary(values: dict[str, Any]) -> str:
    if "mode" not in values or (values["kind"] == "folder" and "count" in values):
        words = [f"{values['count']} files" if values["count"] != 1 else "1 file", _size(values["total_size"])]
        words += [f"newest {_age(values['newest.age'])}"] if values["count"] else []
    else:
        words = [_size(values["size"])] if values["kind"] == "file" else [values["kind"]]
        words += [f"{values['mode']} {values['owner']}:{values['group']}", f"changed {_age(values['age'])}"]
    words += [values["problem"]] if values["problem"] else []
    words += [f"without {', '.join(values['missing'])}"] if values["missing"] else []
    words += [f"{values['forbidden_count']} lines that must not be there"] if values["forbidden_count"] else []
    return ", ".join(words)


def _evidence(values: dict[str, Any], found: Found) -> str:
    lines = [f"{name}: {words_for(values[name])}" for name in _SHOWN_FACTS if values.get(name, "") != ""]
    if values["forbidden"]:
        lines += ["", "lines that must not be there:", *values["forbidden"]]
    if found.files:
        newest = sorted(found.files, key=lambda file: file.modified, reverse=True)
        lines += ["", f"the newest of {len(newest)} files:"]
        for file in newest[:LISTED]:
            lines.append(f"{_moment(file.modified)}  {file.size:>12}  {file.path}")
    return "\n".join([found.path, *lines])


_SHOWN_FACTS = ("kind", "target", "size", "mode", "owner", "group", "modified", "line_count", "total_size")


def _moment(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")


def _age(age: dt.timedelta) -> str:
    return f"{words_for(age)} ago" if age >= dt.timedelta() else f"{words_for(-age)} in the future"


def _size(count: int) -> str:
    """`512 bytes`, `1.5 MiB`."""
    size, unit = float(count), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{count} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
