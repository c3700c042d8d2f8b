"""The passage of a hit: from texts that the reader may read, and about the words of the question."""

import pytest

from kb import searching
from kb.models import CodeTable
from kb.searching.documents import BUCKET, Document
from kb.searching.query import Alternative, SearchTerm
from kb.searching.snippets import LENGTH, snippets
from kb.searching.tokenizer import beginnings_of, fold, stem, words_in, words_with
from tests import make


def term(*stems, prefix=False):
    return SearchTerm(" ".join(stems), (Alternative(tuple(stems), prefix=prefix),))


def snippet(texts, terms):
    (only,) = snippets([texts], terms)
    return only


def marked(pieces):
    return [text for text, is_marked in pieces if is_marked]


def text_of(pieces):
    return "".join(text for text, _ in pieces)


HIDDEN = {
    "internal": {"audience": "internal"},
    "a draft": {"state": "draft"},
    "not validated": {"state": "not_validated"},
    "archived": {"state": "archived"},
    "an internal draft": {"audience": "internal", "state": "draft"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", HIDDEN)
@pytest.mark.parametrize("field", ["title", "resolution"])
def test_a_passage_never_comes_from_a_note_that_the_reader_may_not_read(kind, field, agent):
    """The hidden note has more of the words, so its passage would be the better one."""
    code = make.code(description="The lobby is closed.")
    make.note("Open hall", code, cause="Nothing.")
    make.note(**{"title": "x", field: "Lobby closed hush now"} | HIDDEN[kind]).codes.set([code])
    searching.refresh([code.pk])
    (hit,) = searching.search("lobby closed hush now", None, pieces=True).hits
    assert (text_of(hit.pieces), hit.in_description) == ("The lobby is closed.", True)
    (hit,) = searching.search("lobby closed hush now", agent, pieces=True).hits
    assert (text_of(hit.pieces) == "Lobby closed hush now") is (kind != "archived")


@pytest.mark.django_db
def test_a_code_that_the_reader_may_not_read_has_no_passage_even_if_the_index_is_late():
    make.code(description="The lobby is closed.")
    CodeTable.objects.update(audience="internal")
    assert searching.search("lobby", None, pieces=True).hits == []


@pytest.mark.django_db
def test_a_passage_comes_from_each_text_of_the_code_and_of_its_notes(agent):
    code = make.code(description="Alpha.", possible_reasons="Bravo.", suggested_actions="Charlie.")
    make.note("Delta.", code, issue="Echo.", cause="Foxtrot.", resolution="Golf.", environment="Hotel.")
    for word in "Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel".split():
        (hit,) = searching.search(word, None, pieces=True).hits
        assert (text_of(hit.pieces), hit.in_description) == (f"{word}.", word == "Alpha")


@pytest.mark.django_db
def test_a_passage_comes_from_the_note_with_most_words_and_else_from_a_validated_one(agent):
    code = make.code(description="Alpha.")
    make.note("Old", code, state="draft", cause="The lobby leaks.")
    make.note("Whole", code, cause="The lobby is flooded.")
    make.note("Third", code, state="not_validated", cause="The flooded lobby smells.")
    searching.refresh([code.pk])
    for question, passage in (("lobby", "The lobby is flooded."), ("lobby smells", "The flooded lobby smells.")):
        (hit,) = searching.search(question, agent, pieces=True).hits
        assert text_of(hit.pieces) == passage


@pytest.mark.django_db
def test_a_passage_comes_from_a_note_on_the_range_around_the_code(agent):
    code, block = make.code("660300001"), make.code_range()
    note = make.note("Whole block", cause="The lobby is flooded.")
    note.ranges.set([block])
    searching.refresh([code.pk])
    for user in (agent, None):
        (hit,) = searching.search("flooded lobby", user, pieces=True).hits
        assert text_of(hit.pieces) == "The lobby is flooded."


@pytest.mark.django_db
def test_without_pieces_there_is_no_passage():
    make.code()
    assert [hit.pieces for hit in searching.search("room", None).hits] == [()]


# Which text


def test_the_text_with_the_most_different_words_is_cut_and_the_first_of_equals():
    terms = [term("room"), term("clos")]
    assert snippet(["room room room", "room closed", "closed room", "x"], terms)[0] == 1
    assert snippet(["x", "room", "closed"], terms)[0] == 1


def test_without_a_hit_the_first_text_with_a_word_is_shown():
    assert snippet(["", "  ", "hall", "door"], [term("room")]) == (2, [("hall", False)])
    assert snippet(["", " "], [term("room")]) == (0, [])
    assert snippet([], [term("room")]) == (0, [])


@pytest.mark.parametrize(
    ("text", "terms", "words"),
    [
        ("Rooms and a room", [term("room")], ["Rooms", "room"]),
        ("the roomy Room", [term("room")], ["Room"]),
        ("the roomy Room", [term("room", prefix=True)], ["roomy", "Room"]),
        ("RoomID is long", [term("id")], ["RoomID"]),
        ("entrance hall, hall", [term("entranc", "hall")], ["entrance", "hall", "hall"]),
        ("UserRoomy here", [term("room", prefix=True)], ["UserRoomy"]),
        ("房间不存在", [term("房间")], ["房间"]),
    ],
)
def test_the_words_of_the_question_are_marked(text, terms, words):
    assert marked(snippet([text], terms)[1]) == words


# Where a long text is cut


def test_a_text_of_the_longest_length_is_shown_whole():
    text = f"{'x ' * 70}room".ljust(LENGTH, ".")
    assert text_of(snippet([text], [term("room")])[1]) == text
    longer = snippet([f"{text}."], [term("room")])[1]
    assert longer[0] == ("…", False)


def test_a_long_text_is_cut_at_a_word_shortly_before_the_first_hit():
    for before, cut in ((40, False), (41, True)):
        text = f"{'x' * (before - 1)} room {'y' * 200}"
        pieces = snippet([text], [term("room")])[1]
        assert (pieces[0] == ("…", False)) is cut
        assert text_of(pieces).endswith("y…")
        assert len(text_of(pieces).strip("…")) == LENGTH
    assert text_of(snippet([f"one two {'z' * 60} room {'y' * 200}"], [term("room")])[1]).startswith("…room y")
    assert text_of(snippet([f"{'z' * 60} one two room {'y' * 200}"], [term("room")])[1]).startswith("…one two room y")
    assert text_of(snippet([f"{'房' * 60}room {'y' * 200}"], [term("room")])[1]).startswith("…room y")


def test_a_word_that_is_cut_at_the_end_is_not_marked_and_the_end_has_a_sign():
    text = f"room {'x' * 151} door"
    assert marked(snippet([text + " z"], [term("room"), term("door")])[1]) == ["room"]
    text = f"room {'x' * 150} door"
    pieces = snippet([text + " z"], [term("room"), term("door")])[1]
    assert marked(pieces) == ["room", "door"]
    assert pieces[-1] == ("…", False)
    assert snippet([text], [term("room"), term("door")])[1][-1] == ("door", True)


def test_pieces_are_never_empty_and_overlapping_hits_are_marked_once():
    pieces = snippet(["房间不"], [term("房间"), term("间不")])[1]
    assert pieces == [("房间", True), ("不", False)]


def test_a_document_knows_its_code():
    assert [Document(7 + bucket * BUCKET, "", "", "", "").code_id for bucket in range(3)] == [7, 7, 7]


# Words that contain a stem

SENTENCES = [
    "Replies, supplies and policies of UserIDs; ties and flies.",
    "Registration failed: registrations, withdrew, left, leaving, gone.",
    "HTTP2Server_roomFull room-full ROOMS rooms' don't",
    "Room\u2019s naïve 房间不存在 room",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_each_word_of_a_text_is_found_by_its_stem(sentence):
    for word in words_in(fold(sentence)):
        for part in (word.whole, *word.parts):
            near = words_with(fold(sentence), beginnings_of(stem(part)))
            assert word in near
            assert [one for one in words_in(fold(sentence)) if one in near] == near


@pytest.mark.django_db
def test_a_related_word_is_marked_if_it_is_why_the_code_is_a_hit():
    make.code(description="Room does not exist.")
    (hit,) = searching.search("chatroom vanished", None, pieces=True).hits
    assert "Room" in marked(hit.pieces)
    (hit,) = searching.search("room exist", None, pieces=True).hits
    assert marked(hit.pieces) == ["Room", "exist"]


@pytest.mark.django_db
def test_a_passage_of_a_note_shows_no_signs_of_markdown():
    text = "# Lobby closed\nAsk for the exact **LobbyId** and run `lobby status`; 2 ** 3, *_lobby_*"
    make.note("Delta", make.code(description="Nothing."), resolution=text)
    (hit,) = searching.search("lobby", None, pieces=True).hits
    shown = "".join(piece for piece, _ in hit.pieces)
    assert shown == "Lobby closed\nAsk for the exact LobbyId and run lobby status; 2 ** 3, *_lobby_*"
