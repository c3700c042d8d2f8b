"""What the index holds of a code, for each reader: a rule each, in a world that differs in one thing."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import searching
from kb.models import CodeRange, Door, ReturnCode, TroubleshootingNote
from kb.searching import documents, store
from kb.searching.documents import INTERNAL, MAX_WORDS, PUBLIC, bucket_of
from kb.services.codes import edit_code
from kb.services.journal import By, agreed_to
from kb.services.notes import archive_note, save_note, submit_note
from kb.services.ranges import delete_range, save_range
from kb.services.tables import save_table
from tests import make

pytestmark = pytest.mark.django_db


def stored(code, audience):
    """Return the document of a code in the index; None for none."""
    return next(iter(store.documents_by_key(audience, [code.pk]).values()), None)


def every_word(document):
    return set(document.words.split()) if document else set()


NOTES = {
    "public and validated": ({}, True),
    "internal": ({"audience": "internal"}, False),
    "a draft": ({"state": "draft"}, False),
    "not validated": ({"state": "not_validated"}, False),
    "an internal draft": ({"audience": "internal", "state": "draft"}, False),
}


@pytest.mark.parametrize("kind", NOTES)
def test_the_publics_document_has_the_words_of_public_validated_notes_alone(kind):
    fields, is_public = NOTES[kind]
    code = make.code()
    before = stored(code, PUBLIC)
    make.note("Lobby", code, **fields)
    assert ("lobby" in every_word(stored(code, PUBLIC))) is is_public
    assert "lobby" in every_word(stored(code, INTERNAL))
    assert (stored(code, PUBLIC) == before) is not is_public
    assert bucket_of(stored(code, INTERNAL).key) == (0 if fields.get("state", "validated") == "validated" else 1)


def test_no_document_has_the_words_of_an_archived_note():
    code = make.code()
    before = [stored(code, audience) for audience in (PUBLIC, INTERNAL)]
    make.note("Lobby", code, state="archived")
    assert [stored(code, audience) for audience in (PUBLIC, INTERNAL)] == before


def test_the_public_has_no_document_of_an_internal_table():
    code = make.code(of=make.table("secret", audience="internal"))
    make.note("Lobby", code)
    assert stored(code, PUBLIC) is None
    assert "lobby" in every_word(stored(code, INTERNAL))


def test_a_note_on_a_range_is_in_the_documents_of_its_codes_and_its_range_is_no_word_of_the_public():
    codes = {n: make.code(str(n)) for n in (99, 100, 150, 200, 201)}
    other = make.code("150", make.table("other"))
    named = make.code("150X")
    block = make.code_range("Hush", 100, 200)
    note = make.note("Lobby", audience="public")
    note.ranges.set([block])
    searching.refresh_notes([note.pk])
    for number, code in codes.items():
        assert ("lobby" in every_word(stored(code, PUBLIC))) is (100 <= number <= 200), number
        assert ("lobby" in every_word(stored(code, INTERNAL))) is (100 <= number <= 200), number
    for code in (other, named):
        assert "lobby" not in every_word(stored(code, INTERNAL))
    mark = documents.mark("range", block.pk)
    assert mark in stored(codes[150], INTERNAL).body.split()
    assert mark not in stored(codes[150], PUBLIC).body.split()


def test_a_note_on_a_code_and_on_its_range_is_indexed_once():
    code, block = make.code("150"), make.code_range("All", 100, 200)
    note = make.note("Lobby", code)
    once = stored(code, PUBLIC)
    note.ranges.set([block])
    searching.refresh_notes([note.pk])
    assert stored(code, PUBLIC) == once


@pytest.mark.parametrize(
    ("is_retired", "state", "bucket"),
    [(False, "validated", 0), (False, "draft", 1), (False, "", 1), (True, "validated", 2), (True, "", 2)],
)
def test_noted_codes_are_read_before_plain_ones_and_retired_ones_last(is_retired, state, bucket):
    code = make.code(retired_at="2025-01-01T00:00Z" if is_retired else None)
    if state:
        make.note("Lobby", code, state=state)
    assert bucket_of(stored(code, INTERNAL).key) == bucket
    assert bucket_of(stored(code, PUBLIC).key) == bucket


def test_a_hidden_validated_note_does_not_put_a_code_first_for_the_public():
    code = make.code()
    make.note("Lobby", code, audience="internal")
    assert [bucket_of(stored(code, audience).key) for audience in (PUBLIC, INTERNAL)] == [1, 0]


def test_each_text_has_its_field():
    table = make.table(vendor="Alpha", product="Bravo")
    code = make.code(
        "77x", table, description="Charlie", possible_reasons="Delta", suggested_actions="Echo", symbol="Fox"
    )
    make.note(
        "Golf", code, issue="Hotel", cause="India", resolution="Juliett", environment="Kilo", customer_reply="Lima"
    )
    document = stored(code, PUBLIC)
    assert {"77x", "charli", "fox"} <= set(document.head.split())
    assert {"delta", "echo", "golf", "hotel"} <= set(document.near.split())
    assert {"alpha", "bravo", "india", "juliett", "kilo", "lima"} <= set(document.body.split())


@pytest.mark.parametrize(("count", "last"), [(MAX_WORDS, MAX_WORDS - 1), (MAX_WORDS + 1, MAX_WORDS - 1)])
def test_so_many_words_of_a_field_are_indexed(count, last):
    text = " ".join(f"w{n}" for n in range(count))
    assert documents._first_words(text).split()[-1] == f"w{last}"


def test_ids_beside_each_other_are_read_as_a_range_and_others_one_by_one():
    assert str(documents.among("pk", [5, 7])) == str(documents.among("pk", [7, 5]))
    assert "pk__gte" in str(documents.among("pk", [5, 7]))
    assert "pk__gte" in str(documents.among("pk", [5, 8]))
    assert "pk__in" in str(documents.among("pk", [5, 9]))


def test_ids_that_lie_between_get_no_document():
    first, between, last = (make.code(str(n)) for n in (1, 2, 3))
    store.clear()
    searching.refresh([first.pk, last.pk])
    assert [stored(code, INTERNAL) is not None for code in (first, between, last)] == [True, False, True]


def test_documents_of_codes_that_lie_between_are_not_read():
    first, between, last = (make.code(str(n)) for n in (1, 2, 3))
    found = store.documents_by_key(INTERNAL, [first.pk, last.pk])
    assert {document.code_id for document in found.values()} == {first.pk, last.pk}
    assert between.pk not in {document.code_id for document in found.values()}


# The index of an edit is that of a rebuild


def edit(code, by):
    edit_code(code, code.version, {"description": f"Lobby {code.version}."}, by)


def write_note(code, by, block):
    note = save_note(
        TroubleshootingNote(), None, {"title": f"Hall {code.pk}", "audience": "public"}, by, [code], [block]
    )
    return submit_note(note, note.version, by)


ACTS = {
    "edit a code": lambda codes, block, by: edit(codes[0], by),
    "write a note": lambda codes, block, by: write_note(codes[1], by, block),
    "move a note": lambda codes, block, by: [
        save_note(note, note.version, {}, by, [codes[2]], []) for note in TroubleshootingNote.objects.current()[:1]
    ],
    "archive a note": lambda codes, block, by: [
        archive_note(note, note.version, by) for note in TroubleshootingNote.objects.current()[:1]
    ],
    "move a range": lambda codes, block, by: save_range(block, block.version, {"first": block.first % 3 + 1}, by),
    "hide the table": lambda codes, block, by: save_table(
        codes[0].table,
        codes[0].table.version,
        {"audience": "internal", "vendor": f"V{codes[0].table.version}"},
        By(None, Door.SHELL),
    ),
    "show the table": lambda codes, block, by: save_table(
        codes[0].table, codes[0].table.version, {"audience": "public"}, By(None, Door.SHELL)
    ),
}


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(ACTS)), min_size=2, max_size=6))
def test_the_index_after_any_edits_is_that_of_a_rebuild(by, acts):
    ReturnCode.objects.all().delete()
    CodeRange.objects.all().delete()
    TroubleshootingNote.objects.all().delete()
    searching.rebuild()
    for number in ("1", "2", "3"):
        make.code(number)
    block = save_range(CodeRange(table=ReturnCode.objects.first().table, name="All", first=1, last=3), None, {}, by)
    for act in acts:
        codes = list(ReturnCode.objects.order_by("pk").select_related("table"))
        block.refresh_from_db()
        with agreed_to():
            ACTS[act](codes, block, by)
        assert searching.check() == [], act
    block.refresh_from_db()
    delete_range(block, block.version, by)
    assert searching.check() == []
