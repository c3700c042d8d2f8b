"""The exact number of queries of each admin page, whatever the number of rows."""

import pytest
from django.contrib.contenttypes.models import ContentType

from kb.models import CodeRange, CodeTable, Door, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.services.codes import edit_code
from kb.services.incidents import save_incident
from kb.services.journal import By
from kb.services.notes import save_note
from kb.services.tables import save_table
from tests import make
from tests.admin.conftest import url

pytestmark = pytest.mark.wide

NOUNS = {m._meta.model_name: m for m in (CodeTable, Section, ReturnCode, CodeRange, TroubleshootingNote, IncidentLink)}


def fill(size, editor):
    by = By(editor, Door.ADMIN)
    codes = [make.code(str(660300000 + n), in_section=f"Section {n % 3}") for n in range(size)]
    for n in range(size):
        make.table(f"table-{n}")
        make.code_range(f"Block {n}", n * 10, n * 10 + 9)
        note = make.note(f"Note {n}", *codes, owner=editor, state="not_validated")
        incident = make.incident(f"Incident {n}", *codes)
    for n in range(1, size):
        edit_code(codes[0], n, {"description": f"Wording {n}"}, by)
        save_note(note, n, {"cause": f"Cause {n}"}, by, codes=codes[:n])
        save_incident(incident, n, {"impact": f"Impact {n}"}, codes[:n], by)
    save_table(CodeTable.objects.first(), 1, {"name": "New"}, By(None, Door.SHELL))
    return {"returncode": codes[0], "troubleshootingnote": note, "incidentlink": incident}


@pytest.mark.parametrize("size", [3, 12])
@pytest.mark.parametrize(
    ("noun", "listed", "form", "history"),
    [
        ("returncode", 10, 5, 5),
        ("troubleshootingnote", 7, 10, 8),
        ("incidentlink", 6, 8, 7),
        ("codetable", 11, 5, 6),
        ("section", 6, 3, 4),
        ("coderange", 6, 4, 4),
    ],
)
def test_lists_forms_and_histories_take_the_same_queries_for_more_rows(
    as_user, admin, editor, django_assert_num_queries, size, noun, listed, form, history
):
    model = NOUNS[noun]
    obj = fill(size, editor).get(noun) or model.objects.first()
    ContentType.objects.get_for_model(model)
    browser = as_user(admin)
    for address, count in (
        (f"/admin/kb/{noun}/", listed),
        (url(obj), form),
        (url(obj, "history"), history),
    ):
        with django_assert_num_queries(count, info=address):
            assert browser.get(address).status_code == 200


@pytest.mark.parametrize("size", [3, 12])
def test_the_first_page_takes_the_same_queries_for_more_rows(as_user, reviewer, django_assert_num_queries, size):
    fill(size, reviewer)
    browser = as_user(reviewer)
    # Of the codes the most asked for, and all of them where those do not fill the page; two for phrasings.
    with django_assert_num_queries(18):
        browser.get("/admin/")


@pytest.mark.parametrize("page", [1, 3])
def test_a_page_of_a_long_list_costs_one_query_more(as_user, admin, django_assert_num_queries, page):
    table = make.table()
    section = make.section(table)
    numbers = [str(660300000 + n) for n in range(120)]
    codes = [{"code": n, "identity": n, "canonical": n, "sort_key": n, "position": int(n)} for n in numbers]
    ReturnCode.objects.bulk_create(ReturnCode(table=table, section=section, **code) for code in codes)
    browser = as_user(admin)
    # Four of them count codes, once after an import.
    with django_assert_num_queries(10):
        listed = browser.get(f"/admin/kb/returncode/?p={page}").context["cl"].result_list
        assert [code.code for code in listed] == numbers[50 * page - 50 : 50 * page]
    last_first = browser.get(f"/admin/kb/returncode/?p={page}&o=-1").context["cl"].result_list
    assert [code.code for code in last_first] == numbers[::-1][50 * page - 50 : 50 * page]


def test_a_notes_form_loads_codes_without_their_long_texts(as_user, admin, django_assert_max_num_queries):
    note = make.note("Many", *(make.code(str(number)) for number in range(1, 5)))
    browser = as_user(admin)
    with django_assert_max_num_queries(15) as asked:
        browser.get(url(note))
    chosen = [query["sql"] for query in asked if '"kb_returncode"."symbol"' in query["sql"]]
    assert [sql for sql in chosen if "vendor_description" not in sql]
