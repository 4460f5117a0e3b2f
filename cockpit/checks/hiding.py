"""Data and texts from outside as they may be shown: what is secret by its name, or by its look, is hidden. Pure.

There are two kinds of data. Settings (variables, files of configuration) are taken at their word: what stands under
`key` or `TOKEN_URL` may be a secret. What a cloud or a cluster describes has many names that only tell of a secret
(`KmsKeyId`), and is of no use without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cockpit.text import SHORTEST_SECRET

HIDDEN = "***"


def shown(name: str, value: str) -> str:
    """The value of a setting: hidden when its name says that it is a secret, and without a password in a URL."""
    return HIDDEN if value and names_a_secret(name) else _USERINFO.sub(rf"\1{HIDDEN}@", value)


def settings_shown(data: Any) -> Any:
    """Settings as data: also the numbers that stand under a name like a secret's are hidden, however deep."""
    return _without(data, "", names_a_secret, lambda name, each: HIDDEN if _is_hidden(name, each) else _fit(each))


def settings_text_shown(text: str) -> str:
    """Settings as text: without what follows a name like a secret's, and as `text_shown`."""
    text = text_shown(text)
    kept, position = [], 0
    while named := _ASSIGNED.search(text, position):
        kept.append(text[position : named.end()])
        position = named.end()
        if names_a_secret(named["name"]) and (value := _VALUE.match(text, position)):
            kept.append(HIDDEN)
            position = value.end()
    return "".join(kept) + text[position:]


def described_shown(data: Any, name: str = "", known: frozenset[str] = frozenset()) -> Any:
    """What a cloud or a cluster describes, without the texts that stand under a name like a secret's.

    What is `known` to be secret is hidden under any name.
    """

    def fit(name: str, each: Any) -> Any:
        if not isinstance(each, str):
            return each
        if each and (tells_a_secret(name) or each in known):
            return HIDDEN
        for secret in known:
            each = each.replace(secret, HIDDEN) if len(secret) >= SHORTEST_SECRET else each
        return text_shown(each)

    return _without(data, name, tells_a_secret, fit)


def secrets_described(data: Any) -> frozenset[str]:
    """The texts that `described_shown` hides for their name: they may turn up elsewhere, under another one."""
    secrets: set[str] = set()

    def note(name: str, each: Any) -> None:
        if isinstance(each, str) and each and tells_a_secret(name):
            secrets.add(each)

    _without(data, "", tells_a_secret, note)
    return frozenset(secrets)


def text_shown(text: str) -> str:
    """`text` without passwords in URLs, signatures in URLs, private keys and tokens of the JWT form."""
    text = _PRIVATE_KEY.sub(rf"\1{HIDDEN}", shown("", text))
    return _JWT.sub(HIDDEN, _SIGNATURE.sub(rf"\1{HIDDEN}", text))


def names_a_secret(name: str) -> bool:
    """Whether a setting of this name is to be hidden."""
    return bool(_SECRET.search(name))


def tells_a_secret(name: str) -> bool:
    """Whether what is described under this name is to be hidden, and does not only tell of a secret."""
    return names_a_secret(name) and not _HARMLESS.search(name)


_SECRET = re.compile(
    r"key|secret|token|passw|passphrase|pwd|dsn|credential|(?:^|[^a-z])auth(?:$|[^a-z])", re.IGNORECASE
)
_USERINFO = re.compile(r"(://)[^/\s@]+@")
_HARMLESS = re.compile(
    r"^[Kk]eys?$"
    r"|(?:(?<=[a-z0-9])|[_-])(?:Ids?|Arn|Names?|Type|Status|State|Enabled|Count|Length|Age|Policy|Required|Ur[il]|At|"
    r"Date|Time|Used|Expir\w*|Version|Usage|Spec|Manager|Algorithm|Format|Fingerprint|Rotation\w*)$"
    r"|[_-](?:ids?|arn|names?|type|status|state|enabled|count|length|age|policy|required|ur[il]|at|date|time|used|"
    r"expir\w*|version|usage|spec|manager|algorithm|format|fingerprint|rotation\w*)$",
)
"""Names that only tell of a secret: `KmsKeyId`, `password_last_used`."""

_SIGNATURE = re.compile(r"([?&](?:X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature|Signature|sig)=)[^&\s\"']+")
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_ASSIGNED = re.compile(r"""(?<![\w.\-])(?P<name>[\w.\-]+)["']?[ \t]*(?:=>|:=|[:=])[ \t]*""")
_VALUE = re.compile(r""""(?:\\.|[^"\\])*(?:"|\Z)|'[^']*(?:'|\Z)|[^\s"'][^\n]*""", re.DOTALL)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")


_NAMING = ("name", "Name", "key", "Key", "ParameterKey", "OptionName")
_NAMED = ("value", "Value", "ParameterValue")


def _without(data: Any, name: str, secret: Callable[[str], bool], fit: Callable[[str, Any], Any]) -> Any:
    """`data` with each of its values as `fit` has it, which is told the name that counts for the value."""
    if isinstance(data, Mapping):
        return {key: _without(each, under, secret, fit) for key, under, each in _named(data, name, secret)}
    if isinstance(data, list | tuple):
        return [_without(each, name, secret, fit) for each in data]
    return fit(name, data)


def _named(data: Mapping[str, Any], above: str, secret: Callable[[str], bool]) -> Iterator[tuple[str, str, Any]]:
    """Each key with the name that counts for it, and its value.

    What counts is the most telling name: the one that stands beside it (`{"name": "DB_PASSWORD", "value": "..."}`, as
    clouds and clusters write settings), its own, or the one that it is in.
    """
    beside = next((data[key] for key in _NAMING if isinstance(data.get(key), str)), "")
    for key, each in data.items():
        names = (beside if key in _NAMED else "", str(key), above)
        yield key, next((name for name in names if name and secret(name)), str(key)), each


def _is_hidden(name: str, value: Any) -> bool:
    return names_a_secret(name) and value not in ("", None) and not isinstance(value, bool)


def _fit(value: Any) -> Any:
    return text_shown(value) if isinstance(value, str) else value
