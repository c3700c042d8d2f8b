"""The description keeps what clients of the last release rely on. README says what may change within a version.

`released.json` has the description of the last release. After a release, `WRITE_EXPECTED=1 pytest` this file stores the
present one in its place, and `known_breaks.toml` becomes empty.
"""

import json
import os
import tomllib
from pathlib import Path

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.api.breaks import breaks, essence

RELEASED = Path(__file__).with_name("released.json")
KNOWN = Path(__file__).with_name("known_breaks.toml")


def known():
    """Return the sentences of `known_breaks.toml`: each kind of break has its reason once."""
    kinds = tomllib.loads(KNOWN.read_text(encoding="utf-8"))
    assert [name for name, kind in kinds.items() if not kind["reason"]] == []
    return sorted(sentence for kind in kinds.values() for sentence in kind["breaks"])


def present():
    return essence(json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True))))


def test_each_break_since_the_last_release_is_known_and_has_a_reason():
    description = present()
    if os.environ.get("WRITE_EXPECTED"):
        lines = [f"{json.dumps(name)}: {json.dumps(one, ensure_ascii=False)}" for name, one in description.items()]
        RELEASED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        KNOWN.write_text(f"{KNOWN.read_text(encoding='utf-8').splitlines()[0]}\n", encoding="utf-8")
    sentences = sorted(breaks(json.loads(RELEASED.read_text(encoding="utf-8")), description))
    assert [one for one in sentences if one not in known()] == [], "give the reason in known_breaks.toml, or undo it"
    assert [one for one in known() if one not in sentences] == [], "known_breaks.toml lists breaks that are none"


OBJECT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
MORE = {**OBJECT, "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a", "b"]}


def operation(**more):
    """Return a description of one operation."""
    content = {"application/json": {"schema": more.pop("body", OBJECT)}}
    question = {"parameters": more.pop("parameters", []), "requestBody": {"content": content}}
    responses = more.pop("responses", {"200": {"content": {"application/json": {"schema": OBJECT}}}})
    return {"GET /x/": {"operationId": "get_x", "responses": responses, **question, **more}}


def parameter(required=False, **schema):
    return [{"name": "p", "required": required, "schema": {"type": "string", **schema}}]


def kind(**schema):
    return {"type T": schema}


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (operation(), {}, "GET /x/ is gone."),
        (operation(), operation(operationId="read_x"), "GET /x/ is called read_x, not get_x."),
        (operation(parameters=parameter()), operation(), "GET /x/ takes no parameter p."),
        (operation(), operation(parameters=parameter(required=True)), "GET /x/ requires the parameter p."),
        (
            operation(parameters=parameter()),
            operation(parameters=parameter(type="integer")),
            "GET /x/, parameter p, may not be string.",
        ),
        (
            operation(parameters=parameter(enum=["a", "b"])),
            operation(parameters=parameter(enum=["a"])),
            "GET /x/, parameter p, takes fewer values: b.",
        ),
        (
            operation(parameters=parameter()),
            operation(parameters=parameter(maxLength=5)),
            "GET /x/, parameter p, has the maxLength 5, not none.",
        ),
        (operation(body=OBJECT), operation(body=MORE), "GET /x/, the body requires the member b."),
        (operation(body=MORE), operation(body=OBJECT), "GET /x/, the body takes no member b."),
        (operation(), operation(responses={}), "GET /x/ has no answer 200."),
        (operation(), operation(responses={"200": {}}), "GET /x/, answer 200, is never application/json."),
        (kind(**MORE), kind(**OBJECT), "type T has no member b."),
        (kind(**MORE), kind(**{**MORE, "required": ["a"]}), "type T may lack b."),
        (kind(type="string"), kind(type=["string", "null"]), "type T may be null, and was string."),
        (kind(type="string"), kind(**{"$ref": "#/x/Y"}), "type T may be Y, and was string."),
        (kind(type="string"), kind(), "type T may be anything, and was string."),
        (
            kind(type="array", items={"type": "string"}),
            kind(type="array", items={"type": "integer"}),
            "each item of type T may be integer, and was string.",
        ),
        (kind(enum=["a"]), kind(enum=["a", "b"]), "type T has new values: b."),
    ],
)
def test_a_break_is_named_in_a_sentence(old, new, sentence):
    assert list(breaks(old, new)) == [sentence]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (operation(), operation() | kind(**OBJECT)),
        (operation(), operation(parameters=parameter())),
        (operation(parameters=parameter(enum=["a"])), operation(parameters=parameter(enum=["a", "b"]))),
        (operation(parameters=parameter(maxLength=5)), operation(parameters=parameter(maxLength=9))),
        (operation(), operation(body={**MORE, "required": ["a"]})),
        (kind(**OBJECT), kind(**MORE)),
        (kind(type=["string", "null"]), kind(type="string")),
        (kind(), kind(type="string")),
        (kind(enum=["a"]), kind(**{"enum": ["a", "b"], "x-may-grow": True})),
    ],
)
def test_what_may_change_within_a_version_is_no_break(old, new):
    assert list(breaks(old, new)) == []
