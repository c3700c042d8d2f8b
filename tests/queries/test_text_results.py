"""Search results: read again from the tables, whatever the index says."""

import pytest

from kb.models import CodeTable, ReturnCode
from kb.queries.text_results import matching, search, text_results
from tests import make

pytestmark = pytest.mark.django_db


def results(text, user=None, **more):
    return [hit.code for hit in text_results(text, user, **more).hits]


def test_a_table_that_became_internal_is_not_found_even_where_the_index_is_behind(agent):
    code = make.code("1", make.table("gone"), description="Lobby closed.")
    assert search("lobby", None) == results("lobby") == [code]
    CodeTable.objects.update(audience="internal")
    assert search("lobby", None) == results("lobby") == []
    assert list(matching(ReturnCode.objects.visible_to(None), "lobby", None, code.table)) == []
    assert search("lobby", agent) == [code]


def test_a_code_that_is_gone_is_left_out_where_the_index_is_behind():
    make.code("1", description="Lobby closed.")
    kept = make.code("2", description="Lobby full.")
    ReturnCode.objects.filter(code="1").delete()
    assert search("lobby", None) == results("lobby") == [kept]


def test_results_are_limited_and_say_that_there_are_more():
    codes = [make.code(str(n), description="Lobby closed.") for n in range(3)]
    assert len(search("lobby", None, 2)) == len(results("lobby", limit=2)) == 2
    assert [text_results("lobby", None, limit=n).more for n in (2, 3, 4)] == [True, False, False]
    assert set(results("lobby")) == set(codes)


def test_results_stay_in_the_tables_that_are_named():
    one, two = make.table("one"), make.table("two")
    codes = [make.code("1", table, description="Lobby closed.") for table in (one, two)]
    assert results("lobby", tables=[two.pk]) == [codes[1]]
    assert list(matching(ReturnCode.objects.all(), "lobby", None, two)) == [codes[1]]


def test_a_passage_says_whether_it_is_from_the_description():
    code = make.code("1", description="Lobby closed.", possible_reasons="The owner left the hall.")
    (hit,) = text_results("lobby", None).hits
    assert (hit.code, hit.in_description, ("Lobby", True) in hit.pieces) == (code, True, True)
    (hit,) = text_results("hall", None).hits
    assert (hit.in_description, ("hall", True) in hit.pieces) == (False, True)
