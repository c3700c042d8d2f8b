"""Codes without a label: each rule about what stands around a number, and about the number itself."""

import pytest

from kb.text.detection.candidates import candidates
from kb.text.detection.kinds import CandidateKind
from kb.text.detection.shapes import code_shapes


def shapes(text):
    return [candidate.written for candidate in code_shapes(text, len(text))]


@pytest.mark.parametrize(
    ("number", "is_candidate"),
    [
        ("20250715", False), ("19991231", False), ("20000101", False),
        ("20251315", True), ("20250015", True), ("20250732", True), ("20250700", True), ("18991231", True),
        ("21000101", True), ("2025071", True), ("320250715", True),
    ],
)  # fmt: skip
def test_a_date_of_eight_digits_is_no_candidate_even_if_a_code_equals_it(number, is_candidate):
    assert shapes(f"on {number} it failed") == [number] * is_candidate
    # A label is a better sign than the look of a date.
    assert [candidate.written for candidate in candidates(f"error code {number}")] == [number]


@pytest.mark.parametrize(
    ("number", "is_candidate"),
    [
        ("66030", False), ("660300", True), ("6603000011", True), ("66030000111", False),
        # A phone number; seconds since 1970.
        ("066030000", False), ("０66030000", False), ("1752566400", False), ("2147483648", False),
        ("3221225477", True), ("175256640", True), ("275256640", True), ("６６０３００００１", True),
    ],
)  # fmt: skip
def test_a_number_alone_has_six_to_ten_digits_and_looks_like_no_phone_or_time(number, is_candidate):
    assert shapes(f"it says {number} now") == [number] * is_candidate


@pytest.mark.parametrize("after", ["a", "Z", "_", "%", "@", ".5", ",5", "-5", "/5", ":5"])
def test_a_number_that_goes_on_is_no_candidate(after):
    assert shapes(f"it 660300001{after} x") == []


@pytest.mark.parametrize("after", ["", ".", ",", "-", "/", ":", ". 5", "é", "。", "号", "!", " %"])
def test_a_number_that_ends_is_a_candidate(after):
    assert shapes(f"it 660300001{after}") == ["660300001"]


@pytest.mark.parametrize("before", ["a", "Z", "+", "$", "€", "£", "¥", ".", "5-", "5/", "5,", "5:"])
def test_a_number_that_begins_earlier_is_no_candidate(before):
    assert shapes(f"it {before}660300001") == []


@pytest.mark.parametrize("before", ["", "-", "/", ",", ":", "x-", "é", "码", "(", "#", "="])
def test_a_number_that_begins_here_is_a_candidate(before):
    assert shapes(f"it {before}660300001") == ["660300001"]


@pytest.mark.parametrize(
    ("text", "is_candidate"),
    [
        ("ORA-00942", True), ("(ORA-00942)", True), ("ORA-009", True), ("ORA-00", False), ("ORA-0094200", False),
        ("O-00942", False), ("ABCDEFGH-123", True), ("ora-00942", True), ("xORA-00942", False),
        ("-ORA-00942", False), (".ORA-00942", False), ("ORA-00942x", False), ("ORA-00942-1", True),
        ("ORA-00942_", False), ("ORA-00942.", True), ("éORA-00942", True),
        ("0x8007", True), ("0x800", False), ("0XC0000005", True), ("0xFFFFFFFFC0000005", True),
        ("0xFFFFFFFFC00000051", False), ("0x8007g", False), ("0x8007_", False), ("-0x8007", False),
    ],
)  # fmt: skip
def test_a_form_that_only_codes_have_stands_alone(text, is_candidate):
    assert bool(shapes(text)) is is_candidate


@pytest.mark.parametrize(("number", "strength"), [("660300001", 0.85), ("6603000011", 0.85), ("66030001", 0.6)])
def test_a_shorter_number_is_a_weaker_sign(number, strength):
    (candidate,) = code_shapes(number, 99)
    assert (candidate.kind, candidate.strength) == (CandidateKind.BARE, strength)


def test_nothing_after_the_stop_is_read():
    text = "660300001 660300002"
    assert [candidate.written for candidate in code_shapes(text, 9)] == ["660300001"]
