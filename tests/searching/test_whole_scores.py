"""Scores, shares, near words and passages of many texts, compared whole with stored ones.

After a change that is meant: `WRITE_EXPECTED=1 pytest tests/searching/test_whole_scores.py`, then read the difference.
"""

import json
import os
from pathlib import Path

from kb.searching import relevance, typos
from kb.searching.documents import BUCKET, Document
from kb.searching.query import Alternative, SearchTerm
from kb.searching.snippets import snippets

EXPECTED = Path(__file__).with_name("whole_scores.json")


def term(*stems, also=(), prefix=False):
    ways = [Alternative((stem,)) for stem in stems] + [Alternative(tuple(way), 0.7) for way in also]
    return SearchTerm(stems[0], (*ways, *([Alternative((stems[0],), 0.6, True)] if prefix else [])))


QUESTIONS = {
    "one word": [term("room")],
    "a beginning": [term("roo", prefix=True)],
    "two words": [term("room"), term("full")],
    "a negation": [term("not"), term("room")],
    "synonyms": [term("room", also=[("hall",), ("big", "den")]), term("full")],
    "an unknown word": [term("zebra"), term("room"), term("full")],
    "many words": [term("user"), term("room"), term("full"), term("clos"), term("not")],
}
COUNTS = {"": 1000, "room": 300, "full": 20, "not": 400, "hall": 50, "big": 3, "user": 999, "clos": 1000}
WORDS = ("room", "full room", "room full", "not", "hall", "den big", "rooms", "room x full", "user clos room full")
LENGTHS = (0, 1, 20, 31, 32, 33, 60, 86, 87, 88, 200)
SPACES = (0, 1, 39, 40, 41, 42, 119, 155, 156, 157, 158, 200)


def assert_stored(kind, answers):
    """Compare answers with the stored ones, one by one, so that a difference is easy to read."""
    answers = json.loads(json.dumps(answers))
    stored = json.loads(EXPECTED.read_text()) if EXPECTED.exists() else {}
    if os.environ.get("WRITE_EXPECTED"):
        stored[kind] = answers
        EXPECTED.write_text(json.dumps(stored, indent=0, ensure_ascii=False, sort_keys=True) + "\n")
    assert answers.keys() == stored[kind].keys()
    assert {one: answer for one, answer in answers.items() if answer != stored[kind][one]} == {}


def test_the_rarity_and_the_share_of_every_term():
    answers = {}
    for name, terms in QUESTIONS.items():
        for total, most in ((0, 0), (1, 1), (10, 5), (1000, 0), (1000, 7), (1000, 2000)):
            rarity = relevance.weights(terms, COUNTS | {"": total}, most)
            answers[f"{name} {total} {most}"] = [
                [round(n, 9) for n in all_] for all_ in (rarity, relevance.shares(rarity))
            ]
    assert_stored("rarity", answers)


def test_every_document_has_its_score_and_place():
    documents = [Document(n + (n % 3) * BUCKET, words, "", "", "") for n, words in enumerate(WORDS, 1)]
    documents += [Document(20 + n, "", words, "", "") for n, words in enumerate(WORDS)]
    documents += [Document(40 + n, "", "", words, "") for n, words in enumerate(WORDS)]
    documents += [Document(60 + n, f"room {'x' * length}", "full", "", "") for n, length in enumerate(LENGTHS)]
    answers = {}
    for name, terms in QUESTIONS.items():
        ranked = relevance.rank(terms, relevance.weights(terms, COUNTS, 310), documents)
        answers[name] = [[document.key, score] for score, document in ranked]
    assert_stored("scores", answers)


def test_every_passage_begins_and_ends_at_its_place():
    texts = ["", " ", "The room.", "Rooms, room; full-room", "x" * 160, "x" * 161]
    texts += [f"{'x' * n} room {'y ' * 80}" for n in SPACES] + [
        f"{'ab ' * (n // 3)}room full {'y' * n}" for n in SPACES
    ]
    texts += [f"{'x' * n}room full" for n in (1, 150)] + [f"room {'x' * n} full" for n in SPACES]
    answers = {}
    for name, terms in QUESTIONS.items():
        answers |= {f"{name}: {text}": snippets([[text]], terms)[0] for text in texts}
        answers[f"{name}: best"] = snippets(
            [["", "room", "room room", "room full", "full room", "not user room full"]], terms
        )[0]
    assert_stored("passages", answers)


def test_the_words_that_may_be_near_and_how_near_they_are():
    words = ("", "abc", "abcd", "ABCD", "abc1", "abcä", "a" * 24, "a" * 25)
    pairs = (
        ("room", "room"),
        ("room", "rooms"),
        ("room", "moor"),
        ("ab", "cd"),
        ("signature", "signatrues"),
        ("a", "ab"),
    )
    answers = {f"may {word}": typos._may_be_wrong(word) for word in words}
    answers |= {f"{one} {two}": round(typos._similarity(one, two), 9) for one, two in pairs}
    answers |= {f"near {word}": sorted(typos._one_edit_away(word)) for word in ("", "a", "abc")}
    assert_stored("near", answers)
