"""Answers fit their description where every text that may be empty is empty, and all that may be null is null."""

import json

import pytest
from django.db.models import CharField, TextField
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from kb import answers
from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.changes import ChangeKind
from kb.models.fields import VENDOR_TEXTS
from kb.models.history import Door
from kb.services import journal
from kb.services.journal import By
from tests import make

pytestmark = pytest.mark.django_db
MODELS = (CodeTable, Section, CodeRange, ReturnCode, TroubleshootingNote, IncidentLink)
DERIVED = {"number", *(f"vendor_{name}" for name in VENDOR_TEXTS)}
"""Columns of codes that follow from others."""


def optional(model):
    """Return the columns of a model that may be empty or null, with that value."""
    fields = [field for field in model._meta.concrete_fields if field.name not in DERIVED]
    blank = {field.attname: "" for field in fields if isinstance(field, CharField | TextField) and field.blank}
    return blank | {field.attname: None for field in fields if field.null}


class Description:
    """The description, which tells what of an answer does not fit."""

    def __init__(self):
        self.whole = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
        self.operations = {
            one["operationId"]: one for methods in self.whole["paths"].values() for one in methods.values()
        }

    def errors(self, schema, value):
        """With formats, and without them, as most generated clients read it: they take an empty text as an address."""
        whole = schema | {"components": self.whole["components"]}
        validators = Draft202012Validator(whole), Draft202012Validator(whole, format_checker=FormatChecker())
        errors = [error for validator in validators for error in validator.iter_errors(value)]
        return [f"{error.json_path}: {error.message[:200]}" for error in errors]

    def fits_without_formats(self, schema, value):
        return Draft202012Validator(schema | {"components": self.whole["components"]}).is_valid(value)

    def errors_of(self, operation, value):
        answer = self.operations[operation]["responses"]["200"]["content"]["application/json"]["schema"]
        return self.errors(answer, value)


@pytest.fixture(scope="module")
def description():
    return Description()


@pytest.fixture
def client(request, agent):
    """A client of the public, or of an agent."""
    client = Client()
    if request.param == "agent":
        client.force_login(agent)
    return client


@pytest.fixture
def bare():
    """A code, with what is about it; texts that may be empty are empty, and what may be null is null."""
    code = make.code("ROOM-GONE", in_section="")
    retired = make.code("660300009", code.table, in_section="", retired_at="2025-03-05T00:00:00Z")
    make.code_range()
    note, incident = make.note("Note", code), make.incident("Down", code)
    note.ranges.set(CodeRange.objects.all())
    for model in MODELS:
        rows = model.objects.exclude(pk=retired.pk) if model is ReturnCode else model.objects.all()
        rows.update(**optional(model))
    answers.refresh([code.pk, retired.pk])
    gone = make.incident("Gone")
    with journal.entry(By(None, Door.SHELL)) as entry:
        for one in [gone, *(row for model in MODELS for row in model.objects.all())]:
            entry.note(one, ChangeKind.UPDATED, [])
    gone.delete()
    return {"tables": code.table.slug, "codes": code.pk, "notes": note.pk, "incidents": incident.pk}


def get(client, address, **body):
    where = f"/api/v1/{address}"
    answer = client.post(where, body, content_type="application/json") if body else client.get(where)
    assert answer.status_code == 200, answer.content
    return answer.json()


both = pytest.mark.parametrize("client", ["public", "agent"], indirect=True)


@both
@pytest.mark.parametrize("noun", ["tables", "codes", "notes", "incidents"])
def test_a_list_and_a_detail(client, bare, description, noun):
    page = get(client, f"{noun}/")
    assert page["results"]
    assert description.errors_of(f"list_{noun}", page) == []
    assert description.errors_of(f"get_{noun.removesuffix('s')}", get(client, f"{noun}/{bare[noun]}/")) == []


@both
def test_the_feed_and_the_snapshot(client, bare, description):
    page = get(client, "changes/")
    assert {entry["noun"] for entry in page["results"]} == {"table", "section", "range", "code", "note", "incident"}
    assert None in {entry["object"] and entry["id"] for entry in page["results"]}
    assert description.errors_of("list_changes", page) == []
    lines = client.get("/api/v1/snapshot/").getvalue().splitlines()[1:-1]
    for line in map(json.loads, lines):
        of_noun = {"$ref": f"#/components/schemas/Copied{line['noun'].title()}"}
        assert description.errors(of_noun, line["object"]) == []
    assert description.errors_of("get_snapshot_manifest", get(client, "snapshot/manifest/")) == []


@both
def test_look_ups(client, bare, description):
    codes = ["ROOM-GONE", "660300009", "660300077", "nothing at all"]
    everything = "lookup/?include=actions,reply,notes,incidents"
    assert description.errors_of("lookup_codes", get(client, everything, codes=codes)) == []
    text = get(client, "detect/", text="failed: ROOM-GONE, code=660300009, code=660300077")
    assert description.errors_of("detect_codes", text) == []
    for query in (*codes, "gone"):
        assert description.errors_of("search", get(client, f"search/?q={query}")) == []


def alternatives(schema, where=""):
    """Return each `oneOf` and `anyOf` of a schema, with its place."""
    if isinstance(schema, dict):
        for name in {"oneOf", "anyOf"} & {*schema}:
            yield where, schema[name]
        for name, inner in schema.items():
            yield from alternatives(inner, f"{where}/{name}")
    elif isinstance(schema, list):
        for inner in schema:
            yield from alternatives(inner, where)


@pytest.mark.parametrize("value", [None, "", "validated", "https://docs.example/codes", "660300001", 0, -1, 660300001])
def test_no_value_is_of_two_alternatives(description, value):
    """A generated client loses a whole page with such a value."""
    found = list(alternatives(description.whole))
    assert len(found) >= 20
    for where, choices in found:
        assert sum(description.fits_without_formats(choice, value) for choice in choices) <= 1, where
