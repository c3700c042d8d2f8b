"""The look at an uploaded file: every choice is kept and shows, and the file is never given again."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kb.importing.reading.choices import ask
from kb.models import CodeTable, TableImport, Upload
from tests import make
from tests.importing.files import workbook

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/kb/tableimport/import/"
TWO_SHEETS = workbook(
    ("Pumps", [["Code", "Text"], ["P1", "No water."]]),
    ("Lids", [["Code", "Text"], ["L1", "Open."]]),
    ("People", [["Name", "Town"], ["Ann Lee", "Rome"], ["Bo Ek", "Oslo"]]),
)


@pytest.fixture
def client(client, importer):
    client.force_login(importer)
    return client


def upload(client, data, name="t.csv", **fields):
    file = SimpleUploadedFile(name, data if isinstance(data, bytes) else data.encode())
    answer = client.post(UPLOAD, {"file": file, "name": "Lids"} | fields)
    assert answer.status_code == 302, answer.context["form"].errors
    return answer["Location"]


def form_of(page):
    """Return what a browser would send from a look page."""
    chosen = page.context["chosen"]
    data = {"encoding": chosen.get("encoding", ""), "delimiter": chosen.get("delimiter", "")}
    data |= {name: page.context[name] for name in ("newest_plan", "shown")}
    ticked = []
    for table in page.context["tables"]:
        n = table["number"]
        data |= {f"table-{n}": table["look"].key, f"header-{n}": "" if table["line"] is None else table["line"]}
        ticked += [table["look"].key] if table["is_ticked"] and page.context["choose_tables"] else []
        for at, column in table["columns"]:
            data |= {f"label-{n}-{at}": column.header, f"found-{n}-{at}": column.target}
            data[f"column-{n}-{at}"] = column.target
    for kind, _, value in page.context["answers"]:
        data[f"answer-{kind}"] = value
    return data | {"tables": ticked, "shown-tables": ticked}


def choose(client, where, **changes):
    """Change something on the look page; return the page that follows."""
    data = form_of(client.get(where)) | {name.replace("_", "-"): value for name, value in changes.items()}
    answer = client.post(where, data)
    assert answer.status_code == 302
    return client.get(answer["Location"])


def targets(page, table=0):
    return {column.header: column.target for column in page.context["look"].tables[table].columns}


def test_an_unchanged_look_chooses_nothing(client):
    where = upload(client, "Code,Text,Level\nE1,Open.,high\n")
    choose(client, where)
    assert Upload.objects.get().choices == {}


def test_a_column_is_chosen_and_goes_into_the_plan(client):
    where = upload(client, "Code,Text,Level\nE1,Open.,Close it.\n")
    page = choose(client, where, column_0_2="suggested_actions")
    assert targets(page)["Level"] == "suggested_actions"
    client.post(where, form_of(page) | {"plan": "1"})
    assert TableImport.objects.get().rows.get().suggested_actions == "Close it."


def test_the_newest_column_for_a_target_wins(client):
    where = upload(client, "Code,First,Second\nE1,One.,Two.\n")
    choose(client, where, column_0_1="symbol")
    page = choose(client, where, column_0_2="symbol")
    assert page.context["look"].stops == []
    assert targets(page)["Second"] == "symbol"


def test_another_header_line_drops_what_was_chosen_for_the_former_headers(client):
    where = upload(client, "Code,Text\nKey,Words\nE1,Open.\n")
    choose(client, where, column_0_1="symbol")
    page = choose(client, where, header_0="2", column_0_0="code")
    assert Upload.objects.get().choices == {"header": {"1": 2}}
    assert list(targets(page)) == ["Key", "Words"]
    page = choose(client, where, column_0_0="code")
    assert page.context["look"].tables[0].row_count == 1


def test_tables_are_chosen_and_unread_ones_keep_their_columns_to_choose_from(client):
    where = upload(client, TWO_SHEETS, "t.xlsx")
    page = client.get(where)
    assert [table.is_read for table in page.context["look"].tables] == [True, True, False]
    page = choose(client, where, tables=["Lids"])
    assert [table.is_read for table in page.context["look"].tables] == [False, True, False]
    page = choose(client, where, column_2_0="code")
    assert [table.is_read for table in page.context["look"].tables] == [False, True, True]
    page = choose(client, where, tables=["Pumps"])
    assert page.context["look"].stops == []
    assert [table.is_read for table in page.context["look"].tables] == [True, False, False]


def test_an_encoding_is_chosen_without_the_file(client):
    where = upload(client, "Code,Text\nE1,Tür offen.\n".encode("cp1252"), encoding="")
    page = choose(client, where, encoding="windows-1252")
    assert page.context["look"].tables[0].rows[0][2][1] == "Tür offen."


@pytest.mark.parametrize("changes", [{"encoding": "klingon"}, {"delimiter": "x"}, {"column_0_0": "nonsense"}])
def test_a_value_that_is_not_allowed_is_named_on_the_page(client, changes):
    page = choose(client, upload(client, "Code,Text\nE1,Open.\n"), **changes)
    assert "Allowed:" in str(page.context["look"].stops[0])
    assert choose(client, page.request["PATH_INFO"], encoding="", delimiter="").status_code == 200


@pytest.fixture
def asking(monkeypatch):
    """Every file leaves a question open until somebody answers."""
    from kb.importing import uploads

    source_of = uploads.source_of

    def with_question(upload, file):
        source = source_of(upload, file)
        if "repeats" not in source.choices.answers:
            source.questions = [ask("repeats", "Is it <b>one</b> code?")]
        return source

    monkeypatch.setattr(uploads, "source_of", with_question)


def test_an_open_question_has_buttons_and_keeps_the_plan_away(client, asking):
    where = upload(client, "Code,Text\nE1,Open.\n")
    page = client.get(where)
    assert "Is it &lt;b&gt;one&lt;/b&gt; code?" in page.text
    assert "Make the plan" not in page.text
    assert client.post(where, form_of(page) | {"plan": "1"})["Location"] == where
    assert not TableImport.objects.exists()
    page = choose(client, where, offer="repeats/0")
    assert "Make the plan" in page.text
    assert Upload.objects.get().choices["answers"] == {"repeats": "join"}
    page = choose(client, where, answer_repeats="")
    assert "Make the plan" not in page.text


def test_an_offer_that_is_gone_is_refused(client):
    where = upload(client, "Code,Text\nE1,Open.\n")
    assert "The question has changed" in choose(client, where, offer="repeats/0").text
    assert Upload.objects.get().choices == {}


def test_a_question_of_a_plan_is_answered_by_planning_again(client):
    where = upload(client, "Code,Text\nE1,Open.\n")
    client.post(where, {"plan": "1"})
    plan = TableImport.objects.get()
    plan.questions = [ask("damage", "Is 5 the code 05?").as_json()]
    plan.save()
    address = reverse("admin:kb_tableimport_answer", args=[plan.pk])
    assert "no longer open" in client.post(address, {"question": "damage", "offer": "x"}, follow=True).text
    client.post(address, {"question": "damage", "offer": "1"})
    newest = TableImport.objects.first()
    plan.refresh_from_db()
    assert (plan.state, newest.state, newest.choices["answers"]) == ("discarded", "planned", {"damage": "keep"})
    assert "no longer open" in client.post(address, {"question": "damage", "offer": "1"}, follow=True).text


def test_a_button_of_a_plan_answers_its_question(client):
    table = make.table("boxes")
    for number in ("E1", "E2", "E3"):
        make.code(number, table, "Doors")
    where = upload(client, "Section,Code,Text\nLids,E1,Stuck\nLids,E2,Loose\n", table=table.pk)
    page = client.post(where, {"plan": "1", **form_of(client.get(where))}, follow=True)
    form = re.search(r'<form method="post" action="([^"]+)" class="question">(.*?)</form>', page.text, re.DOTALL)
    fields = dict(re.findall(r'name="(question|offer)"\s+value="([^"]*)"', form[2])[:2])
    answer = client.post(form[1], fields, follow=True)
    assert set(fields) == {"question", "offer"}
    assert "no longer open" not in answer.text
    assert TableImport.objects.first().choices["answers"]["sections"]


def test_a_new_table_is_renamed_and_its_short_name_stays_unique(client):
    make.table("taken")
    where = upload(client, "Code,Text\nE1,Open.\n")
    names = {"name": "Doors", "slug": "doors", "vendor": "", "product": "", "language": "de"}
    choose(client, where, **names)
    assert Upload.objects.get().new_table["slug"] == "doors"
    assert "Free: taken-2." in choose(client, where, **names | {"slug": "taken"}).text
    client.post(where, {"plan": "1"})
    client.post(reverse("admin:kb_tableimport_apply", args=[TableImport.objects.get().pk]))
    table = CodeTable.objects.get(slug="doors")
    assert (str(table), table.language, table.vendor, table.product) == ("Doors", "de", "", "Doors")
    assert ">No vendor<" in client.get("/admin/kb/codetable/").text
    assert "<h1>Doors</h1>" in client.get(table.get_absolute_url()).text


def test_a_file_is_removed(client):
    where = upload(client, "Code,Text\nE1,Open.\n")
    assert "was removed" in client.post(where, {"remove": "1"}, follow=True).text
    assert not Upload.objects.exists()
    assert "This file is gone" in client.get("/admin/kb/tableimport/look/999999/", follow=True).text


def test_whoever_works_on_a_removed_file_is_told_who_removed_it(client, importer):
    where = upload(client, "Code,Text\nE1,Open.\n", "lids.csv")
    browser = Client()
    browser.force_login(make.user("second", "importer"))
    data = form_of(browser.get(where))
    client.post(where, {"remove": "1"})
    words = f"{importer} removed this file, lids.csv."
    part = browser.post(where, data, headers={"HX-Request": "true"})
    assert words in browser.get(part["HX-Redirect"]).text
    assert words in browser.post(where, data | {"plan": "1"}, follow=True).text


def test_another_importer_sees_the_file_and_nobody_else(client, editor, agent):
    where = upload(client, "Code,Text\nE1,Open.\n")
    client.force_login(make.user("second", "importer"))
    assert client.get(where).status_code == 200
    for user in (editor, agent):
        client.force_login(user)
        assert client.get(where).status_code == (403 if user == editor else 302)


@pytest.mark.parametrize("field", ["newest_plan", "header-0", "offer"])
@pytest.mark.parametrize("value", ["x" * 9999, "-1", "９", "9" * 40, "\0"])
def test_a_forged_form_is_no_error_of_the_server(client, field, value):
    where = upload(client, "Code,Text\nE1,Open.\n")
    assert client.post(where, form_of(client.get(where)) | {field: value}).status_code == 302
    assert client.get(where).status_code == 200


@pytest.mark.parametrize("rows", [3, 3000])
def test_a_look_takes_the_same_queries_for_more_rows(client, rows, django_assert_num_queries):
    where = upload(client, "Code,Text\n" + "".join(f"E{n},Open {n}.\n" for n in range(rows)))
    client.get(where)
    with django_assert_num_queries(7):
        page = client.get(where)
    assert len(page.context["look"].tables[0].rows) == min(rows, 20)


def test_choices_that_leave_no_row_say_so_once_and_why_and_offer_no_plan(client):
    lines = "".join(f"Ger\u00e4t {n},L\u00e4uft \u00fcber {n}.\n" for n in range(9))
    where = upload(client, f"Code,Text\n{lines}".encode("cp1252"))
    page = choose(client, where, encoding="utf-8")
    content = page.content.decode()
    assert page.context["summary"] == "No rows can be read."
    assert "0 rows" not in content
    assert "5,000" not in content
    assert re.search(r'<details class="told"\s+open>', content)
    assert "Make the plan" not in content


def test_columns_without_names_are_chosen_from(client):
    where = upload(client, "Word,Text\nOpen,The lid is open.\nShut,The lid is shut.\n")
    page = choose(client, where, header_0="0")
    assert [str(stop) for stop in page.context["look"].stops] == [
        "The columns have no names. Choose Code over the one with the codes: Column 1, Column 2."
    ]
    assert page.content.decode().count("cannot be read yet") == 1
    page = choose(client, where, column_0_0="code")
    assert page.context["summary"] == "3 rows can be read."


def test_a_choice_of_somebody_else_is_seen_before_a_plan_is_made(client):
    where = upload(client, "Code,Text,Level\nE1,Open.,Close it.\n")
    mine = client.get(where)
    browser = Client()
    browser.force_login(make.user("second", "importer"))
    choose(browser, where, column_0_2="suggested_actions")
    answer = client.post(where, form_of(mine) | {"plan": "1"}, follow=True)
    assert "second changed the choices; look at the rows again." in answer.content.decode()
    assert (targets(answer)["Level"], TableImport.objects.count()) == ("suggested_actions", 0)
    client.post(where, form_of(answer) | {"plan": "1"})
    assert TableImport.objects.count() == 1


def test_an_own_choice_that_is_still_on_its_way_is_no_choice_of_somebody_else(client):
    where = upload(client, "Code,Text,Level\nE1,Open.,Close it.\n")
    data = form_of(client.get(where)) | {"column-0-2": "suggested_actions"}
    client.post(where, data)
    client.post(where, data | {"plan": "1"})
    assert TableImport.objects.get().rows.get().suggested_actions == "Close it."


def test_a_chosen_encoding_that_gives_no_table_is_named(client):
    where = upload(client, "Code,Text\nE1,\u00dcber.\n".encode("cp1252"))
    content = choose(client, where, encoding="utf-16").content.decode()
    assert "as somebody chose. Another encoding may be right." in content


@pytest.mark.parametrize(
    ("data", "name", "has_separator"),
    [
        ("Code,Text\nE1,Open.\n", "t.csv", True),
        ("| Code | Text |\n|--|--|\n| E1 | Open. |\n", "t.md", False),
        ('[{"code": "E1", "text": "Open."}]', "t.json", False),
    ],
)
def test_a_separator_is_offered_where_a_form_has_one(client, data, name, has_separator):
    content = client.get(upload(client, data, name)).content.decode()
    assert ("Column separator" in content) is has_separator
    assert "E1" in content


def test_a_file_without_any_choice_says_to_upload_another_one(client):
    content = client.get(upload(client, b"SQLite format 3\0" + bytes(90), "t.db")).content.decode()
    assert "Export the table with the codes as CSV" in content
    assert "upload another one</a>" in content


def test_a_wrong_encoding_is_named_as_the_reason(client):
    page = choose(client, upload(client, "Code,Text\nE1,Tür\nE2,Öl\nE3,Schloß\n".encode("cp1252")), encoding="utf-8")
    assert "Many characters are not UTF-8" in page.content.decode()


@pytest.mark.parametrize(
    ("fields", "slug"),
    [
        ({"product": "Deckel 3"}, "deckel-3"),
        ({}, "codes-v2"),
        ({"slug": "own"}, "own"),
    ],
)
def test_a_name_without_latin_letters_has_a_short_name_of_something_else(client, fields, slug):
    file = SimpleUploadedFile("codes.v2.csv", b"Code,Text\nE1,Open.\n")
    assert client.post(UPLOAD, {"file": file, "name": "错误码"} | fields).status_code == 302
    assert Upload.objects.get().new_table["slug"] == slug


def test_a_short_name_that_cannot_be_made_is_asked_for(client):
    answer = client.post(UPLOAD, {"pasted": "Code,Text\nE1,Open.\n", "name": "错误码"})
    assert "Choose one" in str(answer.context["form"].errors["slug"])
    assert not Upload.objects.exists()
