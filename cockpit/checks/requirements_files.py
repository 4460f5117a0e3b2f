"""Manifests and lock files, each by its name: pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

from cockpit.checks.file_data import data_in
from cockpit.checks.requirements_found import Found, Requirement, World, each_of, python_name
from cockpit.checks.requirements_pip import exact_version, requirement
from cockpit.checks.requirements_pip import parse as parse_pip

KNOWN = (
    "*.txt, *.in, requirements*.lock, pyproject.toml, Pipfile, poetry.lock, uv.lock, pdm.lock, pylock.toml,"
    " Pipfile.lock, package.json, package-lock.json, npm-shrinkwrap.json, yarn.lock, pnpm-lock.yaml"
)
"""The names of files that can be read."""

LOCKED_LIMIT = 3_000_000
"""Values in a lock file."""


def reader_of(path: str) -> Callable[[str, str], Found] | None:
    """How to read a file of this name: `reader(path, text)`, which raises ValueError; None for an unknown name."""
    name = path.rpartition("/")[2]
    if re.fullmatch(r"pylock\.([^.]+\.)?toml", name):
        return _pylock
    pip = name.endswith((".txt", ".in")) or re.fullmatch(r"requirements.*\.lock", name)
    return _READERS.get(name) or (parse_pip if pip else None)


def _toml(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def _json(text: str) -> dict[str, Any]:
    data = data_in(text, "json", limit=LOCKED_LIMIT)
    if not isinstance(data, dict):
        raise ValueError("it is no JSON object")
    return data


def _tables(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((name, each) for name, each in each_of(value) if isinstance(each, dict))


def _pyproject(path: str, text: str) -> Found:
    data, found = _toml(text), Found(path)
    project = data.get("project", {})
    groups = [project.get("dependencies", []), *(each for _, each in each_of(project.get("optional-dependencies")))]
    groups += [each for _, each in each_of(data.get("dependency-groups"))]
    for group in groups:
        found.requirements += [requirement(each, path) for each in group if isinstance(each, str)]
    poetry = data.get("tool", {}).get("poetry", {})
    tables = [poetry.get("dependencies"), poetry.get("dev-dependencies")]
    tables += [group.get("dependencies") for _, group in _tables(poetry.get("group"))]
    for table in tables:
        found.requirements += _of_table(table, path, bare_is_exact=True)
    return found


def _pipfile(path: str, text: str) -> Found:
    data, found = _toml(text), Found(path)
    for table in ("packages", "dev-packages"):
        found.requirements += _of_table(data.get(table), path, bare_is_exact=False)
    return found


def _of_table(table: object, path: str, *, bare_is_exact: bool) -> Iterator[Requirement]:
    """Requirements as Poetry and Pipenv write them: `flask = "^2.0"`, `flask = {version = "^2.0"}`."""
    for name, value in each_of(table):
        if name.lower() == "python":
            continue
        wanted = value.get("version", "") if isinstance(value, dict) else value
        fixed = ""
        if isinstance(value, dict) and "path" in value:
            fixed = "local"
        elif isinstance(value, dict) and ("rev" in value or "ref" in value):
            revision = str(value.get("rev") or value.get("ref"))
            fixed = revision if re.fullmatch(r"[0-9a-f]{40}", revision) else ""
        wanted = wanted if isinstance(wanted, str) else "*"
        bare = wanted if bare_is_exact and re.fullmatch(r"\d+(\.\d+)+\S*", wanted) and "," not in wanted else ""
        yield Requirement("python", python_name(name), wanted, fixed or exact_version(wanted) or bare, False, path)


def _python_lock(path: str, text: str) -> Found:
    """`poetry.lock`, `uv.lock`, `pdm.lock`: an array of tables `package`."""
    data, found = _toml(text), Found(path, lock=True)
    older = data.get("metadata", {}).get("files", {})
    packages = data.get("package", [])
    if not isinstance(packages, list):
        raise ValueError("it has no packages")
    for package in packages:
        name, version = str(package.get("name", "")), str(package.get("version", ""))
        source = package.get("source", {})
        local = not {"editable", "virtual", "directory"}.isdisjoint(source) or source.get("type") == "directory"
        files = [*package.get("files", []), *package.get("wheels", []), package.get("sdist", {}), *older.get(name, [])]
        hashed = local or any(isinstance(file, dict) and file.get("hash") for file in files)
        hashed = hashed or bool(
            re.search(r"#[0-9a-f]{40}$", str(source.get("git", ""))) or source.get("resolved_reference")
        )
        found.requirements.append(
            Requirement("python", python_name(name), f"=={version}", version or "local", hashed, path)
        )
    return found


def _pylock(path: str, text: str) -> Found:
    """`pylock.toml` (PEP 751)."""
    found = Found(path, lock=True)
    for package in _toml(text).get("packages", []):
        files = [*package.get("wheels", []), package.get("sdist", {}), package.get("archive", {})]
        commit = package.get("vcs", {}).get("commit-id", "")
        local = "directory" in package
        hashed = local or bool(commit) or any(file.get("hashes") for file in files)
        name, version = python_name(str(package.get("name", ""))), str(package.get("version", ""))
        version = version or commit or ("local" if local else "")
        found.requirements.append(Requirement("python", name, f"=={version}", version, hashed, path))
    return found


def _pipfile_lock(path: str, text: str) -> Found:
    data, found = _json(text), Found(path, lock=True)
    for group in ("default", "develop"):
        for name, entry in _tables(data.get(group)):
            wanted = str(entry.get("version", ""))
            version = exact_version(wanted) or str(entry.get("ref", "")) or ("local" if "path" in entry else "")
            hashed = bool(entry.get("hashes")) or "path" in entry
            found.requirements.append(Requirement("python", python_name(name), wanted, version, hashed, path))
    return found


def _package_json(path: str, text: str) -> Found:
    data, found = _json(text), Found(path)
    for section in _SECTIONS:
        for name, wanted in each_of(data.get(section)):
            found.requirements.append(_npm(name, str(wanted), path))
    return found


_SECTIONS = ("dependencies", "devDependencies", "optionalDependencies")


def _npm(name: str, wanted: str, where: str) -> Requirement:
    exact = re.fullmatch(r"=?v?(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)", wanted.strip())
    local = wanted.startswith(("file:", "link:", "workspace:", "portal:"))
    commit = re.search(r"#([0-9a-f]{40})$", wanted)
    version = exact[1] if exact else ("local" if local else (commit[1] if commit else ""))
    return Requirement("npm", name, f"@{wanted}", version, local, where)


def _package_lock(path: str, text: str) -> Found:
    data, found = _json(text), Found(path, lock=True)
    packages = data.get("packages")
    if isinstance(packages, dict):
        root = packages.get("", {})
        for section in _SECTIONS:
            for name, wanted in each_of(root.get(section)):
                found.asked.setdefault(("npm", name), set()).add(f"@{wanted}")
        entries = [(key.rpartition("node_modules/")[2], each) for key, each in _tables(packages) if key]
    else:
        entries = list(_nested(data.get("dependencies")))
    for name, entry in entries:
        if not entry.get("link"):
            hashed = bool(entry.get("integrity")) or "resolved" not in entry
            found.requirements.append(_locked("npm", name, str(entry.get("version", "")), hashed, path))
    return found


def _nested(table: object) -> Iterator[tuple[str, Any]]:
    """The tree of version 1 of npm's lock files."""
    waiting = [table]
    while waiting:
        for name, entry in _tables(waiting.pop()):
            yield name, entry
            waiting.append(entry.get("dependencies"))


def _locked(world: World, name: str, version: str, hashed: bool, path: str) -> Requirement:
    return Requirement(world, name, f"@{version}", version or "local", hashed, path)


_YARN_VERSION = re.compile(r'  version:? "?([^"\s]+)"?')


def _yarn_lock(path: str, text: str) -> Found:
    """Both formats: entries of names and what was wanted, with indented lines that say what was chosen."""
    found = Found(path, lock=True)
    names: list[tuple[str, str]] = []
    version, hashed = "", False
    for line in [*text.splitlines(), "end:"]:
        if line.startswith("  "):
            if match := _YARN_VERSION.fullmatch(line):
                version = match[1]
            hashed = hashed or line.startswith(("  integrity ", "  checksum:"))
        elif line.endswith(":") and not line.startswith("#"):
            for name, wanted in names:
                found.asked.setdefault(("npm", name), set()).add(f"@{wanted}")
            if names and version:
                local = "@workspace:" in f"@{names[0][1]}"
                found.requirements.append(_locked("npm", names[0][0], version, hashed or local, path))
            names, version, hashed = list(_yarn_names(line)), "", False
    if not found.requirements and "yarn lockfile" not in text and "__metadata" not in text:
        raise ValueError("it is no lock file of yarn")
    return found


def _yarn_names(line: str) -> Iterator[tuple[str, str]]:
    for each in line.removesuffix(":").replace('"', "").split(", "):
        name, sign, wanted = each[1:].partition("@")
        if sign:
            yield each[0] + name, wanted.removeprefix("npm:")


def _pnpm_lock(path: str, text: str) -> Found:
    data, found = data_in(text, "yaml", limit=LOCKED_LIMIT), Found(path, lock=True)
    if not isinstance(data, dict):
        raise ValueError("it is no lock file of pnpm")
    for _, importer in _tables(data.get("importers", {".": data})):
        for section in _SECTIONS:
            for name, entry in each_of(importer.get(section)):
                wanted = entry.get("specifier") if isinstance(entry, dict) else importer.get("specifiers", {}).get(name)
                found.asked.setdefault(("npm", name), set()).add(f"@{wanted}")
    for key, entry in _tables(data.get("packages")):
        match = re.fullmatch(r"/?(@?[^@/]+(?:/[^@/]+)?)[@/]([^(_]+).*", key)
        if match:
            resolution = entry.get("resolution", {})
            hashed = bool(resolution.get("integrity") or resolution.get("commit"))
            found.requirements.append(_locked("npm", match[1], match[2], hashed, path))
    return found


_READERS: dict[str, Callable[[str, str], Found]] = {
    "pyproject.toml": _pyproject,
    "Pipfile": _pipfile,
    "poetry.lock": _python_lock,
    "uv.lock": _python_lock,
    "pdm.lock": _python_lock,
    "Pipfile.lock": _pipfile_lock,
    "package.json": _package_json,
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "yarn.lock": _yarn_lock,
    "pnpm-lock.yaml": _pnpm_lock,
}
