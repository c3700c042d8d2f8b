"""The admin's first page: the work queue by role, with links to the forms that settle its reasons."""

import html
import re

import pytest
from django.utils import timezone

from kb.models import CodeUse, Flag, IgnoredMiss, Miss, TableImport
from kb.text.editing.phrasings import MAX_LINES
from tests import make
from tests.admin.conftest import form_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(editor, agent):
    """Something of each kind: a code without a note, a flag, a draft, a note to validate, a miss and a plan."""
    code = make.code("660300001")
    CodeUse.objects.create(code=code, day=timezone.now().date(), lookups=1234)
    Flag.objects.create(code=code, comment="Wrong <b>step</b>", raised_by=agent)
    make.note("A draft <i>", state="draft", owner=editor)
    make.note("To validate", make.code("660300002"), state="not_validated", owner=editor)
    Miss.objects.create(text="660399999", day=timezone.now().date(), lookups=7)
    Miss.objects.create(text="<script>", day=timezone.now().date(), lookups=2)
    TableImport.objects.create(table=code.table, state="planned", counts={"new": 2})
    return code


def titles(page):
    return [group.title for group in page.context["groups"]]


def text(page):
    main = page.content.decode().split('id="content-main"')[1].split('id="content-related"')[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("editor", ["Suggested work"]),
        ("reviewer", ["Notes to validate", "Suggested work"]),
        ("importer", ["Imports to apply or discard", "Suggested work"]),
        ("idle_staff", []),
    ],
)
def test_each_role_gets_its_own_work(as_user, request, work, role, expected):
    assert titles(as_user(request.getfixturevalue(role)).get("/admin/")) == expected


def test_rows_give_their_reasons_with_numbers(as_user, editor, work):
    shown = text(as_user(editor).get("/admin/"))
    for said in ("no note says what to do", "1 flag waiting for an answer", "1234 look-ups in 28 days"):
        assert said in shown
    assert "searched 7 times in 28 days" in shown
    assert shown.index("660300001") < shown.index("660399999")


@pytest.mark.parametrize("role", ["editor", "reviewer", "importer", "admin"])
def test_each_link_opens_its_page(as_user, request, work, role):
    browser = as_user(request.getfixturevalue(role))
    page = browser.get("/admin/")
    urls = {reason.url for group in page.context["groups"] for entry in group.entries for reason in entry.reasons}
    urls |= {url for group in page.context["groups"] for entry in group.entries for _, url in entry.actions}
    urls |= {url for _, url in page.context["lists"]}
    assert urls - {""}
    for url in urls - {""}:
        assert browser.get(url, follow=True).status_code == 200, url


def test_the_first_reason_opens_a_note_with_the_code_filled_in(as_user, editor, work):
    browser = as_user(editor)
    first = browser.get("/admin/").context["groups"][0].entries[0]
    assert form_data(browser.get(first.url))["codes"] == [work.pk]


def test_links_lead_only_where_the_person_may_go(as_user, importer, work):
    page = as_user(importer).get("/admin/")
    urls = [reason.url for group in page.context["groups"] for entry in group.entries for reason in entry.reasons]
    assert all(url.startswith("/admin/kb/tableimport/") for url in urls if url)


def test_mine_shows_only_my_rows(as_user, editor, work):
    rows = as_user(editor).get("/admin/?mine=1").context["groups"][0].entries
    assert [str(shown.row.subject) for shown in rows] == ["A draft <i>"]


def test_an_empty_queue_says_so_kindly(as_user, editor):
    browser = as_user(editor)
    assert "Nothing needs attention" in text(browser.get("/admin/"))
    assert "Nothing of yours needs attention" in text(browser.get("/admin/?mine=1"))


def test_misses_are_ranked_and_link_to_the_right_form(as_user, admin, work):
    make.code_range()
    browser = as_user(admin)
    page = browser.get("/admin/kb/miss/")
    steps = {row["text"]: dict(row["actions"]) for row in page.context["rows"]}
    assert list(steps) == ["660399999", "<script>"]
    assert list(steps["660399999"]) == ["Add as a code", "Write a note"]
    assert list(steps["<script>"]) == ["Write a note", "Add as a phrasing", "Add synonyms"]
    for address in (url for of_text in steps.values() for url in of_text.values()):
        assert browser.get(address).status_code == 200
    assert "660399999" in browser.get(steps["660399999"]["Add as a code"]).content.decode()
    assert form_data(browser.get(steps["<script>"]["Add synonyms"]))["words"] == "<script>, "
    assert "<script>, " not in page.content.decode()


def test_the_number_of_a_miss_fills_in_a_range(as_user, editor, work):
    browser = as_user(editor)
    steps = dict(browser.get("/admin/kb/miss/", {"q": "66039"}).context["rows"][0]["actions"])
    form = form_data(browser.get(steps["Add a range"]))
    assert (form["first"], form["last"]) == ("660399999", "660399999")


def test_a_miss_becomes_a_code_in_two_steps(as_user, importer, work):
    browser = as_user(importer)
    make.code_range()
    (step,) = [url for label, url in browser.get("/admin/kb/miss/").context["rows"][0]["actions"] if "code" in label]
    form = browser.get(step).context["form"]
    answer = browser.post("/admin/kb/tableimport/import/", {n: form.initial[n] for n in ("table", "pasted")})
    browser.post(answer["Location"], {"plan": "1"})
    assert TableImport.objects.latest("id").rows.get().code == "660399999"


def test_a_miss_becomes_a_phrasing_of_the_closest_code(as_user, editor, work):
    code, other = make.code("660300009", description="The lounge is closed."), make.code("660300008")
    Miss.objects.create(text="lounge, hotel, cheap flights", day=timezone.now().date(), lookups=9)
    browser = as_user(editor)
    step = dict(browser.get("/admin/kb/miss/", {"q": "lounge"}).context["rows"][0]["actions"])["Add as a phrasing"]
    page = browser.get(step)
    assert [row.code for row in page.context["form"].rows.values()] == ["660300009"]
    # Corrected: the proposals are still those of what was asked.
    text, asked = "cheap flights, all of them", "lounge, hotel, cheap flights"
    refused = browser.post("/admin/kb/miss/phrasing/", {"text": text})
    assert "Choose one code or one note." in refused.content.decode()
    both = {"text": text, "asked": asked, "closest": f"returncode-{code.pk}", "code": other.pk}
    assert "Choose one code or one note." in browser.post("/admin/kb/miss/phrasing/", both).content.decode()
    one = {"text": text, "asked": asked, "closest": f"returncode-{code.pk}"}
    saved = browser.post("/admin/kb/miss/phrasing/", one, follow=True)
    assert "A search for “cheap flights, all of them” finds “660300009” from now on." in saved.content.decode()
    code.refresh_from_db()
    assert code.phrasings == text


@pytest.mark.parametrize("name", ["code", "note"])
def test_a_phrasing_of_another_row_is_chosen_in_the_form(as_user, editor, work, name):
    row = work if name == "code" else make.note()
    as_user(editor).post("/admin/kb/miss/phrasing/", {"text": "all silent", name: row.pk})
    row.refresh_from_db()
    assert row.phrasings == "all silent"


def test_one_phrasing_too_many_is_refused_on_the_page(as_user, editor, work):
    code = work
    type(code).objects.update(phrasings="\n".join(map(str, range(MAX_LINES))))
    page = as_user(editor).post("/admin/kb/miss/phrasing/", {"text": "one more", "code": code.pk})
    assert f"There are {MAX_LINES + 1} phrasings; the limit is {MAX_LINES}." in page.content.decode()


def test_the_form_of_a_code_names_the_line_of_a_phrasing_that_is_too_long(as_user, editor):
    code, browser = make.code(), as_user(editor)
    address = f"/admin/kb/returncode/{code.pk}/change/"
    page = browser.post(address, form_data(browser.get(address)) | {"phrasings": "short\n" + "x" * 201})
    assert page.context["adminform"].form.errors["phrasings"] == ["Line 2 has 201 characters; the limit is 200."]


def test_a_miss_is_ignored_and_restored(as_user, editor, work):
    browser = as_user(editor)
    browser.post("/admin/kb/miss/ignore/", {"text": "660399999"})
    assert IgnoredMiss.objects.get().ignored_by == editor
    assert "660399999" not in [row["text"] for row in browser.get("/admin/kb/miss/").context["rows"]]
    assert "660399999" in browser.get("/admin/kb/miss/?ignored=1").content.decode()
    browser.post("/admin/kb/miss/ignore/", {"text": "660399999", "heed": "1", "ignored": "1"})
    assert not IgnoredMiss.objects.exists()


@pytest.mark.parametrize("given", ["never asked for", "", "\x00", "x" * 5000])
def test_only_a_miss_can_be_ignored(as_user, editor, work, given):
    browser = as_user(editor)
    assert browser.post("/admin/kb/miss/ignore/", {"text": given}).status_code == 302
    assert not IgnoredMiss.objects.exists()


def test_an_importer_only_reads_misses(as_user, importer, work):
    browser = as_user(importer)
    assert "Ignore" not in browser.get("/admin/kb/miss/").content.decode().split("<tbody>")[1]
    assert browser.post("/admin/kb/miss/ignore/", {"text": "660399999"}).status_code == 403


@pytest.mark.parametrize("query", ["?p=99", "?q=%00", "?q=%25", "?ignored=1"])
def test_a_bad_address_of_the_misses_shows_the_list_and_a_message(as_user, editor, work, query):
    assert as_user(editor).get(f"/admin/kb/miss/{query}").status_code == 200


@pytest.mark.parametrize("size", [2, 9])
def test_misses_take_the_same_queries_for_more_rows(as_user, admin, django_assert_num_queries, size):
    for n in range(size):
        Miss.objects.create(text=f"66039999{n}", day=timezone.now().date(), lookups=n + 1)
    browser = as_user(admin)
    with django_assert_num_queries(8):
        browser.get("/admin/kb/miss/")
