"""Codes one edit away from a word: the few variants that are looked for leave out no code."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.models.visibility import Reader
from kb.queries.near_codes import near_codes, near_ids
from kb.text.codes.forms import canonical, one_edit_variants
from tests import make

pytestmark = pytest.mark.django_db
CODES = "ROOM_FULL ROOM_FULLX ROOMFULL OOM_FULL XROOM_FULL RXOM_FULL ROOM_FUL1 ZEBRA 7 ÉTAT".split()
TEXTS = ["room full", *"ROOM_FULL ROOM_FUL rom_full oroM_FULL zebr zebras état etat -ROOM abc".split()]


@pytest.mark.parametrize("text", TEXTS)
def test_every_near_code_is_found(text):
    tables = [make.table(f"t-{place}", audience="public") for place in range(3)]
    codes = {make.code(name, tables[place % 3]).pk: name for place, name in enumerate(CODES)}
    variants = one_edit_variants(text)
    near = {name for name in CODES if not variants.get(canonical(name), {"not near"})}
    assert {codes[pk] for pk in near_ids(text, Reader.PUBLIC, None, None, 50)} == near


def test_codes_are_compared_as_they_are_written():
    make.code("1"), make.code("01"), make.code("ORA-0")
    padded = [make.code("000000001"), make.code("00000001", in_section="Short"), make.code("600000002")]
    ids = [code.pk for code in padded]
    assert sorted(near_ids("600000001", Reader.PUBLIC, None, None, 6)) == sorted(ids)
    near = near_codes({"a": "600000001", "b": "ORA-100"}, None, None)
    assert (sorted(code.pk for code in near["a"]), near["b"]) == (sorted(ids), [])


def test_a_hidden_code_changes_neither_the_queries_nor_what_they_look_for():
    make.code("ZEBRA")
    with CaptureQueriesContext(connection) as without:
        assert near_ids("room", Reader.PUBLIC, None, None, 6) == []
    hidden = make.code("ROOMS", make.table("secret", audience="internal"))
    with CaptureQueriesContext(connection) as beside:
        assert near_ids("room", Reader.PUBLIC, None, None, 6) == []
    assert [query["sql"] for query in beside] == [query["sql"] for query in without]
    assert near_ids("room", Reader.INTERNAL, None, None, 6) == [hidden.pk]
    assert near_ids("room", Reader.NOTHING, None, None, 6) == []


def test_a_word_that_no_code_begins_like_is_looked_for_with_few_variants():
    shared = []

    def first_of(text):
        shared.append(text)
        return 0

    assert len(one_edit_variants("balexehi", first_of)) < 90 < len(one_edit_variants("balexehi"))
    assert one_edit_variants("660300001", first_of) == one_edit_variants("660300001")
    assert shared == ["BALEXEHI"]
