"""The media type of an answer is one that the description names and that `Accept` likes best."""

import json

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from kb.api.framework.negotiation import media_ranges
from tests import make

pytestmark = pytest.mark.django_db
BODIES = {"/api/v1/lookup/": {"codes": ["1"]}, "/api/v1/detect/": {"text": "code=1"}}
PROBLEM, BYTES = "application/problem+json", "application/octet-stream"


def declared():
    """Return (method, path, media types of success) of every operation."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return [
        (method, path, [*operation["responses"]["200"].get("content", {})])
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]


OPERATIONS = declared()
ENDINGS = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/vnd.sqlite3": "sqlite",
}


@pytest.fixture
def ask(admin):
    code = make.code("1", pk=1)
    make.note("Note", code, pk=1)
    make.incident("Down", code, pk=1)
    client = Client()
    client.force_login(admin)

    def ask(method, path, media_type, accept):
        address = path.replace("{id}", "1").replace("{slug}", "zim-server")
        address = address.replace("{ending}", ENDINGS.get(media_type, "sqlite"))
        address += "?q=1" if "search" in path else ""
        if method == "post":
            return client.post(address, json.dumps(BODIES[path]), "application/json", headers={"accept": accept})
        return client.get(address, headers={"accept": accept})

    return ask


def kind(answer):
    return answer["Content-Type"].partition(";")[0]


def test_the_description_names_the_types_of_files():
    types = {media_type for _, _, types in OPERATIONS for media_type in types}
    assert types == {*ENDINGS, BYTES}
    assert len(OPERATIONS) >= 15


@pytest.mark.parametrize(("method", "path", "types"), OPERATIONS)
def test_each_operation_answers_with_each_type_that_it_declares(ask, method, path, types):
    for media_type in types:
        anything = ("*/*", "") if media_type != BYTES else ()
        for accept in (media_type, f"text/x-none, {media_type};q=0.5", *anything, f"{media_type};v=1, {PROBLEM}"):
            answer = ask(method, path, media_type, accept)
            assert (answer.status_code, kind(answer)) == (200, media_type), accept


@pytest.mark.parametrize(("method", "path", "types"), OPERATIONS)
def test_json_first_and_anything_else_next_is_answered_everywhere(ask, method, path, types):
    assert ask(method, path, types[0], "application/json, */*;q=0.1").status_code == 200
    assert kind(ask(method, path, types[-1], "application/json")) == types[-1]


@pytest.mark.parametrize(("method", "path", "types"), [one for one in OPERATIONS if one[2] != ["application/json"]])
@pytest.mark.parametrize("accept", ["application/json", PROBLEM, f"application/json, {PROBLEM}", "Application/JSON"])
def test_a_file_has_the_type_of_its_ending_whatever_json_a_generated_client_asks_for(ask, method, path, types, accept):
    for media_type in types[1:]:
        answer = ask(method, path, media_type, accept)
        assert (answer.status_code, kind(answer)) == (200, media_type)
    refused = ask(method, path, types[0], f"{accept.rpartition(', ')[2]};q=0")
    assert refused.status_code == 406


@pytest.mark.parametrize(("method", "path", "types"), OPERATIONS)
@pytest.mark.parametrize("accept", ["text/x-none", "image/*", "*/*;q=0", "{type};q=0, text/x-none", "{types}, */*"])
def test_a_type_that_nobody_has_is_406_that_lists_what_there_is(ask, method, path, types, accept):
    for media_type in types if types[0] != BYTES else types[1:]:
        there_is = [media_type, *([BYTES] if BYTES in types else [])]
        nothing = ", ".join(f"{one};q=0" for one in there_is)
        answer = ask(method, path, media_type, accept.replace("{types}", nothing).replace("{type}", media_type))
        assert (answer.status_code, kind(answer), answer.json()["code"]) == (406, PROBLEM, "not_acceptable")
        assert answer.json()["detail"].endswith(f"Allowed: {', '.join(there_is)}.")


@pytest.mark.parametrize(("method", "path", "types"), [one for one in OPERATIONS if BYTES in one[2]])
def test_a_file_comes_as_bytes_if_its_own_type_is_excluded(ask, method, path, types):
    for media_type in types[1:]:
        for accept in (f"{media_type};q=0, */*", f"{media_type};q=0.2, {BYTES};q=0.9", f"{media_type};q=0, {BYTES}"):
            answer = ask(method, path, media_type, accept)
            assert (answer.status_code, kind(answer)) == (200, BYTES), accept


@pytest.mark.parametrize(
    ("accept", "status", "kind_of_answer"),
    [
        ("", 200, "application/json"),
        ("*/*", 200, "application/json"),
        (PROBLEM, 200, "application/json"),
        (f"{PROBLEM}, text/html;q=0.5", 200, "application/json"),
        ("text/html, */*;q=0.8", 200, "text/html"),
        ("application/json;q=0, */*", 200, "text/html"),
        ("application/json;q=0.1, */*", 200, "text/html"),
        ("application/*;q=0, */*", 200, "text/html"),
        ("application/json;q=0, application/*", 406, PROBLEM),
        ("application/json;q=0, text/html;q=0, */*", 406, PROBLEM),
        ("text/csv", 406, PROBLEM),
    ],
)
@pytest.mark.parametrize("address", ["/api/problems/", "/api/problems/not_found/"])
def test_pages_about_problems_come_in_the_preferred_type(client, address, accept, status, kind_of_answer):
    answer = client.get(address, headers={"accept": accept} if accept else {})
    assert (answer.status_code, kind(answer)) == (status, kind_of_answer)


@pytest.mark.parametrize(
    ("accept", "kind_of_answer"),
    [
        ("application/yaml", "application/yaml"),
        ("application/vnd.oai.openapi", "application/vnd.oai.openapi"),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
        ("application/json", "application/json"),
        ("application/json;q=0.2, application/yaml;q=0.9", "application/yaml"),
        ("application/json;q=0, application/yaml;q=0.1", "application/yaml"),
        ("*/*", "application/json"),
    ],
)
def test_the_description_comes_as_json_or_yaml(client, accept, kind_of_answer):
    assert kind(client.get("/api/v1/schema/", headers={"accept": accept})) == kind_of_answer


@pytest.mark.parametrize("path", ["/api/v1/snapshot/", "/api/v1/export.sqlite", "/api/v1/tables/zim-server/export.csv"])
def test_files_know_head_and_options(admin, path):
    make.code("1")
    client = Client()
    client.force_login(admin)
    head, options = client.head(path), client.options(path, headers={"accept": "application/json"})
    assert (head.status_code, head.content if not head.streaming else b"".join(head)) == (200, b"")
    assert (options.status_code, options["Allow"]) == (200, "GET, HEAD, OPTIONS")


def test_an_unknown_ending_is_named(admin):
    make.code("1")
    client = Client()
    client.force_login(admin)
    answer = client.get("/api/v1/tables/zim-server/export.txt", headers={"accept": "text/csv, */*;q=0.1"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter")


def test_a_header_is_read_as_far_as_it_makes_sense(client):
    ranges = media_ranges("a/b;q=x, a/b;q=2, a/b;q=.5, a/b; Q=0.25, nonsense")
    assert [one.quality for one in ranges] == [1, 1, 0.5, 0.25]
    assert client.get("/api/v1/codes/", headers={"accept": ",".join(["a/b"] * 500)}).status_code == 406
    text = client.get("/api/v1/codes/", headers={"accept": "application/json; indent=4"}).text
    assert text.startswith('{\n    "next"')
