"""The order of hits: each rule of relevance on documents that differ in one thing, without a database."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.searching import relevance
from kb.searching.documents import BUCKET, Document, bucket_of
from kb.searching.query import Alternative, SearchTerm


def document(code=1, head="", near="", body="", bucket=0):
    return Document(code + bucket * BUCKET, head, near, body, "")


def terms(*stems):
    return [SearchTerm(stem, (Alternative((stem,)),)) for stem in stems]


def order(some, documents, rarity=None):
    return [best.code_id for _, best in relevance.rank(some, rarity or [1.0] * len(some), documents)]


ROOM = terms("room")
LONG = " ".join(["word"] * 40)
BETTER = {
    "description before reasons": (document(2, head="room"), document(1, near="room")),
    "reasons before the rest of a note": (document(2, near="room"), document(1, body="room")),
    "a short description before a long one": (document(2, head="room x"), document(1, head=f"room {LONG}")),
    "a note before no note": (document(2, head="room"), document(1, head="room", bucket=1)),
    "no note before retired": (document(2, head="room", bucket=1), document(1, head="room", bucket=2)),
    "the older code of two equal ones": (document(1, head="room"), document(2, head="room")),
}


@pytest.mark.parametrize("rule", BETTER)
def test_of_two_documents_with_a_word(rule):
    better, worse = BETTER[rule]
    assert order(ROOM, [worse, better]) == order(ROOM, [better, worse]) == [better.code_id, worse.code_id]


def test_a_better_score_counts_more_than_a_note():
    assert order(ROOM, [document(1, near="room"), document(2, head="room", bucket=2)]) == [2, 1]


def test_a_word_counts_once_in_a_document():
    assert relevance.rank(ROOM, [1.0], [document(head="room")])[0][0] == pytest.approx(
        relevance.rank(ROOM, [1.0], [document(head="room", near="room", body="room room")])[0][0]
    )


def test_a_rare_word_counts_more():
    documents = [document(1, near="room"), document(2, near="lobbi")]
    assert order(terms("room", "lobbi"), documents, [1.0, 2.0]) == [2, 1]
    assert order(terms("room", "lobbi"), documents, [2.0, 1.0]) == [1, 2]


def test_more_of_the_question_counts_more():
    documents = [document(1, head="room"), document(2, near="room", body="lobbi hall")]
    assert order(terms("room", "lobbi", "hall"), documents) == [2, 1]
    documents = [document(1, body="room lobbi"), document(2, body="room lobbi hall")]
    assert order(terms("room", "lobbi", "hall"), documents) == [2, 1]


def test_words_together_in_the_description_count_more():
    apart, together = document(1, head="room the clos"), document(2, head="the room clos")
    assert order(terms("room", "clos"), [apart, together]) == [2, 1]
    assert order(terms("clos", "room"), [apart, together]) == [1, 2]
    assert order(terms("room", "clos"), [document(1, near="room x clos"), document(2, near="x room clos")]) == [1, 2]


def test_a_synonym_and_a_beginning_count_less_than_the_word():
    term = SearchTerm("room", (Alternative(("room",)), Alternative(("hall",), 0.7), Alternative(("ro",), 0.6, True)))
    documents = [document(1, near="rope"), document(2, near="hall"), document(3, near="room")]
    assert order([term], documents) == [3, 2, 1]


@pytest.mark.parametrize(
    ("alternative", "text", "is_there"),
    [
        (Alternative(("room",)), "a room b", True),
        (Alternative(("room",)), "a rooms b", False),
        (Alternative(("room",)), "aroom b", False),
        (Alternative(("roo",), prefix=True), "a rooms b", True),
        (Alternative(("oom",), prefix=True), "a room b", False),
        (Alternative(("big", "room")), "room big", True),
        (Alternative(("big", "room")), "room", False),
        (Alternative(("big", "room")), "big", False),
        (Alternative(("big", "roo"), prefix=True), "big rooms", True),
        (Alternative(("bi", "room"), prefix=True), "big room", False),
    ],
)
def test_a_document_has_whole_words_or_the_beginning_of_the_last(alternative, text, is_there):
    assert bool(order([SearchTerm("x", (alternative,))], [document(head=text)])) is is_there


def test_a_document_needs_a_fifth_of_the_question_by_rarity():
    some = terms("room", "lobbi")
    assert order(some, [document(head="room")], [1.0, 4.0]) == [1]
    assert order(some, [document(head="room")], [1.0, 4.1]) == []


def test_how_rare_a_word_is():
    def rare(stem, counts, prefix_count=0, prefix=False, *others):
        ways = (Alternative((stem,)), *[Alternative((stem,), 0.6, True)] * prefix, *others)
        return relevance.weights([SearchTerm(stem, ways)], counts, prefix_count)[0]

    counts = {"": 1000, "room": 100, "lobbi": 10, "not": 100}
    assert rare("lobbi", counts) > rare("room", counts)
    assert rare("room", counts) == pytest.approx(math.log(1 + 1000 / 100.5) + 0.05)
    # A negation weighs less.
    assert rare("not", counts) == pytest.approx(0.3 * math.log(1 + 1000 / 100.5) + 0.05)
    # An unknown word counts as one in fifty, unless a word begins like it or it has a synonym.
    assert rare("x", counts) == pytest.approx(math.log(1 + 1000 / 21.5) + 0.05)
    assert rare("x", counts, 100, True) == rare("room", counts)
    assert rare("x", counts, 100) == rare("x", counts)
    assert rare("room", counts, 500, True) == rare("room", counts)
    assert rare("x", counts, 0, False, Alternative(("room",), 0.7), Alternative(("lobbi",), 0.7)) == rare(
        "room", counts
    )
    # The counts are rough: a word is never in more documents than there are.
    assert rare("call", {"": 10, "call": 99}) == rare("all", {"": 10, "all": 10})


@given(st.lists(st.integers(1, 500), min_size=1, max_size=5))
def test_the_share_of_documents_is_the_inverse_of_the_weight(numbers):
    counts = {"": 1000} | {f"w{n}": n for n in numbers}
    some = terms(*(f"w{n}" for n in numbers))
    for share, number in zip(relevance.shares(relevance.weights(some, counts, 0)), numbers, strict=True):
        assert share == pytest.approx((number + 0.5) / 1000, rel=0.01)


def test_a_share_is_never_more_than_all():
    assert relevance.shares([0.0, 0.5]) == [1.0, 1.0]


@given(st.integers(1, BUCKET - 1), st.integers(0, 2))
def test_a_key_holds_the_code_and_its_bucket(code, bucket):
    one = document(code, bucket=bucket)
    assert (one.code_id, bucket_of(one.key)) == (code, bucket)
