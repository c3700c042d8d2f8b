"""Hostile and mistaken input gets an answer for a person, never a server error."""

import pytest
from django.urls import reverse

from tests import make
from tests.admin.conftest import edit, url

pytestmark = pytest.mark.wide

LISTS = ["returncode", "troubleshootingnote", "incidentlink", "codetable", "section", "coderange"]
HOSTILE = [
    "'\"<script>alert(1)</script>",
    "\x00",
    "😀 \u202e rtl",
    "%_\\",
    "a" * 5000,
    "{{ 7*7 }}",
    "-1",
    "1" * 100,
    '"',
]


@pytest.mark.parametrize("noun", LISTS)
def test_a_hostile_search_is_answered(as_user, admin, room, noun):
    browser = as_user(admin)
    for term in HOSTILE:
        response = browser.get(f"/admin/kb/{noun}/", {"q": term}, follow=True)
        assert response.status_code == 200, term
        assert "<script>alert" not in response.content.decode(), term


QUERIES = """p=abc p=-1 o=99.-98.x nonsense=1 id__exact=abc listed=maybe note=%00 check=never state__exact=%00
table__id__exact=x e=1 all= _popup=1 _to_field=password id__exact=9999999999999999999999999999999999""".split()


@pytest.mark.parametrize("noun", LISTS)
def test_a_tampered_address_of_a_list_is_answered(as_user, admin, room, noun):
    browser = as_user(admin)
    for query in QUERIES:
        assert browser.get(f"/admin/kb/{noun}/?{query}", follow=True).status_code in (200, 400), query


@pytest.mark.parametrize("term", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_typing_is_answered(as_user, editor, room, term):
    query = {"app_label": "kb", "model_name": "troubleshootingnote", "field_name": "codes", "term": term}
    assert as_user(editor).get("/admin/autocomplete/", query).status_code == 200


@pytest.mark.parametrize("ids", ["abc", "-1", "9" * 40, "1,,x", "\x00", "٣", "0", "1" * 5000], ids=lambda ids: ids[:9])
@pytest.mark.parametrize("noun", ["troubleshootingnote", "incidentlink"])
def test_ids_that_do_not_exist_are_named_and_not_filled_in(as_user, editor, room, noun, ids):
    response = as_user(editor).get(f"/admin/kb/{noun}/add/", {"codes": ids})
    assert response.status_code == 200
    assert response.context["adminform"].form["codes"].value() in ([], [room.pk])
    assert "these do not exist" in response.content.decode()


@pytest.mark.parametrize("noun", LISTS)
def test_an_unknown_id_is_answered(as_user, admin, room, noun):
    browser = as_user(admin)
    for pk in ("abc", "0", "9" * 40, "%00", "9_" * 20 + "9", "-1", "1%2F2"):
        for view in ("change", "history", "delete"):
            response = browser.get(f"/admin/kb/{noun}/{pk}/{view}/")
            assert response.status_code in (302, 403, 404), (pk, view)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_stored_or_refused_and_shown_as_text(as_user, editor, room, text):
    browser = as_user(editor)
    response = edit(browser, room, description=text, reason=text[:100])
    assert response.status_code in (200, 302)
    for address in (url(room), "/admin/kb/returncode/", url(room, "history")):
        page = browser.get(address).content.decode()
        assert "<script>alert" not in page
        assert "\x00" not in page


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_note_is_stored_or_refused_and_shown_as_text(as_user, reviewer, room, text):
    note, browser = room.notes.get(), as_user(reviewer)
    assert edit(browser, note, title=text, cause=text, codes=["abc", room.pk]).status_code == 200
    assert edit(browser, note, codes=["9" * 40], ranges=["\x00"], owner="x" * 50).status_code == 200
    assert edit(browser, note, title=text[:200], cause=text).status_code in (200, 302)
    for address in (url(note), "/admin/kb/troubleshootingnote/", url(note, "history"), url(room)):
        assert "<script>alert" not in browser.get(address).content.decode()
    move = reverse("admin:kb_troubleshootingnote_move", args=[note.pk, "archive"])
    assert browser.post(move, {"version": text, "reason": text}).status_code == 302


def test_hostile_vendor_text_is_shown_as_text(as_user, editor):
    code = make.code("<b>1</b>", description="<img src=x onerror=alert(1)>", extra={"<i>x</i>": "<u>y</u>"})
    browser = as_user(editor)
    for address in (url(code), "/admin/kb/returncode/", url(code, "history")):
        page = browser.get(address).content.decode()
        assert not any(piece in page for piece in ("<b>1", "<img src=x", "<i>x", "<u>y"))


@pytest.mark.parametrize("noun", LISTS)
def test_an_empty_post_is_an_error_in_the_form(as_user, admin, room, noun):
    response = as_user(admin).post(f"/admin/kb/{noun}/add/", {})
    assert response.status_code in (200, 403)
