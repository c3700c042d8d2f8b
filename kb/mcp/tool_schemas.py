"""The JSON schemas of arguments and answers, without what only repeats: an assistant pays for every word."""

from typing import Any

from pydantic import BaseModel

_WORDLESS = {"title", "default"}
_ALTERNATIVES = "enum"


def of_arguments(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of arguments without titles, defaults and `null`, which a caller may leave out."""
    schema: dict[str, Any] = _short(model.model_json_schema())
    return schema


def of_answers(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an answer in the same way, without the lists of what is always there."""
    schema: dict[str, Any] = _short(model.model_json_schema())
    schema.pop("required", None)
    for part in schema.get("$defs", {}).values():
        # What has properties is an object.
        part.pop("required", None)
        part.pop("type", None)
    return schema


def _short(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_short(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "properties" in schema:
        # The docstring of a model.
        schema = {name: part for name, part in schema.items() if name != "description"}
    variants = [part for part in schema.get("anyOf", []) if part != {"type": "null"}]
    if len(variants) == 1:
        schema = {name: part for name, part in schema.items() if name != "anyOf"} | variants[0]
    if _ALTERNATIVES in schema:
        return {_ALTERNATIVES: schema[_ALTERNATIVES]}
    # A property may itself be called `title`: its schema is no text.
    return {name: _short(part) for name, part in schema.items() if name not in _WORDLESS or isinstance(part, dict)}
