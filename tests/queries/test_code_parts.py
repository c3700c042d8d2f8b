"""The code inside another is offered from tables of its family that the reader may read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.queries.code_parts import CodeText, anatomies, anatomy
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def tables():
    names = {
        "win32": ("Microsoft", "Windows", "System error codes"),
        "ntstatus": ("Microsoft", "Windows", "NTSTATUS values"),
        "shop": ("Acme", "Shop", "Error codes"),
        "web": ("IETF", "HTTP", "Status codes"),
    }
    return {slug: make.table(slug, vendor=a, product=b, name=c) for slug, (a, b, c) in names.items()}


def inner(code, user=None, **more):
    found = anatomy(code, user, **more)
    return [(one.table.slug, one.code) for one in found.inner]


def test_the_inner_code_is_one_of_its_family(tables):
    for slug, table in tables.items():
        make.code("5", table, slug)
        make.code("404", table, slug)
    make.code("0xC0000022", tables["ntstatus"])
    make.code("0xC0000022", tables["shop"])
    assert inner("0x80070005") == [("win32", "5")]
    assert inner("0x80190194") == [("web", "404")]
    assert inner("0xD0000022") == [("ntstatus", "0xC0000022")]
    assert inner("0x800706BA") == [], "no table lists 1722"
    assert inner("0x80004005") == [], "it wraps nothing"


def test_the_inner_code_may_be_hexadecimal_and_current_ones_come_first(tables):
    make.code("0x5", tables["win32"], "old", retired_at="2025-09-01T00:00Z")
    make.code("5", tables["win32"], "new")
    assert inner("-2147024891") == [("win32", "5"), ("win32", "0x5")]


def test_the_inner_code_is_one_that_the_reader_may_read(agent):
    secret = make.table("win32-own", vendor="Acme", product="Windows", audience="internal")
    make.code("5", secret)
    assert inner("0x80070005") == []
    assert inner("0x80070005", agent) == [("win32-own", "5")]


def test_all_codes_take_one_query_and_codes_without_an_inner_one_take_none(tables):
    make.code("5", tables["win32"])
    with CaptureQueriesContext(connection) as queries:
        found = anatomies([CodeText("0x80070005"), CodeText("660300001"), CodeText("0x800706BA")], None)
    assert len(queries) == 1
    assert [one and len(one.inner) for one in found] == [1, None, 0]
    with CaptureQueriesContext(connection) as queries:
        assert anatomies([CodeText("42P01"), CodeText("5")], None)[1] is None
    assert not queries


def test_the_names_of_the_codes_own_table_decide_its_family(tables):
    assert anatomy("404", None, tables["web"]).parts.family == "HTTP status"
    assert anatomy("404", None, tables["shop"]) is None
    assert anatomy("404", None, words="HTTP").parts.family == "HTTP status"
