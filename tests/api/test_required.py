"""What the description requires of an answer is what is always there, in answers to the public and to agents."""

import json

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from kb.models import Door
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


class Walk:
    """The components in answers, each with the members that all of its objects have."""

    def __init__(self):
        self.description = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
        self.components = self.description["components"]["schemas"]
        self.always = {}

    def answer(self, operation, value):
        responses = {
            one["operationId"]: one["responses"]["200"]
            for methods in self.description["paths"].values()
            for one in methods.values()
        }
        self.walk(responses[operation]["content"]["application/json"]["schema"], value)

    def walk(self, schema, value):
        for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
            if value is not None and self.fits(part, value):
                self.walk(part, value)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if isinstance(value, dict):
                self.always[name] = self.always.get(name, {*value}) & {*value}
            self.walk(self.components[name], value)
        for member, inner in schema.get("properties", {}).items():
            if isinstance(value, dict) and member in value:
                self.walk(inner, value[member])
        for one in value if isinstance(value, list) else ():
            self.walk(schema.get("items", {}), one)

    def fits(self, schema, value):
        """Whether an entry of the feed is of this type."""
        name = schema.get("$ref", "").rpartition("/")[2]
        return not name.endswith("Entry") or not isinstance(value, dict) or name == f"{value['noun'].title()}Entry"


def get(client, address, **body):
    where = f"/api/v1/{address}"
    answer = client.post(where, body, content_type="application/json") if body else client.get(where)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def walk(agent, admin):
    make.code_range()
    code = make.code("660300001", in_section="Rooms", symbol="GONE", description="Ours.", vendor_description="Theirs.")
    make.code("660300009", code.table, retired_at=LAST_YEAR, successor=code, vendor_symbol="OTHER")
    make.note("Room is gone", code, resolution="Make another.", customer_reply="It is back.")
    make.incident("Rooms fail", code)
    make.incident("Over", code, state="resolved")
    make.code("1722", make.table("win32", vendor="Microsoft", product="Windows", name="System errors"))
    edit_code(code, code.version, {"description": "Gone."}, By(admin, Door.SHELL))
    members = Client()
    members.force_login(agent)
    walk = Walk()
    everything = "actions,reply,notes,incidents,ranges"
    for client in (Client(), members):
        for noun in ("tables", "codes", "notes", "incidents"):
            walk.answer(f"list_{noun}", get(client, f"{noun}/"))
        walk.answer("list_codes", get(client, "codes/?include=notes,incidents,ranges"))
        walk.answer("list_changes", get(client, "changes/"))
        for line in client.get("/api/v1/snapshot/").getvalue().splitlines()[1:-1]:
            entry = json.loads(line)
            walk.walk({"$ref": f"Copied{entry['noun'].title()}"}, entry["object"])
        walk.answer("get_code", get(client, f"codes/{code.pk}/"))
        walk.answer("get_snapshot_manifest", get(client, "snapshot/manifest/"))
        for address in ("lookup/", f"lookup/?include={everything}"):
            walk.answer("lookup_codes", get(client, address, codes=["660300001", "660300077", "0x800706BA"]))
        walk.answer("detect_codes", get(client, "detect/", text="login failed, code=660300001, code=660300077"))
        for query in ("660300001", "gone", "660300077"):
            walk.answer("search", get(client, f"search/?q={query}"))
    return walk


def test_what_is_required_is_always_there_and_what_is_always_there_is_required(walk):
    objects = {name: one for name, one in walk.components.items() if "properties" in one}
    unseen = set(objects) - set(walk.always) - {"Problem", "BadParameter", "Filled"}
    # One function makes the entries of all nouns.
    assert {name for name in unseen if not name.endswith("Entry")} == set()
    assert "CodeEntry" in walk.always
    for name, members in walk.always.items():
        if name not in objects:
            continue
        required = set(objects[name].get("required", []))
        assert required - members == set(), f"{name} lacks what it requires"
        assert members - required == set(), f"{name} always has what it does not require"
