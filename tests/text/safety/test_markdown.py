"""Notes rendered to HTML that is safe on any page."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.safety.markdown import MAX_LENGTH, render


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("1. one\n2. two", "<ol>\n<li>one</li>\n<li>two</li>\n</ol>"),
        ("# Head", "<h4>Head</h4>"),
        ("**bold** `code`", "<p><strong>bold</strong> <code>code</code></p>"),
        ("| a |\n| --- |\n| b |", "<td>b</td>"),
        ("see https://a.example/x", 'href="https://a.example/x"'),
        ("line\nbreak", "line<br>\nbreak"),
    ],
)
def test_markdown_becomes_html(text, html):
    assert html in render(text)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,hi)",
        "![x](https://tracker.example/p.png)",
        '<a href="x" style="color:red" onclick="x()">',
        "[x](\u0001javascript:alert(1))",
        "<iframe src=https://a.example>",
    ],
)
def test_hostile_text_stays_text(hostile):
    html = render(hostile)
    assert not re.search(r"<(script|img|iframe|style)|<[^>]*\s(on\w+|style)=|href=\"(javascript|data):", html, re.I)


@given(st.text(max_size=500))
def test_no_text_makes_it_fail_or_run_script(text):
    assert "<script" not in render(text).lower()


@pytest.mark.parametrize(("length", "has_links"), [(50_000, True), (50_001, False)])
@pytest.mark.parametrize("beginning", ["//", "mailto:", "MAILTO:"])
def test_a_text_with_very_many_beginnings_of_addresses_has_no_bare_links(length, has_links, beginning):
    text = f"https://a.example/ [here](/x) {beginning * 99} ".ljust(length, "x")
    html = render(text)
    assert ('href="https://a.example/"' in html) is has_links
    assert 'href="/x"' in html


def test_a_very_long_text_is_cut():
    assert render("x" * (MAX_LENGTH - 3) + "end.") == render("x" * (MAX_LENGTH - 3) + "end")


@pytest.mark.parametrize(("marks", "tag"), [("#", "h4"), ("##", "h5"), ("###", "h6"), ("######", "h6")])
def test_headings_are_below_those_of_a_page(marks, tag):
    assert render(f"{marks} Head") == f"<{tag}>Head</{tag}>\n"


@pytest.mark.parametrize(
    "address", ["http://a.example", "https://a.example", "mailto:a@a.example", "/codes/", "ftp://a"]
)
def test_links_lead_to_pages_and_mail_alone_and_tell_nothing(address):
    html = render(f"[x]({address})")
    is_link = not address.startswith("ftp")
    assert (f'href="{address}"' in html) is is_link
    assert ('rel="noopener noreferrer nofollow"' in html) is is_link
