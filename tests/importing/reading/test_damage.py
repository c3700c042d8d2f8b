"""What spreadsheets do to codes, and the stored codes that explain it."""

import pytest

from kb.importing.reading.damage import Originals, damage_of


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("17.0", "point_zero"),
        ("-4.0", "point_zero"),
        ("17.05", ""),
        ("5.7.0", ""),
        ("4.57E+08", "scientific"),
        ("4,57E+08", "scientific"),
        ("9E+11", "scientific"),
        ("12E3", ""),
        ("3-Aug", "date"),
        ("Aug-03", "date"),
        ("03. Okt", "date"),
        ("8月3日", "date"),
        ("2031-08-03", "date"),
        ("2031-08-03 00:00:00", "date"),
        ("3/8/2031", "date"),
        ("13.8.2031", "date"),
        ("2031/8/3", "date"),
        ("13/14/2031", ""),
        ("8-3-14", ""),
        ("08:17:00", "time"),
        ("8:17", ""),
        ("8:17:09", ""),
        ("8.170", "dots"),
        ("0.170", ""),
        ("AUG-03", ""),
        ("3-Foo", ""),
        ("1031-08-03", ""),
        ("4500000000000012300", ""),
        ("4500000000000010000", "digits"),
        ("0000000000000000000", ""),
        ("ORA-00942", ""),
    ],
)
def test_damage_is_recognised_by_the_code_alone(code, kind):
    assert damage_of(code) == kind


STORED = [
    "41",
    "00041",
    "0007",
    "457100001",
    "457200002",
    "8-3",
    "12.5",
    "77E4",
    "4500000000000012345",
    "SEPT9",
    "E5",
    "8:17",
    "14:05",
]


@pytest.mark.parametrize(
    ("code", "originals"),
    [
        ("41.0", ["41", "00041"]),
        ("41", ["00041"]),
        ("7", ["0007"]),
        ("4.571E+08", ["457100001"]),
        ("4.57E+08", ["457100001", "457200002"]),
        ("7.70E+05", ["77E4"]),
        ("3-Aug", ["8-3"]),
        ("8-Mar", ["8-3"]),
        ("2031-03-08", ["8-3"]),
        ("5-Dec", ["12.5"]),
        ("9-Sep", ["SEPT9"]),
        ("3/8/2031", ["8-3"]),
        ("08.03.2031", ["8-3"]),
        ("08:17:00", ["8:17"]),
        ("2:05:00", []),
        ("457.100.001", ["457100001"]),
        ("4500000000000010000", ["4500000000000012345"]),
        ("4600000000000010000", []),
        ("E5", []),
        ("e6", []),
    ],
)
def test_a_damaged_code_finds_the_stored_codes_that_it_may_have_been(code, originals):
    assert Originals(STORED).of(code) == originals
