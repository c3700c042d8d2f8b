"""Addresses that become links, and every form of an address that leads a reader where they do not expect."""

import html
import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.safety.links import is_link, is_web_address
from kb.text.safety.markdown import render

HERE = "https://codebook.example/notes/1/"
EVIL = "evil.example"
ELSEWHERE = [
    f"//{EVIL}", f"///{EVIL}", f"////{EVIL}/x", f"/\\{EVIL}", f"\\/{EVIL}", f"\\\\{EVIL}", f"/%5C{EVIL}",
    f"/%5c/{EVIL}",
    f"%5C%5C{EVIL}", f"%2F%2F{EVIL}", f"/%2F{EVIL}", f"%2f/{EVIL}", f"/\t/{EVIL}", f"/\n/{EVIL}", f"/%09/{EVIL}",
    f"/%0A/{EVIL}", f"/%0d%0a/{EVIL}", f"%09//{EVIL}", f"\t//{EVIL}", f" //{EVIL}", f"/ /{EVIL}", f"\x00//{EVIL}",
    f"https:{EVIL}", f"https:/{EVIL}", f"https:///{EVIL}", f"https:\\\\{EVIL}", f"https:/\\{EVIL}", f"http:{EVIL}",
    f"HTTPS:///{EVIL}", f"ht\ntps://{EVIL}", f"https://bank.example@{EVIL}", f"https://a:b@{EVIL}/", f"https://@{EVIL}",
    f"https://bank.example%40{EVIL}", f"https://bank.example\\@{EVIL}", f"https://bank.example%5C@{EVIL}",
    f"https://bank.example%09.{EVIL}", f"https://bank.example .{EVIL}", "https://", "https://?x", "https:", "http:/",
    "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "javascript%3Aalert(1)", "\x01javascript:x",
    "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://a.example", "blob:https://a.example/1",
]  # fmt: skip
WEB = [
    "https://a.example", "http://a.example/x?y=1#z", "HTTPS://A.example", "https://a.example:8443/", "https://a.example?x",
    "https://medium.example/@name", "https://a.example/x?mail=a@b.example", "https://bücher.example/ü", "https://[::1]/",
    "https://a.example//b", "https://a.example/a%20b%5C", "https://1.2.3.4",
]  # fmt: skip
PAGES = [
    "/",
    "/codes/zim-server/1/",
    "/codes/a%2Fb/",
    "/codes/a%20b/",
    "#cause",
    "?q=1",
    "?next=//x",
    "codes/1",
    "../x",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_unclear_address_is_a_link(address):
    assert not is_link(address)
    assert not is_web_address(address)


@pytest.mark.parametrize("address", [*WEB, *PAGES, "mailto:a@b.example", "MAILTO:a@b.example"])
def test_a_clear_address_is_a_link(address):
    assert is_link(address)
    assert is_web_address(address) is (address in WEB)


def links(text):
    return [html.unescape(href) for href in re.findall(r'href="([^"]*)"', render(text))]


@pytest.mark.parametrize("address", ELSEWHERE)
@pytest.mark.parametrize("shape", ["[x]({})", "[x](<{}>)", "<{}>", "{}", "[x]: {}\n\n[x]", '[x]({} "title")'])
def test_a_note_links_to_nothing_unclear(shape, address):
    for href in links(shape.format(address)):
        assert is_link(href)
        # What linkify finds inside such an address names its site in full, and shows it.
        host = urlsplit(urljoin(HERE, href)).hostname
        assert href.startswith(("http://", "https://", "mailto:")) or host == urlsplit(HERE).hostname


@pytest.mark.parametrize(
    "address", ["//evil.example", "/\\evil.example", "https:evil.example", "https://a@evil.example"]
)
def test_a_refused_link_shows_as_it_was_written(address):
    assert links(f"[x]({address})") == []
    assert "[x](" in render(f"[x]({address})")


@pytest.mark.parametrize("address", WEB)
def test_a_note_links_to_sites_that_it_names(address):
    assert len(links(f"[x]({address})")) == 1


def as_a_browser_reads(address):
    """Return the host that a browser would open, as the URL standard says: or "" for no other site."""
    text = re.sub(r"[\t\n\r]", "", address.strip("".join(map(chr, range(33))))).replace("\\", "/")
    scheme = re.match(r"(?i)(https?):/*", text)
    rest = text[scheme.end() :] if scheme else text.lstrip("/") if text.startswith("//") else None
    return "" if rest is None else re.split("[/?#]", rest)[0].rpartition("@")[2]


@given(st.text(alphabet="/\\:@.%#? \t\nahtps52fF", max_size=24))
def test_what_is_a_link_leads_a_browser_where_a_reader_sees(address):
    if is_link(address):
        host = as_a_browser_reads(address)
        assert host == "" or re.match(r"https?://([^/?#]*)", address, re.I)[1] == host
