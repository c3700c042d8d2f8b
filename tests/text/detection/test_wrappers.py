"""Which code wraps which: each rule of nesting and of chains, and their limits."""

import pytest

from kb.text.codes.forms import canonical
from kb.text.detection.judgement import Role, candidates, judge
from kb.text.detection.wrappers import MAX_READ, Spot, wrappers

CODES = {canonical(code): code for code in ("0", "660300001", "660300002", "660300003", "3")}
OUTER, INNER, THIRD = "660300001", "660300002", "660300003"


def inside(text):
    """Return each wrapped code with the code that wraps it."""
    return {match.id: match.inside for match in judge(text, candidates(text), CODES).codes if match.inside}


@pytest.mark.parametrize(
    "text",
    [
        f'{{"Code":{OUTER},"inner":{{"Code":{INNER}}}}}',
        f'{{"inner":{{"Code":{INNER}}},"Code":{OUTER}}}',
        f'{{"Code":{OUTER},"list":[{{"id":1}},{{"Code":{INNER}}}]}}',
        f'{{"Code":{OUTER},"a":{{"b":{{"c":{{"Code":{INNER}}}}}}}}}',
        f'{{"Code":{OUTER},\n  "inner": {{\n    "Code": {INNER}}}}}',
        f'{{"Code":{OUTER},"SubCode":{INNER}}}',
        f'{{"SubCode":{INNER},"Code":{OUTER}}}',
        f"error code {OUTER}\nCaused by: error code {INNER}",
        f"error code {INNER}\nThe above exception was the direct cause of the following exception: error code {OUTER}",
        f"it says {OUTER} Caused by it says {INNER}",
        f"error code {OUTER}\n  inner: error code {INNER}",
        f"error code {OUTER}, hervorgerufen durch error code {INNER}",
        f"error code {INNER}\nwrapped by JobError: error code {OUTER}",
        f"error code {OUTER}: store: no answer: error code {INNER}",
        f"error {OUTER}: cannot save (SQLSTATE {INNER})",
    ],
)
def test_the_inner_code_is_wrapped_by_the_outer_one(text):
    assert inside(text) == {INNER: OUTER}


@pytest.mark.parametrize(
    "text",
    [
        f'{{"Code":{OUTER},"Errcode":{INNER}}}',
        f'{{"a":{{"Code":{OUTER}}},"b":{{"Code":{INNER}}}}}',
        f'{{"Code":{OUTER}}}\n{{"Code":{INNER}}}',
        f'{{"Code":{OUTER}\nnext line {{"Code":{INNER}}}',
        f'{{"Code":{OUTER},"inner":{{"Code":{OUTER}}}}}',
        f"error code {OUTER}, error code {INNER}",
        f"error code {OUTER}: no answer, before: error code {INNER}",
        f"error code {OUTER}: no answer\nerror code {INNER}",
        f"error code {OUTER}: no answer (not code {INNER})",
        f'{{"Code":0,"inner":{{"Code":{INNER}}}}}',
        f"error code {OUTER}\nCaused by: error code {OUTER}",
    ],
)
def test_codes_beside_each_other_do_not_wrap_each_other(text):
    assert inside(text) == {}


def test_an_item_has_the_nearest_code_of_its_own_object_or_of_one_around_it():
    assert inside(f'{{"Code":{OUTER},"x":{{"Code":{THIRD},"SubCode":{INNER}}}}}') == {INNER: THIRD, THIRD: OUTER}
    assert inside(f'{{"Code":{OUTER},"x":{{"SubCode":{INNER}}}}}') == {INNER: OUTER}
    assert inside(f'{{"SubCode":{INNER},"Code":{INNER},"ErrorCode":{OUTER}}}') == {INNER: OUTER}
    assert inside(f'{{"Code":{OUTER},"SubCode":{INNER},"pad":"{"x" * 50}","ErrorCode":{THIRD}}}') == {INNER: OUTER}
    assert inside(f'{{"Code":{OUTER},"pad":"{"x" * 50}","SubCode":{INNER},"ErrorCode":{THIRD}}}') == {INNER: THIRD}


@pytest.mark.parametrize(("gap", "is_wrapped"), [(19_900, True), (20_100, False)])
def test_codes_far_from_each_other_do_not_belong_together(gap, is_wrapped):
    padding = "x" * gap
    expected = {INNER: OUTER} if is_wrapped else {}
    assert inside(f'{{"Code":{OUTER},"a":"{padding}","b":{{"Code":{INNER}}}}}') == expected
    assert inside(f'{{"b":{{"Code":{INNER}}},"a":"{padding}","Code":{OUTER}}}') == expected
    assert inside(f"error code {OUTER} {padding} Caused by: error code {INNER}") == expected


@pytest.mark.parametrize(("pairs", "is_wrapped"), [(99, True), (100, False)])
def test_codes_with_many_brackets_between_them_do_not_belong_together(pairs, is_wrapped):
    text = f'{{"Code":{OUTER},"a":[{"{}," * pairs}{{"Code":{INNER}}}]}}'
    assert inside(text) == ({INNER: OUTER} if is_wrapped else {})


@pytest.mark.parametrize(("depth", "is_wrapped"), [(11, True), (12, False)])
def test_so_many_objects_around_a_code_are_searched(depth, is_wrapped):
    """A field's own object is not searched; of those around it, twelve are."""
    opening, closing = '"a":{' * (depth + 1), "}" * (depth + 2)
    text = f'{{"Code":{OUTER},{opening}"Code":{INNER}{closing}'
    assert inside(text) == ({INNER: OUTER} if is_wrapped else {})


def test_no_code_wraps_itself_by_way_of_others():
    ring = f"error code {OUTER} Caused by error code {INNER} Caused by error code {THIRD} Caused by error code {OUTER}"
    assert inside(ring) == {INNER: OUTER, THIRD: INNER}


def test_the_first_code_that_wraps_another_stays():
    text = f"error code {OUTER} Caused by error code {INNER}\n\nerror code {THIRD} Caused by error code {INNER}"
    assert inside(text) == {INNER: OUTER}


def test_so_many_places_are_read():
    def read(before):
        text = f"error code {THIRD}\n" * before + f"error code {OUTER} Caused by error code {INNER}"
        spots = [Spot(candidate, candidate.written) for candidate in candidates(text)]
        return wrappers(text, reversed(spots))

    assert read(MAX_READ - 2) == {INNER: OUTER}
    assert read(MAX_READ - 1) == {}


def test_only_likely_codes_wrap_each_other():
    # "status 3" is only possible.
    assert inside(f"status 3 Caused by error code {INNER}") == {}


def test_the_most_useful_code_comes_first():
    text = f'{{"Code":0}} status 3, {{"Code":{OUTER},"inner":{{"Code":{INNER}}}}}\nerror code {THIRD}'
    matches = judge(text, candidates(text), CODES).codes
    assert [(match.id, match.role) for match in matches] == [
        (INNER, Role.CAUSE),
        (THIRD, Role.ALONE),
        (OUTER, Role.WRAPPER),
        ("3", Role.ALONE),
        ("0", Role.SUCCESS),
    ]
    assert [match.order for match in matches] == [4, 5, 3, 2, 1]


def test_a_result_of_windows_wraps_the_error_in_it():
    known = {str(0x80070643): "0x80070643", "1603": "1603", "1618": "1618"}
    text = "update failed with 0x80070643, setup: error code 1603, error code 1618"
    roles = {match.id: match.role for match in judge(text, candidates(text), known).codes}
    assert roles == {"1603": Role.CAUSE, "0x80070643": Role.WRAPPER, "1618": Role.ALONE}


@pytest.mark.parametrize("symbol", ["InFailedSqlTransaction", "ERRCODE_IN_FAILED_SQL_TRANSACTION"])
def test_a_symbol_wraps_as_its_number_does(symbol):
    known = {"symbol IN_FAILED_SQL_TRANSACTION": OUTER, INNER: INNER}
    known["symbol ERRCODE_IN_FAILED_SQL_TRANSACTION"] = OUTER
    text = f"({symbol}) failed; error code {INNER}"
    assert {match.id: match.role for match in judge(text, candidates(text), known).codes} == {
        INNER: Role.CAUSE,
        OUTER: Role.WRAPPER,
    }
