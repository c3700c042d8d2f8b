"""Questions about something else get no codes."""

import pytest

from kb import searching
from kb.searching import coverage
from kb.searching.documents import REPLY, Document
from kb.searching.query import BEGINNING, Alternative, SearchTerm
from kb.searching.thesaurus import RELATED
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


def one_term(stem, *others):
    return [SearchTerm(stem, (Alternative((stem,)), *others))]


def test_a_word_of_other_topics_counts_only_as_a_word_of_its_own():
    assert share(["bill"], "bill is late") == 1
    # BillReferenceTag, in parts and as a whole.
    assert share(["bill"], "bill referenc tag billreferencetag is long") == 0
    assert share(["bill"], "bill referenc tag billreferencetag of a bill") == 1
    # An address is no other topic.
    assert share(["address"], "address tag addresstag is long") == 1


def test_another_word_for_one_of_other_topics_counts_and_a_mere_beginning_does_not():
    room, begun = Document(1, "room", "", "", ""), Document(1, "hotelid", "", "", "")
    assert coverage.share(one_term("hotel", Alternative(("room",), RELATED)), COUNTS, [room]) == 1
    assert coverage.share(one_term("hotel", Alternative(("hotel",), BEGINNING, True)), COUNTS, [begun]) == 0


def test_a_word_of_other_topics_in_long_actions_says_nothing():
    for size, value in ((coverage.LONG - 1, 1), (coverage.LONG, 0)):
        hit = Document(1, "", " ".join(["bill", *["word"] * size]), "", "")
        assert coverage.share(terms("bill"), COUNTS, [hit]) == value


def test_any_question_needs_something_and_none_needs_all():
    hit, weak = [Document(1, "room", "", "", "")], ["room", *(f"other{n}" for n in range(9))]
    assert coverage.lacking(terms("room"), COUNTS, hit, 1_000, more=2.0) < 0
    assert coverage.lacking(terms(*weak), COUNTS, hit, 1, more=-1.0) > 0


@pytest.mark.django_db
def test_a_question_about_something_else_gets_no_codes():
    codes = make.codes(map(str, range(100)), make.table(), description="Room is closed.")
    make.code("address", description="The billing address of the sender is malformed.")
    assert searching.search("change the coffee in the kitchen of the room", None).hits == []
    assert len(searching.search("the room is closed", None).hits) == 50
    assert searching.search("sender address malformed", None).hits
    assert codes
