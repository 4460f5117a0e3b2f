"""Data from outside as they may be shown: what is secret by its name, or by its look, is hidden. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.checks.container import HIDDEN, shown
from cockpit.text import SHORTEST_SECRET

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
_JWT = re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*")

_NAMING = ("name", "Name", "key", "Key", "ParameterKey", "OptionName")
_NAMED = ("value", "Value", "ParameterValue")


def hidden(data: Any, name: str = "", known: frozenset[str] = frozenset()) -> Any:
    """`data` without the texts that stand under a name like a secret's, without private keys, signatures and tokens.

    A mapping of a name and a value (`{"name": "DB_PASSWORD", "value": "..."}`), as clouds and clusters write settings,
    counts as the one under the other. What is `known` to be secret is hidden under any name.
    """
    if isinstance(data, Mapping):
        return {key: hidden(each, under, known) for key, under, each in _named(data, name)}
    if isinstance(data, list | tuple):
        return [hidden(each, name, known) for each in data]
    if not isinstance(data, str):
        return data
    if data and (is_secret(name) or data in known):
        return HIDDEN
    for secret in known:
        data = data.replace(secret, HIDDEN) if len(secret) >= SHORTEST_SECRET else data
    return text_hidden(data)


def secrets_in(data: Any, name: str = "") -> frozenset[str]:
    """The texts that `hidden` hides for their name: they may turn up elsewhere, under another one."""
    if isinstance(data, Mapping):
        return frozenset().union(*(secrets_in(each, under) for _, under, each in _named(data, name)))
    if isinstance(data, list | tuple):
        return frozenset().union(*(secrets_in(each, name) for each in data))
    return frozenset({data}) if isinstance(data, str) and data and is_secret(name) else frozenset()


def text_hidden(text: str) -> str:
    """`text` without passwords in URLs, signatures in URLs, private keys and tokens of the JWT form."""
    text = _PRIVATE_KEY.sub(rf"\1{HIDDEN}", shown("", text))
    return _JWT.sub(HIDDEN, _SIGNATURE.sub(rf"\1{HIDDEN}", text))


def is_secret(name: str) -> bool:
    """Whether what stands under this name is to be hidden."""
    return shown(name, "x") == HIDDEN and not _HARMLESS.search(name)


def _named(data: Mapping[str, Any], above: str) -> Iterator[tuple[str, str, Any]]:
    """Each key with the name that counts for it, and its value.

    What counts is the most telling name: the one that stands beside it, its own, or the one that it is in.
    """
    beside = next((data[key] for key in _NAMING if isinstance(data.get(key), str)), "")
    for key, each in data.items():
        names = (beside if key in _NAMED else "", str(key), above)
        yield key, next((name for name in names if name and is_secret(name)), str(key)), each
