"""Canonical forms: the spellings of one code."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text.codes.forms import (
    MAX_LENGTH,
    MAX_NUMBER,
    CodeForms,
    bare,
    canonical,
    clean,
    difference,
    forms,
    identity,
    number,
    one_edit_variants,
    readings,
    sort_key,
)

ANY_TEXT = st.text(max_size=MAX_LENGTH)
CODES = st.from_regex(r"\A(-?[0-9]{1,12}|0[xX][0-9a-fA-F]{1,16}|[A-Za-z]{1,4}[-_. ]?[0-9]{1,6}|[0-9A-Z]{5})\Z")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (" 660300001 ", "660300001"),
        ("６６０３００００１", "660300001"),
        ("660300001\u200b", "660300001"),
        ("0660300001", "660300001"),
        ("+660300001", "660300001"),
        ("3221225477", "0xC0000005"),
        ("0xc0000005", "0xC0000005"),
        ("-1073741819", "0xC0000005"),
        ("0xFFFFFFFFC0000005", "0xC0000005"),
        ("c0000005", "0xC0000005"),
        ("0xC0000005", "-1073741819"),
        ("0xC0000005", "3221225477"),
        ("ORA-942", "ORA-00942"),
        ("ora 942", "ORA-00942"),
        ("ORA\u201100942", "ORA-00942"),
        ("42p01", "42P01"),
        ("0", "00000"),
        ("x.7.1", "X.7.1"),
        ("-1000", "-1000"),
        ("\u22121000", "-1000"),
        ("0xFFFFFC18", "-1000"),
    ],
)
def test_a_look_up_finds_every_spelling_of_a_code(query, code):
    assert canonical(code) in {reading.canonical for reading in readings(query)}


@pytest.mark.parametrize(
    ("one", "other"), [("1000", "-1000"), ("42P01", "42P02"), ("X.7.1", "X.7.10"), ("0x5", "0xC0000005"), ("10", "1")]
)
def test_a_look_up_does_not_find_another_code(one, other):
    assert canonical(other) not in {reading.canonical for reading in readings(one)}


@pytest.mark.parametrize("empty", ["", "   ", "\u200b", "9" * 65])
def test_a_text_that_is_no_code_has_no_reading(empty):
    assert readings(empty) == []


def test_each_reading_tells_how_the_code_was_read():
    assert {reading.canonical: reading.how for reading in readings("c0000005")} == {
        "C5": "as written",
        "3221225477": "hexadecimal without 0x",
        "-1073741819": "hexadecimal without 0x, read as signed 32-bit",
    }


def test_leading_zeros_are_part_of_the_identity():
    assert identity("00000") != identity("0")
    assert identity("42p01") == identity("42P01")


def test_the_code_is_as_the_vendor_wrote_it():
    assert forms(" 0xC0000005 ").code == "0xC0000005"


def test_the_natural_order_of_codes():
    ordered = ["-1000", "0", "2", "10", "100000000", "0xC0000005", "42P01", "ORA-00942", "ORA-01000", "X.7.1", "X.7.10"]
    shuffled = sorted(ordered, key=hash)
    assert sorted(shuffled, key=sort_key) == ordered


@given(ANY_TEXT | CODES)
def test_the_forms_are_stable_and_never_fail(text):
    assert canonical(canonical(text)) == canonical(text)
    assert identity(identity(text)) == identity(text)
    assert canonical(identity(text)) == canonical(text)
    assert sort_key(text).isascii()


@given(CODES)
def test_space_case_and_width_do_not_matter(code):
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in code)
    assert canonical(f"  {code.lower()}\t") == canonical(code) == canonical(wide)


def wide(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


SPELLINGS = {
    "outer space": lambda code: f" \t{code}\n",
    "case": str.lower,
    "the other case": str.upper,
    "width": wide,
    "invisible characters": lambda code: "\u200b".join(code) + "\ufeff",
    "another dash": lambda code: code.replace("-", "\u2011"),
    "a minus": lambda code: code.replace("-", "\u2212"),
    "a space for a dash": lambda code: code[:1] + code[1:].replace("-", " "),
    "an underscore for a dash": lambda code: code[:1] + code[1:].replace("-", "__"),
    "leading zeros": lambda code: re.sub(r"(?<![0-9A-Za-z])(-?)(?=[1-9])", r"\g<1>00", code),
    "leading zeros after 0x": lambda code: re.sub(r"^0[xX](?=[0-9A-Fa-f]+\Z)", "0x000", code),
    "a plus": lambda code: f"+{code}" if code.isdigit() else code,
}


@pytest.mark.parametrize("how", SPELLINGS)
@given(CODES)
@settings(max_examples=25)
def test_every_spelling_of_a_code_has_one_canonical_form(how, code):
    assert canonical(SPELLINGS[how](code)) == canonical(code)


@given(CODES, CODES)
def test_one_identity_is_one_canonical_form(one, other):
    assert identity(one) != identity(other) or canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("0", 0), ("-0", 0), ("+5", 5), ("-5", -5), ("007", 7), ("0x10", 16), ("0xFFFFFFFFC0000005", 0xC0000005),
        ("0xFFFFFFFF40000005", None), ("0xFFFFFFFEC0000005", None),
        (str(MAX_NUMBER), MAX_NUMBER), (str(MAX_NUMBER + 1), None), (str(-MAX_NUMBER), -MAX_NUMBER),
        (str(-MAX_NUMBER - 1), None), ("0x7FFFFFFFFFFFFFFF", MAX_NUMBER), ("0x8000000000000000", None),
        ("9" * 30, None), ("42P01", None), ("5.7", None), ("C0000005", None), ("", None), ("-", None),
    ],
)  # fmt: skip
def test_a_code_has_a_number_if_it_fits_64_bits(code, value):
    assert number(code) == value


@pytest.mark.parametrize(
    ("code", "form"),
    [
        ("0x" + "F" * 17, "0X" + "F" * 17), ("0x0000" + "F" * 17, "0X" + "F" * 17), ("0x" + "0" * 17 + "5", "5"),
        ("0x", "0X"), ("0xG1", "0XG1"), ("x5", "X5"), ("ORA-00942", "ORA-942"), ("ORA-00000", "ORA-0"),
        ("5.07.026", "5.7.26"),
        ("-007", "-7"), ("--7", "--7"), ("+", "+"), ("A  B", "A-B"), ("A_ B", "A-B"), ("½", "1\u20442"),
    ],
)  # fmt: skip
def test_the_canonical_form_of_a_code(code, form):
    assert canonical(code) == form


@pytest.mark.parametrize(
    ("query", "others"),
    [
        (str(2**31 - 1), []), (str(2**31), [str(-(2**31))]), (str(2**32 - 1), ["-1"]), (str(2**32), []),
        ("-1", [str(2**32 - 1)]), (str(-(2**31)), [str(2**31)]), (str(-(2**31) - 1), []), ("0", []),
        ("7FFFFFFA", [str(0x7FFFFFFA)]), ("80000000", ["2147483648", "-2147483648"]), ("90000000", []),
        ("8000000A", ["2147483658", "-2147483638"]),
        ("8000000", []), ("8000000G", []), ("800000000A", []),
    ],
)  # fmt: skip
def test_the_other_readings_of_a_number_have_the_same_32_bits(query, others):
    assert [reading.canonical for reading in readings(query)[1:]] == others


@pytest.mark.parametrize(("length", "count"), [(MAX_LENGTH, 1), (MAX_LENGTH + 1, 0)])
def test_a_code_has_so_many_characters_at_most(length, count):
    assert len(readings("X" * length)) == count


@pytest.mark.parametrize(
    ("query", "digits"),
    [
        ("660 300 001", "660300001"), ("660,300,001", "660300001"), ("660.300.001", "660300001"), ("1'000", "1000"),
        ("1\u2019000", "1000"), ("660_300_001", "660300001"), ("660 300,001", ""), ("6603 001", ""), ("660 30", ""),
        ("660", ""), ("1 000 000 000 000 000 000", "1000000000000000000"), ("1 000 000 000 000 000 000 000", ""),
        ("ERR_660300001", "660300001"), ("err 123", "123"), ("Error-Code: 5", ""), ("error code 123", "123"),
        ("E123", "123"), ("E12", ""), ("RC--123", "123"), ("RC---123", "-123"), ("code -123", "123"), ("code: -5", ""),
        ("code" + "1" * 20, "1" * 20),
        ("code" + "1" * 21, ""), ("code 123x", ""), ("xcode 123", ""), ("zone 123", ""),
    ],
)  # fmt: skip
def test_the_number_in_groups_or_behind_a_label(query, digits):
    assert bare(query) == digits


@given(CODES)
def test_the_first_reading_is_the_literal_one(code):
    assert readings(code)[0].canonical == canonical(code)


@given(st.integers(-(2**31), 2**32 - 1))
def test_hexadecimal_signed_and_unsigned_find_each_other(value):
    spellings = {str(value), hex(value % 2**32), str(value % 2**32)}
    if value % 2**32 >= 2**31:
        spellings.add(str(value % 2**32 - 2**32))
    for one in spellings:
        assert {reading.canonical for reading in readings(one)} >= {canonical(other) for other in spellings}


@given(st.lists(st.integers(-(10**15), 10**15), max_size=20))
def test_numbers_sort_by_value(values):
    assert sorted(values, key=lambda value: sort_key(str(value))) == sorted(values)


@given(CODES)
def test_numbers_fit_the_database(code):
    value = number(code)
    assert value is None or -(2**63) < value < 2**63


@given(st.from_regex(r"\A[1-9][0-9]{4,9}\Z"), st.data())
def test_a_code_with_one_wrong_digit_is_among_the_near_ones(code, data):
    at = data.draw(st.integers(0, len(code) - 1))
    typed = code[:at] + data.draw(st.sampled_from("123456789")) + code[at + 1 :]
    assert typed == code or canonical(code) in one_edit_variants(typed)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("1234", "124"), ("1234", "12534"), ("1234", "1244"), ("1234", "1324"), ("1234", "12345"), ("1234", "234"),
     ("1234", "9234"), ("1234", "2134"), ("1234", "1243"), ("1234", "91234"), ("42P01", "42P02"), ("42P01", "42-P01")],
)  # fmt: skip
def test_one_letter_less_more_other_or_swapped_is_near(typed, code):
    assert canonical(code) in one_edit_variants(typed)
    assert canonical(typed) in one_edit_variants(code)


@pytest.mark.parametrize(
    ("typed", "code"), [("1234", "1234"), ("1234", "4321"), ("1234", "123X"), ("1234", "12"), ("123", "")]
)
def test_other_codes_are_not_near(typed, code):
    assert code not in one_edit_variants(typed)


@pytest.mark.parametrize(
    ("typed", "written", "form"),
    [("600000001", "000000001", "1"), ("E6012", "E0012", "E12"), ("A1000", "A1X000", "A1X0")],
)
def test_a_code_that_only_lost_its_zeros_is_near_as_it_is_written_alone(typed, written, form):
    assert written in one_edit_variants(typed)[form]
    assert one_edit_variants("1234")["123"] == set()


@pytest.mark.parametrize(("length", "has_near"), [(2, False), (3, True), (20, True), (21, False)])
def test_codes_of_3_to_20_characters_have_near_ones(length, has_near):
    assert bool(one_edit_variants("9" * length)) is has_near


def test_near_codes_cost_one_small_query():
    assert len(one_edit_variants("660300001")) < 250


@pytest.mark.parametrize(
    ("code", "near", "pieces"),
    [
        ("660300009", "660300001", [("66030000", False), ("1", True)]),
        ("66030001", "660300001", [("6603000", False), ("0", True), ("1", False)]),
        ("42p02", "42P01", [("42P0", False), ("1", True)]),
        ("123", "123", [("123", False)]),
        ("1", "11", [("1", False), ("1", True)]),
        ("12", "34", [("34", True)]),
        ("a23", "123", [("1", True), ("23", False)]),
        ("12", "", []),
    ],
)
def test_differences_of_a_near_code_are_marked(code, near, pieces):
    assert difference(code, near) == pieces
    assert "".join(text for text, _ in pieces) == near


@given(st.from_regex(r"[0-9]{1,20}\Z") | st.integers(0, 10**19).map(str))
def test_the_fast_way_for_plain_numbers_gives_the_same_forms(code):
    assert forms(code) == CodeForms(clean(code), identity(code), canonical(code), number(code), sort_key(code))
