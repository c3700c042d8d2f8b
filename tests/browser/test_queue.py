"""The admin's first page, misses, flags and knowledge health in a real browser."""

import pytest
from django.utils import timezone

from kb.models import CodeUse, Flag, Miss
from tests import make
from tests.browser.conftest import check_accessible, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def work(transactional_db):
    editor = make.user("editor", "editor")
    code = make.code("660300001")
    CodeUse.objects.create(code=code, day=timezone.now().date(), lookups=86, covered=40)
    Miss.objects.create(text="660399999", day=timezone.now().date(), lookups=7)
    make.note("A draft", state="draft", owner=editor)
    return Flag.objects.create(code=code, comment="Step 2 fails", raised_by=editor)


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_pages_are_accessible(open_page, work, width, dark):
    page = open_page(width, dark)
    log_in(page, "editor")
    for address in ("/admin/", "/admin/health/", "/admin/kb/miss/", f"/admin/kb/flag/{work.pk}/change/", "/flags/"):
        page.goto(address)
        check_accessible(page)


def test_ten_minutes_without_a_script(open_page, work):
    page = open_page(script=False)
    log_in(page, "editor")
    page.goto("/admin/")
    page.get_by_role("link", name="1 flag waiting for an answer").click()
    page.get_by_label("Answer:").fill("Step 2 is corrected.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/flags/")
    page.get_by_text("Step 2 is corrected.").wait_for()
    page.goto("/admin/health/")
    page.get_by_text("Show the numbers of Look-ups by day").click()
    page.get_by_role("row", name="86").first.wait_for()
