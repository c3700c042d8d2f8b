"""Linking and resolving an incident, and a bulk action, in a real browser."""

import pytest

from kb.models import IncidentLink, TroubleshootingNote
from tests import make
from tests.browser.conftest import check_accessible, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room(transactional_db):
    make.user("reviewer", "reviewer")
    code = make.code("660300001")
    make.note("Room is gone", code, state="draft")
    return code


def test_a_pasted_address_and_the_words_suggest_codes(open_page, room):
    page = open_page()
    log_in(page, "reviewer")
    page.goto("/admin/kb/incidentlink/add/")
    page.get_by_label("URL").fill("https://acme.atlassian.net/browse/ZIM-42")
    page.get_by_label("Title").fill("Error 660300001 since noon")
    page.get_by_label("Title").press("Tab")
    page.get_by_label("660300001").check()
    assert page.get_by_label("Reference").input_value() == "ZIM-42"
    page.get_by_label("URL").fill("https://acme.atlassian.net/browse/ZIM-43")
    page.get_by_label("URL").press("Tab")
    page.locator("[data-reference]", has_text="ZIM-43").wait_for()
    assert page.get_by_label("660300001").is_checked()
    check_accessible(page)
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/incidentlink/")
    incident = IncidentLink.objects.get()
    assert (incident.reference, list(incident.codes.all())) == ("ZIM-43", [room])


def test_resolving_leads_to_the_notes_on_a_small_screen_without_scripts(open_page, room):
    incident = make.incident("Rooms fail", room, workaround="Use **v2**.")
    page = open_page(width=360, dark=True, script=False)
    log_in(page, "reviewer")
    page.goto(f"/admin/kb/incidentlink/{incident.pk}/change/")
    page.get_by_label("State").select_option("resolved")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Room is gone").click()
    assert page.get_by_role("region", name="From the incident").locator("strong", has_text="v2").is_visible()


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_a_bulk_action_is_confirmed_and_reported(open_page, room, width, dark):
    page = open_page(width, dark)
    log_in(page, "reviewer")
    incident = make.incident("Over", room, state="resolved")
    page.goto(f"/admin/kb/incidentlink/{incident.pk}/learned/")
    check_accessible(page)
    page.goto("/admin/kb/troubleshootingnote/")
    page.locator("input.action-select").check()
    page.get_by_label("Action:").select_option("add_codes")
    page.get_by_role("button", name="Go").click()
    check_accessible(page)
    page.goto("/admin/kb/troubleshootingnote/")
    page.locator("input.action-select").check()
    page.get_by_label("Action:").select_option("move_submit")
    page.get_by_role("button", name="Go").click()
    page.get_by_role("button", name="Publish for agents").click()
    page.get_by_text("Publish for agents: 1 troubleshooting note changed.").wait_for()
    assert TroubleshootingNote.objects.get().state == "not_validated"
