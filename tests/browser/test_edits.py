"""Two people edit one note, each with a browser; and the keys and buttons of the form."""

import pytest

from kb.models import TroubleshootingNote
from tests import make
from tests.browser.conftest import check_accessible, log_in

pytestmark = pytest.mark.django_db(transaction=True)
STEPS = "1. Ask for the RoomID.\n2. Check the room.\n3. Try it again."


@pytest.fixture
def note(transactional_db):
    make.user("reviewer", "reviewer")
    make.user("editor", "editor")
    code = make.code("660300001")
    return make.note("Room is gone", code, state="draft", resolution=STEPS, cause="It was closed.")


def address(note):
    return f"/admin/kb/troubleshootingnote/{note.pk}/change/"


def open_note(open_page, name, note, **given):
    page = open_page(**given)
    log_in(page, name)
    page.goto(address(note))
    return page


def field(page, label):
    return page.get_by_label(f"{label}:", exact=True)


def press_save(page):
    page.get_by_role("button", name="Save", exact=True).click()


def test_two_people_save_one_note_and_no_edit_is_lost(open_page, note):
    first, second = open_note(open_page, "reviewer", note), open_note(open_page, "editor", note, width=360, dark=True)
    field(first, "Resolution").fill(STEPS.replace("Ask", "Beg"))
    field(first, "Cause").fill("It was deleted.")
    field(first, "Environment").fill("Web")
    press_save(first)
    first.wait_for_url("**/troubleshootingnote/")
    field(second, "Resolution").fill(STEPS.replace("Try it again", "Call the vendor"))
    field(second, "Cause").fill("It was never open.")
    press_save(second)
    second.get_by_role("heading", name="Saved by somebody else in the meantime").wait_for()
    assert field(second, "Environment").input_value() == "Web"
    assert field(second, "Cause").input_value() == "It was never open."
    check_accessible(second)
    second.get_by_label("Use theirs for “Cause” when I save").check()
    press_save(second)
    second.wait_for_url("**/troubleshootingnote/")
    note.refresh_from_db()
    assert (note.cause, note.environment) == ("It was deleted.", "Web")
    assert note.resolution == "1. Beg for the RoomID.\n2. Check the room.\n3. Call the vendor."


@pytest.mark.parametrize("script", [True, False])
def test_input_survives_an_expired_login(open_page, note, script):
    page = open_note(open_page, "editor", note, script=script)
    field(page, "Cause").fill("Typed for an hour")
    page.context.clear_cookies(name="sessionid")
    press_save(page)
    page.get_by_text("You were logged out before you saved").wait_for()
    with page.context.expect_page() as other:
        page.get_by_role("link", name="Log in").click()
    # In the other tab, which makes this one's token stale.
    log_in(other.value, "editor")
    page.get_by_role("button", name="Put my text back into the form").click()
    page.get_by_text("Nothing is saved yet").wait_for()
    assert field(page, "Cause").input_value() == "Typed for an hour"
    press_save(page)
    page.wait_for_url("**/troubleshootingnote/")
    assert TroubleshootingNote.objects.get().cause == "Typed for an hour"


def test_the_preview_updates_and_keys_save_and_preview(open_page, note):
    page = open_note(open_page, "editor", note)
    cause = field(page, "Cause")
    cause.fill("word")
    cause.select_text()
    page.get_by_role("button", name="Bold: Cause").click()
    assert cause.input_value() == "**word**"
    page.keyboard.press("s")
    assert cause.input_value() == "**s**"
    page.locator("h1").first.click()
    page.get_by_label("Use single-key shortcuts").uncheck()
    page.keyboard.press("p")
    assert page.locator(".field-cause .markdown strong").count() == 0
    page.get_by_label("Use single-key shortcuts").check()
    page.locator("h1").first.click()
    page.keyboard.press("p")
    panel = page.locator(".field-cause .markdown")
    panel.locator("strong").wait_for()
    cause.press("End")
    cause.press_sequentially(" and more")
    panel.get_by_text("and more").wait_for()
    check_accessible(page)
    cause.press("Control+s")
    page.get_by_text("was changed successfully").wait_for()
    note.refresh_from_db()
    assert note.cause == "**s** and more"
    page.goto("/admin/kb/troubleshootingnote/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "searchbar"
