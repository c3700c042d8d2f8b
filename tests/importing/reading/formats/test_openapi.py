"""The codes of an API's description: those of its examples, or else the statuses of its responses."""

import json

import pytest
import yaml

from tests.importing.files import read_rows, refusal


def write(value, ending):
    return json.dumps(value) if ending == "json" else yaml.safe_dump(value)


def described(codes, **shared):
    return {"openapi": "3.0.0", "paths": {"/doors": {"get": {"responses": codes}}}, "components": shared}


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_statuses_are_codes(ending):
    paths = {
        "/doors": {"get": {"responses": {"200": {"description": "Fine"}, "404": {"description": "No door"}}}},
        "/paper": {"post": {"responses": {"404": {"description": "No paper"}, "default": {"description": "Other"}}}},
    }
    rows, problems = read_rows(write({"openapi": "3.0.0", "paths": paths}, ending), f"t.{ending}")
    assert sorted((row.section, row.code, row.texts["description"]) for row in rows) == [
        ("", "200", "Fine"), ("GET /doors", "404", "No door"), ("POST /paper", "404", "No paper"),
    ]  # fmt: skip
    assert [problem.value for problem in problems] == ["default"]


def test_a_reference_to_a_shared_response_is_followed_inside_the_file_only():
    shared = {"NotFound": {"description": "Nothing there"}}
    responses = {"404": {"$ref": "#/components/responses/NotFound"}, "500": {"$ref": "file:///etc/passwd"}}
    rows, _ = read_rows(json.dumps(described(responses, responses=shared)), "t.json")
    assert [(row.code, row.texts["description"]) for row in rows] == [("404", "Nothing there"), ("500", "")]


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_codes_of_examples_are_the_codes(ending):
    examples = {
        "a": {"value": {"code": "E101", "message": "Door"}},
        "b": {"value": {"errors": [{"code": "E102", "message": "Paper"}]}},
    }
    responses = {"400": {"description": "Bad", "content": {"application/json": {"examples": examples}}}}
    schema = {"Error": {"type": "object", "example": {"code": "E101", "message": "Door"}}}
    rows, problems = read_rows(write(described(responses, schemas=schema), ending), f"t.{ending}")
    assert [(row.code, row.texts["description"]) for row in rows] == [("E101", "Door"), ("E102", "Paper")]
    assert [problem.kind for problem in problems] == ["left_out"]


def test_an_api_without_responses_is_refused():
    assert refusal('{"openapi": "3.0.0", "paths": {}}', "t.json")[0] == ["no_list"]


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_an_enumeration_with_names_and_descriptions_lists_codes(ending):
    code = {"enum": [7, 8], "x-enum-varnames": ["OPEN", "PAPER"], "x-enum-descriptions": ["Door is open", "No paper"]}
    other = {"enum": ["red", "green"], "x-enum-varnames": ["RED", "GREEN"]}
    rows, _ = read_rows(write(described({}, schemas={"Colour": other, "Fault": code}), ending), f"t.{ending}")
    assert [(row.code, row.texts["symbol"], row.texts["description"]) for row in rows] == [
        ("7", "OPEN", "Door is open"), ("8", "PAPER", "No paper"),
    ]  # fmt: skip
