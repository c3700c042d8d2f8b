"""How likely a place in a text means a known code: each rule, in a text that differs in one thing."""

import pytest

from kb.text.codes.forms import canonical
from kb.text.detection.context import confidence_limit, says_a_code
from kb.text.detection.judgement import candidates, judge

CODES = {canonical(code): code for code in ("660300001", "660300002", "3221225477", "0x0005", "0x0055", "0x0555", "7")}


def confidence(text, code="660300001"):
    """Return the confidence for a code; None if it is not reported."""
    return {match.id: match.confidence for match in judge(text, candidates(text), CODES).codes}.get(code)


def limit(before, after=""):
    text = f"{before}660300001{after}"
    return confidence_limit(text, len(before), len(before) + 9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"Code": 660300001', 0.98),
        ('"SubCode": 660300001', 0.98),
        ("error code 660300001", 0.95),
        ("660300001", 0.85),
        ("reason=660300001", 0.85),
        ('"message": "660300001"', 0.85),
        ("widget=660300001", 0.4),
        ("widget: 660300001", 0.6),
        ("<widget>660300001", 0.6),
        ("<td>660300001", 0.85),
        ('"widget": 660300001', 0.4),
        ("status 660300001", 0.95),
    ],
)
def test_each_sign_has_its_confidence(text, value):
    assert confidence(text) == value


@pytest.mark.parametrize(("digits", "value"), [("0x0005", 0.4), ("0x0055", 0.4), ("0x0555", 0.4)])
def test_a_hexadecimal_number_alone_is_a_weak_sign(digits, value):
    assert confidence(f"at {digits} it stops", digits) == value


@pytest.mark.parametrize(
    ("text", "value"), [('"Code": 7', 0.68), ("error code 7", 0.65), ('"Code": -7', None), ('"Code": 660300001', 0.98)]
)
def test_a_number_of_one_or_two_digits_is_a_weaker_sign(text, value):
    assert confidence(text, "7" if "7" in text else "660300001") == value


def test_another_spelling_is_less_likely():
    assert confidence('"Code": -1073741819', "3221225477") == 0.88


@pytest.mark.parametrize(("distance", "value"), [(30, 0.45), (399, 0.45), (401, 0.85)])
def test_a_bare_number_near_a_labelled_code_is_doubtful(distance, value):
    assert confidence(f'"Code":660300002 {"y" * (distance - 11)} 660300001') == value
    assert confidence(f'660300001 {"y" * (distance - 18)} "Code":660300002') == value


def test_it_is_not_doubtful_if_the_words_speak_of_a_code_or_nothing_is_labelled():
    assert confidence('"Code":660300002 it says 660300001') == 0.85
    assert confidence("660300002 x 660300001") == 0.85
    assert confidence('"Code":660300002 error code 660300001') == 0.95


@pytest.mark.parametrize(
    "before",
    ["id ", "userId=", '"orderId":"', "port:", "line ", "invoice no. ", "the order is ", "numer klienta ",
     "numer abonenta ", "$ ", "€", "¥", "/rooms/", "call me on ", "text us at ",
     "+49 170 ", "订单号", "2025 12#34: *", "room_id: ",
     "requestCount="],
)  # fmt: skip
def test_words_before_a_number_may_call_it_something_else(before):
    assert limit(before) is None


@pytest.mark.parametrize("after", [" ms", "ms", " rows", " EUR", " is your login code", " is your pin", "人"])
def test_words_after_a_number_may_call_it_something_else(after):
    assert limit("it has ", after) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""), ("it says ", ""), ("error no. ", ""), ("errorId=", ""), ("reason=", ""), ("<td>", ""),
        ("/errors/", ""), ("/codes/", ""), ("room said ", ""),
        ("it said ", ""), ("invalid ", ""), ("numer error ", ""), ("", " msx"), ("", " is your problem"),
    ],
)  # fmt: skip
def test_other_words_leave_a_number_a_code(before, after):
    assert limit(before, after) == (1.0, "")


@pytest.mark.parametrize(
    ("before", "after", "is_said"),
    [
        ("it says ", "", True), ("-> ", "", True), ("failed with ", "", True), ("now ", "", False),
        ("says a; ", "", False), ("says " + "x " * 14, "", False), ("1 and ", "", True), ("1, ", "", True),
        ("a, ", "", False), ("x ", ": Room", True), ("x ", " (Room", True), ("x ", "：Room", True),
        ("x ", ":Room", False), ("x ", " Room", False),
    ],
)  # fmt: skip
def test_words_near_a_number_speak_of_a_code(before, after, is_said):
    text = f"{before}660300001{after}"
    assert says_a_code(text, len(before), len(before) + 9) is is_said
