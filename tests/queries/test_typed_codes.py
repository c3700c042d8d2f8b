"""A typed code is read alike by one look-up, by look-ups of many and by suggestions."""

import csv
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.queries.lookup import beginning_with, find_code
from kb.queries.lookup_many import look_up
from tests import ROOT, make

HERE = Path(__file__).parent
SPELLINGS = list(csv.DictReader((HERE / "reading_samples.csv").open(encoding="utf-8"), delimiter="|"))
"""Spellings that people type, with the code and table that each should find, in two halves."""

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "how"),
    [
        ("#660300001", "without the signs around it"), ("Error 660300001!", "the number alone"),
        ("what is 660300001", "named in the text"), ('{"code": 660300001}', "named in the text"),
        ("660 300 001", "the number alone"), ("ROOM_GONE", "by its symbol"), ("room_gone", "by its symbol"),
        ("ERR_ROOM_GONE", "by its symbol"), ("RoomGone:", "by its symbol"),
    ],
)  # fmt: skip
def test_one_look_up_and_many_read_a_typed_code_alike(query, how, django_assert_num_queries):
    code = make.code("660300001", symbol="ROOM_GONE")
    make.code("5", symbol="OTHER")
    with django_assert_num_queries(2):
        hits = find_code(query, None).hits
    assert [(hit.code, hit.how) for hit in hits] == [(code, how)]
    (answer,) = look_up([query], None)
    assert [(meaning.code, meaning.how) for meaning in answer.meanings] == [(code, how)]
    assert beginning_with(query, None) == [code]


def test_the_tables_that_a_query_names_come_first():
    for slug, vendor in (("first", "Acme"), ("second", "Umbrella")):
        make.code("5150", make.table(slug, vendor=vendor))
    for query, slugs in (("umbrella 5150", ["second", "first"]), ("what is 5150?", ["first", "second"])):
        assert [hit.code.table.slug for hit in find_code(query, None).hits] == slugs
        (answer,) = look_up([query], None)
        assert [meaning.code.table.slug for meaning in answer.meanings] == slugs


def test_a_symbol_is_found_by_its_index():
    with CaptureQueriesContext(connection) as queries:
        find_code("ROOM_GONE", None)
    sql = queries[1]["sql"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            assert "code_symbol" in str(cursor.fetchall())


@pytest.fixture
def tables():
    made = {}
    with (HERE / "detection_samples" / "tables.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (ROOT / "fixtures" / "zim_server_en.csv").open(encoding="utf-8", newline="") as file:
        rows += [row | {"table": "zim-server", "vendor": "ZEGOCLOUD", "product": "ZIM"} for row in csv.DictReader(file)]
    for row in rows:
        if row["table"] not in made:
            made[row["table"]] = make.table(row["table"], vendor=row["vendor"], product=row["product"])
        fields = {"symbol": row.get("symbol", ""), "description": row["description"]}
        make.code(row["code"], made[row["table"]], **fields)


@pytest.mark.parametrize("part", ["tuning", "test"])
def test_each_door_reads_what_people_type(part, tables, capsys):
    doors = {
        "box": lambda query: [hit.code for hit in find_code(query, None).hits],
        "API": lambda query: [meaning.code for meaning in look_up([query], None)[0].meanings],
        "suggestions": lambda query: beginning_with(query, None),
    }
    rows = [row for row in SPELLINGS if row["part"] == part]
    wrong = {
        name: [row["query"] for row in rows if not _is_first(door(row["query"]), row)] for name, door in doors.items()
    }
    shares = {name: 1 - len(queries) / len(rows) for name, queries in wrong.items()}
    with capsys.disabled():
        print(f"\nreadings, {part}: {len(rows)} spellings", *(f"{name} {share:.3f}" for name, share in shares.items()))
        print(*(f"  wrong: {name}: {query}" for name, queries in wrong.items() for query in queries), sep="\n")
    assert min(shares.values()) >= 0.97


def _is_first(codes, row):
    return bool(codes) and (codes[0].code, codes[0].table.slug) == (row["code"], row["table"])
