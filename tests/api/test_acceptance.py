"""The ZIM table through the API: every cell, in the vendor's order."""

import csv

import pytest

from tests import ROOT, make

pytestmark = pytest.mark.django_db
ZIM = ROOT / "fixtures" / "zim_server_en.csv"
TEXTS = ("description", "possible_reasons", "suggested_actions")


@pytest.fixture
def zim():
    """The ZIM table's rows, stored as an import stores them."""
    table = make.table()
    with ZIM.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        make.code(row["code"], table, row["section"], **{name: row[name] for name in TEXTS})
    return rows


def pages(client, address):
    while address:
        page = client.get(address).json()
        yield from page["results"]
        address = page["next"]


def test_every_cell_comes_back_in_the_vendors_order(client, zim):
    served = list(pages(client, "/api/v1/codes/?table=zim-server&page_size=50"))
    assert [
        {"section": code["section"]["name"], "code": code["code"], **{name: code[name] for name in TEXTS}}
        for code in served
    ] == zim
    assert len(served) == 129


def test_the_room_that_does_not_exist(client, zim):
    (code,) = client.get("/api/v1/codes/?table=zim-server&code=660300001").json()["results"]
    assert code["description"] == "Room does not exist."
    assert code["possible_reasons"] == "The input RoomId does not exist or the room has been destroyed."
    assert code["suggested_actions"] == (
        "Please confirm whether the input RoomId is correct or the room has been destroyed."
    )
    assert code["disposition"] == {"value": "fix_request", "origin": "vendor"}
