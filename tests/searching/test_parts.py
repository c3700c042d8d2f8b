"""Parts of texts: the index has those of the stored codes after every verb, and both databases find the same."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb import searching
from kb.models import ReturnCode
from kb.searching import parts, store
from kb.services.codes import edit_code
from tests import make

pytestmark = pytest.mark.django_db
TEXT = 'ÉCLAIR 100% of seats_taken: "quoted" it\'s 房间不存在 C:\\temp\nline ＡＢＣ straße'


def codes_with(text, field="description", limit=10):
    return parts.ids_with_part(field, text, limit)


@pytest.mark.parametrize(
    "part",
    [
        "air",
        "éclair",
        "CLAI",
        "0% ",
        "s_t",
        '"qu',
        "t's",
        "房间不",
        "不存在",
        "C:\\t",
        "p\nl",
        "abc",
        "strasse",
        "RASS",
        TEXT,
    ],
)
def test_any_part_of_a_text_is_found(part):
    code = make.code("1", description=TEXT)
    make.code("2", description="Other.")
    assert codes_with(part) == [code.pk]
    having = parts.having_part(ReturnCode.objects.all(), "description", part)
    assert list(having.values_list("pk", flat=True)) == [code.pk]


@pytest.mark.parametrize("part", ["0_ of", "s%t", "air quoted", "间房不", "' OR 1=1", '" OR "a"', "sea*", "不存在房间"])
def test_what_is_no_part_is_not_found(part):
    make.code("1", description=TEXT)
    assert codes_with(part) == []
    assert not parts.having_part(ReturnCode.objects.all(), "description", part).exists()


def test_each_field_has_parts_of_its_own():
    code = make.code("1", symbol="ROOM_GONE", description="Lobby.", possible_reasons="Because.")
    assert codes_with("m_g", "symbol") == [code.pk]
    assert codes_with("m_g") == codes_with("obb", "symbol") == codes_with("caus") == []
    assert len({*parts.NUMBERS.values()}) == len(parts.NUMBERS)


def test_more_codes_than_asked_for_are_many():
    made = make.codes([str(n) for n in range(4)], make.table(), description="The lobby is closed.")
    assert codes_with("obby", limit=4) == [code.pk for code in made]
    assert codes_with("obby", limit=3) is None


def test_a_part_needs_three_characters_as_they_are_compared():
    assert [searching.has_length(text) for text in ("房间", "ab", "e\u0301e\u0301", "房间不", "ßa", "   ")] == [
        *(False, False, False),
        *(True, True, True),
    ]


def test_an_edit_moves_the_parts(by):
    code = make.code("1", description="The lobby is closed.")
    edit_code(code, code.version, {"description": "The hall."}, by)
    assert (codes_with("obby"), codes_with("hall"), searching.check()) == ([], [code.pk], [])
    code.refresh_from_db()
    edit_code(code, code.version, {"description": ""}, by)
    assert (codes_with("hall"), searching.check()) == ([], [])


def test_check_names_differences_and_a_refresh_repairs_them():
    code = make.code("1", description="The lobby is closed.")
    ReturnCode.objects.filter(pk=code.pk).update(possible_reasons="Nobody has the key.")
    sentence = f"code {code.pk}: the parts of its texts are missing or out of date"
    assert sentence in searching.check()
    searching.refresh([code.pk])
    assert (codes_with("the key", "possible_reasons"), searching.check()) == ([code.pk], [])
    parts.clear()
    assert searching.check() == [sentence]
    searching.rebuild()
    assert (codes_with("obby"), searching.check()) == ([code.pk], [])


def test_check_names_parts_of_codes_that_are_gone():
    code = make.code("1", description="The lobby is closed.")
    ReturnCode.objects.all().delete()
    assert f"code {code.pk}: has parts of texts and should have none" in searching.check()
    searching.rebuild()
    assert searching.check() == []


def test_an_unchanged_refresh_writes_nothing():
    code = make.code("1", description="The lobby is closed.")
    with CaptureQueriesContext(connection) as queries:
        parts.refresh([code.pk])
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "SELECT"]


def test_a_large_write_is_settled():
    make.code("1", description="The lobby is closed.")
    parts.settle()
    assert len(codes_with("obby")) == 1


def test_a_long_text_has_parts_to_its_end():
    code = make.code("1", description="x" * 50_000 + " the last word")
    assert codes_with("last word") == codes_with("x" * 300) == [code.pk]
    assert store.rows_of("SELECT count(*) FROM kb_search_part") == [(1,)]
