"""What is hidden of data from outside, and what is not."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.hiding import (
    described_shown,
    secrets_described,
    settings_shown,
    settings_text_shown,
    tells_a_secret,
    text_shown,
)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"password": "hunter2", "user": "bot"}, {"password": "***", "user": "bot"}),
        ({"MasterUserPassword": "hunter2", "MasterUsername": "bot"}, {"MasterUserPassword": "***", "MasterUsername": "bot"}),
        ({"api_token": {"value": "hunter2"}}, {"api_token": {"value": "***"}}),
        ({"keys": [{"name": "a", "secret": "hunter2"}]}, {"keys": [{"name": "a", "secret": "***"}]}),
        ([{"name": "DB_PASSWORD", "value": "hunter2"}], [{"name": "DB_PASSWORD", "value": "***"}]),
        ([{"name": "FLASK_ENV", "value": "production"}], [{"name": "FLASK_ENV", "value": "production"}]),
        ({"Tags": [{"Key": "team", "Value": "trading"}]}, {"Tags": [{"Key": "team", "Value": "trading"}]}),
        ({"uri": "postgresql://bot:hunter2@db/bot"}, {"uri": "postgresql://***@db/bot"}),
        ({"private_key": ""}, {"private_key": ""}),
        ({"MinimumPasswordLength": 14, "tokens": 3, "secret": None}, {"MinimumPasswordLength": 14, "tokens": 3, "secret": None}),
    ],
)  # fmt: skip
def test_what_stands_under_the_name_of_a_secret_is_hidden(data: Any, shown: Any) -> None:
    assert described_shown(data) == shown


@pytest.mark.parametrize(
    "name", ["KmsKeyId", "kms_key_id", "SecretArn", "secretName", "PasswordLastUsed", "password_policy", "Key", "tokenUrl"]
)  # fmt: skip
def test_names_that_only_tell_of_a_secret_are_no_secrets(name: str) -> None:
    assert not tells_a_secret(name)


@pytest.mark.parametrize(
    "name", ["SecretString", "api_key", "AccessToken", "DB_PASSWORD", "SecretAccessKey", "primaryKey"]
)
def test_names_of_secrets(name: str) -> None:
    assert tells_a_secret(name)


def test_signatures_private_keys_and_tokens_are_known_by_their_look() -> None:
    assert text_shown("https://b.s3.amazonaws.com/x?X-Amz-Signature=abc123&y=1") == (
        "https://b.s3.amazonaws.com/x?X-Amz-Signature=***&y=1"
    )
    assert text_shown("https://acc.blob.core.windows.net/c?sv=1&sig=aB%2B") == (
        "https://acc.blob.core.windows.net/c?sv=1&sig=***"
    )
    assert text_shown("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n") == (
        "-----BEGIN RSA PRIVATE KEY-----***\n"
    )
    assert text_shown("-----BEGIN PRIVATE KEY-----\nMIIE, and cut off") == "-----BEGIN PRIVATE KEY-----***"
    assert text_shown("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib3QifQ.c2lnbmF0dXJl") == "Bearer ***"


def test_a_secret_is_hidden_under_another_name_too() -> None:
    data = {"settings": [{"name": "DB_PASSWORD", "value": "hunter2-and-more"}], "pin": {"password": "1234"}}
    known = secrets_described(data)
    assert known == {"hunter2-and-more", "1234"}
    assert described_shown({"p": "hunter2-and-more", "url": "x?p=hunter2-and-more", "n": "1234", "year": "in 12345"}, "", known) == {
        "p": "***",
        "url": "x?p=***",
        "n": "***",
        "year": "in 12345",
    }  # fmt: skip


SECRET = "hunter2 hunter2"
SAFE_NAMES = st.sampled_from(["host", "port", "debug", "x"])
SECRET_NAMES = st.sampled_from(["SECRET_KEY", "db_password", "api-token", "auth", "credentials", "aws.dsn"])
DATA = st.recursive(
    st.just(SECRET),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(SAFE_NAMES, inside, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(SECRET_NAMES, DATA)
def test_nothing_under_a_secret_name_is_shown_however_deep(name: str, data: Any) -> None:
    assert SECRET not in json.dumps(settings_shown({"x": [{name: data}]}))
    assert settings_shown({"x": data}) == {"x": data}


@settings(deadline=None)
@given(SECRET_NAMES, st.sampled_from(["{0}={1}", "{0}: {1}", "{0} = '{1}'", '"{0}": "{1}"', 'x = 1, "{0}": "{1}", y']))
def test_no_text_shows_what_follows_a_secret_name(name: str, form: str) -> None:
    text = "a=1\n" + form.format(name, SECRET) + "\nb=2\n"
    shown = settings_text_shown(text)
    assert SECRET not in shown
    assert shown.startswith("a=1\n")
    assert name in shown


def test_text_without_secrets_stays_as_it_is() -> None:
    for text in ("server_tokens off;\n", "FLASK_ENV=production\nHOST: example.com # note\n", '{"a": [1, "b"]}', ""):
        assert settings_text_shown(text) == text


def test_private_keys_and_passwords_in_addresses_are_hidden() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\nafter"
    assert settings_text_shown(key) == "-----BEGIN RSA PRIVATE KEY-----***\nafter"
    assert settings_text_shown("u = http://me:pass@h/") == "u = http://***@h/"


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "a=" * 500_000, "token='" * 150_000, '"' * 1_000_000, "a-" * 500_000]
)
def test_no_text_takes_for_ever_to_clean(text: str) -> None:
    started = time.monotonic()
    settings_text_shown(text)
    assert time.monotonic() - started < 20


def test_settings_are_taken_at_their_word_and_numbers_are_values_too() -> None:
    assert settings_shown({"key": "abc", "pin_token": 1234, "token_used": True, "secret": "", "tokens": []}) == {
        "key": "***",
        "pin_token": "***",
        "token_used": True,
        "secret": "",
        "tokens": [],
    }
    assert settings_shown([{"name": "DB_PASSWORD", "value": "hunter2"}]) == [{"name": "DB_PASSWORD", "value": "***"}]
    assert settings_shown({"a": "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib3QifQ.c2ln"}) == {"a": "Bearer ***"}
