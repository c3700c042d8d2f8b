"""A code has one shape wherever it stands as an object, and so does a reference to a code."""

import pytest
from django.test import Client

from kb.models.fields import CODE_MEMBERS, REFERENCE_MEMBERS
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """A code with everything, one that it replaces, one near it, and one that wraps it."""
    rooms = make.table()
    code = make.code("660300001", rooms, "Rooms", symbol="GONE", description="Ours.", vendor_description="Theirs.")
    make.code("660300009", rooms, retired_at=LAST_YEAR, successor=code)
    make.note("Room is gone", code, resolution="Make another.")
    make.incident("Rooms fail", code)
    make.code("1722", make.table("win32", vendor="Microsoft", product="Windows", name="System errors"))
    return code


def post(noun, **body):
    answer = Client().post(f"/api/v1/{noun}/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def get(address, status=200):
    answer = Client().get(address)
    assert answer.status_code == status, answer.content
    return answer.json()


def codes(code):
    """Return the code by the door that answers with it."""
    return {
        "detail": get(f"/api/v1/codes/{code.pk}/"),
        "list": get("/api/v1/codes/?code=660300001")["results"][0],
        "filtered list": get("/api/v1/codes/?has_notes=true")["results"][0],
        "look-up": post("lookup", codes=["660300001"])["verdicts"][0]["meanings"][0],
        "detection": post("detect", text="code=660300001")["codes"][0]["meanings"][0],
        "search for it": get("/api/v1/search/?q=660300001")["results"][0],
        "search for words": get("/api/v1/search/?q=ours")["results"][0],
        "search nearby": get("/api/v1/search/?q=660300002")["near"][0],
        "card": get("/codes/zim-server/660300001.json")["meanings"][0],
    }


def references(code):
    """Return references to the code, or to a code inside another, by where they stand."""
    (wrapper,) = post("lookup", codes=["0x800706BA"])["verdicts"]
    return {
        "note": get("/api/v1/notes/")["results"][0]["codes"][0],
        "incident": get("/api/v1/incidents/")["results"][0]["codes"][0],
        "successor": get("/api/v1/codes/?code=660300009")["results"][0]["successor"],
        "near": post("lookup", codes=["660300002"])["verdicts"][0]["near"][0],
        "near on a card": get("/codes/zim-server/660300002.json", 404)["near"][0],
        "inner": wrapper["anatomy"]["inner"]["meanings"][0],
    }


def test_a_code_has_the_same_members_by_every_door(world):
    expected = {name: get(f"/api/v1/codes/{world.pk}/")[name] for name in CODE_MEMBERS}
    assert expected["section"] == {"id": world.section_id, "name": "Rooms", "slug": "rooms"}
    for door, answer in codes(world).items():
        assert {name: answer.get(name, "missing") for name in CODE_MEMBERS} == expected, door
        in_order = [name for name in answer if name in CODE_MEMBERS]
        assert in_order == [*CODE_MEMBERS], door


def test_a_reference_to_a_code_has_the_same_members_everywhere(world):
    for place, answer in references(world).items():
        assert [*answer][: len(REFERENCE_MEMBERS)] == [*REFERENCE_MEMBERS], place
        assert [*answer["section"]] == ["id", "name", "slug"], place
        # It leads to the code.
        assert get(f"/api/v1/codes/{answer['id']}/")["url"] == answer["url"], place
