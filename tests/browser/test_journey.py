"""A newcomer's way through the product: look up a code, write a note, read it on the page and in the API."""

import pytest
from playwright.sync_api import expect

from kb.models import TroubleshootingNote
from tests import make
from tests.browser.conftest import check_accessible, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room():
    code = make.code(
        "660300001", in_section="Business", suggested_actions="Please confirm whether the input RoomId is correct."
    )
    make.code("660300002", in_section="Business", description="User not in room.")
    make.code_range(of=code.table)
    make.incident("Rooms fail to open", code)
    return code


def test_from_a_number_to_a_note_that_everybody_reads(open_page, room, editor):
    page = open_page()
    page.goto("/")
    box = page.locator("main input[name=q]")
    expect(box).to_be_focused()
    box.press_sequentially("660300001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/660300001/")
    assert page.get_by_role("heading", name="Room does not exist.").first.is_visible()
    assert page.get_by_text("Rooms fail to open").first.is_visible()

    log_in(page, "editor")
    page.goto(f"/admin/kb/troubleshootingnote/add/?codes={room.pk}")
    page.get_by_role("textbox", name="Title").fill("The room is gone")
    page.get_by_role("textbox", name="Resolution").fill("1. Ask for the **RoomId**.\n2. Compare it.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url("**/troubleshootingnote/**")
    note = TroubleshootingNote.objects.get()
    assert list(note.codes.all()) == [room]

    page.goto(room.get_absolute_url())
    # A draft is folded away until somebody opens it.
    page.get_by_text("The room is gone").first.click()
    assert page.locator("strong", has_text="RoomId").first.is_visible()
    served = page.request.get("/api/v1/notes/?code=660300001").json()["results"]
    assert [one["title"] for one in served] == ["The room is gone"]

    stranger = open_page()
    stranger.goto(room.get_absolute_url())
    assert not stranger.get_by_text("The room is gone").count()


CSV = "section,code,description\nBusiness,660300001,The room is gone.\nBusiness,660300009,New one.\n"


def test_a_file_is_planned_decided_applied_and_rolled_back(open_page, room, importer):
    page = open_page()
    log_in(page, "importer")
    page.goto("/admin/kb/tableimport/import/")
    check_accessible(page)
    page.get_by_label("Table", exact=False).first.select_option(index=1)
    page.get_by_label("File:").set_input_files({"name": "t.csv", "mimeType": "text/csv", "buffer": CSV.encode()})
    page.get_by_role("button", name="Upload and look").click()
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url("**/importrow/**")
    check_accessible(page)
    page.get_by_role("button", name="Apply 2 changes").click()
    page.get_by_text("Applied: ").wait_for()
    room.refresh_from_db()
    assert room.description == "The room is gone."
    page.get_by_role("link", name="Roll back…").click()
    check_accessible(page)
    page.get_by_role("button", name="Roll back").click()
    page.get_by_text("Rolled back. ").wait_for()
    room.refresh_from_db()
    assert room.description == "Room does not exist."


PAGES = [
    "/",
    "/?q=room",
    "/?q=660300009",
    "/codes/zim-server/660300001/",
    "/codes/zim-server/999/",
    "/tables/zim-server/",
    "/login/",
    "/nowhere/",
]


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_pages_are_accessible_and_fit(open_page, room, width, dark):
    make.note("The room is gone", room, customer_reply="Hello, {code}.", cause="| a |\n| --- |\n| b |")
    page = open_page(width, dark)
    for where in PAGES:
        page.goto(where)
        check_accessible(page)


def test_look_up_works_without_javascript(open_page, room):
    page = open_page(script=False)
    page.goto("/")
    page.get_by_role("searchbox").or_(page.locator("main input[name=q]")).first.fill("0660300001")
    page.keyboard.press("Enter")
    page.wait_for_url("**/0660300001/")
    assert page.get_by_role("heading", name="Room does not exist.").first.is_visible()
