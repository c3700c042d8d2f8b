"""Permissions in the admin: every address and every role."""

import pytest
from django.urls import reverse

from kb.models import CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from tests import make
from tests.admin.conftest import message_text, url

pytestmark = pytest.mark.wide

NOUNS = [CodeTable, Section, ReturnCode, CodeRange, TroubleshootingNote, IncidentLink]
CHANGES = {
    "agent": set(),
    "editor": {ReturnCode, CodeRange, TroubleshootingNote, IncidentLink},
    "reviewer": {ReturnCode, CodeRange, TroubleshootingNote, IncidentLink},
    "importer": {CodeTable, Section},
    "admin": set(NOUNS),
}
ADDS = {
    "editor": {CodeRange, TroubleshootingNote, IncidentLink},
    "importer": {CodeTable},
    "admin": {CodeRange, TroubleshootingNote, IncidentLink, CodeTable},
}


def addresses(obj):
    name = obj._meta.model_name
    revert = reverse(f"admin:kb_{name}_revert", args=[obj.pk, 1])
    return [
        ("get", reverse(f"admin:kb_{name}_changelist")),
        ("get", reverse(f"admin:kb_{name}_add")),
        ("post", reverse(f"admin:kb_{name}_add")),
        ("get", url(obj)),
        ("post", url(obj)),
        ("get", url(obj, "delete")),
        ("post", url(obj, "delete")),
        ("get", url(obj, "history")),
        ("post", revert),
    ]


@pytest.mark.parametrize("model", NOUNS)
def test_staff_without_permissions_see_and_do_nothing(as_user, idle_staff, room, model):
    browser = as_user(idle_staff)
    obj = model.objects.get()
    for method, address in addresses(obj):
        response = getattr(browser, method)(address, {"version": "1", "title": "taken over"})
        assert response.status_code in (403, 302, 404), address
        assert (
            response.status_code != 302
            or "is deleted" in message_text(response)
            or "doesn’t exist" in message_text(response)
        ), address
    assert model.objects.get().__dict__.keys() == obj.__dict__.keys()
    assert str(model.objects.get()) == str(obj)


def test_staff_without_permissions_see_an_empty_first_page(as_user, idle_staff, room):
    page = as_user(idle_staff).get("/admin/").content.decode()
    assert "Return codes" not in page
    assert "Waiting" not in page


def test_staff_without_permissions_can_neither_preview_nor_move_a_note(as_user, idle_staff, room):
    browser, note = as_user(idle_staff), TroubleshootingNote.objects.get()
    assert browser.post(reverse("admin:kb_troubleshootingnote_preview"), {"cause": "x"}).status_code == 403
    response = browser.post(reverse("admin:kb_troubleshootingnote_move", args=[note.pk, "archive"]), {"version": 1})
    assert response.status_code in (403, 404)
    note.refresh_from_db()
    assert note.state == "validated"


def test_staff_without_permissions_cannot_use_autocomplete(as_user, idle_staff, room):
    query = {"app_label": "kb", "model_name": "troubleshootingnote", "field_name": "codes", "term": "6"}
    assert as_user(idle_staff).get("/admin/autocomplete/", query).status_code == 403


@pytest.mark.parametrize("role", ["editor", "reviewer", "importer", "admin"])
@pytest.mark.parametrize("model", NOUNS)
def test_a_role_changes_its_own_nouns_and_reads_the_others(as_user, request, room, role, model):
    browser, obj = as_user(request.getfixturevalue(role)), model.objects.get()
    response = browser.get(url(obj))
    assert response.status_code == 200
    assert response.context["has_change_permission"] == (model in CHANGES[role])
    assert ('name="_save"' in response.content.decode()) == (model in CHANGES[role])
    assert (browser.post(url(obj), {}).status_code == 403) == (model not in CHANGES[role])
    assert browser.get(url(obj, "history")).status_code == 200


@pytest.mark.parametrize("role", ["editor", "importer", "admin"])
@pytest.mark.parametrize("model", NOUNS)
def test_a_role_adds_its_own_nouns(as_user, request, room, role, model):
    browser = as_user(request.getfixturevalue(role))
    response = browser.get(reverse(f"admin:kb_{model._meta.model_name}_add"))
    assert response.status_code == (200 if model in ADDS[role] else 403)


@pytest.mark.parametrize("model", [CodeTable, Section, ReturnCode, TroubleshootingNote, IncidentLink])
def test_rows_that_are_retired_or_archived_cannot_be_deleted(as_user, admin, room, model):
    browser, obj = as_user(admin), model.objects.get()
    assert browser.post(url(obj, "delete"), {"post": "yes"}).status_code == 403
    address = reverse(f"admin:kb_{model._meta.model_name}_changelist")
    browser.post(address, {"action": "delete_selected", "_selected_action": obj.pk, "post": "yes"})
    assert model.objects.filter(pk=obj.pk).exists()


def test_a_range_can_be_deleted_and_leaves_a_change_behind(as_user, editor, room):
    from kb.models import Change

    obj = CodeRange.objects.get()
    assert as_user(editor).post(url(obj, "delete"), {"post": "yes", "version": "1"}).status_code == 302
    assert not CodeRange.objects.exists()
    assert Change.objects.get().kind == "deleted"


def test_an_agent_is_told_that_the_admin_is_for_staff(as_user, agent):
    response = as_user(agent).get("/admin/", follow=True)
    assert response.status_code == 403
    assert "can read but not edit" in response.content.decode()


def test_somebody_who_is_not_logged_in_is_asked_to_and_comes_back(client, editor, room):
    response = client.get(url(room), follow=True)
    assert response.redirect_chain[-1][0] == f"/login/?next={url(room)}"
    data = {"username": "editor", "password": make.PASSWORD}
    assert client.post(response.redirect_chain[-1][0], data)["Location"] == url(room)


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_logging_in_leads_nowhere_else(as_user, editor, wanted):
    assert as_user(editor).get("/admin/login/", {"next": wanted})["Location"] == "/admin/"


def test_staff_without_internal_access_see_only_public_rows(as_user, idle_staff, room):
    from django.contrib.auth.models import Permission

    idle_staff.user_permissions.add(
        *Permission.objects.filter(codename__startswith="view_").exclude(codename="view_internal")
    )
    secret = make.table("inside", audience="internal", product="Inside")
    hidden = make.code("7777", secret, description="An internal meaning")
    browser = as_user(idle_staff)
    listed = browser.get("/admin/kb/returncode/").content.decode()
    assert "660300001" in listed
    assert "7777" not in listed
    assert "Inside" not in listed
    assert browser.get(url(hidden)).status_code == 302
    assert browser.get(url(hidden, "history")).status_code == 302


def test_editors_do_not_see_framework_models(as_user, editor, admin):
    assert "Users" not in as_user(editor).get("/admin/").content.decode()
    assert "Users" in as_user(admin).get("/admin/").content.decode()


def test_the_index_lists_the_knowledge_base_first(as_user, admin):
    apps = as_user(admin).get("/admin/").context["app_list"]
    assert apps[0]["app_label"] == "kb"
    assert [m["object_name"] for m in apps[0]["models"]][:3] == ["ReturnCode", "TroubleshootingNote", "Proposal"]
