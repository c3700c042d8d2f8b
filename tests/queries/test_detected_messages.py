"""A line with the message of a code, and no code: which codes it names, and what wins where both stand."""

import pytest

from kb.queries import detected_messages
from kb.queries.detection import codes_in, detect
from tests import make

pytestmark = pytest.mark.django_db

SHELF = 'shelf "%s" is not part of aisle "%s"'
LINE = 'ERROR: shelf "B7" is not part of aisle "north"'


@pytest.fixture
def code():
    return make.code("70001", make.table("depot", vendor="Depot", product="Store"), description=SHELF)


def only(text, user=None):
    matches = detect(text, user).codes
    assert len(matches) == 1
    return matches[0]


def test_a_message_names_its_code(code):
    match = only(f"first line\n{LINE} at line 3\n")
    assert (match.id, match.line, match.count, match.order, match.is_likely) == ((code,), 2, 1, 1, True)
    assert match.message == match.written == 'shelf "B7" is not part of aisle "north'
    assert match.filled == (("shelf", "B7"), ("aisle", "north"))
    assert match.why == "The line has the message of this code."


def test_a_message_of_a_few_common_words_is_only_possible():
    make.code("70002", description="Room does not exist.")
    assert not only("error: Room does not exist").is_likely


def test_a_message_is_no_code_of_the_search_box(code):
    assert codes_in(f"{LINE} 12", None) == []
    assert codes_in(f"code 70001 {LINE}", None) == [code]


def test_the_code_on_the_same_line_wins(code):
    other = make.code("70009", code.table, description="Something else.")
    match = only(f"code: 70009 {LINE}")
    assert (match.id, match.message) == ((other,), "")
    assert only(f"error 70009: x\n{LINE}".splitlines()[1]).id == (code,)


def test_a_code_in_no_table_on_the_same_line_wins(code):
    report = detect(f"code: 70123 {LINE}", None)
    assert (report.codes, [one.written for one in report.unknown]) == ([], ["70123"])


def test_the_code_in_the_next_field_of_the_same_object_wins(code):
    other = make.code("70009", code.table, description="Something else.")
    assert only('{\n "code": 70009,\n "x": 1,\n "message": "shelf \'B7\' is not part of aisle \'north\'"\n}').id == (
        other,
    )
    far = '{\n "code": 70009,\n "x": 1,\n "y": 2,\n "message": "shelf \'B7\' is not part of aisle \'north\'"\n}'
    assert len(detect(far, None).codes) == 2
    assert len(detect(f"code: 70009\n{LINE}", None).codes) == 2


def test_the_status_of_an_answer_does_not_hide_the_message(code):
    make.code("404", code.table, description="Nothing is here.")
    assert {match.id[0].code for match in detect(f"HTTP 404 {LINE}", None).codes} == {"404", "70001"}


def test_one_card_for_a_code_and_its_message(code):
    match = only(f'{{"code": 70001, "message": "{LINE}"}}')
    assert (match.written, match.filled) == ("70001", (("shelf", "B7"), ("aisle", "north")))
    assert match.why.endswith(" The line has its message, too.")
    apart = only(f"code: 70001\n\n{LINE}")
    assert (apart.written, apart.count, apart.filled) == ("70001", 1, match.filled)
    assert "message" not in apart.why


def test_the_message_makes_a_doubtful_code_likely(code):
    assert not detect("value 70001", None).codes[0].is_likely
    assert only(f"value 70001 {LINE}").is_likely


def test_the_message_tells_which_table_a_code_is_of(code):
    other = make.code("70001", make.table("aaa", vendor="Aaa", product="A"), description="Something else.")
    assert only("code: 70001").id == (code, other)
    assert only(f"code: 70001 {LINE}").id == (code, other)
    make.code("70005", other.table, description="the wooden lock keeper sleeps")
    third = make.code("70005", code.table, description=SHELF.replace("shelf", "drawer"))
    assert only('code: 70005 drawer "B7" is not part of aisle "x"').id[0] == third


def test_several_codes_with_the_same_message_are_one_match(code, agent):
    table = make.table("other", vendor="Other", product="O")
    other, old = (
        make.code("8", table, description=SHELF),
        make.code("9", table, description=SHELF, retired_at="2025-01-01T00:00Z"),
    )
    hidden = make.code("5", make.table("secret", audience="internal"), description=SHELF)
    assert only(LINE).id == (code, other, old)
    assert only(LINE, agent).id == (code, other, hidden, old)
    assert only(f"Other O says {LINE}").id == (other, code, old)


def test_words_of_an_internal_table_are_not_named_to_the_public(agent):
    make.code("5", make.table("secret", audience="internal"), description=SHELF)
    assert detect(LINE, None).codes == []
    assert len(detect(LINE, agent).codes) == 1


def test_where_two_messages_overlap_the_one_that_tells_more_is_named(code):
    longer = make.code("70002", code.table, description=f"{SHELF} of the wooden depot")
    assert only(f"{LINE} of the wooden depot").id == (longer,)
    assert only(LINE).id == (code,)


def test_codes_are_numbered_in_the_order_of_the_text(code):
    make.code("70009", code.table, description="Something else.")
    assert [(one.order, one.line) for one in detect(f"{LINE}\ncode: 70009\n", None).codes] == [(1, 1), (2, 2)]


def test_secrets_do_not_fill_holes(code):
    match = only('ERROR: shelf "4111 1111 1111 1111" is not part of aisle "north"')
    assert "4111" not in str(match.filled)


def test_a_text_with_too_many_words_says_how_far_it_was_read(code, monkeypatch):
    monkeypatch.setattr("kb.text.detection.messages.MAX_ANCHORS", 20)
    words = [f"word{chr(97 + a)}{chr(97 + b)}" for a in range(9) for b in range(9)]
    report = detect(f"{LINE}\n" + "\n".join(" ".join(words[n : n + 9]) for n in range(0, 81, 9)), None)
    assert 1 <= report.read_to_line < 10
    assert detect(LINE, None).read_to_line is None


def test_too_many_comparisons_end(code, monkeypatch):
    monkeypatch.setattr(detected_messages, "MAX_ATTEMPTS", 0)
    assert detect(LINE, None).codes == []


def test_messages_cost_a_fixed_number_of_queries(code, django_assert_num_queries):
    # Two of them for the words that may be symbols.
    with django_assert_num_queries(5):
        detect(f"{LINE}\n" * 3, None)
    with django_assert_num_queries(5):
        detect("nothing of the kind, code 70001", None)
