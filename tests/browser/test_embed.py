"""A page of another site frames a card, and gives the frame the height that it needs."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("PICTURES", "")

HOST = """<!doctype html><title>Desk</title><body style="margin: 0">
<iframe id="codebook" src="{site}{path}" title="Codebook" style="width: 100%; height: 50px; border: 0"></iframe>
<script>
  messages = [];
  addEventListener("message", ({{ origin, data, source }}) => {{
    if (origin !== "{site}" || source !== codebook.contentWindow || data.type !== "codebook:height") return;
    codebook.style.height = data.height + "px";
    messages.push(data.height);
  }});
</script>"""


@pytest.fixture
def host():
    """A server of another origin; `host(page)` returns the address of a page."""
    pages = {}

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self):
            body = pages.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    Thread(target=server.serve_forever, daemon=True).start()

    def address(page):
        path = f"/{len(pages)}"
        pages[path] = page
        return f"http://127.0.0.1:{server.server_port}{path}"

    address.origin = f"http://127.0.0.1:{server.server_port}"
    yield address
    server.shutdown()
    server.server_close()


@pytest.fixture
def room(transactional_db):
    room = make.code("660300001", suggested_actions="\n".join(f"{n}. Check the room." for n in range(1, 13)))
    make.note("Room is gone", room, resolution="Rejoin.\n\n" * 8, customer_reply="We saw {code}.")
    return room


def overflow(page):
    """Return by how many pixels the framed page is longer than its frame."""
    frame = page.frames[1]
    return frame.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")


def wait_for_height(page, above):
    page.wait_for_function(f"codebook.offsetHeight > {above}")
    page.wait_for_timeout(200)


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True), (360, False), (1360, True)])
def test_a_frame_grows_and_shrinks_with_its_card(open_page, live_server, host, settings, room, width, dark):
    settings.KB_EMBED_ORIGINS = ["https://other.example", host.origin]
    page = open_page(width=width, dark=dark)
    page.goto(host(HOST.format(site=live_server.url, path="/embed/zim-server/660300001/")))
    wait_for_height(page, 400)
    assert overflow(page) <= 0
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/embed-{width}-{'dark' if dark else 'light'}.png", full_page=True)
    high = page.evaluate("codebook.offsetHeight")
    # Narrower lines make a longer card, and wider lines a shorter one.
    page.set_viewport_size({"width": 200, "height": 900})
    wait_for_height(page, high)
    assert overflow(page) <= 0
    narrow = page.evaluate("codebook.offsetHeight")
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(f"codebook.offsetHeight < {narrow}")
    page.wait_for_timeout(200)
    high = page.evaluate("codebook.offsetHeight")
    # A search inside the frame leads to another page, which tells its own height.
    page.frame_locator("#codebook").get_by_role("searchbox").fill("zzz")
    page.frame_locator("#codebook").get_by_role("button", name="Look up").click()
    page.frame_locator("#codebook").get_by_text("No table lists").wait_for()
    page.wait_for_function(f"codebook.offsetHeight < {high}")
    page.wait_for_timeout(300)
    messages = page.evaluate("messages.length")
    page.wait_for_timeout(300)
    assert page.evaluate("messages.length") == messages, "a height that follows the frame would never rest"


def test_a_page_that_may_not_frame_cards_learns_nothing(chromium, live_server, host, settings, room):
    settings.KB_EMBED_ORIGINS = ["https://other.example"]
    # It has no fixture that watches the console: the refusal of the browser stands there.
    context = chromium.new_context()
    page = context.new_page()
    page.goto(host(HOST.format(site=live_server.url, path="/embed/zim-server/660300001/")))
    page.wait_for_timeout(500)
    assert page.evaluate("[messages.length, codebook.offsetHeight]") == [0, 50]
    context.close()


def test_a_window_that_opens_a_card_is_told_nothing(open_page, live_server, settings, room):
    settings.KB_EMBED_ORIGINS = ["https://other.example"]
    page = open_page()
    page.goto("/embed/zim-server/660300001/")
    page.get_by_text("Room does not exist.").wait_for()
