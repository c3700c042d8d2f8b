"""The page of a table."""

import pytest

from tests import make
from tests.web.page import check_order, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def zim(db):
    table = make.table()
    make.code("1", table, "Public", description="Request failed.", suggested_actions="Try again.")
    make.code("0xC0000005", table, "Business", description="Room is gone.", suggested_actions="Please check the room.")
    make.code("3", table, "Business", description="Old.", retired_at="2025-09-01T00:00Z")
    return table


def codes(response):
    return [code.code for code in response.context["page"]]


def test_codes_are_listed_by_section_with_counts(public, zim):
    response = public.get("/tables/zim-server/")
    check_order(
        response, "Public (1)", "Business (2)", "3 codes", "Request failed.", "Room is gone.", "Old.", "Retired"
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("section=public", ["1"]),
        ("section=business", ["0xC0000005", "3"]),
        ("disposition=retry_now", ["1"]),
        ("section=public&disposition=fix_request", []),
        ("q=gone", ["0xC0000005"]),
        ("q=3221225477", ["0xC0000005"]),
        ("q=001", ["1"]),
        ("q=%00", ["1", "0xC0000005", "3"]),
        ("section=&disposition=&q=&page=1", ["1", "0xC0000005", "3"]),
    ],
)
def test_filters(query, expected, public, zim):
    assert codes(public.get(f"/tables/zim-server/?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("section=nope", "“nope” is not a section. Allowed: public, business."),
        ("disposition=retry", "“retry” is not a disposition. Allowed: retry_now, retry_later, fix_request"),
        ("page=2", "“2” is not a page here. Allowed: 1 to 1."),
        ("page=-1", "“-1” is not a page here."),
        ("page=²", "“²” is not a page here."),
        ("page=x", "“x” is not a page here."),
        ("sort=code", "“sort” is not a filter of this page. Allowed: section, disposition, q, page."),
    ],
)
def test_an_unknown_value_is_named_with_what_is_allowed(query, message, public, zim):
    response = public.get(f"/tables/zim-server/?{query}")
    assert response.status_code == 400
    assert message in words(response)


def test_filters_without_a_match_say_so(public, zim):
    assert "No code in this table matches these filters" in words(public.get("/tables/zim-server/?q=elephant"))


def test_long_tables_come_in_pages_that_keep_the_filters(public):
    table = make.table()
    make.codes([str(1000 + n) for n in range(101)], table)
    first = public.get("/tables/zim-server/?q=room")
    assert len(codes(first)) == 100
    assert "?q=room&amp;page=2" in first.content.decode()
    assert codes(public.get("/tables/zim-server/?q=room&page=2")) == ["1100"]


def test_a_page_has_the_number_of_the_one_that_was_asked_for(public):
    table = make.table()
    codes = [make.code(str(n), table) for n in range(1, 4)]
    assert public.get("/tables/zim-server/?page=1").context["page"].object_list[:] == codes
    for page in ("0", "2", "1" * 10, "+1", "1.0"):
        response = public.get(f"/tables/zim-server/?page={page}")
        assert (response.status_code, f"“{page.replace('+', ' ')}” is not a page here" in words(response)) == (
            400,
            True,
        )


@pytest.mark.parametrize(
    ("query", "is_filtered"), [("", False), ("page=1", False), ("q=gone", True), ("section=public", True),
                               ("disposition=retry_now", True), ("q=+", False)],
)  # fmt: skip
def test_a_page_says_whether_it_is_filtered(query, is_filtered, public, zim):
    assert public.get(f"/tables/zim-server/?{query}").context["is_filtered"] == is_filtered


def test_words_and_codes_of_other_tables_are_not_listed(public, zim):
    other = make.table("other")
    make.code("1", other, "Public", description="Request failed.")
    make.section(other, "Elsewhere")
    for query in ("", "q=request", "q=001", "section=public"):
        assert {code.table for code in public.get(f"/tables/zim-server/?{query}").context["page"]} == {zim}
    assert [section.name for section in public.get("/tables/zim-server/").context["sections"]] == ["Public", "Business"]


def test_a_word_that_is_a_code_finds_the_code_and_the_words(public, zim):
    make.code("7", zim, description="See 3 above.")
    assert codes(public.get("/tables/zim-server/?q=3")) == ["3", "7"]


def test_a_long_wrong_value_is_quoted_in_part(public, zim):
    for query in (f"{'x' * 90}=1", f"section={'x' * 90}", f"disposition={'x' * 90}", f"page={'x' * 90}"):
        assert f"“{'x' * 80}”" in words(public.get(f"/tables/zim-server/?{query}"))


@pytest.mark.parametrize(
    ("note", "incident", "marked"),
    [
        ({"state": "validated"}, {"state": "open"}, (True, True)),
        ({"state": "validated"}, {"state": "monitoring"}, (True, True)),
        ({"state": "not_validated"}, {"state": "resolved"}, (False, False)),
        ({"audience": "internal"}, {"audience": "internal"}, (False, False)),
    ],
)
def test_the_public_sees_markers_of_public_notes_and_open_incidents(note, incident, marked, public, zim):
    code = zim.codes.get(code="1")
    make.note("Note", code, **note)
    make.incident("Trouble", code, **incident)
    first, *others = public.get("/tables/zim-server/").context["page"]
    assert (first.has_notes, first.has_incident) == marked
    assert not any(other.has_notes or other.has_incident for other in others)


def test_markers_show_notes_and_open_incidents(agents, zim):
    code = zim.codes.get(code="1")
    make.note("Note", code, state="not_validated")
    make.incident("Trouble", code)
    check_order(agents.get("/tables/zim-server/?section=public"), "Request failed.", "Open incident", "Note")
    assert "Open incident" not in words(agents.get("/tables/zim-server/?section=business"))
