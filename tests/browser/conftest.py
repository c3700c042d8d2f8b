"""A real Chromium against the live server. Skipped, by name, where there is none."""

import asyncio
import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests import make

# Playwright's own event loop runs in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# Chromium is not asked to reach anything but the live server.
FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update"
    " --disable-sync"
)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker("browser")
            # One Chromium at a time: two cores do not carry more.
            item.add_marker(pytest.mark.xdist_group("browser"))


_loops = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Playwright leaves its loop in the thread. The tests of all else run without, as in the threads of a server."""
    if "tests/browser" not in str(item.path):
        return (yield)
    asyncio._set_running_loop(_loops.pop() if _loops else None)
    try:
        return (yield)
    finally:
        _loops.append(asyncio._get_running_loop())
        asyncio._set_running_loop(None)


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        asyncio._set_running_loop(_loops.pop() if _loops else asyncio._get_running_loop())
        browser.close()


@pytest.fixture
def open_page(chromium, live_server):
    """Open pages: `open_page(width=360, dark=True)`; the test fails on any error in a console."""
    contexts, complaints = [], []

    def open_one(width=1360, dark=False, script=True):
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return page

    yield open_one
    for context in contexts:
        context.close()
    # A page that is meant to be a 404 or 403 says so in the console.
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def log_in(page, name):
    page.goto("/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login/" not in url)


def type_in_box(page, text):
    """Type into the one box once it has the focus, which comes with the first frame: late on a loaded machine."""
    page.locator("#q:focus").wait_for()
    page.keyboard.type(text)


def check_accessible(page):
    """Fail on what axe calls serious or worse, and on a page wider than its window."""
    # Without preloading: axe would fetch style sheets again and put them into the page, which the CSP forbids.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    serious = [
        (rule["id"], [node["target"] for node in rule["nodes"]][:3])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
    assert serious == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} scrolls sideways"
