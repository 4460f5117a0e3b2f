"""What is hidden of data from outside, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.checks.hiding import hidden, is_secret, secrets_in, text_hidden


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
    assert hidden(data) == shown


@pytest.mark.parametrize(
    "name", ["KmsKeyId", "kms_key_id", "SecretArn", "secretName", "PasswordLastUsed", "password_policy", "Key", "tokenUrl"]
)  # fmt: skip
def test_names_that_only_tell_of_a_secret_are_no_secrets(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    "name", ["SecretString", "api_key", "AccessToken", "DB_PASSWORD", "SecretAccessKey", "primaryKey"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


def test_signatures_private_keys_and_tokens_are_known_by_their_look() -> None:
    assert text_hidden("https://b.s3.amazonaws.com/x?X-Amz-Signature=abc123&y=1") == (
        "https://b.s3.amazonaws.com/x?X-Amz-Signature=***&y=1"
    )
    assert text_hidden("https://acc.blob.core.windows.net/c?sv=1&sig=aB%2B") == (
        "https://acc.blob.core.windows.net/c?sv=1&sig=***"
    )
    assert text_hidden("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n") == (
        "-----BEGIN RSA PRIVATE KEY-----***\n"
    )
    assert text_hidden("-----BEGIN PRIVATE KEY-----\nMIIE, and cut off") == "-----BEGIN PRIVATE KEY-----***"
    assert text_hidden("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib3QifQ.c2lnbmF0dXJl") == "Bearer ***"


def test_a_secret_is_hidden_under_another_name_too() -> None:
    data = {"settings": [{"name": "DB_PASSWORD", "value": "hunter2-and-more"}], "pin": {"password": "1234"}}
    known = secrets_in(data)
    assert known == {"hunter2-and-more", "1234"}
    assert hidden({"p": "hunter2-and-more", "url": "x?p=hunter2-and-more", "n": "1234", "year": "in 12345"}, "", known) == {
        "p": "***",
        "url": "x?p=***",
        "n": "***",
        "year": "in 12345",
    }  # fmt: skip
