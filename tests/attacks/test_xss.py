"""Hostile text on every page, parsed as HTML: it stays text even in a browser without a content security policy."""

import pytest
from django.utils import timezone

from kb.models import Flag, IncidentLink, TroubleshootingNote
from kb.text.safety import markdown
from tests import make
from tests.attacks.page import PAYLOADS, wrong_in

pytestmark = [pytest.mark.django_db, pytest.mark.wide]


def test_the_payloads_are_many_and_the_page_parser_finds_them():
    assert len(set(PAYLOADS)) >= 150
    assert wrong_in("<p>fine</p><a href='https://a.example'>x</a>") == []
    for bad in ("<script>x</script>", "<img src=x onerror=x>", "<a href=' java\tscript:x'>", "<p style=x>", "<iframe>"):
        assert wrong_in(bad), bad


def pages(code):
    """Return every page that shows what people write."""
    notes, incidents, flags = TroubleshootingNote.objects.all(), IncidentLink.objects.all(), Flag.objects.all()
    table = code.table
    yield from (
        code.get_absolute_url(),
        f"{code.get_absolute_url()}?at={timezone.now():%Y-%m-%d}",
        table.get_absolute_url(),
    )
    yield from (
        "/",
        "/?q=660300001",
        "/?q=alert",
        "/?q=script",
        "/?q=6603",
        "/changes/",
        "/notes/",
        "/flags/",
        "/codes/x/660399999/",
    )
    yield from (note.get_absolute_url() for note in notes[:3])
    yield from ("/admin/", "/admin/?mine=1", "/admin/health/", "/admin/kb/miss/")
    for noun in ("returncode", "troubleshootingnote", "incidentlink", "codetable", "section", "coderange", "flag"):
        yield from (f"/admin/kb/{noun}/", f"/admin/kb/{noun}/?q=script")
    for thing in (code, table, code.section, notes[0], incidents[0], flags[0]):
        yield from (f"/admin/kb/{thing._meta.model_name}/{thing.pk}/{page}/" for page in ("change", "history"))


def test_stored_text_is_text_on_every_page(client, hostile):
    client.force_login(make.user("admin", is_superuser=True, is_staff=True))
    seen = 0
    for address in pages(hostile):
        response = client.get(address, follow=True)
        assert response.status_code in (200, 404), address
        assert wrong_in(response.text) == [], address
        seen += "alert(1)" in response.text
    assert seen > 30, "the pages show it"


def test_what_is_typed_is_text_in_the_answer(client, hostile):
    for n in range(0, len(PAYLOADS), 15):
        typed = " ".join(PAYLOADS[n : n + 15])
        for response in (client.get("/", {"q": typed}, follow=True), client.get("/suggest/", {"q": typed[:200]})):
            assert response.status_code in (200, 404), typed
            assert wrong_in(response.text) == [], typed
    response = client.post("/detect/", {"text": "\n".join(PAYLOADS) + '\n"code": 660300001'})
    assert wrong_in(response.text) == []
    assert "660300001" in response.text


def test_every_payload_is_harmless_as_markdown():
    found = {payload: wrong_in(markdown.render(payload)) for payload in PAYLOADS}
    assert {payload: wrong for payload, wrong in found.items() if wrong} == {}
