"""Addresses that editors type become links only if they name their site in full."""

import html
import re

import pytest

from kb.models import CodeTable
from kb.text.safety.links import is_link
from tests import make
from tests.admin.conftest import form_data, url
from tests.text.safety.test_links import ELSEWHERE, WEB

pytestmark = pytest.mark.django_db
# A form drops spaces around a value, and Django adds https:// to a value without a scheme.
TYPED = [address for address in ELSEWHERE if address == address.strip() and ":" in address and "\x00" not in address]


@pytest.mark.parametrize("address", TYPED)
def test_a_table_refuses_an_unclear_address_of_its_vendor(address, client, admin):
    table = make.table(source_url="https://vendor.example/")
    client.force_login(admin)
    page = client.post(url(table), form_data(client.get(url(table)), source_url=address))
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["source_url"]
    assert CodeTable.objects.get().source_url == "https://vendor.example/"


def test_a_table_takes_a_clear_address(client, admin):
    table = make.table()
    client.force_login(admin)
    for address in WEB:
        page = client.post(url(table), form_data(client.get(url(table)), source_url=address))
        assert page.status_code == 302, (address, page.context["adminform"].form.errors)
        assert CodeTable.objects.get().source_url == address


def test_no_page_links_to_an_unclear_address(client, admin):
    note = make.note(
        "Note", make.code(), cause=" ".join(f"[x]({address})" for address in ELSEWHERE if "\x00" not in address)
    )
    page = client.get(note.get_absolute_url()).text
    links = [html.unescape(href) for href in re.findall(r'href="([^"]*)"', page)]
    assert [href for href in links if not is_link(href)] == []
    assert "[x](" in page
