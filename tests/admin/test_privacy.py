"""Staff with every right but to read internal texts: no page of the admin shows them one."""

import re

import pytest
from django.contrib import admin as django_admin
from django.contrib.auth.models import Permission

import config.urls  # noqa: F401 - registers the nouns of the admin
from kb.models import (
    ApiToken,
    CodeUse,
    Door,
    Flag,
    ImportRow,
    Miss,
    Proposal,
    ReturnCode,
    TableImport,
    TroubleshootingNote,
    Upload,
)
from kb.services.journal import By
from kb.services.proposals import propose_change
from tests import make
from tests.admin.conftest import edit, message_text, url

pytestmark = pytest.mark.wide

SECRET, TODAY = "zirconium", "2026-01-01"


@pytest.fixture
def outsider(db):
    """Somebody whom a site gave every right of the product but one."""
    person = make.user("outsider", is_staff=True)
    person.user_permissions.set(
        Permission.objects.filter(content_type__app_label="kb").exclude(codename="view_internal")
    )
    return person


@pytest.fixture
def secrets(editor):
    """Internal rows, each linked to a public one and before it in every order."""
    shown, hidden = make.table(), make.table("a-" + SECRET, audience="internal", vendor="A", product=f"A {SECRET}")
    secret = make.code(f"{SECRET}-1", hidden, SECRET, description=f"A {SECRET}")
    code = make.code("660300001", shown, successor=secret)
    words = {"audience": "internal", "owner": editor, "cause": SECRET, "updated_at": "2099-01-01T00:00Z"}
    note = make.note("Room is gone", code, secret, owner=editor, verify_since="2026-01-01T00:00Z")
    inside = make.note(f"A {SECRET}", code, secret, **words)
    draft = make.note(f"A {SECRET} draft", code, **words | {"audience": "public", "state": "draft"})
    incident = make.incident("Rooms fail", code, secret)
    outage = make.incident(f"A {SECRET} outage", code, secret, audience="internal", started_at="2099-01-01T00:00Z")
    block, inner = make.code_range(of=shown), make.code_range(SECRET, of=hidden)
    note.ranges.add(block, inner)
    proposal = propose_change(note, 1, {"cause": SECRET, "title": SECRET}, By(editor, Door.ADMIN, SECRET))
    upload = Upload.objects.create(table=hidden, file_name=f"{SECRET}.csv")
    counts = {"new": 1}
    planned = TableImport.objects.create(
        table=hidden, state="planned", file_name=f"{SECRET}.csv", counts=counts, upload=upload
    )
    row = ImportRow.objects.create(table_import=planned, kind="new", code="0", description=SECRET)
    flag = Flag.objects.create(code=code, note=note, comment=SECRET, raised_by=editor)
    Miss.objects.create(text=SECRET, day=TODAY, lookups=99)
    CodeUse.objects.create(code=secret, day=TODAY, lookups=99)
    ApiToken.objects.create(user=editor, name=SECRET, digest="x", hint=SECRET[:8], scopes=["read_public"])
    return {
        "public": [shown, code.section, code, note, incident, block],
        "internal": [hidden, secret.section, secret, inside, draft, outage, inner, proposal, flag, planned, row],
    }


def addresses(secrets):
    """Every page of every noun: lists, searches, forms, histories."""
    for model in django_admin.site._registry:
        if model._meta.app_label == "kb":
            where = f"/admin/kb/{model._meta.model_name}/"
            yield from (where, f"{where}?q={SECRET}", f"{where}?q=660300001", f"{where}?q={SECRET}-1")
    for obj in (*secrets["public"], *secrets["internal"]):
        yield from (url(obj), url(obj, "history"))
    hidden, _, secret, _, _, outage, inner, proposal, _, planned, _ = secrets["internal"]
    yield f"/admin/kb/troubleshootingnote/add/?codes={secret.pk}&ranges={inner.pk}&incident={outage.pk}"
    for incident in (outage, secrets["public"][4]):
        yield from (url(incident, "learned"), f"/admin/kb/troubleshootingnote/add/?incident={incident.pk}")
    yield f"/admin/kb/incidentlink/add/?codes={secret.pk}"
    yield f"/admin/kb/coderange/add/?table={hidden.pk}"
    yield f"/admin/kb/codetable/{hidden.pk}/export.csv"
    yield f"/admin/kb/importrow/{planned.pk}/rows.csv"
    yield f"/admin/kb/importrow/?table_import={planned.pk}"
    yield f"/admin/kb/tableimport/look/{planned.upload_id}/"
    yield f"/admin/kb/tableimport/{planned.pk}/rollback/"
    yield f"/admin/kb/proposal/{proposal.pk}/rebase/"
    yield from ("/admin/", "/admin/?mine=1", "/admin/kb/tableimport/import/", "/admin/health/")
    for noun, field in (
        ("troubleshootingnote", "codes"),
        ("troubleshootingnote", "ranges"),
        ("returncode", "successor"),
    ):
        for term in ("", SECRET, "6603"):
            yield f"/admin/autocomplete/?app_label=kb&model_name={noun}&field_name={field}&term={term}"
    yield f"/admin/autocomplete/?app_label=kb&model_name=coderange&field_name=table&term={SECRET[:4]}"


def body(response):
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    # A search shows what was asked for.
    return re.sub(r'<input[^>]*name="q"[^>]*>|\bq(=|%3D)[^"&]*|“[^”]*”', "", response.text)


def test_no_page_shows_an_internal_text(as_user, outsider, admin, secrets):
    browser = as_user(outsider)
    pages = list(dict.fromkeys(addresses(secrets)))
    assert [where for where in pages if SECRET in body(browser.get(where, follow=True))] == []
    browser = as_user(admin)
    shown = [where for where in map(url, secrets["internal"]) if SECRET in body(browser.get(where, follow=True))]
    assert len(shown) == len(secrets["internal"]), "somebody who may read them sees them"


@pytest.mark.parametrize(
    ("place", "field", "hidden"),
    [(3, "codes", 2), (3, "ranges", 6), (4, "codes", 2), (4, "proposed", 2), (2, "successor", 2), (5, "table", 0)],
)
def test_no_form_takes_an_internal_row(as_user, outsider, secrets, place, field, hidden):
    obj, secret = secrets["public"][place], secrets["internal"][hidden]
    ReturnCode.objects.update(successor=None)
    many = field in ("codes", "ranges", "proposed")
    response = edit(as_user(outsider), obj, **{field: [secret.pk] if many else secret.pk})
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == [field]


def test_an_internal_row_is_not_filled_in(as_user, outsider, secrets):
    secret, inner = secrets["internal"][2], secrets["internal"][6]
    where = f"/admin/kb/troubleshootingnote/add/?codes={secret.pk}&ranges={inner.pk}"
    response = as_user(outsider).get(where)
    form = response.context["adminform"].form
    assert (form["codes"].value(), form["ranges"].value()) == ([], [])
    assert f"these do not exist: {secret.pk}, {inner.pk}" in response.text
    outage, incident = secrets["internal"][5], secrets["public"][4]
    for pk, codes in ((outage.pk, None), (incident.pk, [secrets["public"][2].pk])):
        page = as_user(outsider).get(f"/admin/kb/troubleshootingnote/add/?incident={pk}")
        assert page.context["adminform"].form.initial.get("codes") in ([], codes), pk


def test_what_one_may_not_see_stays_when_one_saves(as_user, outsider, secrets):
    browser, (_, _, code, note, incident, _) = as_user(outsider), secrets["public"]
    secret, inner = secrets["internal"][2], secrets["internal"][6]
    TroubleshootingNote.objects.filter(pk=note.pk).update(state="validated")
    assert edit(browser, code, description="Ours.", successor="").status_code == 302
    assert edit(browser, incident, title="Down", codes=[]).status_code == 302
    assert edit(browser, note, cause="Ours.", codes=[], ranges=[]).status_code == 302
    code.refresh_from_db()
    assert (code.description, code.successor) == ("Ours.", secret)
    assert list(incident.codes.all()) == [secret]
    mine = Proposal.objects.get(author=outsider)
    assert (list(mine.codes.all()), list(mine.ranges.all())) == ([secret], [inner])


@pytest.mark.parametrize(
    ("noun", "action", "fields"),
    [
        ("returncode", "decide", {"disposition": "retry_now", "fixer": "keep"}),
        ("troubleshootingnote", "set_audience", {"audience": "public"}),
        ("troubleshootingnote", "move_archive", {}),
        ("incidentlink", "resolve", {}),
    ],
)
def test_no_bulk_action_reaches_an_internal_row(as_user, outsider, secrets, noun, action, fields):
    hidden = [row for row in secrets["internal"] if row._meta.model_name == noun]
    chosen = next(row for row in secrets["public"] if row._meta.model_name == noun)
    seen = ",".join(f"{row.pk}:1" for row in hidden)
    sent = {"action": action, "_selected_action": [chosen.pk], "seen": seen, **fields}
    response = as_user(outsider).post(f"/admin/kb/{noun}/", sent)
    assert f"{len(hidden)} " in message_text(response)
    assert "no longer exists, or you do not have access to it" in message_text(response)
    assert {type(row).objects.get(pk=row.pk).version for row in hidden} == {1}


@pytest.mark.parametrize(
    ("noun", "action", "field", "hidden"),
    [
        ("returncode", "add_note", "note", 3),
        ("troubleshootingnote", "add_codes", "codes", 2),
        ("troubleshootingnote", "remove_codes", "codes", 2),
    ],
)
def test_no_bulk_action_takes_an_internal_row(as_user, outsider, secrets, noun, action, field, hidden):
    chosen = next(row for row in secrets["public"] if row._meta.model_name == noun)
    sent = {"action": action, "_selected_action": [chosen.pk], "seen": f"{chosen.pk}:1"}
    page = as_user(outsider).post(f"/admin/kb/{noun}/", sent | {field: [secrets["internal"][hidden].pk]})
    assert list(page.context["form"].errors) == [field]


@pytest.mark.parametrize("verb", ["answer", "apply", "decide", "discard", "rollback"])
def test_no_step_reaches_an_import_of_an_internal_table(as_user, outsider, secrets, verb):
    planned = secrets["internal"][9]
    response = as_user(outsider).post(f"/admin/kb/tableimport/{planned.pk}/{verb}/", {"resolution": "keep_ours"})
    assert response.status_code == 404
    assert TableImport.objects.get().state == "planned"


def test_nothing_is_planned_for_an_internal_table(as_user, outsider, secrets):
    sent = {"table": secrets["internal"][0].pk, "pasted": "code,description\n1,x\n"}
    response = as_user(outsider).post("/admin/kb/tableimport/import/", sent)
    assert list(response.context["form"].errors) == ["table"]
    assert TableImport.objects.count() == 1


def test_the_script_of_an_incident_names_nothing_internal(as_user, outsider, secrets):
    outage = secrets["internal"][5]
    sent = {"url": outage.url, "title": "zirconium-1 660300001"}
    response = as_user(outsider).post("/admin/kb/incidentlink/look/", sent)
    assert SECRET not in response.text
    assert [code for code, _ in response.context["reading"].suggestions] == [secrets["public"][2]]
