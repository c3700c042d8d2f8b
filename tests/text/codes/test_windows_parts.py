"""HRESULT and NTSTATUS in every spelling, after MS-ERREF; and numbers that only look like them."""

import pytest

from kb.text.codes.parts import take_apart


def shown(code, table="", words=""):
    """The family, the values of the parts, and the code inside."""
    parts = take_apart(code, table, words)
    if parts is None:
        return None
    inner = parts.inner and f"{parts.inner.title} {parts.inner.code}"
    return parts.family, " ".join(part.value for part in parts.parts), inner


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("0x80070005", ("HRESULT", "1 7 5", "Windows error 5")),
        ("0x800706BA", ("HRESULT", "1 7 1722", "Windows error 1722")),
        ("0x800706ba", ("HRESULT", "1 7 1722", "Windows error 1722")),
        ("&H800706BA", ("HRESULT", "1 7 1722", "Windows error 1722")),
        ("(HRESULT)0x800706BAL", ("HRESULT", "1 7 1722", "Windows error 1722")),
        ("0xFFFFFFFF80070005", ("HRESULT", "1 7 5", "Windows error 5")),
        ("-2147024891", ("HRESULT", "1 7 5", "Windows error 5")),
        ("2147942405", ("HRESULT", "1 7 5", "Windows error 5")),
        ("8007000E", ("HRESULT", "1 7 14", "Windows error 14")),
        ("0x80190194", ("HRESULT", "1 25 404", "HTTP status 404")),
        ("0x80190001", ("HRESULT", "1 25 1", None)),
        ("0x80070000", ("HRESULT", "1 7 0", None)),
        ("0x80040154", ("HRESULT", "1 4 340", None)),
        ("0x80004005", ("HRESULT", "1 0 16389", None)),
        ("0xC0000005", ("NTSTATUS", "3 0 5", None)),
        ("-1073741819", ("NTSTATUS", "3 0 5", None)),
        ("3221225477", ("NTSTATUS", "3 0 5", None)),
        ("0xC007001F", ("NTSTATUS", "3 7 31", "Windows error 31")),
        ("0xE06D7363", ("NTSTATUS", "3 1", None)),
        ("0xD0000022", ("HRESULT", "1 3 0 34", "NTSTATUS 0xC0000022")),
        ("0x90000005", ("HRESULT", "1 2 0 5", "NTSTATUS 0x80000005")),
    ],
)
def test_a_failure_of_windows_is_taken_apart_in_every_spelling(code, expected):
    assert shown(code) == expected


@pytest.mark.parametrize(
    "code",
    "5 1722 660300001 80070005 0x5 0x2b04 0x00070005 0x10000005 0x80000005 0x87654321 0xA0070005 0xC0FE0001 0xF0000001"
    " 4294967295 -1 -2147483648 3000000001 2200000000 9999999999 0x1234567890 ABCDEF12".split(),
)
def test_a_number_that_may_be_another_is_not(code):
    assert take_apart(code) is None


def test_the_names_of_a_table_and_words_decide_what_a_form_leaves_open():
    assert shown("0x80000005", "microsoft windows ntstatus") == ("NTSTATUS", "2 0 5", None)
    assert shown("0x80000005", "microsoft hresult") == ("HRESULT", "1 0 5", None)
    assert shown("0x80000005", words="NTSTATUS =") == ("NTSTATUS", "2 0 5", None)
    assert shown("0x80000005", words="hr =") == ("HRESULT", "1 0 5", None)
    assert shown("80070005", words="WinError") == ("HRESULT", "1 7 5", "Windows error 5")
    assert shown("0x10000103", "windows") == ("HRESULT", "1 0 0 259", "NTSTATUS 0x00000103")


def test_of_another_vendors_table_only_what_wraps_an_error_of_windows_is_taken_apart():
    assert shown("0x80040154", "acme robots") is None
    assert shown("0x80070005", "acme robots") == ("HRESULT", "1 7 5", "Windows error 5")
    assert shown("2147942405", "acme robots") is None


def test_each_part_says_what_it_means():
    parts = take_apart("0x800706BA")
    assert [part.meaning for part in parts.parts] == [
        "failure",
        "WIN32: an error of Windows, wrapped",
        "the number of the Windows error",
    ]
    assert parts.summary == (
        "HRESULT: severity 1 (failure), facility 7 (WIN32: an error of Windows, wrapped), "
        "code 1722 (the number of the Windows error). It wraps the Windows error 1722."
    )
