"""People who are logged out while they edit keep their input."""

import pytest
from django.test import Client
from django.urls import reverse

from kb.admin.forms.versions import VersionedForm
from kb.models import ReturnCode, Synonym, TroubleshootingNote
from tests import make
from tests.admin.conftest import errors, form_data, url

HOSTILE = '"><script>alert(1)</script>'


def hidden(response):
    """Return the data that the page with unsaved input submits."""
    sent = {}
    for name, value in response.context["fields"]:
        sent.setdefault(name, []).append(value)
    return sent | {response.context["marker"]: "1"}


@pytest.mark.parametrize("public", [True, False])
def test_input_is_kept_in_the_page_and_returns_to_the_form(as_user, editor, room, settings, public):
    settings.KB_PUBLIC_READ = public
    note = TroubleshootingNote.objects.get()
    seven = make.code("7")
    browser = as_user(editor)
    data = form_data(browser.get(url(note)), cause=f"Typed\n{HOSTILE}", codes=[room.pk, seven.pk])
    browser.logout()
    response = browser.post(url(note), data)
    assert response.status_code == 403
    assert "You were logged out" in response.text
    assert HOSTILE not in response.text
    browser.force_login(editor)
    back = browser.post(url(note), hidden(response))
    assert "Nothing is saved yet" in errors(back)
    assert form_data(back)["cause"] == f"Typed\n{HOSTILE}"
    assert [int(pk) for pk in form_data(back)["codes"]] == [room.pk, seven.pk]
    note.refresh_from_db()
    assert (note.cause, note.version) == ("", 1)


def test_resubmitted_input_is_saved_with_the_next_save(as_user, editor, room):
    browser = as_user(editor)
    data = form_data(browser.get(url(room)), description="Typed")
    browser.logout()
    kept = hidden(browser.post(url(room), data))
    browser.force_login(editor)
    assert browser.post(url(room), form_data(browser.post(url(room), kept))).status_code == 302
    assert ReturnCode.objects.get().description == "Typed"


def test_resubmitted_input_is_not_saved_even_if_its_form_has_no_error(as_user, editor, room, monkeypatch):
    browser = as_user(editor)
    kept = hidden(Client().post(url(room), form_data(browser.get(url(room)), description="Typed")))
    monkeypatch.setattr(VersionedForm, "add_error", lambda *args: None)
    assert browser.post(url(room), kept).status_code == 403
    assert ReturnCode.objects.get().description == room.description


def test_a_new_note_is_kept_too(as_user, editor, room):
    add = reverse("admin:kb_troubleshootingnote_add")
    response = Client().post(add, {"title": "New", "cause": "Typed"})
    back = as_user(editor).post(add, hidden(response))
    assert form_data(back)["title"] == "New"
    assert not TroubleshootingNote.objects.filter(title="New").exists()


def test_input_is_kept_again_while_logged_out(room):
    kept = hidden(Client().post(url(room), {"description": "Typed"}))
    assert hidden(Client().post(url(room), kept))["description"] == ["Typed"]


def stale_token(editor, obj, **headers):
    """Submit a form whose token is older than the last login."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(editor)
    data = form_data(browser.get(url(obj)), description="Typed", csrfmiddlewaretoken="x" * 64)
    return browser.post(url(obj), data, headers=headers)


@pytest.mark.parametrize("headers", [{"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}])
def test_a_form_with_a_stale_token_from_this_site_is_shown_again(editor, room, headers):
    response = stale_token(editor, room, **headers)
    assert form_data(response)["description"] == "Typed"
    assert "csrfmiddlewaretoken" in response.text
    assert ReturnCode.objects.get().version == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_from_anywhere_else_is_refused(editor, room, headers):
    response = stale_token(editor, room, **headers)
    assert response.status_code == 403
    assert "Typed" not in response.text
    assert ReturnCode.objects.get().version == 1


def test_nothing_else_is_kept(room):
    password = reverse("admin:auth_user_password_change", args=[1])
    for address in (password, reverse("admin:kb_tableimport_import"), reverse("admin:kb_apitoken_add")):
        response = Client().post(address, {"password1": "secret"})
        assert "secret" not in response.text
        assert response.status_code in (302, 403)


@pytest.mark.parametrize(
    "data", [{"cause": "x" * 1_600_000}, {f"f{n}": "x" for n in range(900)} | {"codes": ["1"] * 1200}]
)
def test_input_that_is_too_long_is_not_kept(room, data):
    response = Client().post(url(room), data)
    assert response.status_code == 302
    assert "/login/" in response["Location"]


def test_opening_a_form_logged_out_leads_to_the_log_in(room):
    assert "/login/" in Client().get(url(room))["Location"]


def test_the_input_for_a_deleted_row_is_shown(as_user, editor):
    group = Synonym.objects.create(words="lobby, anteroom")
    browser, address = as_user(editor), url(group)
    data = form_data(browser.get(address), words="lobby, foyer, hall")
    group.delete()
    response = browser.post(address, data)
    assert response.status_code == 404
    assert "lobby, foyer, hall" in response.text


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_staff": False}])
def test_people_who_lost_the_permission_can_copy_their_input(as_user, editor, room, rights):
    browser = as_user(editor)
    data = form_data(browser.get(url(room)), description=f"Typed for an hour {HOSTILE}")
    editor.groups.clear()
    for name, value in rights.items():
        setattr(editor, name, value)
    editor.save()
    response = browser.post(url(room), data)
    assert response.status_code == 403
    assert "your role changed" in response.text
    assert "Typed for an hour" in response.text
    assert HOSTILE not in response.text
    assert ReturnCode.objects.get().version == room.version
