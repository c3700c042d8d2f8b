"""Hostile text in a real browser, with the policy and without it: it runs, loads and redirects nothing."""

import pytest

from kb.models import TroubleshootingNote
from tests import make
from tests.attacks.conftest import ALL, hostile  # noqa: F401 - a fixture
from tests.attacks.page import PAYLOADS
from tests.attacks.test_xss import pages
from tests.browser.conftest import log_in

pytestmark = pytest.mark.django_db(transaction=True)


def watch_page(chromium, live_server, **context):
    """Return a page, a list of what ran or tried to run in it, and a list of its requests."""
    page = chromium.new_context(base_url=live_server.url, **context).new_page()
    ran, asked = [], []
    page.on("dialog", lambda dialog: (ran.append(page.url), dialog.dismiss()))
    page.on("console", lambda said: ran.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("request", lambda request: asked.append(request.url))
    return page, ran, asked


def test_nothing_hostile_runs(chromium, live_server, transactional_db, hostile):  # noqa: F811
    make.user("admin", is_superuser=True, is_staff=True)
    page, ran, asked = watch_page(chromium, live_server, bypass_csp=True)
    log_in(page, "admin")
    for address in pages(hostile):
        page.goto(address, wait_until="domcontentloaded")
    page.goto("/?q=" + "".join(PAYLOADS[:8]).replace("#", "").replace("&", "")[:300])
    page.goto("/detect/")
    page.locator("#text").fill(ALL + '\n"code": 660300001')
    page.get_by_role("button", name="Find codes").click()
    page.locator(".found").first.wait_for()
    page.goto(f"/admin/kb/troubleshootingnote/{TroubleshootingNote.objects.first().pk}/change/")
    page.locator("h1").first.click()
    page.keyboard.press("p")
    page.locator(".field-resolution .markdown").wait_for()
    page.mouse.move(400, 300)
    assert ran == []
    assert [url for url in asked if not url.startswith((live_server.url, "data:image/svg"))] == []
    page.set_content(f"<p>{PAYLOADS[0]}</p>")
    assert ran, "what runs is noticed"
    page.context.close()


def test_nothing_hostile_even_violates_the_policy(chromium, live_server, transactional_db, hostile):  # noqa: F811
    page, ran, _ = watch_page(chromium, live_server)
    for address in (hostile.get_absolute_url(), "/?q=alert"):
        page.goto(address, wait_until="domcontentloaded")
    assert ran == []
    page.context.close()
