"""The API in a real browser: from a page of another site, and the pages that explain its errors."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Error

from kb.api.framework.problem_types import TYPES
from kb.services import tokens
from tests import make
from tests.browser.conftest import check_accessible

pytestmark = pytest.mark.django_db(transaction=True)
FETCH = """async ([address, headers]) => {
    const answer = await fetch(address, {headers});
    return {status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text()};
}"""


class Desk(BaseHTTPRequestHandler):
    """The empty page of a help desk."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>Desk</title>")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def desk(settings):
    """The origin of another site, which may call the API."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    settings.CORS_ALLOWED_ORIGINS = [origin]
    yield origin
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(desk, open_page, live_server):
    page = open_page()
    page.goto(desk)
    return lambda path, **headers: page.evaluate(FETCH, [f"{live_server.url}{path}", headers])


def test_a_page_of_another_site_sends_and_reads_what_clients_need(fetch, agent, settings):
    settings.KB_API_RATE_KNOWN = settings.KB_API_RATE_ANONYMOUS = 100
    for n in range(3):
        make.code(str(n), description="Room does not exist.")
    bearer = f"Bearer {tokens.create(agent, 'desk', ['read_public'], None)[1]}"
    path = "/api/v1/codes/?page_size=1"
    first = fetch(path, Authorization=bearer, **{"X-Request-ID": "desk-1", "If-Modified-Since": "nonsense"})
    assert (first["status"], first["headers"]["x-request-id"]) == (200, "desk-1")
    assert {"etag", "ratelimit", "ratelimit-policy", "link"} <= {*first["headers"]}
    again = fetch(path, Authorization=bearer, **{"If-None-Match": first["headers"]["etag"]})
    assert (again["status"], again["text"]) == (304, "")
    snapshot = fetch("/api/v1/snapshot/", Accept="application/x-ndjson")
    assert {"x-sequence", "content-disposition"} <= {*snapshot["headers"]}


def test_a_page_of_another_site_reads_how_long_to_wait(fetch, settings):
    settings.KB_API_RATE_ANONYMOUS = 1
    # Different addresses: the browser keeps an answer for some seconds.
    answers = [fetch(f"/api/v1/codes/?page_size={n}") for n in (1, 2, 3)]
    assert answers[-1]["status"] == 429
    assert {"retry-after", "ratelimit"} <= {*answers[-1]["headers"]}


def test_a_page_of_a_site_that_is_not_named_reads_nothing(chromium, desk, settings, live_server):
    settings.CORS_ALLOWED_ORIGINS = ["https://other.example"]
    page = chromium.new_page()
    page.goto(desk)
    with pytest.raises(Error, match="Failed to fetch"):
        page.evaluate(FETCH, [f"{live_server.url}/api/v1/codes/", {}])
    page.close()


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("width", [360, 1360])
def test_people_read_what_an_error_means(open_page, width, dark):
    page = open_page(width=width, dark=dark)
    page.goto("/api/problems/")
    check_accessible(page)
    page.get_by_role("link", name="wrong_scheme").click()
    page.get_by_role("heading", name=TYPES["wrong_scheme"].title).wait_for()
    check_accessible(page)
