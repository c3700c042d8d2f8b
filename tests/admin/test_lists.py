"""Lists in the admin: search, filters and columns."""

import pytest

from kb.admin.lists import strict_changelist
from kb.models import CodeTable, Flag, Proposal, Synonym
from kb.models.fields import VENDOR_TEXTS
from tests import make
from tests.admin.conftest import message_text, url


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


def test_notes_can_be_filtered_by_what_they_wait_for(as_user, editor, time_machine):
    time_machine.move_to("2026-07-01T12:00Z", tick=False)
    make.note("due today", review_on="2026-07-01")
    make.note("due tomorrow", review_on="2026-07-02")
    make.note("due and archived", review_on="2026-01-01", state="archived")
    make.note("asked", verify_since="2026-01-01T00:00Z")
    make.note("asked and archived", verify_since="2026-01-01T00:00Z", state="archived")
    for state in ("open", "returned"):
        note = make.note(f"proposal {state}")
        Proposal.objects.create(note=note, author=editor, title="X", state=state, base={}, base_version=1)
    browser = as_user(editor)
    names = {check: row_names(browser, "troubleshootingnote", check=check) for check in ("due", "asked", "proposed")}
    assert names == {"due": ["due today"], "asked": ["asked"], "proposed": ["proposal open"]}


def test_codes_can_be_filtered_by_whose_words_they_have(as_user, editor):
    for number, field in enumerate(VENDOR_TEXTS):
        make.code(str(number), **{field: "Theirs."})
        type(make.code(f"9{number}")).objects.filter(code=f"9{number}").update(**{field: "Ours."})
    browser = as_user(editor)
    assert sorted(row_names(browser, "returncode", wording="vendor")) == [str(n) for n in range(len(VENDOR_TEXTS))]
    assert sorted(row_names(browser, "returncode", wording="ours")) == [f"9{n}" for n in range(len(VENDOR_TEXTS))]


def test_sections_are_offered_of_the_chosen_table(as_user, editor, codes):
    def offered(**query):
        page = as_user(editor).get("/admin/kb/returncode/", query)
        filters = {spec.title: spec for spec in page.context["cl"].filter_specs if hasattr(spec, "lookup_choices")}
        return [pk for pk, _ in filters["section"].lookup_choices]

    table = CodeTable.objects.get(slug="zim-server")
    make.section(table, "Room")
    assert offered(table__id__exact=table.pk) == [section.pk for section in table.sections.all()]
    assert len(offered()) == 4


@pytest.mark.parametrize(("most", "more"), [(1, True), (2, False)])
def test_a_search_says_that_there_are_more_only_if_there_are(as_user, editor, codes, monkeypatch, most, more):
    monkeypatch.setattr(strict_changelist, "MAX_MATCHES", most)
    page = as_user(editor).get("/admin/kb/returncode/", {"q": "room"})
    assert page.context["cl"].paginator.has_more == more
    assert page.context["cl"].result_count == most


@pytest.mark.parametrize(("count", "pages"), [(50, 1), (51, 2)])
def test_a_list_ends_with_its_last_page(as_user, editor, count, pages):
    Synonym.objects.all().delete()
    Synonym.objects.bulk_create(Synonym(words=f"a{n}, b{n}") for n in range(count))
    browser = as_user(editor)
    assert len(row_names(browser, "synonym", p=pages)) == (count - 1) % 50 + 1
    assert browser.get("/admin/kb/synonym/", {"p": pages + 1}).status_code == 302


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ignored=2", "“ignored” in the address cannot have this value: 2. Allowed: , 0, 1"),
        ("x=1", "“x” in the address is not a filter of this list. Allowed: p, q, ignored"),
        ("p=abc", "“p” in the address is not a whole number: abc"),
    ],
)
def test_the_list_of_misses_names_what_is_wrong_with_its_address(as_user, editor, query, said):
    response = as_user(editor).get(f"/admin/kb/miss/?{query}")
    assert (response.status_code, response["Location"]) == (302, "/admin/kb/miss/")
    assert said in message_text(response)


def test_a_flag_is_offered_to_active_staff_and_its_owner(as_user, editor, agent, stranger):
    make.user("left", "editor", is_active=False)
    flag = Flag.objects.create(code=make.code(), comment="Wrong", owner=agent)
    field = as_user(editor).get(url(flag)).context["adminform"].form.fields["owner"]
    assert {str(person) for person in field.queryset} == {"editor", "agent"}


def test_a_note_is_offered_to_active_staff_alone(as_user, editor, stranger):
    make.user("left", "editor", is_active=False)
    note = make.note()
    field = as_user(editor).get(url(note)).context["adminform"].form.fields["owner"]
    assert [str(person) for person in field.queryset] == ["editor"]


@pytest.mark.parametrize(
    ("ending", "method", "status"), [("csv", "get", 200), ("exe", "get", 404), ("csv", "post", 403)]
)
def test_a_table_is_exported_in_a_known_format_on_get(as_user, importer, codes, ending, method, status):
    table = CodeTable.objects.get(slug="oracle")
    browser = as_user(importer)
    assert getattr(browser, method)(f"/admin/kb/codetable/{table.pk}/export.{ending}").status_code == status
