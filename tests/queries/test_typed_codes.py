"""A typed code is read alike by one look-up, by look-ups of many and by suggestions."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.queries.lookup import beginning_with, find_code
from kb.queries.lookup_many import look_up
from tests import make

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
