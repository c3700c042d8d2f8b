"""Codes in pieces: they are joined only where they are a known code together, and no piece is one by itself."""

import pytest

from kb.text.detection.candidates import candidates
from kb.text.detection.judgement import judge

KNOWN = (
    "2110-3127",
    "660300014",
    "41007",
    "ORA-942",
    "WP-21044-7",
    str(0x80240034),
    str(0xC00000FD),
    "404.13",
    "1204",
    "41",
)
CODES = {code: code for code in KNOWN}


def codes(text):
    return [(match.id, match.written) for match in judge(text, candidates(text), CODES).codes if match.is_likely]


@pytest.mark.parametrize(
    ("text", "code", "written"),
    [
        ("Error code 6603 000 14 the room is there", "660300014", "6603 000 14"),
        ("Err0r c0de:\n66O3\nOOO14\nroom", "660300014", "66O3\nOOO14"),
        ("Fehlercode: 410\r\n07", "41007", "410\r\n07"),
        ("Error 0x8024 0034", str(0x80240034), "0x8024 0034"),
        ("stop code Ox C00000", None, None),
        ("stop code OxC00000\nFD", str(0xC00000FD), "OxC00000\nFD"),
        ("it shows WP - 21044 - 7 again", "WP-21044-7", "WP - 21044 - 7"),
        ("it shows WP- 21044- 7", "WP-21044-7", "WP- 21044- 7"),
        ("0RA-O0942: no such tab1e", "ORA-942", "0RA-O0942"),
        ("it shows 21lO-3l27 on the screen", "2110-3127", "21lO-3l27"),
        ("it shows llOO-OlOO on the screen", None, None),
        # The beginning of the next line, as in logs.
        ("error 6603\n000-14 again", None, None),
        # A hyphen without a space behind it is a sign, not a part of a name.
        ("WP -21044 -7", None, None),
        # No label, and no 0x.
        ("room 6603 000 14", None, None),
        ("0x0000 0029", None, None),
    ],
)
def test_pieces_are_joined_behind_a_label_or_0x(text, code, written):
    assert codes(text) == ([(code, written)] if code else [])


def test_a_piece_that_is_a_code_by_itself_stays_one():
    assert codes("error code 1204 000 14") == [("1204", "1204")]
    assert codes("error 41007 41") == [("41007", "41007")]
    # Letters for digits tell of a scan: then it is a piece.
    assert codes("error 4I\n007") == [("41007", "4I\n007")]


def test_the_longest_known_code_counts_and_what_follows_stays():
    assert codes("code: 6603 000 14 12") == [("660300014", "6603 000 14")]
    assert codes("code: 410 07, error 1204") == [("41007", "410 07"), ("1204", "1204")]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("sc-status=404 sc-substatus=13 time-taken=4", "404 sc-substatus=13"),
        ('{"statusCode":"404","subStatusCode":"13"}', '404","subStatusCode":"13'),
        ("#Fields: time sc-status sc-substatus sc-win32-status\n08:14:09 404 13 0", "404 13"),
        ("uri,status,substatus,ms\n/a,200,0,4\n/b,404,13,5", "404,13"),
        ("2025-03-19 11:22:40 W3SVC1 10.0.0.5 GET /x - 80 - 10.0.0.9 curl 404 13 0 2", "404 13"),
        # A row of another shape, another log, and a list.
        ("#Fields: time sc-status sc-substatus\n08:14:09 x y 404 13", None),
        ("2025-03-19 11:22:40 took 404 13 0 2 of many things", None),
        ("status 404 and 13 others", None),
    ],
)
def test_a_status_and_its_sub_status_are_one_code(text, written):
    assert [pair for pair in codes(text) if pair[0] == "404.13"] == ([("404.13", written)] if written else [])


def test_a_status_stays_one_where_its_table_has_no_sub_statuses():
    text = "sc-status=503 sc-substatus=2"
    (match,) = judge(text, candidates(text), {"503": "503"}).codes
    assert (match.id, match.written) == ("503", "503")
