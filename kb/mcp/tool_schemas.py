"""The JSON schemas of arguments and answers, without what only repeats: an assistant pays for every word."""

from typing import Any

from pydantic import BaseModel

_WORDLESS = {"title", "default"}
_ALTERNATIVES = "enum"
_NULL = {"type": "null"}
_WITH_NULL = {"Meaning"}
"""What has members that are null. Others leave these out."""


def of_arguments(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of arguments without titles, defaults and `null`, which a caller may leave out."""
    schema: dict[str, Any] = _short(model.model_json_schema())
    return schema


def of_answers(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an answer in the same way, without the lists of what is always there."""
    whole = model.model_json_schema()
    schema: dict[str, Any] = _short(whole)
    schema.pop("required", None)
    for kind in _WITH_NULL & schema.get("$defs", {}).keys():
        members = schema["$defs"][kind]["properties"]
        nullable = [name for name, part in whole["$defs"][kind]["properties"].items() if _NULL in part.get("anyOf", [])]
        members |= {name: _or_null(members[name]) for name in nullable}
    for part in schema.get("$defs", {}).values():
        # What has properties is an object.
        part.pop("required", None)
        part.pop("type", None)
    return schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return schema | {"type": [schema["type"], "null"]} if "type" in schema else {"anyOf": [schema, _NULL]}


def _short(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_short(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "properties" in schema:
        # The docstring of a model.
        schema = {name: part for name, part in schema.items() if name != "description"}
    variants = [part for part in schema.get("anyOf", []) if part != _NULL]
    if len(variants) == 1:
        schema = {name: part for name, part in schema.items() if name != "anyOf"} | variants[0]
    if _ALTERNATIVES in schema:
        return {_ALTERNATIVES: schema[_ALTERNATIVES]}
    # A property may itself be called `title`: its schema is no text.
    return {name: _short(part) for name, part in schema.items() if name not in _WORDLESS or isinstance(part, dict)}
