"""Pages cover the whole list once, in order, in both directions, whatever is written meanwhile."""

import base64
import json
from datetime import timedelta
from itertools import chain, product
from urllib.parse import parse_qs

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from kb.api.framework.pagination import KeysetPagination
from kb.api.resources.codes import CodeViewSet
from kb.api.resources.incidents import IncidentViewSet
from kb.api.resources.notes import NoteViewSet
from kb.api.resources.tables import TableViewSet
from kb.models import CodeTable, IncidentLink, ReturnCode, TroubleshootingNote
from tests import make
from tests.api.conftest import LAST_YEAR

pytestmark = [pytest.mark.django_db, pytest.mark.wide]


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


# The fields that tell rows apart in each order; rows without a value in the first come last in both directions.
ORDERS = {
    "tables": {
        "vendor": ("vendor", "product", "slug"),
        "slug": ("slug",),
        "updated_at": ("updated_at", "id"),
        "created_at": ("created_at", "id"),
        "id": ("id",),
    },
    "codes": {
        "vendor": ("table_id", "position", "id"),
        "code": ("sort_key", "id"),
        "number": ("number", "sort_key", "id"),
        "updated_at": ("updated_at", "id"),
        "id": ("id",),
    },
    "notes": {
        "updated_at": ("updated_at", "id"),
        "created_at": ("created_at", "id"),
        "title": ("title", "id"),
        "id": ("id",),
    },
    "incidents": {
        "started_at": ("started_at", "id"),
        "updated_at": ("updated_at", "id"),
        "created_at": ("created_at", "id"),
        "id": ("id",),
    },
}
VIEWS = {"tables": TableViewSet, "codes": CodeViewSet, "notes": NoteViewSet, "incidents": IncidentViewSet}
MODELS = {"tables": CodeTable, "codes": ReturnCode, "notes": TroubleshootingNote, "incidents": IncidentLink}
EARLIER, LATER = LAST_YEAR - timedelta(days=1), LAST_YEAR + timedelta(microseconds=1)
TIMES = [LAST_YEAR, EARLIER, LAST_YEAR, LATER, EARLIER]


@pytest.fixture
def ties():
    """Five rows of everything, of which some are equal in each field of an order, and some have no value."""
    tables = [
        make.table(slug, vendor=vendor, product=product)
        for slug, vendor, product in [
            ("e", "A", "B"),
            ("d", "A", "A"),
            ("c", "A", "A"),
            ("b", "B", "A"),
            ("a", "A", "B"),
        ]
    ]
    for code, table in [("1", 0), ("X", 1), ("1", 1), ("X", 0), ("20", 1)]:
        make.code(code, tables[table], position=7)
    for title in "BAACB":
        make.note(title, ReturnCode.objects.first())
    for started_at in (None, LAST_YEAR, LATER, None, LAST_YEAR):
        make.incident(started_at=started_at)
    for model in MODELS.values():
        for row, updated_at, created_at in zip(model.objects.order_by("pk"), TIMES, TIMES[::-1], strict=True):
            model.objects.filter(pk=row.pk).update(updated_at=updated_at, created_at=created_at)


def in_order(noun, fields, is_descending):
    """Return the ids of all rows in an order, by the rule and not by a database."""
    rows = [{"id": row.pk, **{name: getattr(row, name) for name in fields}} for row in MODELS[noun].objects.all()]
    parts = [[row for row in rows if (row[fields[0]] is None) is is_last] for is_last in (False, True)]
    for part in parts:
        part.sort(key=lambda row: [row[name] for name in fields if row[name] is not None], reverse=is_descending)
    return [row["id"] for part in parts for row in part]


def page_of(view_class, **values):
    """Return a page as a view makes it from the values of the query; its links are the cursors."""
    view, pages = view_class(action="list"), KeysetPagination()
    view.values = values
    view.request = Request(RequestFactory().get("/"))
    view.request.user = None
    rows = pages.paginate_queryset(view.get_queryset(), view.request, view)
    links = {name: link and parse_qs(link)["/?cursor"][0] for name, link in _links_of(pages).items()}
    return {**links, "ids": [row.pk for row in rows]}


def _links_of(pages):
    data = pages.get_paginated_response([]).data
    return {name: data[name] and data[name].removeprefix("http://testserver") for name in ("next", "previous")}


def walk(view_class, page, link, **values):
    """Yield a page and all that follow it in one direction."""
    yield page
    while page[link]:
        yield (page := page_of(view_class, cursor=page[link], **values))


@pytest.mark.parametrize("noun", ORDERS)
def test_pages_cover_every_list_in_every_order_in_both_directions(ties, noun):
    for name, fields in ORDERS[noun].items():
        for sign, size in product(("", "-"), (1, 2, 3)):
            order = {"ordering": f"{sign}{name}", "page_size": size}
            forward = [*walk(VIEWS[noun], page_of(VIEWS[noun], **order), "next", **order)]
            backward = [*walk(VIEWS[noun], forward[-1], "previous", **order)]
            expected = in_order(noun, fields, is_descending=bool(sign))
            assert [*chain(*(page["ids"] for page in forward))] == expected, order
            assert {len(page["ids"]) for page in forward[:-1]} == {size}, order
            assert [bool(page["previous"]) for page in forward] == [False, *[True] * (len(forward) - 1)]
            assert [*chain(*(page["ids"] for page in backward[::-1]))] == expected, order
            assert {len(page["ids"]) for page in backward[1:-1]} <= {size}, order
            assert [bool(page["next"]) for page in backward] == [False, *[True] * (len(backward) - 1)]


def test_the_orders_of_this_test_are_those_of_the_description(client):
    paths = client.get("/api/v1/schema/").json()["paths"]
    for noun, orders in ORDERS.items():
        parameters = {one["name"]: one["schema"] for one in paths[f"/api/v1/{noun}/"]["get"]["parameters"]}
        assert parameters["ordering"]["enum"] == [f"{sign}{name}" for name in orders for sign in ("", "-")]


def test_a_page_turns_back_where_it_was_left(client, ties):
    first = client.get("/api/v1/incidents/?page_size=2&fields=id").json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert client.get(third["previous"]).json() == second
    # The page before the second begins the list: there is nothing before it.
    assert client.get(second["previous"]).json() == first | {"previous": None}
    assert client.get(client.get(third["previous"]).json()["next"]).json()["results"] == third["results"]


def test_a_page_without_rows_has_no_neighbours(client, ties):
    last = client.get("/api/v1/notes/?ordering=id&page_size=4").json()
    TroubleshootingNote.objects.order_by("-pk")[:1].get().delete()
    assert client.get(last["next"]).json() == {"next": None, "previous": None, "results": []}
    assert client.get("/api/v1/notes/?code=nothing").json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize(("query", "size"), [("", 50), ("&page_size=50", 50), ("&page_size=200", 51)])
def test_a_page_has_fifty_rows_unless_its_size_is_given(client, query, size):
    table = make.table()
    ReturnCode.objects.bulk_create(
        ReturnCode(table=table, section=make.section(table), code=f"{n}", identity=f"{n}", canonical=f"{n}")
        for n in range(51)
    )
    page = client.get(f"/api/v1/codes/?fields=id{query}").json()
    assert (len(page["results"]), page["next"] is None) == (size, size == 51)


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
