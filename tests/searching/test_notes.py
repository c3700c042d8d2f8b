"""Notes by parts of words, then notes on the codes that match: visibility, order and limits."""

import pytest
from django.utils import timezone

from kb import searching
from kb.models import TroubleshootingNote
from kb.searching import MAX_LENGTH, MAX_WORDS
from tests import make

pytestmark = pytest.mark.django_db


def titles(text, user=None, limit=10):
    return [note.title for note in searching.search_notes(text, user, limit)]


def containing(text):
    return {note.title for note in searching.notes_containing(TroubleshootingNote.objects.all(), text)}


HIDDEN = {
    "internal": {"audience": "internal"},
    "a draft": {"state": "draft"},
    "not validated": {"state": "not_validated"},
    "archived": {"state": "archived"},
}


@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("way", ["by its words", "by its code"])
def test_a_note_that_the_reader_may_not_read_is_not_found(kind, way, agent):
    code = make.code(description="The lobby.")
    make.note("Shown", code, cause="The lobby.")
    if way == "by its words":
        make.note("Hidden", cause="The lobby.", **HIDDEN[kind])
    else:
        make.note("Hidden", code, **HIDDEN[kind])
    assert titles("lobby") == ["Shown"]
    assert ("Hidden" in titles("lobby", agent)) is (kind != "archived")


def test_every_word_must_be_in_a_note_in_any_of_its_texts_and_in_any_case():
    make.note("Alpha", issue="Bravo", environment="Charlie", cause="Delta", resolution="Echo", customer_reply="Foxtrot")
    for word in ("lph", "BRAVO", "charlie delta", "echo foxtrot", "  alpha\n"):
        assert containing(word) == {"Alpha"}, word
    assert containing("alpha golf") == containing("") == containing("  ") == containing("\x00") == set()


def test_so_many_words_and_letters_are_searched_for():
    make.note("One", cause=" ".join(f"word{n}x" for n in range(MAX_WORDS)))
    words = [f"word{n}x" for n in range(MAX_WORDS)]
    assert containing(" ".join([*words[:-1], "other"])) == set()
    assert containing(" ".join([*words, "other"])) == {"One"}
    make.note("Long", cause="y" * MAX_LENGTH)
    assert containing("y" * MAX_LENGTH + "z") == {"Long"}
    assert containing("y" * (MAX_LENGTH - 1) + "z") == set()
    assert containing(" " * 3_999 + "yz") == {"Long"}
    assert containing(" " * 3_998 + "yz") == set()


def test_validated_notes_come_first_then_the_latest(agent):
    now = timezone.now()
    for title, state, days in [
        ("A", "draft", 0),
        ("B", "validated", 2),
        ("C", "validated", 1),
        ("D", "not_validated", 0),
    ]:
        note = make.note(title, cause="lobby", state=state)
        TroubleshootingNote.objects.filter(pk=note.pk).update(updated_at=now - timezone.timedelta(days=days))
    TroubleshootingNote.objects.filter(title__in="BC").update(updated_at=now)
    assert titles("lobby", agent)[:2] == ["C", "B"]
    assert titles("lobby", agent, 3) == titles("lobby", agent)[:3]
    assert len(titles("lobby", agent)) == 4


def test_notes_with_the_words_come_before_notes_on_matching_codes_and_each_comes_once():
    best, other = (
        make.code("1", description="Lobby."),
        make.code("2", description="The lobby of a hall is a long text."),
    )
    make.note("On the other", other)
    make.note("On the best", best)
    make.note("On both", best, other)
    make.note("With the word", best, cause="lobby")
    assert titles("lobby")[0] == "With the word"
    assert sorted(titles("lobby")) == ["On both", "On the best", "On the other", "With the word"]
    assert titles("lobby")[-1] == "On the other"
    assert titles("lobby", limit=2) == titles("lobby")[:2]
    # Of two notes on one code the newer comes first.
    assert titles("lobby")[1:3] == ["On both", "On the best"]


@pytest.mark.parametrize("stored", ["ÉCLAIR", "éclair", "eclair", "E\u0301clair"])
@pytest.mark.parametrize("typed", ["ÉCLAIR", "éclair", "Eclair"])
def test_accents_and_case_do_not_matter(stored, typed):
    make.note(f"No {stored} left")
    assert containing(typed) == {f"No {stored} left"}
