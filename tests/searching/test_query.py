"""The terms of a question: words, beginnings, synonyms, and their limits."""

import pytest

from kb.models import Synonym
from kb.searching import query
from kb.searching.query import BEGINNING, MAX_TERMS, MAX_TEXT, SYNONYM, Alternative, terms_of

pytestmark = pytest.mark.django_db


def words(text):
    return [term.text for term in terms_of(text)]


def alternatives(text, **options):
    return [terms.alternatives for terms in terms_of(text, **options)][-1]


def synonyms(*groups):
    Synonym.objects.all().delete()
    Synonym.objects.bulk_create(Synonym(words=group, audience="public") for group in groups)


def has_beginning(text, **options):
    return any(alternative.prefix for alternative in alternatives(text, **options))


def test_stop_words_count_only_in_a_question_without_other_words():
    assert words("why is the room closed") == ["room", "closed"]
    assert words("why is the") == ["why", "is", "the"]
    assert words("") == []


def test_a_word_counts_once_at_its_last_place():
    assert words("rooms hall room") == ["hall", "room"]


def test_so_many_words_are_searched_for():
    assert words(" ".join(f"word{n}x" for n in range(MAX_TERMS + 5))) == [f"word{n}x" for n in range(MAX_TERMS)]


def test_so_many_characters_are_read():
    assert words("x" * (MAX_TEXT - 6) + " room.hall") == ["x" * 40, "room"]


@pytest.mark.parametrize(
    ("text", "is_beginning"),
    [
        ("ro", True), ("r", False), ("closed ro", True), ("ro ", False), ("ro.", False), ("ro the", False),
        ("the ro", True), ("66 x", False), ("66x", True), ("660 ", True), ("66 ", False), ("660x ", False),
    ],
)  # fmt: skip
def test_the_last_word_may_be_a_beginning_from_two_letters_on_and_a_number_from_three_digits_on(text, is_beginning):
    assert has_beginning(text) is is_beginning


def test_without_typing_only_numbers_may_be_beginnings():
    assert not has_beginning("roo", as_you_type=False)
    assert has_beginning("660", as_you_type=False)


def test_only_the_last_word_is_a_beginning():
    synonyms()
    one, other = terms_of("room hall")
    assert [alternative.prefix for alternative in one.alternatives] == [False]
    assert [alternative.prefix for alternative in other.alternatives] == [False, True]


def test_more_words_than_are_searched_for_leave_no_beginning():
    assert not has_beginning(" ".join(f"word{n}x" for n in range(MAX_TERMS + 1)))


def test_the_ways_to_match_a_word_and_their_weights():
    synonyms("userid, account, login name")
    assert alternatives("UserID") == (
        Alternative(("userid",)),
        Alternative(("user", "id"), 0.9),
        Alternative(("userid",), BEGINNING, True),
        Alternative(("account",), SYNONYM),
        Alternative(("login", "nam"), SYNONYM),
    )


def test_a_phrase_of_three_words_comes_before_one_of_two():
    synonyms("log in again, relogin", "log in, signon", "again, anew", "room, hall")
    synonyms("big red room, ballroom", "big red, crimson", "room, hall")
    assert words("big red room") == ["big red room"]
    assert words("big red hall") == ["big red", "hall"]
    assert words("my big red") == ["big red"]
    assert words("big room") == ["big", "room"]
    assert alternatives("big red roo")[0] == Alternative(("roo",))


def test_a_phrase_is_never_a_beginning():
    synonyms("big red, crimson")
    assert not has_beginning("big red")


def test_the_synonyms_of_two_groups_are_those_of_both_and_each_once():
    synonyms("room, hall, lobby", "room, lobby, den", "the, room")
    assert [a.stems[0] for a in alternatives("room ")] == ["room", "hall", "lobby", "den", "the"]
    assert [a.stems[0] for a in alternatives("hall ")] == ["hall", "room", "lobby"]


def test_so_many_ways_of_one_word_are_searched_for():
    synonyms(", ".join(f"word{n}x" for n in range(20)))
    assert len(alternatives("word0x ")) == query._MAX_ALTERNATIVES


def test_a_changed_synonym_counts_at_once():
    synonyms("room, hall")
    assert len(alternatives("room ")) == 2
    Synonym.objects.update(words="room, hall, lobby")
    assert len(alternatives("room ")) == 3


def test_the_first_word_of_each_way_tells_how_rare_a_term_is():
    synonyms("userid, account")
    assert query.first_stems(terms_of("UserID closed ")) == ["account", "clos", "user", "userid"]


def test_a_long_name_that_no_document_has_is_taken_apart():
    terms = terms_of("DoorHingeWorn window ")
    assert [term.text for term in query.taken_apart(terms, {})] == ["door", "hing", "worn", "window"]
    assert query.taken_apart(terms, {"doorhingeworn": 1}) == terms


def test_a_name_of_two_parts_stays():
    terms = terms_of("DoorHinge ")
    assert query.taken_apart(terms, {}) == terms


def test_the_parts_of_names_are_no_more_than_are_searched_for():
    terms = terms_of(" ".join(f"Aa{n}Bb{n}Cc{n}" for n in range(MAX_TERMS)))
    assert len(query.taken_apart(terms, {})) == MAX_TERMS
