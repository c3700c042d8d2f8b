"""Questions about something else get no codes."""

import pytest

from kb import searching
from kb.searching import coverage
from kb.searching.documents import REPLY, Document
from kb.searching.query import Alternative, SearchTerm
from tests import make

COUNTS = {"": 1_000, "room": 50, "clos": 50, "address": 50, "bill": 2}


def terms(*stems):
    return [SearchTerm(stem, (Alternative((stem,)),)) for stem in stems]


def share(stems, *heads):
    hits = [Document(n, head, "", "", "") for n, head in enumerate(heads, 1)]
    return coverage.share(terms(*stems), COUNTS, hits)


def test_the_best_share_of_one_hit_counts():
    assert share(["room", "clos"], "room", "clos") == pytest.approx(0.5)
    assert share(["room", "clos"], "room", "room clos") == 1
    assert share(["room"], "clos") == share(["room"]) == 0


def test_a_word_of_conversation_hardly_counts_and_one_of_other_topics_counts_double():
    assert share(["clos", "customer"], "clos") > 0.7
    assert share(["clos", "hotel"], "clos") < 0.25
    # A topic of this table is as good as any word.
    assert share(["address", "clos"], "address") == pytest.approx(0.5)


def test_a_topic_that_hardly_any_code_has_does_not_answer_the_rest():
    assert share(["bill", "address"], "bill") < share(["room", "address"], "room")


def test_a_customer_reply_answers_nothing():
    reply = Document(1, "", "", f"a {REPLY} room clos", "")
    assert coverage.share(terms("room"), COUNTS, [reply]) == 0


def test_four_topics_are_enough_in_a_line_of_a_log():
    noise = [f"noise{n}" for n in range(12)]
    assert share(["room", "clos", "address", "x", *noise], "room clos address x") == 1


@pytest.mark.django_db
def test_a_question_about_something_else_gets_no_codes():
    codes = make.codes(map(str, range(100)), make.table(), description="Room is closed.")
    make.code("address", description="The billing address of the sender is malformed.")
    assert searching.search("change the coffee in the kitchen of the room", None).hits == []
    assert len(searching.search("the room is closed", None).hits) == 50
    assert searching.search("sender address malformed", None).hits
    assert codes
