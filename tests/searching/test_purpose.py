"""What a question is for shows in its own words."""

import pytest

from kb import searching
from kb.searching.purpose import ASKS, MINE, TELLS, more_needed
from tests import make

ASKING = [
    "how do I paint a fence",
    "Hello, where can we find the cloakroom",
    "could you water the plants",
    "is there a vegetarian menu",
    "I'd like a seat by the aisle",
    "please book a table",
    "lend me an umbrella",
    "when is the next boat",
]
PLAIN = [
    "when she sings it rings",
    "room closed by the host",
    "is closed",
    "it does run",
    "who can open the gate",
    "gives me 5",
    "please",
    "",
]


@pytest.mark.parametrize("question", ASKING)
def test_who_asks_for_something_needs_a_better_hit(question):
    assert more_needed(question) == ASKS


@pytest.mark.parametrize("question", PLAIN)
def test_other_questions_need_no_better_one(question):
    assert more_needed(question) == 0


def test_who_asks_what_an_error_means_asks_for_no_other_thing():
    assert more_needed("what does a loose cable mean") == 0
    assert more_needed("how do I fix a loose cable") == 0
    assert more_needed("how do I fix a broken cable") == -TELLS


def test_things_of_the_person_who_asks_need_a_better_hit():
    assert more_needed("my bicycle") == MINE < ASKS


def test_a_problem_needs_less_of_a_hit():
    assert more_needed("cable is broken") == more_needed("the cable does not fit") == -TELLS
    assert more_needed("how do I carry a broken cable") == pytest.approx(ASKS - TELLS)
    assert more_needed("my cable is broken") == pytest.approx(MINE - TELLS)


def test_only_the_first_words_are_read():
    assert more_needed("step " * 50 + "failed") == 0


@pytest.mark.django_db
def test_a_request_with_a_few_words_of_a_code_gets_none_and_a_problem_does():
    codes = make.codes(map(str, range(200)), make.table(), description="Room is closed.")
    sender = make.code("a", description="The sender's address is malformed.")
    assert searching.search("how do I paint the address plate", None).hits == []
    assert [hit.code_id for hit in searching.search("sender typed a bad address", None).hits] == [sender.pk]
    assert len(searching.search("which room is closed", None, limit=500).hits) == len(codes)
