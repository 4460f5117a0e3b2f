"""What there is at a path on a host: facts and content in one round trip, by the same few programs everywhere.

What a POSIX shell, `stat`, `head`, `readlink`, `sha256sum`, `find` and `xargs` say is known, GNU's or busybox's.
Only regular files are opened. Whatever hangs is a program's, and ends with it.
"""

from __future__ import annotations

import stat

from cockpit.checks.file_found import Asked, File, Found, kind_of
from cockpit.checks.kind import Unmeasurable
from cockpit.connect.route import Ended, Program, Route

LISTING_LIMIT = 16 * 1024 * 1024
"""Bytes of a listing: some 150,000 files."""

_SCRIPT = r"""
LC_ALL=C; export LC_ALL
home() { case $1 in "~") printf %s "$HOME" ;; "~/"*) printf %s "$HOME/${1#"~/"}" ;; *) printf %s "$1" ;; esac; }
facts=$(home "$1") glob=$(home "$2") limit=$3 depth=$4 checksum=$5
said=$(stat -L -c '%f %s %u %g %Y %U %G' -- "$facts" 2>&1) || said="!$said"
readable=no sum=
if [ -f "$facts" ] && [ -r "$facts" ]; then readable=yes; fi
if [ -d "$facts" ] && [ -r "$facts" ] && [ -x "$facts" ]; then readable=yes; fi
if [ "$checksum" = yes ] && [ -f "$facts" ] && [ $readable = yes ]; then sum=$(sha256sum < "$facts") || exit 70; fi
printf '%s\0' "$(date +%s)" "$facts" "$said" "$(readlink -- "$facts")" $readable "${sum%% *}"
[ $readable = yes ] || exit 0
if [ -n "$glob" ]; then
  IFS=
  set -- $glob
  printf '%s\0' "$@" | xargs -0 -r stat -L -c '%f %s %Y %n//' --
elif [ -d "$facts" ] && [ -n "$depth" ]; then
  find -H "$facts" -mindepth 1 -maxdepth "$depth" ! -type d -print0 | xargs -0 -r stat -L -c '%f %s %Y %n//' --
elif [ -f "$facts" ] && [ -n "$limit" ]; then
  exec head -c "$limit" < "$facts"
fi
exit 0
"""
"""Facts first, each ended by NUL; then the content, or a listing in which `//`, which no path has, ends each name."""


async def look(route: Route, asked: Asked, timeout: float, *, pattern: str = "") -> Found:
    """What there is at `asked.path`; with a pattern, that folder and the files that match it.

    Raises Unmeasurable, Unreachable.
    """
    limit, path = asked.limit, pattern or asked.path
    words = (asked.path, pattern, _word(limit and limit + 1), _word(asked.depth), "yes" if asked.checksum else "")
    program = Program(("/bin/sh", "-c", _SCRIPT, "sh", *words), limit=LISTING_LIMIT + (limit or 0))
    ended = await route.run(program, timeout)
    if ended.timed_out:
        raise Unmeasurable(f"timed out while {path} was read, after {timeout:.1f} s")
    listed = bool(pattern) or asked.depth is not None
    return _read(ended, path, limit, opened=limit is not None or asked.checksum, listed=listed)


def _word(number: int | None) -> str:
    return "" if number is None else str(number)


def _read(ended: Ended, path: str, limit: int | None, *, opened: bool, listed: bool) -> Found:
    errors = ended.errors.decode("utf-8", "backslashreplace").strip()
    *head, rest = ended.output.split(b"\0", 6)
    if len(head) < 6 or ended.status != 0:
        raise Unmeasurable(f"{path} cannot be read: {_last_words(errors) or 'the programs that read it failed'}")
    now, real, said, target, readable, checksum = (each.decode("utf-8", "backslashreplace") for each in head)
    if said.startswith("!"):
        if not said.endswith(("No such file or directory", "Not a directory")):
            raise Unmeasurable(f"{path} cannot be looked at: {_last_words(said)}")
        return Found(real, int(now), "link" if target else "missing", target)
    raw, size, uid, gid, modified, user, group = said.split(" ", 6)
    mode = int(raw, 16)
    kind = kind_of(mode)
    if readable != "yes" and ((kind == "file" and opened) or (kind == "folder" and listed)):
        raise Unmeasurable(f"{real} is there, but this user may not read it: permission denied")
    return Found(
        path=real,
        now=int(now),
        kind=kind,
        target=target,
        mode=stat.S_IMODE(mode),
        size=int(size),
        owner=uid if user == "UNKNOWN" else user,
        group=gid if group == "UNKNOWN" else group,
        modified=int(modified),
        sha256=checksum,
        content=rest[:limit] if kind == "file" and limit is not None else b"",
        whole=kind != "file" or limit is None or (len(rest) <= limit and not ended.cut),
        files=_listing(rest, errors, path, cut=ended.cut) if kind == "folder" and listed else (),
    )


def _listing(written: bytes, errors: str, path: str, *, cut: bool) -> tuple[File, ...]:
    """The regular files among what was listed; links count as what they lead to."""
    denied = [line for line in errors.splitlines() if line.endswith("Permission denied")]
    if denied:
        raise Unmeasurable(f"{path} cannot be looked through: {_last_words(denied[0])}")
    if cut:
        raise Unmeasurable(f"{path} has too many files to be looked through")
    files = []
    for record in written.decode("utf-8", "backslashreplace").split("//\n")[:-1]:
        mode, size, modified, name = record.split(" ", 3)
        if stat.S_ISREG(int(mode, 16)):
            files.append(File(name, int(size), int(modified)))
    return tuple(files)


def _last_words(said: str) -> str:
    """`permission denied` of `stat: cannot statx '/x': Permission denied`."""
    last = said.strip().rpartition("\n")[2]
    words = last.rpartition(": ")[2]
    return words[:1].lower() + words[1:]
