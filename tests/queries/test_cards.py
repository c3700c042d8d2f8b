"""Cards, look-ups, verdicts on many codes and the API's filters agree on the notes and incidents of a code."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from kb import answers
from kb.answers.build import MAX_ITEMS
from kb.models import CodeRange, ReturnCode, TroubleshootingNote
from kb.queries.cards import cards, filled_reply
from kb.queries.code_knowledge import having_notes, having_open_incident
from kb.queries.lookup import codes_visible_to, find_code
from kb.queries.lookup_many import look_up
from kb.queries.surroundings import surroundings
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
STATES = ("draft", "not_validated", "validated", "archived")
AUDIENCES = ("public", "internal")


def every_code(user):
    return list(codes_visible_to(user).order_by("number"))


def numbers(codes):
    return {code.number for code in codes}


def test_every_read_agrees_on_the_codes_that_have_a_note(agent):
    table, other = make.table(), make.table("other")
    published = {None: set(), agent: set()}
    listed = {None: set(), agent: set()}
    for number, (state, audience, place) in enumerate(product(STATES, AUDIENCES, ("code", "range")), 1):
        code = make.code(str(10 * number), table)
        note = make.note(f"{state} {audience}", state=state, audience=audience)
        if place == "code":
            note.codes.add(code)
        else:
            note.ranges.add(make.code_range(f"{number}", code.number, code.number, of=table))
        if state == "validated" and audience == "public":
            published[None].add(code.number)
            listed[None].add(code.number)
        if state in ("not_validated", "validated"):
            published[agent].add(code.number)
        if state != "archived":
            listed[agent].add(code.number)
    beside = make.note("Beside the codes")
    for number in (1000, 1010):
        make.code(str(number), table)
    make.code("A-1", table)
    beside.ranges.add(make.code_range("Between", 1001, 1009, of=table), make.code_range("Elsewhere", 0, 2000, of=other))
    answers.rebuild()
    for reader, expected in published.items():
        codes = every_code(reader)
        visible = codes_visible_to(reader)
        assert numbers(having_notes(visible, reader, True)) == expected
        assert numbers(having_notes(visible, reader, False)) == numbers(codes) - expected
        assert numbers(card.code for card in cards(codes, reader) if card.verdict == "found") == expected
        assert numbers(card.code for card in cards(codes, reader) if card.notes) == listed[reader]
        assert numbers(code for code in codes if code.pk in surroundings(codes, reader).notes) == expected
        assert numbers(code for code in codes if find_code(code.code, reader).verdict == "found") == expected
        verdicts = look_up([code.code for code in codes], reader)
        assert numbers(one.meanings[0].code for one in verdicts if one.verdict == "found") == expected


def test_every_read_agrees_on_the_open_incidents_of_a_code(agent):
    table = make.table()
    expected = {None: set(), agent: set()}
    for number, (state, audience) in enumerate(product(("open", "monitoring", "resolved"), AUDIENCES), 1):
        make.incident(f"{state} {audience}", make.code(str(number), table), state=state, audience=audience)
        if state != "resolved":
            expected[agent].add(number)
            expected[None] |= {number} if audience == "public" else set()
    make.code("7", table)
    everything = [str(number) for number in range(1, 8)]
    for reader, hit in expected.items():
        codes = codes_visible_to(reader)
        assert numbers(having_open_incident(codes, reader, True)) == hit
        assert numbers(having_open_incident(codes, reader, False)) == set(range(1, 8)) - hit
        assert numbers(card.code for card in cards(every_code(reader), reader) if card.open_incidents) == hit
        meanings = [verdict.meanings[0] for verdict in look_up(everything, reader)]
        assert numbers(meaning.code for meaning in meanings if meaning.card["open_incidents"]) == hit


def test_open_incidents_are_in_one_order_the_latest_first_and_those_without_a_start_last():
    code = make.code("1")
    titles = {"second": NOW - timedelta(1), "fourth": None, "first": NOW, "third": NOW - timedelta(2)}
    for title, started in titles.items():
        make.incident(title, code, started_at=started, state="monitoring" if title == "first" else "open")
    order = ["first", "second", "third", "fourth"]
    assert [incident.title for incident in cards([code], None)[0].open_incidents] == order
    assert [incident["title"] for incident in look_up(["1"], None)[0].meanings[0].card["open_incidents"]] == order


# Where a note is: on the code, on a narrow range or on a wide one. Its state, and its age in days. The best first.
RANKS = (
    ("code", "validated", 2),
    ("code", "validated", 3),
    ("code", "not_validated", 1),
    ("narrow", "validated", 2),
    ("narrow", "validated", 3),
    ("narrow", "not_validated", 1),
    ("wide", "validated", 0),
    ("wide", "not_validated", 0),
)


@pytest.mark.parametrize("order", [1, -1], ids=["the best is written first", "the best is written last"])
def test_a_better_note_comes_before_a_worse_one(order, agent):
    code = make.code("50")
    ranges = {"narrow": make.code_range("Narrow", 40, 60), "wide": make.code_range("Wide", 1, 99)}
    notes = {}
    for rank in RANKS[::order]:
        place, state, age = rank
        notes[rank] = make.note(" ".join(map(str, rank)), state=state, updated_at=NOW - timedelta(age))
        (notes[rank].codes if place == "code" else notes[rank].ranges).add(ranges.get(place, code))
    answers.rebuild()
    expected = [notes[rank] for rank in RANKS]
    while expected:
        # Read again: a code keeps the notes that a card has read for it.
        assert cards(every_code(agent), agent)[0].notes == expected
        assert look_up(["50"], agent)[0].meanings[0].note.id == expected[0].pk
        TroubleshootingNote.objects.filter(pk=expected.pop(0).pk).update(state="archived")
        answers.rebuild()


def test_of_two_notes_of_the_same_moment_the_later_one_comes_first(agent):
    code = make.code("50")
    for title in ("earlier", "later"):
        make.note(title, code, updated_at=NOW)
    assert [note.title for note in cards([code], agent)[0].notes] == ["later", "earlier"]
    assert surroundings([code], agent).notes[code.pk].title == "later"


def test_a_note_on_a_code_and_on_its_range_is_listed_once():
    code = make.code("50")
    note = make.note("Both", code)
    note.ranges.add(make.code_range("Narrow", 40, 60), make.code_range("Wide", 1, 99))
    assert cards([code], None)[0].notes == [note]


def test_a_card_has_the_ranges_around_its_own_number_and_table_narrowest_first():
    table, other = make.table(), make.table("other")
    code, neighbour = make.code("50", table), make.code("61", table)
    same = make.code("50", other)
    bounds = ((1, 99), (50, 50), (40, 50), (50, 70), (51, 90), (10, 49))
    blocks = {bound: make.code_range(str(bound), *bound, of=table) for bound in bounds}
    elsewhere = make.code_range("Elsewhere", 45, 55, of=other)
    shown = [card.ranges for card in cards([code, neighbour, same], None)]
    assert shown == [
        [blocks[50, 50], blocks[40, 50], blocks[50, 70], blocks[1, 99]],
        [blocks[50, 70], blocks[51, 90], blocks[1, 99]],
        [elsewhere],
    ]


def test_a_code_without_a_number_is_in_no_range_not_even_around_zero():
    word, zero = make.code("ORA"), make.code("0")
    block = make.code_range("Around zero", -5, 0)
    assert [card.ranges for card in cards([word, zero], None)] == [[], [block]]
    assert [card.ranges for card in cards([word], None)] == [[]]
    make.note("On the range").ranges.add(block)
    answers.rebuild()
    assert list(surroundings([word, zero], None).notes) == [zero.pk]


def test_the_first_note_of_a_code_with_more_drafts_than_a_card_lists_is_that_of_its_narrowest_range(agent):
    codes = [make.code(number) for number in ("50", "51", "word")]
    for number in range(MAX_ITEMS + 1):
        make.note(f"Draft {number}", *codes, state="draft")
    for name, first, last in (("Wide", 1, 99), ("Narrow", 45, 50), ("Elsewhere", 52, 53)):
        make.note(name).ranges.add(make.code_range(name, first, last))
    make.note("Older", updated_at=NOW).ranges.add(*CodeRange.objects.filter(name="Narrow"))
    answers.rebuild()
    first = surroundings(codes, agent).notes
    assert [first[code.pk].title if code.pk in first else None for code in codes] == ["Narrow", "Wide", None]


@pytest.mark.parametrize(
    ("replies", "shown"),
    [
        ([("validated", "First."), ("not_validated", "Second.")], "First."),
        ([("validated", "  \n"), ("not_validated", "Second.")], "Second."),
        ([("draft", "First.")], ""),
        ([("validated", "")], ""),
    ],
)
def test_the_reply_is_that_of_the_first_live_note_that_has_one(replies, shown, agent):
    code = make.code("50")
    for state, reply in replies:
        make.note(state, code, state=state, customer_reply=reply)
    assert cards([code], agent)[0].customer_reply == shown


@pytest.mark.parametrize(("codes", "reply"), [([], "{code}"), (["1"], "1"), (["1", "2"], "{code}")])
def test_the_code_is_filled_into_a_reply_about_one_code(codes, reply):
    note = TroubleshootingNote(customer_reply="{code}")
    assert filled_reply(note, [ReturnCode(code=code) for code in codes]) == reply


def test_cards_come_in_the_order_of_their_codes():
    codes = [make.code(number) for number in ("3", "1", "2")]
    assert [card.code for card in cards(codes, None)] == codes


@pytest.mark.parametrize("is_retired", [False, True])
def test_a_retired_code_is_retired_with_a_note_or_without(is_retired):
    code = make.code("50", retired_at=NOW if is_retired else None)
    make.note("About it", code)
    expected = "retired" if is_retired else "found"
    assert cards([code], None)[0].verdict == expected
    assert look_up(["50"], None)[0].meanings[0].verdict == expected
    assert find_code("50", None).verdict == expected
