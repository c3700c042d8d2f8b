"""The admin in a real browser: accessible, without violations of the content policy, with its scripts."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from kb.models import Door, IncidentLink, TroubleshootingNote
from kb.services.codes import edit_code
from kb.services.journal import By
from tests import make
from tests.browser.conftest import log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room(transactional_db):
    code = make.code("660300001", suggested_actions="Please check the RoomID.")
    make.note("Room is gone", code, resolution="Look *again*.")
    make.incident("Rooms fail to open", code)
    reviewer = make.user("reviewer", "reviewer")
    edit_code(code, 1, {"description": "The room is gone."}, By(reviewer, Door.ADMIN, "Clearer"))
    return code


def addresses(code):
    note, incident = TroubleshootingNote.objects.get(), IncidentLink.objects.get()
    return [
        "/admin/",
        "/admin/kb/returncode/",
        f"/admin/kb/returncode/{code.pk}/change/",
        f"/admin/kb/returncode/{code.pk}/history/",
        "/admin/kb/troubleshootingnote/",
        f"/admin/kb/troubleshootingnote/{note.pk}/change/",
        f"/admin/kb/incidentlink/{incident.pk}/change/",
        "/admin/kb/coderange/add/",
    ]


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_pages_are_accessible_and_break_no_policy(open_page, room, width, dark):
    page = open_page(width, dark)
    log_in(page, "reviewer")
    for address in addresses(room):
        page.goto(address)
        # Without its preload of imported sheets, which are inline styles to the content policy.
        found = Axe().run(page, options={"preload": False}).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address


def test_the_preview_appears_below_the_field(open_page, room):
    page = open_page()
    log_in(page, "reviewer")
    page.goto(f"/admin/kb/troubleshootingnote/{TroubleshootingNote.objects.get().pk}/change/")
    field = page.get_by_label("Resolution:", exact=True)
    field.fill("Be **bold** <b>not so</b>")
    page.get_by_role("button", name="Preview: Resolution").click()
    panel = page.locator(".field-resolution .markdown")
    panel.locator("strong").wait_for()
    assert panel.inner_text().strip() == "Be bold <b>not so</b>"


def test_leaving_with_unsaved_input_asks_first_and_saving_does_not(open_page, room):
    page = open_page()
    log_in(page, "reviewer")
    page.goto(f"/admin/kb/returncode/{room.pk}/change/")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="History").click()
    page.wait_for_url("**/history/")
    assert asked == []
    page.go_back()
    page.get_by_label("Possible reasons:", exact=True).fill("Typed")
    page.get_by_role("link", name="History").click()
    page.wait_for_url("**/history/")
    assert asked == ["beforeunload"]
    page.goto(f"/admin/kb/returncode/{room.pk}/change/")
    page.get_by_label("Possible reasons:", exact=True).fill("Typed again")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/returncode/")
    assert asked == ["beforeunload"]


def test_a_note_is_written_previewed_and_saved_without_a_script(open_page, room):
    page = open_page(script=False)
    log_in(page, "reviewer")
    page.goto("/admin/kb/troubleshootingnote/add/")
    page.get_by_label("Title:").fill("Written without a script")
    page.get_by_label("Cause:").fill("A **bold** cause")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Preview the whole note").click()
    assert opened.value.locator("#preview strong").inner_text() == "bold"
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/troubleshootingnote/")
    assert TroubleshootingNote.objects.filter(title="Written without a script").exists()
