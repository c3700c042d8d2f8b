"""Codes in a pasted text: the report and its order."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text.codes.forms import canonical
from kb.text.detection.broken import TENTATIVE
from kb.text.detection.judgement import MAX_CANDIDATES, CandidateKind, Role, all_canonical_forms, candidates, judge
from tests.work import grows_faster_than_the_text

CODES = "0 1 3 7 51102 660300001 660300002 660800041 660800045 ORA-00942 0xC0000005 42P01".split()
KNOWN = {canonical(code): code for code in CODES}
RANGES = [(0, 999_999, "General"), (660_000_000, 669_999_999, "All"), (660_300_000, 660_399_999, "Room")]


def detect(text):
    return judge(text, candidates(text), KNOWN, RANGES)


def likely(text):
    return [code.id for code in detect(text).codes if code.is_likely]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('"Code": 660300001', CandidateKind.FIELD),
        ("errorCode=660300001", CandidateKind.FIELD),
        ('"SubCode":660300001', CandidateKind.ITEM),
        ("error code 660300001", CandidateKind.SAID),
        ("错误码：660300001", CandidateKind.SAID),
        ("HTTP 429", CandidateKind.HTTP),
        ("exited with code 137", CandidateKind.EXIT),
        ("ORA-00942: no table", CandidateKind.SHAPE),
        ("0x80070005", CandidateKind.SHAPE),
        ("SQLSTATE[42P01]", CandidateKind.SAID),
        ("it says 660300001", CandidateKind.BARE),
    ],
)
def test_each_candidate_has_its_kind(text, kind):
    assert [candidate.kind for candidate in candidates(text)] == [kind]


def test_a_place_that_is_read_as_one_code_in_two_ways_counts_once():
    (code,) = detect("a scan: 660 300 001 here").codes
    assert (code.spans, code.count) == ([(8, 19)], 1)


@pytest.mark.parametrize("number", ["0", "1", "3", "7", "51102"])
def test_a_short_number_counts_only_with_a_label(number):
    assert likely(f"there were {number} of them, on line {number}, port :{number}") == []
    assert likely(f'{{"Code":{number}}}') == [number]


def test_a_code_is_reported_once_with_its_places_count_line_and_reason():
    text = 'first line\n{"Code":660300001}\nand again 660300001 here'
    (code,) = detect(text).codes
    assert [text[start:end] for start, end in code.spans] == ["660300001"] * 2
    assert (code.count, code.line, code.order, code.confidence) == (2, 2, 1, 0.98)
    assert code.why == "It is in the field “Code”."


def test_the_items_reasons_come_before_the_code_that_wraps_them():
    codes = detect('{"Code":660800041,"ErrList":[{"UserId":"a","SubCode":660800045}]}').codes
    assert [(code.id, code.role, code.inside, code.order) for code in codes] == [
        ("660800045", Role.CAUSE, "660800041", 2),
        ("660800041", Role.WRAPPER, "", 1),
    ]
    assert "660800041 wraps it: this is the cause." in codes[0].why


def test_two_answers_on_two_lines_do_not_wrap_each_other():
    codes = detect('a {"Code":660300001}\nb {"Code":660300002}').codes
    assert [code.role for code in codes] == [Role.ALONE, Role.ALONE]


def test_success_comes_last():
    assert likely('{"Code":0} then {"Code":660300001}') == ["660300001", "0"]


def test_a_doubtful_code_comes_after_the_likely_ones_and_says_why():
    codes = detect("make: exit status 1, then error code 660300001").codes
    assert [(code.id, code.is_likely) for code in codes] == [("660300001", True), ("1", False)]
    assert "exit status" in codes[1].why


@pytest.mark.parametrize(
    ("text", "code"), [("exception code c0000005", "0xC0000005"), ("error code -1073741819", "0xC0000005")]
)
def test_other_spellings_of_a_code_are_explained(text, code):
    (match,) = detect(text).codes
    assert match.id == code
    assert "Read from" in match.why


def test_unknown_codes_have_the_narrowest_range():
    detection = detect('{"Code":660399999} and 660312345 but order 660312346 and 123456')
    assert [(unknown.written, unknown.range) for unknown in detection.unknown] == [
        ("660399999", "Room"),
        ("660312345", "Room"),
    ]


def test_only_the_forms_of_the_candidates_need_looking_up():
    assert all_canonical_forms(candidates('{"Code":660300001,"n":5} ORA-00942')) == {"660300001", "ORA-942"}


def test_a_text_with_too_many_candidates_has_the_line_where_reading_stopped():
    detection = detect('{"Code":660300001}\n' * (MAX_CANDIDATES + 10))
    assert detection.codes[0].count == MAX_CANDIDATES
    assert detection.read_to_line == MAX_CANDIDATES


def test_a_short_text_is_read_entirely():
    assert detect("nothing").read_to_line is None


PIECES = st.sampled_from(
    [
        '"Code":',
        "660300001",
        "SubCode",
        "0x",
        "ORA-",
        "{",
        "}",
        "[",
        '\\"',
        "\n",
        " ",
        "错误码：",
        "İ",
        "ß",
        "０",
        "-",
        "=",
        "3",
        ":",
        "Caused by",
    ]
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=60).map("".join))


@given(TEXTS)
def test_any_text_is_read_and_spans_match_it(text):
    spots = candidates(text)
    assert all(text[c.start : c.end] == c.written and 0 < c.strength <= 1 for c in spots)
    apart = [one for one in spots if one.kind not in TENTATIVE]
    assert all(one.end <= other.start for one, other in pairwise(apart))
    detection = judge(text, spots, KNOWN, RANGES)
    for code in detection.codes:
        assert all(0 <= start < end <= len(text) for start, end in code.spans)
        assert 0 < code.confidence <= 1
        assert code.line == text.count("\n", 0, code.spans[0][0]) + 1
    for unknown in detection.unknown:
        assert all(text[start:end] == unknown.written for start, end in unknown.spans)


@given(TEXTS, TEXTS)
@settings(max_examples=50)
def test_other_lines_do_not_hide_a_labelled_code(before, after):
    assert "660300002" in likely(f'{before}\n\n{{"Code":660300002}}\n\n{after}')


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        '"',
        "{",
        "Code",
        '"Code":',
        "code ",
        "error ",
        "e",
        "A",
        "\\",
        "660300001 ",
        '"Code":660300001,',
        "0x",
        "码",
        "Caused by ",
    ],
)
def test_the_work_grows_no_faster_than_a_hostile_text(unit):
    assert not grows_faster_than_the_text(detect, unit)


def test_a_number_labelled_as_another_kind_is_not_reported():
    assert not re.search("660300001", str(likely("verification code: 660300001")))
