"""The limits of detection, met exactly and one beyond; and lines and ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.codes.forms import canonical, readings
from kb.text.detection.candidates import MAX_CANDIDATES, all_canonical_forms, candidates, canonical_forms
from kb.text.detection.judgement import MAX_CODES, MAX_UNKNOWN, judge
from kb.text.detection.positions import LineIndex, RangeIndex


def detect(text, codes, ranges=()):
    return judge(text, candidates(text), {canonical(code): code for code in codes}, ranges)


def field(number):
    return f'{{"Code":{number}}}\n'


@pytest.mark.parametrize(("count", "line"), [(MAX_CANDIDATES - 1, None), (MAX_CANDIDATES, MAX_CANDIDATES)])
def test_reading_stops_at_so_many_candidates(count, line):
    detection = detect(field(660300001) * count, ["660300001"])
    assert (detection.codes[0].count, detection.read_to_line) == (count, line)


def test_labelled_values_and_shapes_share_the_limit_and_stop_at_one_place():
    text = (field(660300001) + "it says 660300002\n") * MAX_CANDIDATES
    read = candidates(text)
    assert len(read) == MAX_CANDIDATES
    assert read[-1].end <= len(field(660300001) + "it says 660300002\n") * (MAX_CANDIDATES // 2)


@pytest.mark.parametrize(("count", "line"), [(MAX_CODES - 1, None), (MAX_CODES, MAX_CODES)])
def test_reading_stops_at_so_many_different_codes(count, line):
    numbers = [str(660300000 + n) for n in range(count)]
    detection = detect("".join(map(field, numbers)) + ("more" if line is None else field(5)), numbers)
    assert (len(detection.codes), detection.read_to_line) == (count, line)


def test_so_many_different_unknown_numbers_are_reported_and_all_their_places():
    numbers = [str(660300000 + n) for n in range(MAX_UNKNOWN + 1)]
    detection = detect("".join(map(field, [*numbers, *numbers])), [])
    assert [unknown.written for unknown in detection.unknown] == numbers[:MAX_UNKNOWN]
    assert {unknown.count for unknown in detection.unknown} == {2}
    assert detection.not_listed == 1
    assert detection.read_to_line is None


@pytest.mark.parametrize(("before", "confidence"), [(499, 0.98), (500, 0.85)])
def test_further_places_of_a_code_are_counted_without_their_context(before, confidence):
    text = "it says 660300001\n" * before + field(660300001)
    (match,) = detect(text, ["660300001"]).codes
    assert (match.count, match.confidence) == (before + 1, confidence)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ('"Code": 660399999', ["660399999"]),
        ('"SubCode": 660399999', ["660399999"]),
        ("error code 660399999", ["660399999"]),
        ('"Code": 0', []),
        ('"Code": 000', []),
        ('"Code": "NoSuchKey"', []),
        ("HTTP 404", []),
        ("exit status 137", []),
        ("ORA-99999", ["ORA-99999"]),
        ("ABC-99999", []),
        ("0x80070005", ["0x80070005"]),
        ("0xE0070005", ["0xE0070005"]),
        ("0x10070005", []),
        ("it says 660399999", ["660399999"]),
        ("it says 6603999", []),
        ("it says 770399999", []),
        ("order 660399999", []),
        ("widget=660399999", []),
        ("it says ６６０３９９９９９", []),
    ],
)
def test_which_texts_in_no_table_are_reported(text, unknown):
    detection = detect(text, ["1"], [(660_300_000, 660_399_999, "Room"), (6_603, 7_000_000, "Short")])
    assert [match.written for match in detection.unknown] == unknown


@given(st.from_regex(r"\A[0-9]{1,12}\Z") | st.from_regex(r"\A-?(0[xX])?[0-9A-Fa-f]{1,10}\Z"))
def test_every_reading_of_a_typed_code_comes_before_symbols_and_scans(text):
    every = tuple((reading.canonical, reading.how) for reading in readings(text))
    assert canonical_forms(text)[: len(every)] == every


def test_every_reading_of_every_candidate_is_looked_up():
    assert all_canonical_forms(candidates("error code -1073741819, 0x80070005")) == {
        *("-1073741819", "3221225477"),
        *("2147942405", "-2147024891"),
    }


@given(st.text("a\n", max_size=40))
def test_the_line_of_a_position_counts_the_breaks_before_it(text):
    index = LineIndex(text)
    assert [index.line(at) for at in range(len(text) + 1)] == [
        text.count("\n", 0, at) + 1 for at in range(len(text) + 1)
    ]


BLOCKS = st.lists(st.tuples(st.integers(-50, 1500), st.integers(0, 400)).map(lambda p: (p[0], p[0] + p[1])), max_size=6)


@given(BLOCKS, st.integers(0, 2000))
def test_ranges_hold_both_their_ends_and_the_narrowest_counts(blocks, number):
    ranges = [(first, last, name) for name, (first, last) in enumerate(blocks)]
    holding = [block for block in ranges if block[0] <= number <= block[1]]
    digits = len(str(number))
    index = RangeIndex(ranges)
    assert index.has(number, digits) == any(len(str(block[0])) == digits for block in holding)
    narrowest = index.narrowest(str(number))
    widths = {name: last - first for first, last, name in holding}
    assert (narrowest is None) == (not holding)
    assert narrowest is None or widths[narrowest] == min(widths.values())


def test_a_text_without_a_number_is_in_no_range_and_a_negative_number_may_be():
    index = RangeIndex([(-10, -1, "below"), (1, 10, "above")])
    assert [index.narrowest(text) for text in ("-1", "-10", "1", "10", "0", "-11", "11", "ORA-5", "0x5")] == [
        *("below", "below", "above", "above"),
        *(None, None, None, None, "above"),
    ]


@given(st.text("a\n", max_size=40))
def test_the_column_of_a_position_counts_the_characters_since_the_last_break(text):
    index = LineIndex(text)
    assert [index.column(at) for at in range(len(text) + 1)] == [
        len(text[:at].rpartition("\n")[2]) + 1 for at in range(len(text) + 1)
    ]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("code: 3", {"3": "line 1"}),
        ("code: 3\ncode: 4", {"3": "line 1", "4": "line 2"}),
        ("code: 3, code: 4\ncode: 3", {"3": "line 1, column 7", "4": "line 1, column 16"}),
        ("\n" + " " * 193 + "code: 3", {"3": "line 2"}),
        ("\n" + " " * 194 + "code: 3\n", {"3": "line 2, column 201"}),
        ("code: 3, code: 99", {"3": "line 1, column 7", "99": "line 1, column 16"}),
    ],
)
def test_a_long_line_and_one_with_several_codes_name_the_column(text, places):
    report = judge(text, candidates(text), {"3": "3", "4": "4"})
    assert {match.written: match.place for match in [*report.codes, *report.unknown]} == places
