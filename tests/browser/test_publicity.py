"""The yes to what becomes public, and the field Role, in a real browser without JavaScript."""

import os

import pytest

from kb.models import CodeTable
from tests import make
from tests.browser.conftest import check_accessible, log_in

pytestmark = pytest.mark.django_db(transaction=True)
# A folder for pictures of the pages, for whoever wants to look at them.
PICTURES = os.environ.get("PICTURES", "")


def picture(page, name):
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_an_importer_is_asked_before_a_table_becomes_public(open_page, transactional_db, width, dark):
    table = make.table("inside", audience="internal")
    codes = make.codes([str(n) for n in range(129)], table)
    for n in range(12):
        make.note(f"What to do if the room is gone, part {n}", codes[n])
    make.incident("Rooms fail to open", codes[0])
    make.user("importer", "importer")
    # Axe needs a script; the form does not.
    for script in (True, False):
        page = open_page(width=width, dark=dark, script=script)
        log_in(page, "importer")
        page.goto(f"/admin/kb/codetable/{table.pk}/change/")
        page.get_by_label("Audience").select_option("public")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("1 table, 129 return codes, 12 notes, 1 incident").wait_for()
        picture(page, f"public-{width}-{'dark' if dark else 'light'}")
        if script:
            check_accessible(page)
        assert CodeTable.objects.get().audience == "internal"
    page.get_by_label("Yes, everybody may read this").check()
    page.get_by_role("button", name="Save and make public").click()
    page.get_by_text("was changed successfully").wait_for()
    assert CodeTable.objects.get().audience == "public"


@pytest.mark.parametrize(("width", "dark"), [(1360, False), (360, True)])
def test_an_administrator_gives_a_role(open_page, transactional_db, width, dark):
    person = make.user("person")
    make.user("boss", is_superuser=True, is_staff=True)
    page = open_page(width=width, dark=dark)
    log_in(page, "boss")
    page.goto(f"/admin/auth/user/{person.pk}/change/")
    picture(page, f"role-{width}-{'dark' if dark else 'light'}")
    page.get_by_label("Reviewer").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("was changed successfully").wait_for()
    assert person.groups.get().name == "reviewer"
