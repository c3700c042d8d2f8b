"""Watched sources in the admin: who may name them, the button, and the task in the work queue."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from kb.models import TableImport, WatchedSource
from tests import make
from tests.importing.watched_sources.conftest import site  # noqa: F401
from tests.importing.watched_sources.pages import html, page

pytestmark = pytest.mark.django_db
ADD = "/admin/kb/watchedsource/add/"


@pytest.fixture
def client(client, importer):
    client.force_login(importer)
    return client


def fields(table, **more):
    values = {"table": table.pk, "kind": "url", "address": "https://vendor.example/errors", "every_hours": "12"}
    return values | {"ref": "", "path": "", "complete": "on", "is_enabled": "on", "reason": ""} | more


def change(source):
    return reverse("admin:kb_watchedsource_change", args=[source.pk])


def test_a_source_is_named_and_changed(client):
    table = make.table()
    assert client.post(ADD, fields(table)).status_code == 302
    source = WatchedSource.objects.get()
    assert (source.table, source.every_hours, source.complete) == (table, 12, True)
    form = client.get(change(source)).context["adminform"].form
    data = fields(
        table, version=form.initial["version"], opened=form["opened"].value(), every_hours="24", reason="Too often"
    )
    assert client.post(change(source), data).status_code == 302
    source.refresh_from_db()
    assert (source.every_hours, source.version) == (24, 2)
    assert LogEntry.objects.filter(content_type__model="watchedsource").count() == 2
    assert b"Too often (every_hours" in client.get(reverse("admin:kb_watchedsource_history", args=[source.pk])).content
    assert b"vendor.example/errors" in client.get("/admin/kb/watchedsource/").content


def test_two_people_lose_no_edit(client):
    table = make.table()
    client.post(ADD, fields(table))
    source = WatchedSource.objects.get()
    form = client.get(change(source)).context["adminform"].form
    data = fields(table, version=form.initial["version"], opened=form["opened"].value(), every_hours="6")
    WatchedSource.objects.update(version=2, every_hours=48)
    answer = client.post(change(source), data)
    assert answer.status_code == 200
    source.refresh_from_db()
    assert source.every_hours == 48


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"address": "ftp://vendor.example/"}, "Allowed are"),
        ({"address": "https://vendor.example:22/"}, "KB_FETCH_PORTS"),
        ({"kind": "npm", "address": "errors", "path": "a.csv"}, "KB_NPM_REGISTRY"),
        ({"kind": "folder", "address": "/etc"}, "KB_SOURCE_FOLDERS"),
        ({"kind": "git", "address": "https://github.com/a/b", "path": "../a"}, "is not the path of a file"),
        ({"every_hours": "0"}, "1"),
    ],
)
def test_a_place_that_is_refused_is_named_at_its_field(client, more, words):
    answer = client.post(ADD, fields(make.table(), **more))
    assert answer.status_code == 200
    assert words in str(answer.context["adminform"].form.errors)


def test_the_button_asks_and_leads_to_the_plan(client, site):  # noqa: F811
    site.answers["/errors"] = html(page())
    client.post(ADD, fields(make.table(), address=site.url("/errors")))
    source = WatchedSource.objects.get()
    ask = reverse("admin:kb_watchedsource_ask", args=[source.pk])
    assert client.get(ask).status_code == 403
    answer = client.post(ask, follow=True)
    plan = TableImport.objects.get()
    assert f"/admin/kb/tableimport/{plan.pk}/change/" in answer.content.decode()
    assert (plan.state, plan.planned_by.username) == ("planned", "importer")
    assert b"Nothing has changed." in client.post(ask, follow=True).content
    client.post(reverse("admin:kb_tableimport_discard", args=[plan.pk]))
    assert b"A plan waits" in client.post(ask, {"anew": "1"}, follow=True).content


def test_what_is_wrong_is_one_task_that_leads_to_the_source(client, site):  # noqa: F811
    client.post(ADD, fields(make.table(), address=site.url("/gone")))
    source = WatchedSource.objects.get()
    ask = reverse("admin:kb_watchedsource_ask", args=[source.pk])
    for _ in range(3):
        assert b"is gone (status 404)" in client.post(ask, follow=True).content
    page_ = client.get("/admin/").content.decode()
    assert page_.count("is gone (status 404)") == 1
    assert "asked 3 times" in page_
    assert change(source) in page_
    site.answers["/gone"] = html(page())
    client.post(ask)
    assert "is gone" not in client.get("/admin/").content.decode()


def test_a_source_is_deleted_and_its_table_stays(client):
    table = make.table()
    client.post(ADD, fields(table))
    source = WatchedSource.objects.get()
    where = reverse("admin:kb_watchedsource_delete", args=[source.pk])
    assert b"vendor.example/errors" in client.get(where).content
    client.post(where, {"post": "yes", "version": "1"})
    table.refresh_from_db()
    assert not WatchedSource.objects.exists()


def test_a_table_leads_to_its_source(client):
    table = make.table(source_url="https://vendor.example/errors?a=1&b=2")
    form = reverse("admin:kb_codetable_change", args=[table.pk])
    add = f"{ADD}?table={table.pk}&amp;address=https%3A//vendor.example/errors%3Fa%3D1%26b%3D2"
    assert add in client.get(form).content.decode()
    page_ = client.get(add.replace("&amp;", "&"))
    initial = page_.context["adminform"].form.initial
    assert (str(initial["table"]), initial["address"]) == (str(table.pk), table.source_url)
    client.post(ADD, fields(table))
    assert change(WatchedSource.objects.get()) in client.get(form).content.decode()


def test_a_browser_refuses_the_hours_that_the_model_refuses(client):
    assert client.get(ADD).context["adminform"].form["every_hours"].as_widget().count('min="1"') == 1
