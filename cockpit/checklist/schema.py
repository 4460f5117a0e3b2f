"""The JSON Schema of the file format, for editors: completion, documentation and errors as somebody types.

It follows from the models of the format and of the kinds of check, so it knows every key that the loader knows. What
only the whole document can tell (ids, variables, conditions) is left to `cockpit lint`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.checklist.actions import DocumentedAction
from cockpit.checklist.file import Check
from cockpit.checklist.form import known_keys
from cockpit.checklist.kinds import DocumentedKind, Field
from cockpit.checklist.plan_file import Action
from cockpit.checklist.whole_file import Checklist

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_LEFT_ALONE: dict[str, Any] = {"^x-": {}}
"""Keys that begin with `x-` may hold anything."""


def json_schema(kinds: Mapping[str, DocumentedKind], actions: Mapping[str, DocumentedAction]) -> dict[str, Any]:
    """The schema of a checklist, or of one file of a folder of them, with these kinds of check and of action."""
    schema = Checklist.model_json_schema(by_alias=True)
    definitions: dict[str, Any] = schema["$defs"]
    definitions["Check"] = _check(definitions["Check"], kinds, definitions)
    definitions["Action"] = _action(definitions["Action"], actions, definitions)
    for name, shorthand in _SHORTHANDS.items():
        definitions[name] = {"anyOf": [shorthand, definitions[name]]}
    # A file of a folder leaves to its neighbours what a checklist needs once; a change to what is extended names
    # only what it changes.
    schema.pop("required", None)
    for name in ("Part", "Section", "Group", "Item", "Command", "Step", "Watch"):
        definitions[name]["required"] = ["id"]
    return {"$schema": DIALECT, **_for_editors(schema), "title": "Cockpit checklist"}


_SHORTHANDS: dict[str, dict[str, Any]] = {
    "Host": {"type": "string", "description": "`ssh` alone: `deploy@10.0.0.5`."},
    "Confirm": {"type": "string", "description": "The question alone."},
    "Run": {"type": "string", "description": "A shell command."},
    "Variable": {
        "type": ["string", "number", "boolean", "array", "null"],
        "items": {"type": ["string", "number", "boolean"]},
        "description": "The value alone.",
    },
}
"""What may stand for a whole mapping."""


def _check(check: dict[str, Any], kinds: Mapping[str, DocumentedKind], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a check: its own keys, and the kinds."""
    properties = {key: check["properties"][key] for key in known_keys(Check)}
    for name, kind in kinds.items():
        spec = _or_variables(kind.spec.model_json_schema(by_alias=True, ref_template=f"#/$defs/{name}.{{model}}"))
        definitions.update({f"{name}.{key}": value for key, value in spec.pop("$defs", {}).items()})
        definitions[name] = {**spec, "description": _about(kind)}
        properties[name] = {"$ref": f"#/$defs/{name}", "description": _about(kind)}
    return {**check, "properties": properties}


def _action(
    action: dict[str, Any], actions: Mapping[str, DocumentedAction], definitions: dict[str, Any]
) -> dict[str, Any]:
    """The schema of what a step does: its own keys, and the kinds of action."""
    properties = {key: action["properties"][key] for key in known_keys(Action)}
    for name, kind in actions.items():
        spec = _or_variables(
            kind.spec.model_json_schema(by_alias=True, ref_template=f"#/$defs/action.{name}.{{model}}")
        )
        definitions.update({f"action.{name}.{key}": value for key, value in spec.pop("$defs", {}).items()})
        whole = {**spec, "description": kind.about}
        alone = {"type": "string", "description": f"`{kind.alone}` alone."}
        definitions[f"action.{name}"] = {"anyOf": [alone, whole]} if kind.alone else whole
        properties[name] = {"$ref": f"#/$defs/action.{name}", "description": kind.about}
    return {**action, "properties": properties}


_VARIABLE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}


def _or_variables(schema: Any) -> Any:
    """The schema of what a kind needs to know: wherever not any text will do, a text with a variable will, too."""
    if isinstance(schema, list):
        return [_or_variables(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("integer", "number", "boolean") or schema.keys() & {"enum", "const", "pattern", "format"}:
        said = {key: schema[key] for key in ("description", "default", "examples") if key in schema}
        narrow = {key: value for key, value in schema.items() if key not in said and key != "title"}
        return {**said, "anyOf": [narrow, _VARIABLE]}
    return {
        key: {name: _or_variables(each) for name, each in value.items()}
        if key == "properties"
        else _or_variables(value)
        for key, value in schema.items()
    }


def _about(kind: DocumentedKind) -> str:
    fields = "\n".join(f"- {_field(field)}" for field in kind.fields)
    implied = f"\n\nWithout a condition it must hold that `{kind.implied}`." if kind.implied else ""
    return f"{kind.about}\n\nConditions may use:\n{fields}{implied}"


def _field(field: Field) -> str:
    return f"`{field.name}` ({field.type}{', ' + field.unit if field.unit else ''}): {field.about}"


def _for_editors(schema: Any) -> Any:
    """The schema without what only clutters a completion, and with `x-` keys allowed everywhere."""
    if isinstance(schema, list):
        return [_for_editors(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    chosen = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(chosen) == 1:
        schema = {**schema, **chosen[0]}
        del schema["anyOf"]
    new = {key: _for_editors(value) for key, value in schema.items() if not _is_clutter(key, value)}
    if new.get("type") == "object" and "properties" in new:
        # The names of keys are no keywords of the schema: they are kept whatever they are.
        new["properties"] = {key: _for_editors(value) for key, value in schema["properties"].items()}
        new.update(patternProperties=_LEFT_ALONE, additionalProperties=False)
    return new


def _is_clutter(key: str, value: Any) -> bool:
    """Titles made from the names of keys; defaults that mean "nothing", or seconds where a text is written."""
    return (key == "title" and isinstance(value, str)) or (key == "default" and not value) or value == 10.0
