"""Pages cover the whole list once, in order, in both directions, whatever is written meanwhile."""

import base64
import json

import pytest

from kb.models import ReturnCode
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    zim, rtc = make.table(), make.table("rtc-server", product="RTC")
    for code, of in [
        ("660300001", zim),
        ("20", zim),
        ("3", zim),
        ("0xC0000005", rtc),
        ("ORA-00942", rtc),
        ("X.7", rtc),
    ]:
        make.code(code, of)
    ReturnCode.objects.filter(code="3").update(updated_at=LAST_YEAR)


VENDOR = ["660300001", "20", "3", "0xC0000005", "ORA-00942", "X.7"]
ORDERS = [
    ("vendor", VENDOR),
    ("-vendor", VENDOR[::-1]),
    ("code", ["3", "20", "660300001", "0xC0000005", "ORA-00942", "X.7"]),
    ("-code", ["X.7", "ORA-00942", "0xC0000005", "660300001", "20", "3"]),
    # Codes without a number come last in both directions.
    ("number", ["3", "20", "660300001", "0xC0000005", "ORA-00942", "X.7"]),
    ("-number", ["0xC0000005", "660300001", "20", "3", "X.7", "ORA-00942"]),
    ("updated_at", ["3", "660300001", "20", "0xC0000005", "ORA-00942", "X.7"]),
    ("id", VENDOR),
]


@pytest.mark.parametrize("size", [1, 2, 50])
def test_pages_cover_the_whole_list_in_both_directions(client, world, size):
    for ordering, expected in ORDERS:
        forward, page = [], client.get(f"/api/v1/codes/?ordering={ordering}&page_size={size}").json()
        while True:
            assert len(page["results"]) <= size
            forward += [code["code"] for code in page["results"]]
            if not page["next"]:
                break
            page = client.get(page["next"]).json()
        assert forward == expected, ordering
        backward = [code["code"] for code in page["results"]]
        while page["previous"]:
            page = client.get(page["previous"]).json()
            backward = [code["code"] for code in page["results"]] + backward
        assert backward == expected, ordering


@pytest.mark.parametrize("endpoint", ["tables", "notes", "incidents"])
def test_every_order_of_every_list_can_be_paged(client, world, endpoint):
    codes = list(ReturnCode.objects.all())
    for n in range(5):
        make.note(f"Note {n}", *codes[:2])
        make.incident(f"Incident {n}", *codes[:2], started_at=LAST_YEAR if n % 2 else None)
        make.table(f"table-{n}")
    answer = client.get("/api/v1/schema/").json()["paths"][f"/api/v1/{endpoint}/"]["get"]["parameters"]
    (ordering,) = [one["schema"] for one in answer if one["name"] == "ordering"]
    for name in ordering["enum"]:
        address = f"/api/v1/{endpoint}/?ordering={name}"
        whole = client.get(address).json()["results"]
        paged, address = [], f"{address}&page_size=2"
        while address:
            page = client.get(address).json()
            paged, address = paged + page["results"], page["next"]
        assert [one["id"] for one in paged] == [one["id"] for one in whole]


def test_the_default_orders(client):
    first, second = make.code("2"), make.code("1")
    for title, started in (("Old", LAST_YEAR), ("Unknown", None)):
        make.note(title, first)
        make.incident(title, second, started_at=started)
    assert [one["code"] for one in client.get("/api/v1/codes/").json()["results"]] == ["2", "1"]
    assert [one["title"] for one in client.get("/api/v1/notes/").json()["results"]] == ["Unknown", "Old"]
    assert [one["title"] for one in client.get("/api/v1/incidents/").json()["results"]] == ["Old", "Unknown"]


def test_a_page_is_stable_while_codes_are_added_and_deleted(client, world):
    first = client.get("/api/v1/codes/?ordering=id&page_size=2").json()
    ReturnCode.objects.filter(pk__in=[code["id"] for code in first["results"]]).delete()
    make.code("99")
    rest = client.get(first["next"]).json()["results"]
    assert [code["code"] for code in rest] == ["3", "0xC0000005"]


def test_links_keep_the_query(client, world):
    page = client.get("/api/v1/codes/?table=zim-server&page_size=1&fields=code&ordering=-code").json()
    assert page["results"] == [{"code": "660300001"}]
    assert page["next"].startswith("http://testserver/api/v1/codes/?")
    assert client.get(page["next"]).json()["results"] == [{"code": "20"}]
    assert page["previous"] is None


def cursor(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "bad",
    [
        "xx",
        "%C3%A9",
        "a" * 4_001,
        cursor(),
        cursor("next", "vendor", [1, 1]),
        cursor("next", "vendor", [1, 1, 1, 1]),
        cursor("next", "vendor", {"a": 1}),
        cursor("next", "vendor", None),
        cursor("next", "vendor", [[1], 1, 1]),
        cursor("next", "vendor", [True, 1, 1]),
        cursor("next", "vendor", [None, 1, 1]),
        cursor("next", "vendor", [10**30, 1, 1]),
        cursor("next", "vendor", ["1", 1, 1]),
        cursor("next", "code", ["3", 1]),
        cursor("sideways", "vendor", [1, 1, 1]),
        base64.urlsafe_b64encode(b"[" * 2_000).decode(),
    ],
)
def test_an_invalid_cursor_is_refused(client, world, bad):
    answer = client.get(f"/api/v1/codes/?cursor={bad}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("ordering", "values"),
    [
        ("code", ["a\x00b", 1]),
        ("code", ["\ud800", 1]),
        ("code", [1, 1]),
        ("updated_at", ["soon", 1]),
        ("updated_at", ["0001-01-01T00:00:00+14:00", 1]),
        ("updated_at", [None, 1]),
        ("number", [1.5, 1]),
    ],
)
def test_a_cursor_with_values_that_no_row_has_is_refused(client, world, ordering, values):
    answer = client.get(f"/api/v1/codes/?ordering={ordering}&cursor={cursor('next', ordering, values)}")
    assert answer.status_code == 400


def test_a_cursor_is_valid_for_its_own_order_only(client, world):
    link = client.get("/api/v1/codes/?ordering=code&page_size=1").json()["next"]
    answer = client.get(link.replace("ordering=code", "ordering=-code"))
    assert answer.status_code == 400
    assert "order -code" in answer.json()["detail"]
