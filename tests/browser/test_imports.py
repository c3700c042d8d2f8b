"""From a file to its plan: what a person clicks, and what the look page does at each choice."""

import pytest
from playwright.sync_api import expect

from kb.models import CodeTable, ReturnCode, TableImport, Upload
from kb.services.codes import edit_code
from tests import make
from tests.browser.conftest import check_accessible, log_in
from tests.importing import tables

pytestmark = pytest.mark.django_db(transaction=True)
UPLOAD = "/admin/kb/tableimport/import/"
CSV = "Code,Meaning,Notes\nE1,The lid is open.,Close it.\nE2,No water.,Fill the tank.\n"
BARE = "E1;The lid is open.\nE2;No water.\n"


def csv(text, name="lid codes.csv"):
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def upload(page, text, name="Lids"):
    page.goto(UPLOAD)
    page.get_by_label("Name of the new table").fill(name)
    page.get_by_label("File:").set_input_files(csv(text))
    page.get_by_role("button", name="Upload and look").click()
    page.wait_for_url("**/look/**")


def choose(page, label, value):
    """Choose a value, wait for the new rows, and hold that the focus stays."""
    page.get_by_label(label).focus()
    with page.expect_response(lambda response: response.request.method == "GET"):
        page.get_by_label(label).select_option(value)
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)
    expect(page.get_by_label(label)).to_be_focused()


def test_a_first_table_of_ones_own_takes_five_clicks(open_page, importer):
    page = open_page()
    log_in(page, "importer")
    page.goto("/admin/")
    clicks = [
        page.get_by_role("link", name="Table imports", exact=True),
        page.get_by_role("link", name="Import", exact=True),
        page.get_by_role("button", name="Upload and look"),
        page.get_by_role("button", name="Make the plan"),
    ]
    for click in clicks:
        if "Upload" in str(click):
            page.get_by_label("Name of the new table").fill("Lids")
            # A person needs one more click for the dialog that chooses the file, or drops it.
            page.get_by_label("File:").set_input_files(csv(CSV))
        click.click()
    page.wait_for_url("**/importrow/**")
    assert len(clicks) + 1 <= 5
    assert TableImport.objects.get().new_table["slug"] == "lids"
    page.get_by_role("button", name="Apply 2 changes").click()
    page.get_by_text("Applied: 2 new.").wait_for()
    assert (str(CodeTable.objects.get()), Upload.objects.count()) == ("Lids", 0)


def test_a_file_dropped_anywhere_is_chosen_and_names_the_table(open_page, importer):
    page = open_page()
    log_in(page, "importer")
    page.goto(UPLOAD)
    page.evaluate(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "lid_codes.csv"));
            const drop = {dataTransfer: transfer, bubbles: true, cancelable: true};
            document.body.dispatchEvent(new DragEvent("drop", drop));
        }""",
        CSV,
    )
    expect(page.get_by_label("Name of the new table")).to_have_value("lid codes")
    expect(page.get_by_role("button", name="Upload and look")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/look/**")
    assert Upload.objects.get().file_name == "lid_codes.csv"


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_every_choice_changes_the_rows_at_once_and_keeps_the_focus(open_page, importer, width, dark):
    page = open_page(width, dark)
    log_in(page, "importer")
    page.goto(UPLOAD)
    check_accessible(page)
    upload(page, BARE)
    check_accessible(page)
    for label, value in (("Column separator", ";"), ("Headers of the columns", "1"), ("E1", "code")):
        choose(page, label, value)
    expect(page.get_by_role("cell", name="E2")).to_be_visible()
    expect(page.locator("#look-status")).to_contain_text("1 row can be read.")
    choose(page, "Headers of the columns", "0")
    expect(page.locator("#look-status")).to_contain_text("2 rows can be read.")
    choose(page, "Column 2", "possible_reasons")
    expect(page.get_by_role("button", name="Make the plan")).to_be_visible()
    check_accessible(page)
    page.reload()
    expect(page.get_by_label("Column 2")).to_have_value("possible_reasons")


def test_the_look_works_without_javascript(open_page, importer):
    page = open_page(script=False)
    log_in(page, "importer")
    upload(page, CSV)
    page.get_by_label("Notes").select_option("suggested_actions")
    page.get_by_role("button", name="Show again").last.click()
    assert page.get_by_label("Notes").input_value() == "suggested_actions"
    page.get_by_role("button", name="Make the plan").click()
    assert TableImport.objects.get().rows.get(code="E1").suggested_actions == "Close it."


def test_a_double_click_makes_one_plan_and_back_leads_to_the_look(open_page, importer):
    page = open_page()
    log_in(page, "importer")
    upload(page, CSV)
    page.get_by_role("button", name="Make the plan").dblclick()
    page.wait_for_url("**/importrow/**")
    page.go_back()
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url("**/importrow/**")
    assert TableImport.objects.filter(state="planned").count() == 1


def test_two_people_look_at_two_files(open_page, importer):
    make.user("second", "importer")
    pages = [open_page(), open_page()]
    for page, name in zip(pages, ["importer", "second"], strict=True):
        log_in(page, name)
        upload(page, CSV.replace("lid", name), name)
    for page, name in zip(pages, ["importer", "second"], strict=True):
        expect(page.get_by_role("cell", name=f"The {name} is open.")).to_be_visible()
        page.get_by_role("button", name="Make the plan").click()
        page.wait_for_url("**/importrow/**")
        assert TableImport.objects.get(new_table__slug=name).rows.get(code="E1").description == f"The {name} is open."


def test_a_text_typed_in_a_conflict_chooses_edited(open_page, importer):
    table = make.table()
    tables.applied(table, tables.row("E1", description="The lid is open."))
    edit_code(ReturnCode.objects.get(), 1, {"description": "Close the lid."}, tables.by())
    plan = tables.planned(table, tables.row("E1", description="The lid is not shut."))
    page = open_page()
    log_in(page, "importer")
    page.goto(f"/admin/kb/importrow/{plan.rows.get(code='E1').pk}/change/")
    expect(page.get_by_label("Keep ours")).to_be_checked()
    check_accessible(page)
    page.get_by_label("Edited: description").fill("Shut the lid.")
    expect(page.get_by_label("Edited", exact=True)).to_be_checked()
    page.get_by_role("button", name="Save decision").click()
    page.wait_for_url("**/importrow/?**")
    assert plan.rows.get(code="E1").edited == {"description": "Shut the lid."}
