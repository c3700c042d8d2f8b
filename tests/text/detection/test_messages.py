"""Messages in a text: which places match, and what fills the holes."""

import pytest

from kb.text.detection import messages
from kb.text.detection.messages import MAX_ANCHORS, MAX_PLACES, MAX_WORDS, MessageText, anchors
from kb.text.detection.templates import anchor_words, template

SHELF = 'shelf "%s" is not part of aisle "%s"'


def places(description, text):
    words = anchor_words(description)
    own, stop = anchors(text)
    assert stop is None
    return list(MessageText(text, [words]).matches(template(description), words)) if words in own else []


def filled(description, text):
    """What fills the holes of the message's first place; None if the text does not have it."""
    return next((dict(place.filled) for place in places(description, text)), None)


@pytest.mark.parametrize(
    "text",
    [
        'ERROR:  shelf "B7" is not part of aisle "north"',
        'shelf "B7" is not part of aisle "north".',
        "Shelf “B7” IS not\tpart  of aisle “north”, sorry",
        '{"msg":"shelf \\"B7\\" is not part of aisle \\"north\\""}',
        "depot.Error (shelf 'B7' is not part of aisle 'north')",
        "2031-01-01 00:00:00,000 [main] WARN c.d.Store - shelf B7 is not part of aisle north",
        "error shelf `B7` is not part of aisle `north` at line 3",
        "DETAIL: shelf <B7> is not part of aisle <north>\nnext line",
    ],
)
def test_signs_and_what_is_around_do_not_matter(text):
    assert filled(SHELF, text) == {"shelf": "B7", "aisle": "north"}


@pytest.mark.parametrize(
    "text",
    [
        'shelf "" is not part of aisle "north"',
        "shelf is not part of aisle north",
        'shelf "B7" is not part\nof aisle "north"',
        'shelf "B7"\nis not part of aisle "north"',
        'shelf "B7" is not a part of aisle "north"',
        f'shelf "{"a " * MAX_WORDS}b" is not part of aisle "north"',
        f'shelf "{"a" * 200}" is not part of aisle "north"',
        'shelves "B7" is not part of aisle "north"',
    ],
)
def test_another_message_does_not_match(text):
    assert places(SHELF, text) == []


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("drawer handle is stale", True),
        ("ERROR drawer handle is stale.", True),
        ("pool-3: drawer handle is stale (again)", True),
        ("he said the drawer handle is stale", False),
        ("drawer handle is stale because of me", False),
        ("drawer handle is stale and old", False),
    ],
)
def test_a_light_message_is_no_part_of_a_sentence(text, matches):
    assert bool(places("Drawer handle is stale.", text)) is matches


def test_a_telling_message_may_be_a_part_of_a_sentence():
    message = "the lock keeper cannot turn this wooden bolt"
    assert places(message, f"he says that {message} again and again")


@pytest.mark.parametrize(
    ("description", "text", "values"),
    [
        (
            "%s: crate is sealed by another worker",
            "mv: /srv/crate 9: crate is sealed by another worker",
            {"value": "9"},
        ),
        ('"%s" is sealed by another worker', 'x "crate 9" is sealed by another worker', {"value": "crate 9"}),
        ("crate is sealed by worker %s", "crate is sealed by worker Rosa Blum, call her", {"worker": "Rosa Blum"}),
        ("crate is sealed by worker {name}", 'crate is sealed by worker "Rosa, B"!', {"name": "Rosa, B"}),
        ("crate is sealed by worker {name}", "crate is sealed by worker", None),
        ("crate is sealed by worker {name}", "crate is sealed by worker\nRosa", None),
        ("crate {a}:{b} is sealed by worker", "crate 7:8 is sealed by worker", {"a": "7", "b": "8"}),
        ("crate {a}:{b} is sealed by worker", "crate 7 is sealed by worker", {"a": "7"}),
    ],
)
def test_what_fills_a_hole(description, text, values):
    assert filled(description, text) == values


def test_a_place_has_the_whole_message():
    text = 'x: shelf "B7" is not part of aisle "north" today'
    place = places(SHELF, text)[0]
    assert text[place.start : place.end] == 'shelf "B7" is not part of aisle "north'


def test_every_place_matches_once():
    text = f"{SHELF.replace('%s', 'a')}\n" * 3
    assert len(places(SHELF, text)) == 3
    assert len(places(SHELF, f"{SHELF.replace('%s', 'a')}\n" * (MAX_PLACES + 5))) == MAX_PLACES


def test_anchors_are_words_of_one_line():
    assert anchors("The vault, CLOSED by\nnight 房间不存在")[0] == [
        "the vault closed",
        "vault closed by",
        "房间不存",
        "间不存在",
    ]
    assert anchors("a1 vault closed by2 night")[0] == []


def test_a_text_with_too_many_anchors_is_read_in_part():
    letters = "abcdefghij"
    words = [a + b + c + d + e for a in letters for b in letters for c in letters for d in letters for e in letters]
    text = " ".join(words[: MAX_ANCHORS + 100])
    own, stop = anchors(text)
    assert 0 < len(own) <= MAX_ANCHORS
    assert stop == len(text) // 2
    assert messages.anchors(text[:stop])[1] is None
