"""Phrasings of codes and notes: how they are stored, and that a search finds by them."""

import pytest

from kb import searching
from kb.models import Change, Miss
from kb.queries import work_queue
from kb.queries.phrasings import phrased, proposals_for
from kb.services.codes import edit_code
from kb.services.journal import By, Door, NotAllowed
from kb.services.notes import save_note
from kb.services.phrasings import add_phrasing
from kb.text.editing.phrasings import MAX_LENGTH, MAX_LINES
from tests import make

pytestmark = pytest.mark.django_db

QUESTION = "nobody waters the plants in the lounge"


@pytest.fixture
def by(editor):
    return By(editor, Door.ADMIN)


def hits(question, user=None, **options):
    return [hit.code_id for hit in searching.search(question, user, **options).hits]


def test_a_question_without_an_answer_finds_the_code_once_it_is_its_phrasing(by, editor):
    code = make.code("660300001", description="Room does not exist.")
    make.code("660300002", description="User not in room.")
    searching.rebuild()
    assert hits(QUESTION, editor) == []
    add_phrasing(code, QUESTION, by)
    assert hits(QUESTION, editor) == [code.pk]
    assert hits("Who waters the plants in the LOUNGE?", editor)[0] == code.pk


@pytest.mark.parametrize("length", [64, 200])
def test_a_long_question_is_found_even_by_its_beginning(by, editor, length):
    question = "when our customer opens the lounge after lunch everybody seems to have vanished and nobody answers him"
    code = make.code("660300001", description="Room does not exist.")
    add_phrasing(code, question[:length], by)
    assert hits(question, editor) == [code.pk]


def test_the_public_finds_a_code_of_a_public_table_by_its_phrasings_but_not_by_those_of_internal_notes(by):
    code = make.code("1", make.table("open", audience="public"), description="Room does not exist.")
    hidden = make.code("1", make.table("shut", audience="internal"), description="Room does not exist.")
    for one in (code, hidden):
        add_phrasing(one, QUESTION, by)
    assert hits(QUESTION) == [code.pk]
    note = make.note("Lounge", code, audience="internal")
    add_phrasing(note, "the aquarium leaks", by)
    assert hits("the aquarium leaks") == []


def test_a_note_about_no_code_is_found_by_its_phrasings(by, editor):
    note = make.note("Ask the network team")
    add_phrasing(note, QUESTION, by)
    assert searching.notes_about_no_code(QUESTION, editor) == [note]
    assert list(searching.notes_containing(type(note).objects.all(), "LOUNGE")) == [note]


def test_lines_are_tidied_and_repeats_left_out(by):
    code = edit_code(make.code("1"), 1, {"phrasings": "  No  sound \r\n\r\nno sound\nIt is silent\n"}, by)
    assert code.phrasings == "No sound\nIt is silent"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("short\n" + "x" * (MAX_LENGTH + 1), f"Line 2 has {MAX_LENGTH + 1} characters; the limit is {MAX_LENGTH}."),
        ("\n".join(map(str, range(MAX_LINES + 1))), f"There are {MAX_LINES + 1} phrasings; the limit is {MAX_LINES}."),
    ],
)
def test_too_long_phrasings_are_refused_and_nothing_is_stored(by, text, message):
    code, note = make.code("1"), make.note("Lounge")
    with pytest.raises(NotAllowed, match=message):
        edit_code(code, code.version, {"phrasings": text}, by)
    with pytest.raises(NotAllowed, match=message):
        save_note(note, note.version, {"phrasings": text}, by)
    for row in (code, note):
        row.refresh_from_db()
        assert row.phrasings == ""


def test_phrasings_of_a_validated_note_need_no_reviewer(by, reviewer):
    note = make.note("Lounge", make.code("1"))
    saved = add_phrasing(note, QUESTION, by)
    assert (saved.phrasings, saved.state) == (QUESTION, "validated")


def test_a_reader_may_not_add_one(agent):
    with pytest.raises(NotAllowed):
        add_phrasing(make.code("1"), QUESTION, By(agent, Door.ADMIN))


def test_an_edit_is_in_the_history_and_in_the_feed(by):
    code = add_phrasing(make.code("1"), QUESTION, by)
    assert [revision.phrasings for revision in code.history.order_by("history_id")][-1] == QUESTION
    assert Change.objects.latest("sequence").fields == ["phrasings"]


def test_a_miss_leaves_the_queue_once_it_is_a_phrasing(by, editor):
    Miss.objects.create(text=QUESTION, day=work_queue.since(), lookups=3)
    code = make.code("1")
    assert [row.subject for row in work_queue.misses(editor)] == [QUESTION]
    add_phrasing(code, QUESTION.upper(), by)
    assert work_queue.misses(editor) == []
    assert phrased([QUESTION, "something else"]) == {QUESTION}


def test_the_closest_codes_and_notes_are_proposed_even_if_none_answers(editor):
    near = make.code("660300001", description="Room does not exist.")
    make.code("660600001", description="Group is full.")
    searching.rebuild()
    question = "cheap hotel room"
    assert hits(question, editor) == []
    assert proposals_for(question, editor) == [near]
