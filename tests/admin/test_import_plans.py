"""The plan of an import in the admin: all that changes is shown, questions first, heavy codes first, and back again."""

import csv
import io
import re

import pytest
from django.urls import reverse

from kb.importing.applying.transaction import apply_import
from kb.importing.reading.choices import ask
from kb.models import ReturnCode, TableImport
from kb.services.codes import edit_code
from tests import make
from tests.importing.tables import applied, by, planned, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client, importer):
    client.force_login(importer)
    return client


@pytest.fixture
def table():
    table = make.table()
    applied(table, *(row(n, section="Pumps", description=f"Pump {n}.", extra={"level": "low"}) for n in "123"))
    return table


def page(client, plan, **query):
    answer = client.get(reverse("admin:kb_importrow_changelist"), {"table_import": plan.pk, **query})
    assert answer.status_code == 200
    return answer


def row_page(client, line):
    return client.get(reverse("admin:kb_importrow_change", args=[line.pk])).content.decode()


def changed(table, **texts):
    return planned(table, row("1", section="Pumps", **({"description": "Pump 1."} | texts)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"extra": {"level": "high"}}, ["level", "low", "high"]),
        ({"extra": {"Since": "v2"}}, ["Since", "v2", "The column Since is new"]),
        ({"suggested_actions": "Please contact technical support."}, ["hat to do"]),
        ({"section": "Valves", "extra": {"level": "low"}}, ["Valves"]),
    ],
)
def test_whatever_changes_is_in_the_list_on_the_row_and_in_the_download(client, table, change, words):
    rest = [row(n, section="Pumps", description=f"Pump {n}.", extra={"level": "low"}) for n in "23"]
    plan = planned(table, row("1", **({"section": "Pumps", "description": "Pump 1."} | change)), *rest, complete=True)
    line = plan.rows.get(code="1")
    answer = client.get(reverse("admin:kb_importrow_csv", args=[plan.pk]))
    download = b"".join(answer.streaming_content).decode("utf-8-sig")
    for word in words:
        assert word in page(client, plan).content.decode()
        assert word in download
    assert words[-2 if len(words) > 2 else 0] in row_page(client, line)
    assert next(csv.reader(io.StringIO(download)))[:2] == ["What happens", "Changes"]


def test_the_extents_are_counted_and_filter_the_list(client, table):
    plan = planned(
        table,
        row("1", section="Pumps", description="Pump 1", extra={"level": "low"}),
        row("2", section="Pumps", description="A valve.", extra={"level": "low"}),
        row("3", section="Pumps", description="Pump 3.", extra={"level": "high"}),
    )
    assert plan.extents == {"cosmetic": 1, "words": 1, "columns": 1}
    codes = {extent: [line.code for line in page(client, plan, extent=extent).context["cl"].result_list]
             for extent in plan.extents}  # fmt: skip
    assert codes == {"cosmetic": ["1"], "words": ["2"], "columns": ["3"]}


def test_codes_that_matter_to_support_are_listed_first(client, table):
    make.note("About 3", table.codes.get(code="3"))
    plan = planned(table, *(row(n, section="Pumps", description="New words.") for n in "123"))
    assert [line.code for line in page(client, plan).context["cl"].result_list] == ["3", "1", "2"]


def test_the_next_conflict_is_one_click_away(client, table):
    for code in table.codes.all():
        edit_code(code, code.version, {"description": f"Ours {code}."}, by())
    plan = planned(table, *(row(n, section="Pumps", description="Theirs.") for n in "123"))
    first, second, third = plan.rows.order_by("line")
    addresses = {line: reverse("admin:kb_importrow_change", args=[line.pk]) for line in (first, second, third)}
    assert addresses[first] in page(client, plan).content.decode()
    answer = client.post(addresses[first], {"resolution": "keep_ours", "next": "1", "description": ""})
    assert answer["Location"] == addresses[second]
    client.post(addresses[third], {"resolution": "keep_ours", "description": ""})
    assert addresses[second] in page(client, plan).content.decode()
    assert "Next conflict" not in row_page(client, second)


def test_an_open_question_comes_before_applying(client, table):
    plan = changed(table, description="New.")
    assert "Apply 1 change" in page(client, plan).content.decode()
    TableImport.objects.filter(pk=plan.pk).update(questions=[ask("damage", "3 codes seem damaged.").as_json()])
    text = page(client, plan).content.decode()
    assert "3 codes seem damaged." in text
    assert "Use the stored codes in place of the damaged ones" in text
    assert "Apply 1 change" not in text


def test_a_table_goes_back_to_before_an_import_in_one_step(client, table):
    imports = [applied(table, row("1", section="Pumps", description=words)) for words in ("Uno.", "Eins.", "Ena.")]
    address = reverse("admin:kb_importrow_back_to", args=[imports[1].pk])
    assert address in page(client, imports[1]).content.decode()
    assert address not in page(client, imports[2]).content.decode()
    text = client.get(address).content.decode()
    assert text.index(str(imports[2])) < text.index(str(imports[1]), text.index(str(imports[2])))
    assert ReturnCode.objects.get(code="1").description == "Ena."
    assert "2 imports rolled back" in client.post(address, follow=True).content.decode()
    assert ReturnCode.objects.get(code="1").description == "Uno."
    assert "already rolled back" in client.post(address, follow=True).content.decode()


def test_only_who_may_roll_back_takes_a_table_back(client, table):
    client.force_login(make.user("ed", "editor"))
    address = reverse("admin:kb_importrow_back_to", args=[table.imports.first().pk])
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 403


def test_a_new_code_has_no_text_before_and_none_of_ours(client, table):
    plan = planned(table, row("9", description="Pump 9."))
    content = row_page(client, plan.rows.get(code="9"))
    assert "Pump 9." in content
    assert "Vendor before" not in content
    assert "Ours" not in content
    answer = client.get(reverse("admin:kb_importrow_csv", args=[plan.pk]))
    download = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert download[0]["Decision"] == ""
    sides = [download[0][f"Description: {side}"] for side in ("vendor before", "vendor now", "ours")]
    assert sides == ["", "Pump 9.", ""]


def test_an_applied_import_leads_to_its_table_and_offers_no_decision(client, table):
    plan = changed(table, description="Pump one.")
    assert "Conflicts: keep ours" in page(client, plan).content.decode()
    apply_import(plan, by(), yes_retire=True)
    content = page(client, plan).content.decode()
    assert "Conflicts: keep ours" not in content
    assert f'href="{table.get_absolute_url()}"' in content


def test_columns_are_named_in_words(client, table):
    plan = changed(table, description="Pump one.")
    plan.columns = {"Do": "suggested_actions", "Old": "unheard_of"}
    plan.save()
    assert page(client, plan).context["columns"] == [("Do", "Suggested actions"), ("Old", "unheard_of")]


def test_no_page_of_a_plan_has_the_name_of_a_field(client, table):
    code = table.codes.get(code="1")
    edit_code(code, code.version, {"possible_reasons": "Ours.", "suggested_actions": "Ours."}, by())
    plan = changed(table, possible_reasons="Theirs.", suggested_actions="Theirs.", symbol="PUMP")
    answer = client.get(reverse("admin:kb_importrow_csv", args=[plan.pk]))
    texts = [page(client, plan).text, b"".join(answer.streaming_content).decode()]
    texts.append(re.sub(r'="[^"]*"', "", row_page(client, plan.rows.get())))
    for text in texts:
        assert "Possible reasons" in text or "possible reasons" in text
        assert not re.search("possible_reasons|suggested_actions|retired_at", text)


def test_a_roll_back_that_would_do_nothing_offers_the_one_that_would(client, table):
    first = applied(table, row("1", section="Pumps", description="Pump one."))
    applied(table, row("1", section="Pumps", description="Pump uno."))
    content = client.get(reverse("admin:kb_tableimport_rollback", args=[first.pk])).content.decode()
    assert "Nothing changes." in content
    assert 'type="submit">Roll back<' not in content
    assert reverse("admin:kb_importrow_back_to", args=[first.pk]) in content


def test_the_start_page_leads_importers_to_the_form(client):
    link = f'href="{reverse("admin:kb_tableimport_import")}">Import a table<'
    assert link in client.get("/admin/").text
    client.force_login(make.user("reader", "reviewer"))
    assert link not in client.get("/admin/").text
