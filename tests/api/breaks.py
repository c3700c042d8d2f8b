"""What a new description takes from clients of an old one, as sentences."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

WORDS = {"description", "summary", "example", "examples", "title", "tags", "security", "headers", "readOnly"}
"""Keys that no client depends on."""

_LIMITS = {"maximum": 1, "maxLength": 1, "maxItems": 1, "minimum": -1, "minLength": -1, "minItems": -1}
"""Limits of what a client may send, and the direction in which they may move."""

GROWS = "x-may-grow"
"""Marks a choice of an answer whose values may become more."""


def essence(description: Schema) -> Schema:
    """Return a description by operation and type, without what no client depends on."""
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    types = {f"type {name}": schema for name, schema in description["components"]["schemas"].items()}
    return {name: _bare(one) for name, one in sorted((operations | types).items())}


def _bare(value: Any, are_names: bool = False) -> Any:
    """Return a value without words. Names of members and statuses are not keys of the description."""
    if isinstance(value, list):
        return [_bare(one) for one in value]
    if not isinstance(value, dict):
        return value
    named = {"properties", "responses", "content"}
    kept = {key: one for key, one in value.items() if are_names or key not in WORDS}
    return {key: _bare(one, not are_names and key in named) for key, one in sorted(kept.items())}


def breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Yield a sentence for each break. Both are an `essence`."""
    for name, before in old.items():
        if name not in new:
            yield f"{name} is gone."
        elif name.startswith("type "):
            yield from _answer(name, before, new[name])
        else:
            yield from _operation(name, before, new[name])


def _operation(name: str, old: Schema, new: Schema) -> Iterator[str]:
    if old["operationId"] != new["operationId"]:
        yield f"{name} is called {new['operationId']}, not {old['operationId']}."
    before, after = (_parameters(one) for one in (old, new))
    for key, parameter in before.items():
        if key not in after:
            yield f"{name} takes no parameter {key}."
        else:
            yield from _question(f"{name}, parameter {key},", parameter["schema"], after[key]["schema"])
    for key, parameter in after.items():
        if parameter.get("required") and not before.get(key, {}).get("required"):
            yield f"{name} requires the parameter {key}."
    yield from _body(name, old.get("requestBody", {}), new.get("requestBody", {}))
    for status, response in old["responses"].items():
        if status not in new["responses"]:
            yield f"{name} has no answer {status}."
        else:
            yield from _contents(f"{name}, answer {status},", response, new["responses"][status], _answer)


def _parameters(operation: Schema) -> dict[str, Schema]:
    return {one["name"]: one for one in operation.get("parameters", [])}


def _body(name: str, old: Schema, new: Schema) -> Iterator[str]:
    yield from _contents(f"{name}, the body", old, new, _question)


def _contents(name: str, old: Schema, new: Schema, compare: Any) -> Iterator[str]:
    for media, content in old.get("content", {}).items():
        if media not in new.get("content", {}):
            yield f"{name} is never {media}."
        else:
            yield from compare(name, content["schema"], new["content"][media]["schema"])


def _answer(name: str, old: Schema, new: Schema) -> Iterator[str]:
    """Yield what clients that read an answer lose."""
    before, after = _kinds(old), _kinds(new)
    if before and (after - before or not after):
        yield f"{name} may be {_listed(after - before)}, and was {_listed(before)}."
        return
    values = set(new.get("enum", [])) - set(old.get("enum", []))
    if "enum" in old and not new.get(GROWS) and ("enum" not in new or values):
        yield f"{name} has new values: {_listed(values)}."
    for member, schema in old.get("properties", {}).items():
        if member not in new.get("properties", {}):
            yield f"{name} has no member {member}."
        else:
            yield from _answer(f"{name}.{member}", schema, new["properties"][member])
    for member in sorted(set(old.get("required", [])).intersection(new.get("properties", {}))):
        if member not in new.get("required", []):
            yield f"{name} may lack {member}."
    yield from _inner(name, old, new, _answer)


def _question(name: str, old: Schema, new: Schema) -> Iterator[str]:
    """Yield what clients that send a value may no longer send."""
    before, after = _kinds(old), _kinds(new)
    if after and (before - after or not before):
        yield f"{name} may not be {_listed(before - after)}."
        return
    values = set(old.get("enum", [])) - set(new.get("enum", old.get("enum", [])))
    if values or ("enum" in new and "enum" not in old):
        yield f"{name} takes fewer values: {_listed(values)}."
    for limit, sign in _LIMITS.items():
        if limit in new and (limit not in old or sign * new[limit] < sign * old[limit]):
            yield f"{name} has the {limit} {new[limit]}, not {old.get(limit, 'none')}."
    for member, schema in old.get("properties", {}).items():
        if member not in new.get("properties", {}):
            yield f"{name} takes no member {member}."
        else:
            yield from _question(f"{name}, member {member},", schema, new["properties"][member])
    for member in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{name} requires the member {member}."
    yield from _inner(name, old, new, _question)


def _inner(name: str, old: Schema, new: Schema, compare: Any) -> Iterator[str]:
    for key, words in (("items", "each item of"), ("additionalProperties", "each member of")):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from compare(f"{words} {name}", old[key], new[key])


def _kinds(schema: Schema) -> set[str]:
    """Return the types that a value may have; {} for any."""
    if "$ref" in schema:
        return {schema["$ref"].rpartition("/")[2].removeprefix("NullEnum") or "null"}
    choices = [kind for key in ("oneOf", "anyOf", "allOf") for one in schema.get(key, []) for kind in _kinds(one)]
    types = schema.get("type", [])
    return {*choices, *([types] if isinstance(types, str) else types)}


def _listed(words: Any) -> str:
    return ", ".join(sorted(map(str, words))) or "anything"
