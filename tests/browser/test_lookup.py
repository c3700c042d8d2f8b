"""Lookup in a real browser: by keyboard, without console errors, accessible."""

import contextlib

import pytest
from playwright.sync_api import Error

from tests import make
from tests.browser.conftest import check_accessible, log_in, type_in_box

pytestmark = pytest.mark.django_db(transaction=True)

LOG = '10:00:02 ERROR {"code": 660300001, "user": "anna@example.com"}\n10:00:03 ERROR {"code": 660399123}\n'


@pytest.fixture
def room(transactional_db):
    code = make.code("660300001", suggested_actions="Please check the RoomID.")
    make.code("660300002", description="User not in room.")
    make.code_range("Room", 660300000, 660399999)
    rtc = make.table("rtc", product="RTC", name="Server codes")
    for section in ("Common", "Mix stream"):
        make.code("3", rtc, section, description=f"{section} failed.")
    make.note("Room is gone", code, resolution="Look *again*.", customer_reply="Code {code}: create it.")
    make.incident("Rooms fail to open", code)
    make.user("agent", "agent")
    return code


def test_a_code_is_found_with_the_keyboard_alone(open_page, room):
    page = open_page()
    page.goto("/tables/rtc/")
    page.keyboard.press("/")
    box = page.locator("#q")
    type_in_box(page, "room")
    page.locator("#suggestions [role=option]").nth(1).wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.locator('[aria-selected="true"]')
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    assert "660300002" in chosen.inner_text()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{room.get_absolute_url()}")


def test_enter_alone_looks_up_what_was_typed(open_page, room):
    page = open_page()
    page.goto("/")
    type_in_box(page, "660300001")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{room.get_absolute_url()}")


def test_escape_closes_the_list_and_then_clears_the_box(open_page, room):
    page = open_page()
    page.goto("/")
    type_in_box(page, "room")
    page.locator("#suggestions [role=option]").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#suggestions").is_hidden()
    assert page.locator("#q").input_value() == "room"
    page.keyboard.press("Escape")
    assert page.locator("#q").input_value() == ""


def test_a_slow_answer_is_never_shown_for_other_words(open_page, room):
    page = open_page()
    page.goto("/")
    held = []
    page.route("**/suggest/?q=room", lambda route: held.append(route))
    type_in_box(page, "room")
    while not held:
        page.wait_for_timeout(20)
    page.locator("#q").fill("mix")
    page.locator("#suggestions [role=option]").first.wait_for()
    # The page has given it up already.
    with contextlib.suppress(Error):
        held[0].continue_()
    page.wait_for_timeout(200)
    assert "Mix stream failed." in page.locator("#suggestions").inner_text()
    assert "Room does not exist." not in page.locator("#suggestions").inner_text()


def paste(page, text):
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def test_a_log_pasted_into_the_box_is_read_at_once(open_page, room):
    page = open_page()
    page.goto("/")
    paste(page, LOG)
    page.get_by_role("heading", name="1 code in the text").wait_for()
    assert "anna@" not in page.content()
    assert page.evaluate("sessionStorage.getItem('pasted')") is None
    page.get_by_role("link", name="Line 1").press("Enter")
    assert page.url.endswith("#p1")
    page.locator("#p1").press("Enter")
    assert page.url.endswith("#c1")
    page.keyboard.press("Escape")
    page.get_by_role("heading", name="Which codes are in this log?").wait_for()
    field = page.locator("#text")
    field.fill("something")
    field.press("Escape")
    assert field.input_value() == ""


def test_a_log_is_read_without_a_script(open_page, room):
    page = open_page(script=False)
    page.goto("/")
    page.get_by_role("link", name="paste a log", exact=True).click()
    page.get_by_label("A ticket").fill(LOG)
    page.get_by_role("button", name="Find codes").click()
    page.get_by_role("heading", name="1 code in the text").wait_for()


def pasted(page):
    """Return what the clipboard has, as somebody pastes it: pages may not read the clipboard."""
    page.evaluate(
        "document.body.append(document.createElement('textarea')); document.querySelector('body > textarea').focus()"
    )
    page.keyboard.press("Control+V")
    return page.locator("body > textarea").input_value()


def test_the_reply_is_copied_with_one_key(open_page, room):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(room.get_absolute_url())
    page.keyboard.press("c")
    page.get_by_role("button", name="Copied").wait_for()
    assert pasted(page) == "Code 660300001: create it."


def test_a_card_is_copied_as_markdown_for_the_ticket_and_printed_bare(open_page, room):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(room.get_absolute_url())
    page.get_by_text("Markdown for the ticket").click()
    page.get_by_text("Copied", exact=True).first.wait_for()
    copied = pasted(page)
    assert "660300001" in copied
    assert "Look" in copied
    page.emulate_media(media="print")
    assert page.locator("header [role=search]").is_hidden()
    assert page.get_by_role("heading", name="660300001").is_visible()


def test_a_misspelt_question_is_answered_and_says_what_was_meant(open_page, room):
    page = open_page()
    page.goto("/")
    type_in_box(page, "rooom does not exist")
    page.keyboard.press("Enter")
    page.get_by_text("Showing results for room").wait_for()
    assert page.locator(".row .code").first.inner_text() == "660300001"
    assert page.locator("main mark").first.inner_text().lower() == "room"


def test_keys_are_shown_and_closed(open_page, room):
    page = open_page()
    page.goto(room.get_absolute_url())
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.wait_for()
    check_accessible(page)
    page.get_by_label("Use single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    assert dialog.is_hidden()
    page.reload()
    page.keyboard.press("?")
    assert dialog.is_hidden(), "single keys are off, which the browser remembers"
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Use single-key shortcuts").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    dialog.wait_for()


def test_an_agent_gives_feedback_without_a_script(open_page, room):
    page = open_page(script=False)
    log_in(page, "agent")
    page.goto(room.get_absolute_url())
    page.get_by_role("button", name="Did not work").click()
    assert "did not work 1" in page.locator(".trust").inner_text()
    page.get_by_text("Flag a problem").click()
    page.get_by_label("What is wrong").fill("The second step fails.")
    page.get_by_role("button", name="Raise a flag").click()
    assert "The second step fails." in page.locator(".trust").inner_text()


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_pages_are_accessible(width, dark, open_page, room):
    page = open_page(width, dark)
    log_in(page, "agent")
    for address in (room.get_absolute_url(), "/?q=3", "/?q=rooom+gone", "/?q=6603", "/codes/rtc/3/", "/detect/"):
        page.goto(address)
        check_accessible(page)
    page.locator("#text").fill(LOG)
    page.get_by_role("button", name="Find codes").click()
    page.locator(".found").first.wait_for()
    check_accessible(page)
    page.goto("/")
    type_in_box(page, "room")
    page.locator("#suggestions [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    check_accessible(page)


def test_no_page_asks_another_host(open_page, room, live_server):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for address in ("/", room.get_absolute_url(), "/detect/"):
        page.goto(address, wait_until="networkidle")
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
