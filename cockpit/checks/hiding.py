"""Data from outside as they may be shown: what is secret by its name, or by its look, is hidden. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cockpit.checks.container import HIDDEN, shown

_HARMLESS = re.compile(
    r"^keys?$|^name$"
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


def hidden(data: Any, name: str = "") -> Any:
    """`data` without the texts that stand under a name like a secret's, without private keys, signatures and tokens.

    A mapping of a name and a value (`{"name": "DB_PASSWORD", "value": "..."}`), as clouds and clusters write settings,
    counts as the one under the other.
    """
    if isinstance(data, Mapping):
        named = next((data[key] for key in _NAMING if isinstance(data.get(key), str)), "")
        return {key: hidden(each, _under(key, named if key in _NAMED else "", name)) for key, each in data.items()}
    if isinstance(data, list | tuple):
        return [hidden(each, name) for each in data]
    if not isinstance(data, str):
        return data
    return HIDDEN if data and is_secret(name) else text_hidden(data)


def text_hidden(text: str) -> str:
    """`text` without passwords in URLs, signatures in URLs, private keys and tokens of the JWT form."""
    text = _PRIVATE_KEY.sub(rf"\1{HIDDEN}", shown("", text))
    return _JWT.sub(HIDDEN, _SIGNATURE.sub(rf"\1{HIDDEN}", text))


def is_secret(name: str) -> bool:
    """Whether what stands under this name is to be hidden."""
    return shown(name, "x") == HIDDEN and not _HARMLESS.search(name)


def _under(key: str, named: str, above: str) -> str:
    """The name that counts for a value: the most telling of its key, of the name beside it, and of what it is in."""
    return next((each for each in (named, key, above) if each and is_secret(each)), key)
