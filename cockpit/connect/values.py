"""The values of a checklist's variables, filled in where they are used, and kept out of sight when they are secret.

Secrets, and what stands in a file or comes from a command, are read at the moment they are used and kept for a short
time only. From then on every form of a secret is hidden by the redactor; `learn` hides those that are there already.
Reading may run a command and so block for seconds: `at_hand` says whether `fill` will.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from cockpit.checklist import shell as quoting
from cockpit.checklist.model import Variable
from cockpit.checklist.uses import USE, names_in, words
from cockpit.connect import sources
from cockpit.text import SHORTEST_SECRET, Redactor

KEPT_SECONDS = 30.0
"""How long a value that was read is used before it is read again: a rotated secret is noticed within this time."""

LEAST_TOKEN = 16
"""Characters from which on a part of a secret URL counts as a token: shorter ones are words, such as `hooks`."""

_NAMES_A_DATABASE = re.compile(r"(postgres|mysql|maria|mongo|redis|sqlite|unix|file)")

_CONNECTION_PASSWORD = re.compile(r"\bpassword\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))")


class ValueMissing(Exception):
    """A variable has no usable value: which, where it was looked for, and what to do."""


class Values:
    """What `${name}` stands for. Safe to use from several threads."""

    def __init__(
        self,
        variables: Iterable[Variable],
        environ: Mapping[str, str],
        *,
        passphrases: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`environ` is where secrets from the environment are read, and what commands are run with.

        `passphrases` are those of SSH keys, by the path of the key.
        """
        self.redactor = Redactor()
        self.passphrases = dict(passphrases or {})
        for path, passphrase in self.passphrases.items():
            with contextlib.suppress(ValueError):  # too short to be hidden; it is never shown anyway
                self.redactor.add(f"passphrase of {path}", passphrase)
        self._variables = {variable.name: variable for variable in variables}
        self._environ = environ
        self._clock = clock
        self._read: dict[str, tuple[float, str]] = {}
        self._one_at_a_time = {name: threading.Lock() for name in self._variables}

    def learn(self) -> None:
        """Hide from now on what stands in the environment or a file, used or not: a log may tell it before that.

        What cannot be read is told when it is used; a command is run only then. Blocks as long as the files do.
        """
        for variable in self._variables.values():
            with contextlib.suppress(sources.Unreadable, ValueMissing):
                if variable.secret and sources.lies_there(variable):
                    self._hide(variable.name, sources.read(variable, self._environ))

    def fill(self, spec: dict[str, Any], shell: Collection[str] = ()) -> dict[str, Any]:
        """`spec` with each `${name}` in its strings replaced.

        A string that is nothing but `${name}` becomes the value with its type; inside a text the value is written as
        text, as it is: in a URL too, where nothing is quoted. What stands under the keys `shell` are shell commands:
        values are quoted there. Raises ValueMissing.
        """
        return {
            key: self._filled_in_command(value) if key in shell else self._filled(value) for key, value in spec.items()
        }

    def show(self, text: str) -> str:
        """`text` for display: filled in but for what is secret or not set, which stays as written."""

        def shown(use: re.Match[str]) -> str:
            variable = self._variables.get(use[1])
            if variable is None or not variable.is_set or _is_read(variable):
                return use[0]
            return words(variable.value)

        return self.redactor(USE.sub(shown, text))

    def shown(self, spec: dict[str, Any], shell: Collection[str] = ()) -> dict[str, Any]:
        """`spec` for display: each text in it as `show` would show it, and shell commands as `fill` would fill them."""
        return {key: self._shown_command(value) if key in shell else self._shown(value) for key, value in spec.items()}

    def at_hand(self, spec: dict[str, Any]) -> bool:
        """Whether `fill` has all that it needs, and will read no file and run no command."""
        used = (self._variables[name] for name in names_in(spec) if name in self._variables)
        return all(self._recent(variable.name) is not None for variable in used if _is_read(variable))

    def _shown(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.shown(value)
        if isinstance(value, list | tuple):
            return [self._shown(each) for each in value]
        return self.show(value) if isinstance(value, str) else value

    def _shown_command(self, command: Any) -> Any:
        if not isinstance(command, str):
            return self._shown(command)
        try:
            return self.redactor(quoting.fill(command, lambda name: self.show(f"${{{name}}}")))
        except ValueError:
            return self.show(command)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self.fill(value)
        if isinstance(value, list | tuple):
            return [self._filled(each) for each in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        alone = USE.fullmatch(value)
        return self._value(alone[1]) if alone else USE.sub(lambda use: words(self._value(use[1])), value)

    def _filled_in_command(self, command: Any) -> Any:
        if not isinstance(command, str):
            return self._filled(command)
        try:
            return quoting.fill(command, lambda name: words(self._value(name)))
        except ValueError as error:
            raise ValueMissing(str(error)) from None

    def _value(self, name: str) -> Any:
        variable = self._variables.get(name)
        if variable is None:
            raise ValueMissing(f"no variable is called {name!r}: declare it under `variables`")
        if _is_read(variable):
            return self._read_now(variable)
        if not variable.is_set:
            looked = f" ({variable.origin})" if variable.origin else ""
            raise ValueMissing(f"variable {name} is not set{looked}: give it with --var {name}=VALUE")
        return variable.value

    def _read_now(self, variable: Variable) -> str:
        with self._one_at_a_time[variable.name]:
            value = self._recent(variable.name)
            if value is None:
                value = self._read_anew(variable)
                self._read[variable.name] = (self._clock(), value)
            return value

    def _read_anew(self, variable: Variable) -> str:
        try:
            value = sources.read(variable, self._environ)
        except sources.Unreadable as error:
            raise ValueMissing(f"variable {variable.name}: {error}") from None
        before = self._read.get(variable.name)
        if variable.secret and (before is None or before[1] != value):
            self._hide(variable.name, value)
        return value

    def _hide(self, name: str, value: str) -> None:
        try:
            self.redactor.add(name, value)
        except ValueError:
            raise ValueMissing(
                f"variable {name}: its value is shorter than {SHORTEST_SECRET} characters, too short to be hidden in"
                " what is shown: use a longer one, or take `secret: true` away"
            ) from None
        for part in (*_passwords_in(value), *_tokens_in(value)):
            if len(part.strip()) >= SHORTEST_SECRET:
                self.redactor.add(name, part)

    def _recent(self, name: str) -> str | None:
        read = self._read.get(name)
        return read[1] if read is not None and self._clock() - read[0] < KEPT_SECONDS else None


def _is_read(variable: Variable) -> bool:
    """Whether its value is read when it is used."""
    return variable.secret or (variable.value is None and bool(variable.file or variable.command))


def _passwords_in(value: str) -> Iterator[str]:
    """The password inside a URL or a PostgreSQL connection string: an error may quote it without the rest."""
    try:
        password = urllib.parse.urlsplit(value).password
    except ValueError:
        password = None
    if password:
        yield password
        yield urllib.parse.unquote(password)
    for quoted, bare in _CONNECTION_PASSWORD.findall(value):
        yield quoted or bare


def _tokens_in(value: str) -> Iterator[str]:
    """The tokens in the path and query of a URL such as a webhook's: whoever is asked may quote them without the rest.

    Those of a database name the database.
    """
    if "://" not in value or _NAMES_A_DATABASE.match(value):
        return
    with contextlib.suppress(ValueError):
        parts = urllib.parse.urlsplit(value)
        for part in re.split("[/&=?;]", f"{parts.path}&{parts.query}"):
            if len(part) >= LEAST_TOKEN:
                yield part
                yield urllib.parse.unquote(part)
