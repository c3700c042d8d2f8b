"""A query that is written once answers as if it were written each time."""

import threading

import pytest
from django.db import connection
from django.db.models import F

from kb.models import ReturnCode
from kb.models.prepared_queries import rows
from tests import make

pytestmark = pytest.mark.django_db


def by_code(code, limit=5):
    def build(value, pk):
        return ReturnCode.objects.filter(code=value, pk__gt=pk).select_related("table", "section")[:limit]

    return rows(("by code", limit), build, [code, 0])


def test_each_call_has_its_own_values(django_assert_num_queries):
    one, two = make.code("1"), make.code("2")
    assert [by_code("1"), by_code("2"), by_code("3"), by_code("1")] == [[one], [two], [], [one]]
    with django_assert_num_queries(1):
        (found,) = by_code("2")
        assert (found.table, found.section, found.extra, found.updated_at) == (
            *(two.table, two.section, two.extra, two.updated_at),
        )


@pytest.mark.parametrize("value", ["'", '"', "%", "%s", "\\", "\ue0000\ue000", "1; DROP TABLE kb_returncode", "房间"])
def test_values_are_never_read_as_sql(value):
    by_code("1")
    made = make.code(value)
    assert by_code(value) == [made]


def test_a_query_without_possible_rows_sends_no_sql(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert rows("none", lambda value: ReturnCode.objects.none().filter(code=value), ["1"]) == []


def test_whole_numbers_are_compared_with_sums_too():
    made = make.code("1")

    def build(pk):
        return ReturnCode.objects.alias(of=F("table_id") + 0).filter(of=pk)

    for pk, expected in ((made.table_id, [made]), (0, []), (-1, [])):
        assert rows("sum", build, [pk]) == expected


@pytest.mark.django_db(transaction=True)
def test_each_thread_and_connection_has_its_own_queries():
    make.code("1")
    found = []

    def ask():
        found.append([code.code for code in by_code("1")])
        connection.close()
        found.append([code.code for code in by_code("1")])
        connection.close()

    for thread in [threading.Thread(target=ask) for _ in range(2)]:
        thread.start()
        thread.join()
    assert found == [["1"]] * 4
