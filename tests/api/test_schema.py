"""The OpenAPI description is correct: generated requests, valid and invalid, get only answers that it describes."""

import json
import re

import pytest
import schemathesis
from django.conf import settings as settings_of_django
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from config.wsgi import application
from kb.api.framework.feed_places import place_of
from kb.api.framework.problem_types import TYPES
from kb.models.fields import CODE_MEMBERS
from tests import make

pytestmark = pytest.mark.django_db
QUESTIONS = ["lookup", "detect", "search"]
ENDPOINTS = ["tables", "codes", "notes", "incidents"]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Keep one parameter of each kind of value: the same code parses the others.

    Without `fields`, which takes away what is required.
    """
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            parameters = [one for one in operation.get("parameters", []) if one["name"] != "fields"]
            operation["parameters"] = [*{kind_of(one): one for one in reversed(parameters)}.values()]


def kind_of(parameter):
    """Return what parameters have in common that the same code parses."""
    schema = parameter["schema"]
    # A comma list and a text both have a pattern.
    items = [*schema.get("items", {})]
    return json.dumps([*schema, schema.get("type"), schema.get("format"), *items, parameter.get("required")])


@pytest.fixture
def schema_over_rows(request, monkeypatch):
    """The description as served, with a few rows of everything in the database."""
    for n in range(3):
        code = make.code(str(n), suggested_actions="Please try again later.", vendor_symbol="OTHER")
        make.note(f"Note {n}", code)
        make.incident(f"Incident {n}", code)
    make.code("9", make.table("secret", audience="internal"), retired_at=code.created_at, successor=code)
    make.code_range()
    # Otherwise each request closes the connection of the test's transaction; Django's test client does the same.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    monkeypatch.setattr("kb.api.framework.front.close_old_connections", lambda: None)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    # Requests of the public cover every limit of every parameter; those of an agent are a sample.
    sampled = request.node.name == "test_an_agent_is_answered_as_described"
    schema.config.phases.update(phases=["fuzzing"] if sampled else ["coverage"])
    yield schema
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def cookie(agent):
    """The header of an agent's session."""
    client = Client()
    client.force_login(agent)
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}"}


schema = schemathesis.pytest.from_fixture("schema_over_rows")
few = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# A description cannot say which tables and sections exist, and which cursors are valid.
LENIENT = [positive_data_acceptance]
# Its client cannot decompress.
PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.slow
@schema.parametrize()
@few
def test_the_public_is_answered_as_described(case):
    case.call_and_validate(headers=PLAIN, excluded_checks=LENIENT)


@pytest.mark.slow
@schema.parametrize()
@few
def test_an_agent_is_answered_as_described(case, cookie):
    case.call_and_validate(headers=PLAIN | cookie, excluded_checks=LENIENT)


def test_the_description_is_valid_and_complete(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    description = json.loads(capsys.readouterr().out)
    assert description["openapi"].startswith("3.1")
    exports = {"/api/v1/tables/{slug}/export.{ending}", "/api/v1/export.{ending}"}
    details = {"/api/v1/tables/{slug}/", *exports} | {f"/api/v1/{one}/{{id}}/" for one in ENDPOINTS[1:]}
    assert set(description["paths"]) >= details | {f"/api/v1/{one}/" for one in [*ENDPOINTS, *QUESTIONS]}
    operations = [(where, one) for where, path in description["paths"].items() for one in path.values()]
    assert [where for where, one in operations if not one["summary"] or not one["description"]] == []


def example_of(thing):
    """Return the first example of a parameter or a body."""
    schema = thing.get("schema", {})
    value = schema["examples"][0] if "examples" in schema else next(iter(thing["examples"].values()))["value"]
    return json.dumps(value) if isinstance(value, bool) else value


def test_every_endpoint_has_an_example_that_works(client, agent, editor):
    client.force_login(agent)
    code = make.code("660300001", in_section="Public return codes")
    make.note("Kept", code, owner=editor)
    ids = {
        "tables": code.table.slug,
        "codes": code.pk,
        "notes": make.note("Gone", code).pk,
        "incidents": make.incident().pk,
    }
    paths = client.get("/api/v1/schema/").json()["paths"]
    expected = {f"/api/v1/{one}/" for one in [*ENDPOINTS, *QUESTIONS]}
    for where in expected | {path for path in paths if path.endswith(("{id}/", "tables/{slug}/"))}:
        address = where.partition("{")[0] + (f"{ids[where.split('/')[3]]}/" if "{" in where else "")
        for method, one in paths[where].items():
            if method == "post":
                body = example_of(one["requestBody"]["content"]["application/json"])
                answer = client.post(address, json.dumps(body), content_type="application/json")
                assert answer.status_code == 200, (where, answer.content)
            else:
                assert one["parameters"], where
                # A search needs its question with each other parameter.
                needed = {
                    p["name"]: example_of(p) for p in one["parameters"] if p.get("required") and p["in"] == "query"
                }
                for parameter in one["parameters"]:
                    value = example_of(parameter)
                    value = ",".join(map(str, value)) if isinstance(value, list) else value
                    query = needed | ({parameter["name"]: value} if parameter["in"] == "query" else {})
                    answer = client.get(address, query)
                    # A cursor is of one database: that of the description is of none.
                    status = 410 if parameter["name"] == "cursor" else 200
                    assert answer.status_code == status, (where, query, answer.content)


def test_the_description_has_limits_and_choices(client):
    paths = client.get("/api/v1/schema/").json()["paths"]
    codes = {one["name"]: one["schema"] for one in paths["/api/v1/codes/"]["get"]["parameters"]}
    assert (codes["page_size"]["maximum"], codes["page_size"]["default"]) == (200, 50)
    assert "retry_later" in codes["disposition"]["items"]["enum"]
    assert codes["ordering"]["default"] == "vendor"
    assert "possible_reasons" in codes["fields"]["items"]["enum"]
    assert codes["updated_since"]["format"] == "date-time"
    assert set(paths["/api/v1/codes/{id}/"]["get"]["responses"]) == {
        "200",
        "304",
        "400",
        "401",
        "403",
        "404",
        "406",
        "429",
        "500",
        "503",
    }


FILTERED = {f"list_{one}" for one in ENDPOINTS}


def operations():
    """Return the operations of the description, and the whole of it."""
    description = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    found = [one for methods in description["paths"].values() for one in methods.values()]
    return {one["operationId"]: one for one in found}, description


def test_every_parameter_has_a_description_and_an_example():
    """Those of the lists' filters, too."""
    named, _ = operations()
    bare = [
        (name, one["name"])
        for name, operation in named.items()
        for one in operation.get("parameters", [])
        if not one.get("description") or None in one["schema"].get("examples", one.get("examples", [None]))
    ]
    # tests/api/test_filters.py asks for those of filters.
    assert [(name, parameter) for name, parameter in bare if name not in FILTERED] == []


def test_a_form_of_the_documentation_starts_with_what_is_required_alone(client):
    """Swagger UI fills in `example` and `examples` of a parameter, and a default: that much must work as it stands."""
    for name, operation in operations()[0].items():
        parameters = operation.get("parameters", [])
        filled = [one["name"] for one in parameters if {"example", "examples"} & set(one)]
        assert filled == [one["name"] for one in parameters if one.get("required")], name
    for noun in ENDPOINTS:
        defaults = {
            one["name"]: one["schema"]["default"]
            for one in operations()[0][f"list_{noun}"]["parameters"]
            if "default" in one["schema"]
        }
        assert client.get(f"/api/v1/{noun}/", defaults).status_code == 200


def test_every_answer_names_its_headers():
    named, description = operations()
    headers = description["components"]["headers"]
    assert [name for name, one in headers.items() if not one["description"] or "example" not in one] == []
    for name, operation in named.items():
        assert {"429", "500", "503"} <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            assert set(response["headers"]) >= {"X-Request-ID", "RateLimit", "RateLimit-Policy"}, (name, status)
            assert response["description"], (name, status)
            assert {one["$ref"].rpartition("/")[2] for one in response["headers"].values()} <= set(headers)
        assert "Retry-After" in operation["responses"]["429"]["headers"], name
        if "ETag" in operation["responses"]["200"]["headers"]:
            assert "content" not in operation["responses"]["304"], name


@pytest.mark.parametrize(
    ("address", "operation"),
    [
        ("codes/", "list_codes"),
        ("codes/{id}/", "get_code"),
        ("search/?q=1", "search"),
        ("changes/", "list_changes"),
        ("snapshot/", "get_snapshot"),
        ("snapshot/manifest/", "get_snapshot_manifest"),
        ("export.sqlite", "export_everything"),
    ],
)
def test_an_answer_has_the_headers_that_are_described(admin, client, address, operation):
    client.force_login(admin)
    answer = client.get(f"/api/v1/{address}".format(id=make.code("1").pk))
    assert answer.status_code == 200
    described = set(operations()[0][operation]["responses"]["200"]["headers"])
    sometimes = {"RateLimit", "RateLimit-Policy", "Link", "Last-Modified", "Retry-After"}
    ours = {"ETag", "Last-Modified", "X-Sequence", "Content-Disposition", "Cache-Control", "X-Request-ID", "Link"}
    assert described - sometimes <= set(answer.headers)
    assert ours & set(answer.headers) <= described


def test_what_the_feed_says_to_who_waits_or_comes_too_late_is_described():
    by_name, description = operations()
    assert "Retry-After" in by_name["list_changes"]["responses"]["200"]["headers"]
    problem = description["components"]["schemas"]["Problem"]
    assert problem["properties"]["snapshot"]["format"] == "uri"
    assert "snapshot" not in problem["required"]
    assert place_of(description["components"]["headers"]["X-Sequence"]["example"])


def test_every_type_names_what_is_always_there():
    _, description = operations()
    types = {name: one for name, one in description["components"]["schemas"].items() if "properties" in one}
    # The vendor's texts are only there where support's differ.
    assert [name for name, one in types.items() if not one.get("required")] == ["Vendor"]
    assert types["Code"]["required"] == [*CODE_MEMBERS]
    assert set(types["Meaning"]["required"]) >= {*CODE_MEMBERS, "read", "verdict", "note", "open_incidents"}
    assert "actions" not in types["Meaning"]["required"]


def test_a_choice_that_may_grow_names_its_values_and_forbids_none():
    _, description = operations()
    growing = {name: one for name, one in description["components"]["schemas"].items() if one.get("x-may-grow")}
    assert {"ProblemCode", "OriginEnum", "RoleEnum"} <= set(growing)
    assert growing["ProblemCode"]["examples"] == [*TYPES]
    for name, one in growing.items():
        assert "enum" not in one, name
        assert all(f"`{value}`" in one["description"] for value in one["examples"]), name


def test_the_server_is_the_site_that_is_asked(client):
    description = client.get("/api/v1/schema/").json()
    assert [one["url"] for one in description["servers"]] == ["http://testserver"]
    assert {tag for one in operations()[0].values() for tag in one["tags"]} == {t["name"] for t in description["tags"]}


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.oai.openapi+json"])
def test_the_description_is_served_in_the_requested_type(client, accept):
    answer = client.get("/api/v1/schema/", headers={"accept": accept})
    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")


def test_the_description_requires_the_right_to_read(client, settings):
    settings.KB_PUBLIC_READ = False
    assert client.get("/api/v1/schema/").status_code == 401
    answer = client.get("/api/docs/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/api/docs/")


def test_the_documentation_page_has_no_inline_script_or_style(client):
    page = client.get("/api/docs/").content.decode()
    assert "<style" not in page
    assert "style=" not in page
    assert page.count("<script src=") == page.count("<script") == 4
    assert "https://" not in page
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"] == "application/javascript"
    assert "/api/v1/schema/" in script.content.decode().replace("\\u002D", "-")


def test_a_pattern_of_numbers_allows_what_the_filter_takes(client):
    schema = {one["name"]: one["schema"] for one in operations()[0]["list_codes"]["parameters"]}
    assert re.match(schema["number__in"]["pattern"], "-1073741819,5")
    assert not re.match(schema["id__in"]["pattern"], "-5")
    assert client.get("/api/v1/codes/?number__in=-1073741819,5").status_code == 200


def test_the_documentation_has_the_policy_that_the_start_of_the_api_names(client):
    """As README has it: Swagger shows the description."""
    about = client.get("/api/v1/schema/").json()["info"]["description"]
    assert client.get("/api/v1/").json()["policy"].endswith("/api/docs/")
    readme = " ".join((settings_of_django.BASE_DIR / "README.md").read_text(encoding="utf-8").split())
    for line in about.partition("What you can rely on")[2].strip().splitlines():
        assert line.replace("marked with", "that the description marks with").replace("this desc", "the desc") in readme


def test_no_help_of_a_form_is_in_an_answer_and_examples_fit_their_field():
    named, description = operations()
    assert [words for words in ("Paste it", "Left empty") if words in json.dumps(description["components"])] == []
    codes = {one["name"]: one["schema"] for one in named["list_codes"]["parameters"]}
    assert codes["symbol__contains"]["examples"] == codes["symbol__words"]["examples"] == ["ROOM_NOT_EXIST"]
