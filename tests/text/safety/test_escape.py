"""Plain text in Markdown shows as it is, even with a renderer that makes links of addresses."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.safety import escape
from kb.text.safety import markdown as text_markdown

HOSTILE = [
    "[click](https://evil.example)",
    "![pixel](https://evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "<https://evil.example>",
    "see https://evil.example/a_b or www.evil.example or evil.example",
    "mail root@evil.example",
    "[a]: https://evil.example",
    "`code` **bold** __bold__ ~~gone~~",
    "# heading",
    "> quote",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "12) item",
    "---",
    "===",
    "| a | b |",
    "&lt;b&gt; &amp; &#60;",
    "back\\slash \\[x](y)",
    "ftp://evil.example //evil.example",
    "````",
]


def visible_text(markdown):
    """Return what a reader of the rendered Markdown sees, and its tags."""
    rendered = text_markdown.render(markdown)
    return html.unescape(re.sub(r"<[^>]+>", "", rendered)), set(re.findall(r"<(\w+)", rendered))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_shows_as_it_is(text):
    visible, tags = visible_text(escape.markdown(text))
    assert visible.strip() == text
    assert tags == {"p"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_in_its_quotation(text):
    visible, tags = visible_text(escape.quotation(f"first\n{text}\n\n{text}"))
    assert visible.split() == f"first {text} {text}".split()
    assert tags <= {"blockquote", "p", "br"}


@given(st.text(alphabet="ab1 \t\n[]()!<>`*_#&|~\\:/.@-+=wht ps中\x07\u2028", max_size=60))
def test_no_text_makes_a_link_or_more_than_a_paragraph(text):
    visible, tags = visible_text(escape.markdown(text))
    assert tags <= {"p"}
    assert visible.split() == escape.without_controls(text).split()


def test_a_plain_sentence_does_not_change():
    sentence = "Please confirm whether the RoomId (3.5) is correct. Then retry: it may help."
    assert escape.markdown(sentence) == sentence
