"""Notes rendered to HTML that is safe on any page."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.safety.markdown import render


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
