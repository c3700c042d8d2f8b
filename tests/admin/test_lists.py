"""Lists in the admin: search, filters and columns."""

import pytest

from kb.admin.lists import strict_changelist
from kb.models import CodeTable
from tests import make


def row_names(browser, noun, **query):
    page = browser.get(f"/admin/kb/{noun}/", query)
    return [str(obj) for obj in page.context["cl"].result_list]


@pytest.fixture
def codes(db):
    ora = make.table("oracle", vendor="Oracle", product="DB")
    windows = make.table("windows", vendor="Microsoft", product="NT")
    make.code("ORA-00942", ora, description="table or view does not exist")
    make.code("0xC0000005", windows, description="access violation")
    make.code("660300001", description="Room does not exist.")
    make.code("660300002", description="Room is full.", retired_at="2026-01-01T00:00Z")


@pytest.mark.parametrize(
    ("term", "codes_found"),
    [
        ("ORA-942", {"ORA-00942"}),
        ("ora 00942", {"ORA-00942"}),
        ("3221225477", {"0xC0000005"}),
        ("-1073741819", {"0xC0000005"}),
        ("660300001", {"660300001"}),
        ("6603", {"660300001", "660300002"}),
        ("not exist", {"ORA-00942", "660300001"}),
        ("nothing like it", set()),
    ],
)
def test_a_code_is_found_in_any_spelling_its_beginning_or_words(as_user, editor, codes, term, codes_found):
    assert set(row_names(as_user(editor), "returncode", q=term)) == codes_found


def test_a_frequent_word_lists_the_first_codes_and_says_that_there_are_more(as_user, editor, codes, monkeypatch):
    browser = as_user(editor)
    assert "2 results" in browser.get("/admin/kb/returncode/", {"q": "room"}).content.decode()
    monkeypatch.setattr(strict_changelist, "MAX_MATCHES", 1)
    page = browser.get("/admin/kb/returncode/", {"q": "room"})
    assert "more than 1 results: add a word or a filter" in " ".join(page.content.decode().split())
    assert row_names(browser, "returncode", q="room") == ["660300001"]
    assert row_names(browser, "returncode", q="room", listed="no") == ["660300002"]


@pytest.mark.parametrize(("noun", "factory"), [("troubleshootingnote", make.note), ("incidentlink", make.incident)])
def test_notes_and_incidents_are_found_by_their_code_in_any_spelling(as_user, editor, noun, factory):
    code = make.code("ORA-00942", make.table("oracle"))
    factory("About the view", code)
    factory("About the room", make.code("7"))
    assert row_names(as_user(editor), noun, q="ORA-942") == ["About the view"]
    assert row_names(as_user(editor), noun, q="room") == ["About the room"]


def test_autocomplete_offers_codes_with_meaning_and_place(as_user, editor, codes):
    query = {"app_label": "kb", "model_name": "troubleshootingnote", "field_name": "codes", "term": "ora-942"}
    results = as_user(editor).get("/admin/autocomplete/", query).json()["results"]
    assert [r["text"] for r in results] == ["ORA-00942 · table or view does not exist (DB / Public)"]


@pytest.mark.parametrize(
    ("query", "codes_found"),
    [
        ({"listed": "no"}, {"660300002"}),
        ({"listed": "yes", "note": "no"}, {"ORA-00942", "0xC0000005"}),
        ({"note": "yes"}, {"660300001"}),
        ({"wording": "ours"}, {"0xC0000005"}),
    ],
)
def test_codes_can_be_filtered(as_user, editor, codes, query, codes_found):
    from kb.models import ReturnCode

    make.note("Room is gone", ReturnCode.objects.get(code="660300001"))
    ReturnCode.objects.filter(code="0xC0000005").update(description="ours")
    assert set(row_names(as_user(editor), "returncode", **query)) == codes_found


def test_a_table_links_to_its_codes(as_user, editor, codes):
    table = CodeTable.objects.get(slug="zim-server")
    page = as_user(editor).get("/admin/kb/codetable/").content.decode()
    assert f"?table__id__exact={table.pk}" in page
    assert "1, 1 retired" in page
    assert set(row_names(as_user(editor), "returncode", table__id__exact=table.pk)) == {"660300001", "660300002"}


@pytest.mark.parametrize(
    ("noun", "first"),
    [("returncode", "code_column"), ("incidentlink", "reference_column"), ("coderange", "pattern_column")],
)
def test_a_list_has_seven_columns_at_most_and_its_code_first(as_user, admin, room, noun, first):
    columns = as_user(admin).get(f"/admin/kb/{noun}/").context["cl"].list_display
    columns = [column for column in columns if column != "action_checkbox"]
    assert len(columns) <= 7
    assert columns[0] == first


def test_times_in_lists_are_in_the_readers_zone(as_user, editor):
    make.incident(started_at="2026-01-01T12:00Z")
    browser = as_user(editor)
    browser.cookies["zone"] = "Asia/Tokyo"
    assert "2026-01-01 21:00" in browser.get("/admin/kb/incidentlink/").content.decode()
