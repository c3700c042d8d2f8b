"""SQLSTATE, mail, HTTP and gRPC: taken apart only where the form, the table or the words near the code are sure."""

import pytest

from kb.text.codes.part_kinds import GRPC_STATUSES, SQLSTATE_CLASSES
from kb.text.codes.parts import take_apart


def shown(code, table="", words=""):
    parts = take_apart(code, table, words)
    return parts and (parts.family, *((part.value, part.meaning) for part in parts.parts))


ACCESS = ("42", "syntax error or access rule violation")
VENDOR = "a condition that the database's vendor defines"


@pytest.mark.parametrize(
    ("code", "table", "words", "expected"),
    [
        ("42P01", "", "", ("SQLSTATE", ACCESS, ("P01", VENDOR))),
        ("42p01", "", "", ("SQLSTATE", ACCESS, ("P01", VENDOR))),
        ("42P01", "PostgreSQL error codes", "", ("SQLSTATE", ACCESS, ("P01", VENDOR))),
        ("42000", "", "SQLState=", ("SQLSTATE", ACCESS, ("000", "the class alone"))),
        ("42101", "", "SQLState=", ("SQLSTATE", ACCESS, ("101", "one condition of the class"))),
        ("42601", "", "SQLState=", ("SQLSTATE", ACCESS, ("601", VENDOR))),
        ("HY000", "", "", ("SQLSTATE", ("HY", SQLSTATE_CLASSES["HY"]), ("000", "the class alone"))),
        ("42601", "", "", None),
        ("42P01", "acme", "", None),
        ("42601", "Microsoft SQL Server", "sqlstate", None),
        ("E1001", "", "sqlstate", None),
        ("99X01", "", "", None),
        ("4242P", "", "", ("SQLSTATE", ACCESS, ("42P", "one condition of the class"))),
    ],
)
def test_a_sqlstate_has_a_class_and_a_subclass(code, table, words, expected):
    assert shown(code, table, words) == expected


@pytest.mark.parametrize(
    ("code", "table", "parts"),
    [
        ("5.1.1", "", [("5", "permanent"), ("1", "addressing"), ("1", "bad destination mailbox address")]),
        ("4.2.2", "mail codes", [("4", "persistent"), ("2", "mailbox"), ("2", "mailbox full")]),
        ("5.7.026", "", [("5", "permanent"), ("7", "security"), ("026", "multiple authentication checks failed")]),
        ("5.7.999", "", [("5", "permanent"), ("7", "security"), ("999", "not in the registry")]),
        ("5.8.1", "", None),
        ("3.1.1", "", None),
        ("5.1.1", "acme firmware", None),
        ("5.1.1.1", "", None),
    ],
)
def test_an_enhanced_status_code_has_a_class_a_subject_and_a_detail(code, table, parts):
    answer = take_apart(code, table)
    if parts is None:
        assert answer is None
    else:
        assert [part.value for part in answer.parts] == [value for value, _ in parts]
        assert all(part.meaning.startswith(meaning) for part, (_, meaning) in zip(answer.parts, parts, strict=True))


@pytest.mark.parametrize(
    ("code", "table", "words", "family"),
    [
        ("404", "", "HTTP/1.1", "HTTP status"),
        ("404", "IETF HTTP status codes", "", "HTTP status"),
        ("404", "", "", None),
        ("404", "", "see https://acme.example/", None),
        ("404", "twilio", "", None),
        ("550", "", "smtp http", None),
        ("604", "", "http", None),
        ("5", "grpc", "", "gRPC status"),
        ("16", "", "gRPC status", "gRPC status"),
        ("17", "", "grpc", None),
        ("5", "", "", None),
        ("", "grpc", "http", None),
    ],
)
def test_a_small_number_needs_a_name_of_its_family(code, table, words, family):
    parts = take_apart(code, table, words)
    assert (parts and parts.family) == family


def test_a_class_of_http_and_a_status_of_grpc_say_what_they_mean():
    assert shown("503", "http") == ("HTTP status", ("5xx", "server error: the server failed on a valid request"))
    assert shown("05", "grpc") == ("gRPC status", ("05", "NOT_FOUND: the requested entity does not exist"))


def test_there_are_all_seventeen_statuses_of_grpc():
    assert list(GRPC_STATUSES) == [str(number) for number in range(17)]
