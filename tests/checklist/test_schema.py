"""The JSON Schema knows what the loader knows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.checklist.form import known_keys
from cockpit.checklist.kinds import DocumentedKind
from cockpit.checklist.schema import DIALECT, json_schema
from cockpit.checklist.whole_file import Checklist


@pytest.fixture
def schema(kinds: dict[str, DocumentedKind]) -> dict[str, Any]:
    return json_schema(kinds, {})


def objects(schema: Any) -> list[dict[str, Any]]:
    """Every schema of a mapping with known keys."""
    if isinstance(schema, list):
        return [found for each in schema for found in objects(each)]
    if not isinstance(schema, dict):
        return []
    below = [found for each in schema.values() for found in objects(each)]
    return [schema, *below] if schema.get("type") == "object" and "properties" in schema else below


def test_it_is_a_schema_of_the_2020_12_dialect_and_plain_json(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == DIALECT
    assert json.loads(json.dumps(schema)) == schema


def test_it_has_every_key_of_the_format_with_a_description(schema: dict[str, Any]) -> None:
    assert list(schema["properties"]) == known_keys(Checklist)
    for each in objects(schema):
        for key, value in each["properties"].items():
            assert value.get("description"), key


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    text = json.dumps(schema)
    references = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert references
    assert all(reference.removeprefix("#/$defs/") in schema["$defs"] for reference in references)


def test_unknown_keys_are_refused_and_x_keys_left_alone_at_every_level(schema: dict[str, Any]) -> None:
    found = objects(schema)
    assert len(found) > 10
    for each in found:
        assert each["additionalProperties"] is False
        assert each["patternProperties"] == {"^x-": {}}


def test_every_kind_is_a_key_of_a_check_with_its_fields_in_the_description(
    schema: dict[str, Any], kinds: dict[str, DocumentedKind]
) -> None:
    check = schema["$defs"]["Check"]["properties"]
    assert set(kinds) < set(check)
    assert check["page"]["$ref"] == "#/$defs/page"
    assert "`tls.expires_in` (duration): Until the certificate expires." in check["page"]["description"]
    assert "`latency` (double, seconds)" in check["page"]["description"]
    assert "Without a condition it must hold that `full`." in check["box"]["description"]
    assert schema["$defs"]["page"]["required"] == ["url"]


def test_a_variable_may_stand_where_a_number_or_a_word_is_meant(schema: dict[str, Any]) -> None:
    port = schema["$defs"]["page"]["properties"]["port"]
    assert port["anyOf"] == [
        {"maximum": 65535, "minimum": 1, "type": "integer"},
        {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"},
    ]
    assert port["default"] == 80
    assert schema["$defs"]["page"]["properties"]["url"]["type"] == "string"


@pytest.mark.parametrize("name", ["Confirm", "Run", "Variable"])
def test_what_may_be_written_short_may_be_written_short(schema: dict[str, Any], name: str) -> None:
    short, long = schema["$defs"][name]["anyOf"]
    assert short["type"] != "object"
    assert long["type"] == "object"


def test_a_change_to_what_is_extended_needs_no_more_than_an_id(schema: dict[str, Any]) -> None:
    assert "required" not in schema
    for name in ("Part", "Section", "Group", "Item", "Command"):
        assert schema["$defs"][name]["required"] == ["id"]
