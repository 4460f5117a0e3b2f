"""Requirements files as pip reads them: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cockpit.checks.requirements_found import Found, Requirement, python_name

_COMMENT = re.compile(r"(^|\s+)#.*$")
_FILE = re.compile(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=|(?<=-[rc]))(?P<path>\S.*)")
_HASH = re.compile(r"\s--hash[= ]\S+")
_OPTION = re.compile(r"\s--?[a-zA-Z][\w-]*[= ].*$")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+(?P<what>.+)")
_ADDRESS = re.compile(r"[a-z][a-z+]*://|\.{0,2}/")
_ARCHIVES = (".whl", ".tar.gz", ".zip")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9._-]+)")
_FIXED = re.compile(r"@[0-9a-f]{40}(?:$|[#&?])|#(?:.*&)?(?:sha256|sha384|sha512)=[0-9a-f]{64,}")
"""A commit of a repository, or the digest of an archive: what is fetched cannot change."""


def parse(path: str, text: str) -> Found:
    """Read a file. Raises ValueError with the first line that is no requirement, without quoting it."""
    found = Found(path)
    for number, line in _lines(text):
        named = _FILE.fullmatch(line)
        if named is not None:
            constrains = line.startswith(("-c", "--constraint"))
            (found.constraints if constrains else found.includes).append(named["path"].strip())
        elif editable := _EDITABLE.fullmatch(line):
            found.requirements.append(_fetched(editable["what"], f"{path}:{number}", hashed=False))
        elif not line.startswith("-"):
            found.requirements.append(_requirement(line, path, number))
    return found


def requirement(text: str, where: str, *, hashed: bool = False) -> Requirement:
    """A requirement as PEP 508 writes it. Raises ValueError."""
    from packaging import requirements  # noqa: PLC0415 - only where one is read

    try:
        written = requirements.Requirement(text)
    except requirements.InvalidRequirement:
        raise ValueError(f"{where} is no requirement") from None
    if written.url:
        return _fetched(written.url, where, hashed=hashed, name=written.name)
    return Requirement(
        "python",
        python_name(written.name),
        str(written.specifier),
        exact_version(str(written.specifier)),
        hashed,
        where,
    )


def exact_version(specifier: str) -> str:
    """The one version that a specifier allows; nothing when it allows others."""
    match = re.fullmatch(r"\s*={2,3}\s*([^,*\s]+)\s*", specifier)
    return match[1] if match else ""


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments and blanks, those that end with a backslash joined, with the number of their first."""
    begun, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if not begun:
            first = number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            begun += line[:-1] + " "
            continue
        whole = _COMMENT.sub("", begun + line).strip()
        begun = ""
        if whole:
            yield first, whole
    if begun.strip():
        yield first, begun.strip()


def _requirement(line: str, path: str, number: int) -> Requirement:
    where = f"{path}:{number}"
    hashed = bool(_HASH.search(line))
    text = _OPTION.sub("", _HASH.sub("", line)).strip()
    if _ADDRESS.match(text) or (text.endswith(_ARCHIVES) and "@" not in text):
        return _fetched(text, where, hashed=hashed)
    return requirement(text, where, hashed=hashed)


def _fetched(what: str, where: str, *, hashed: bool, name: str = "") -> Requirement:
    """What comes from an address or a folder: fixed when what is there cannot change, or lies beside the file."""
    egg = _EGG.search(what)
    name = python_name(name or (egg[1] if egg else "")) or what.partition("#")[0]
    local = "://" not in what or what.startswith("file:")
    fixed = "local" if local else ("fixed" if hashed or _FIXED.search(what.partition(";")[0].strip()) else "")
    return Requirement("python", name, f" @ {what}", fixed, hashed or local or bool(fixed), where)
