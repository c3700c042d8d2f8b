"""Corrections of words that no document has: which words, to which, and for whom."""

import pytest

from kb import searching
from kb.models import Synonym
from tests import make

pytestmark = pytest.mark.django_db


def corrected(word, user=None):
    return searching.search(f"{word} ", user).corrected.get(word)


def test_a_word_of_four_to_twenty_four_letters_is_corrected():
    long = "abcdefghijklmnopqrstuvwx"
    make.code(description=f"hall halls {long} lobby")
    assert [corrected(word) for word in ("hal", "hxll", "h4ll", "hälx")] == [None, "hall", None, None]
    assert corrected(f"{long[:-1]}z") == long
    assert corrected(f"{long}z") is None


def test_a_known_word_stays_and_so_does_the_beginning_of_one():
    make.code(description="hall halt lobbyist")
    assert corrected("hall") is None
    assert searching.search("lobbyi", None).corrected == {}
    assert searching.search("lobbyi", None).hits
    assert corrected("lobbyisx") == "lobbyist"


def test_a_word_of_computing_stays():
    make.code(description="webhooks hook both")
    assert [corrected(word) for word in ("chatbots", "bots", "webhook", "webhoks")] == [None, None, None, "webhooks"]


def test_a_synonym_of_a_known_word_stays():
    make.code(description="The room is closed.")
    Synonym.objects.create(words="chamber, room", audience="public")
    assert corrected("chamber") is None
    assert corrected("roomx") == "room"


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("sgnature", "signature"),  # a letter is missing
        ("siggnature", "signature"),  # one too many
        ("sigmature", "signature"),  # another one
        ("sginature", "signature"),  # two are swapped
        ("signatrues", "signature"),  # two edits, but similar
        ("sxgnxtxre", None),
        ("nnnnnnnn", None),
    ],
)
def test_a_word_one_edit_away_or_a_similar_one_is_taken(word, near):
    make.code(description="signature")
    assert corrected(word) == near


def test_between_near_words_the_first_letter_decides_then_similarity_then_frequency_then_the_alphabet():
    make.code("1", description="bold cold colt")
    make.code("2", description="colt zold")
    # One edit from "xold": bold, cold and zold. None begins with x; all are as similar and as frequent.
    assert corrected("xold") == "bold"
    # "colx": cold and colt are as similar; colt is in two codes.
    assert corrected("colx") == "colt"
    # "bolx": bold and colt are two edits away; bold begins alike.
    assert corrected("bolx") == "bold"


@pytest.mark.parametrize("word", ["sound", "black", "iran", "headset", "headsets", "roomed"])
def test_a_word_of_the_dictionary_is_never_corrected(word):
    make.code(description="found back ran heads rooms")
    assert corrected(word) is None


def test_a_word_of_another_table_is_never_corrected():
    make.code(description="hall")
    make.code("2", make.table("other"), description="hallx")
    hall = searching.search("hallx ", None, tables=[make.CodeTable.objects.get(slug="zim-server").pk])
    assert hall == searching.SearchMatches([])


def test_nothing_is_corrected_in_an_exact_search():
    make.code(description="hall")
    assert searching.search("hxll ", None).hits
    assert searching.search("hxll ", None, exact=True) == searching.SearchMatches([])


def test_a_similar_word_has_about_the_same_length_and_only_letters():
    make.code(description="signatures123 connectionless connect")
    assert corrected("signaturse123") is None
    assert corrected("conectionles") == "connectionless"
    assert corrected("conectin") == "connect"


def test_a_correction_finds_less_than_the_word_itself():
    make.code(description="hall")
    assert searching.search("hxll ", None).hits[0].score < searching.search("hall ", None).hits[0].score


def test_each_reader_gets_corrections_from_what_they_may_read(agent):
    make.code("1", description="hall")
    make.code("2", make.table("secret", audience="internal"), description="hulk hulk")
    make.code("3", make.table("other", audience="internal"), description="hulk")
    assert corrected("hulx") is None
    assert corrected("hulx", agent) == "hulk"
    assert corrected("hulq") is None
    assert corrected("halx") == "hall"
    # One letter from "hulk", which only an agent may read.
    assert corrected("hulx", agent) == "hulk"


def test_a_long_number_is_never_corrected_to_another_code():
    make.code("660300001", description="x 12345 1234")
    assert searching.search("660300002 ", None).corrected == {}


def test_nothing_is_called_corrected_if_nothing_is_found():
    make.code(description="hall")
    other = make.code("2", make.table("other"), description="room")
    assert searching.search("hxll ", None, tables=[other.table_id]) == searching.SearchMatches([])
