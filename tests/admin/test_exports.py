"""An exported table can be imported again, from the admin and from the API."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from kb.models import TableImport
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    table = make.table()
    make.code("-1000", table, "Public", description="- first\n- second", suggested_actions="=1+1")
    make.code("00000", table, "Public", description="@all", possible_reasons="'+quoted")
    make.code("ORA-00942", table, "Äöü", description='say "no", twice', extra={"http_status": "E"})
    return table


def addresses(table, ending):
    yield reverse("admin:kb_codetable_export", args=[table.pk, ending])
    yield f"/api/v1/tables/{table.slug}/export.{ending}"


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json", "ndjson"])
def test_an_export_can_be_imported_without_changes(client, importer, table, ending):
    client.force_login(importer)
    for where in addresses(table, ending):
        answer = client.get(where)
        body = b"".join(answer.streaming_content)
        assert answer["Content-Disposition"] == f'attachment; filename="zim-server.{ending}"'
        file = SimpleUploadedFile(f"zim-server.{ending}", body)
        sent = client.post("/admin/kb/tableimport/import/", {"table": table.pk, "file": file, "complete": "on"})
        client.post(sent["Location"], {"plan": "1"})
        assert TableImport.objects.latest("id").counts == {"unchanged": 3}


def test_formulas_are_defused_in_csv_and_not_in_json(client, importer, table):
    client.force_login(importer)
    text = b"".join(client.get(f"/api/v1/tables/{table.slug}/export.csv").streaming_content).decode("utf-8-sig")
    assert "'=1+1" in text
    assert "'-1000" in text
    rows = json.loads(b"".join(client.get(f"/api/v1/tables/{table.slug}/export.json").streaming_content))
    assert {row["code"] for row in rows} == {"-1000", "00000", "ORA-00942"}


def test_an_unknown_format_or_table_is_not_found(client, importer, table):
    client.force_login(importer)
    assert client.get("/api/v1/tables/nowhere/export.csv").status_code == 404
    assert client.get(reverse("admin:kb_codetable_export", args=[table.pk, "exe"])).status_code == 404


def test_the_table_offers_what_this_person_may_do(client, importer, editor, table):
    where, form = (reverse(f"admin:kb_codetable_{name}", args=[table.pk]) for name in ("change", "export_form"))
    client.force_login(importer)
    assert f'href="{form}"' in client.get(where).content.decode()
    client.force_login(editor)
    assert "Export" not in client.get(where).content.decode()
    assert client.get(form).status_code == 403


@pytest.mark.parametrize(
    ("query", "begin"),
    [
        ({"format": "csv"}, b"section,code,"),
        ({"format": "csv", "delimiter": "semicolon", "bom": "on"}, b"\xef\xbb\xbfsection;code;"),
        ({"format": "csv", "delimiter": "tab"}, b"section\tcode\t"),
        ({"format": "ndjson", "words": "support"}, b'{"section": "Public", "code": "-1000"'),
    ],
)
def test_the_form_leads_to_the_file_as_it_was_chosen(client, importer, table, query, begin):
    client.force_login(importer)
    form = reverse("admin:kb_codetable_export_form", args=[table.pk])
    assert "Byte order mark" in client.get(form).content.decode()
    answer = client.get(form, query, follow=True)
    body = b"".join(answer.streaming_content)
    assert body.startswith(begin)
    assert (b"disposition" in body) == ("words" in query)


def test_the_form_names_what_it_does_not_know(client, importer, table):
    client.force_login(importer)
    form = reverse("admin:kb_codetable_export_form", args=[table.pk])
    assert "exe is not one of the available choices" in client.get(form, {"format": "exe"}).content.decode()
    where = reverse("admin:kb_codetable_export", args=[table.pk, "csv"])
    assert client.get(where, {"delimiter": "pipe"}).status_code == 404
