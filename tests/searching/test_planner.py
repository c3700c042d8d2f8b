"""The hits of a question, and their passages."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import searching
from kb.models import ReturnCode
from kb.queries.text_results import text_results
from kb.searching import store
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def codes():
    texts = {
        "660600004": "The frequency of calling the QueryGroupMemberList interface exceeds the limit.",
        "660000012": "UserID length exceeds limit.",
        "100000004": "Signature expired.",
        "660300001": "Room does not exist.",
    }
    return [make.code(number, description=text) for number, text in texts.items()]


def find(text, user=None, **options):
    answer = searching.search(text, user, **options)
    code_of = dict(ReturnCode.objects.values_list("pk", "code"))
    return [code_of[hit.code_id] for hit in answer.hits]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("group member list", "660600004"),
        ("querygroupmemberlist", "660600004"),
        ("QueryGroupMember", "660600004"),
        ("user id too long", "660000012"),
        ("userid", "660000012"),
        ("why does the signature keep expiring?", "100000004"),
        ("signa", "100000004"),
        ("6603", "660300001"),
        ("  ROOM  ", "660300001"),
        ("doesn't exist", "660300001"),
        ("sginature", "100000004"),
    ],
)
def test_a_question_finds_its_code(question, first, codes):
    assert find(question)[0] == first


def test_a_name_finds_the_code_that_has_its_parts_in_a_sentence():
    worn = make.code("worn", description="The hinge of the door is worn out.")
    make.code("open", description="The window is open.")
    assert [hit.code_id for hit in searching.search("DoorHingeIsWorn", None).hits] == [worn.pk]


def test_a_phrasing_answers_whatever_it_asks_for():
    long = "Read the manual of the pump. " * 30
    pump = make.code("pump", description="Pump is dry.", suggested_actions=long)
    make.codes(map(str, range(300)), make.table("other"), description="The valve is closed.")
    question = "how do I book a holiday"
    assert searching.search(question, None).hits == []
    make.note("Pump", pump, phrasings=question)
    assert [hit.code_id for hit in searching.search(question, None).hits] == [pump.pk]


def test_a_misspelt_word_is_corrected(codes):
    answer = searching.search("sgnature expired", None)
    assert answer.corrected == {"sgnature": "signature"}
    assert find("sgnature expired") == ["100000004"]
    assert searching.search("signature", None).corrected == {}
    assert searching.search("qqqqqq", None) == searching.SearchMatches([])


def test_tables_and_limit(codes):
    other = make.code("9", make.table("other"), description="Room is full.")
    assert find("room", tables=[other.table_id]) == ["9"]
    assert find("room", tables=[]) == []
    answer = searching.search("room", None, limit=1)
    assert (len(answer.hits), answer.more) == (1, True)
    assert searching.search("room", None, limit=2).more is False


def test_a_filter_needs_all_words(codes):
    within = searching.containing(ReturnCode.objects.all(), "exceeds limit", None)
    assert {code.code for code in within} == {"660600004", "660000012"}
    assert not searching.containing(ReturnCode.objects.all(), "exceeds room", None).exists()
    assert not searching.containing(ReturnCode.objects.all(), "", None).exists()


def test_passages_mark_the_words_of_texts_that_the_reader_may_read(codes, agent):
    note = make.note("Check the clock", codes[2], audience="internal", cause="The clock of the server is off.")
    (public,) = text_results("expired signature", None).hits
    assert public.code == codes[2]
    assert public.pieces == [("Signature", True), (" ", False), ("expired", True), (".", False)]
    (inside,) = text_results("server clock", agent).hits
    assert ("clock", True) in inside.pieces
    assert text_results("clock", None).hits == []
    assert note.pk


def test_a_passage_of_a_long_text_is_about_the_words(codes):
    make.note("Long", codes[0], cause=f"{'word ' * 200}lobby <b>here</b> {'word ' * 200}")
    (hit,) = text_results("lobby", None).hits
    text = "".join(piece for piece, _ in hit.pieces)
    assert ("lobby", True) in hit.pieces
    assert text.startswith("…")
    assert text.endswith("…")
    assert len(text) < 170


HOSTILE = [
    "'", '"', "'\"", "NEAR(", "NEAR(room exist, 5)", "*", "room*", '"; --', "'; DROP TABLE kb_search_0; --",
    "AND OR NOT", "AND", "room AND", "(((", ")", "room:*",
    "head:room", "^room", "-room", "+room", "{room}", "\\", "%", "_", "%s",
    "%(x)s", "😀", "\x00", "room\x00exist", "x" * 100_000, "room " * 20_000, "a1 " * 5_000, "\u202eroom",
    "\ud800", "room\udfff", "e\u0301" * 50, "\u0301", "\ufdfa" * 3_000, "§1", "¶1", "¤1", "1" * 5_000,
    "0x" + "f" * 300, "ﷺ", "\ufeff", "İ", "ß", "ŉ", "१२३", "a\u200db", "\ue000", "\U0010ffff", "שלום עולם",
    "QueryGroup" * 500,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile_questions_are_answered(text, codes, agent):
    for user in (None, agent):
        searching.search(text, user, pieces=True)
        list(searching.containing(ReturnCode.objects.all(), text, user))
        list(searching.notes_containing(make.TroubleshootingNote.objects.all(), text))


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\x00" not in text and text.isprintable()], ids=ascii)
def test_hostile_texts_are_indexed(text):
    code = make.code(description=text[:5_000])
    make.note("x", code, issue=text, resolution=text)
    assert searching.check() == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=60) | st.text("room'\"*()&|!:<->\\ AND%\x00é房", max_size=30))
def test_any_question_is_answered(codes, text):
    searching.search(text, None, pieces=True)
    list(searching.containing(ReturnCode.objects.all(), text, None))


def expressions_of(monkeypatch, text):
    """Return the hits of a search, and the expressions that it asked the index for."""
    asked = []
    read = store.rows_of
    monkeypatch.setattr(store, "rows_of", lambda sql, *values: asked.append((sql, values)) or read(sql, *values))
    hits = find(text)
    monkeypatch.undo()
    return hits, [values[0] for sql, values in asked if " MATCH " in sql]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads all documents with the words in any case")
@pytest.mark.parametrize(
    ("text", "is_beginning"),
    [
        ("lim", False),
        ("limit", False),
        ("group mem", False),
        ("userid", False),
        ("zz", True),
        ("66", True),
        ("6603", True),
    ],
)
def test_few_words_with_a_beginning_are_asked_for_themselves(text, is_beginning, codes, monkeypatch):
    # FTS5 reads every document with the beginning before it returns the first one.
    _hits, asked = expressions_of(monkeypatch, text)
    assert ["*" in expression for expression in asked[:1]] == [is_beginning]


@pytest.mark.parametrize("text", ["l", "li", "lim", "gr", "us", "userid", "e", "not exi", "66", "660300", "quer", "zz"])
def test_a_beginning_finds_the_same_codes_however_it_is_asked_for(text, codes, monkeypatch):
    make.code("12345", description="12345 limitation limits 123456 x12345 group_member ünlimited limitén")
    found = find(text)
    monkeypatch.setattr(store, "words_begun", lambda *_: [])
    assert find(text) == found
    monkeypatch.undo()
    monkeypatch.setattr(store, "MOST_BEGUN", 1)
    assert find(text) == found
