"""Plain text in Markdown shows as it is, even with a renderer that makes links of addresses."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

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


PIECES = [
    *"ab1 \t\n[]()!<>`*_#&|~\\:/.@-+=\"'${}^?;wé中\xa0\u2028\x07",
    "http://a.com/b",
    "www.a.example",
    "a.com",
    "](x)",
]
PIECES += ["javascript:alert(1)", "<b>", "&amp;", "```", "~~~", "\n\n", "---", "| a |\n|---|", "a@b.com", "mailto:"]
PIECES += ["[a]: ", "//x.y", "ftp:", "\\`", "1. ", "- [ ] "]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
PARSER = MarkdownIt("commonmark", {"html": True, "linkify": True}).enable(["table", "strikethrough", "linkify"])
LINE = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "code_inline"}
LIST = {"bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close"}
HEADING = {"heading_open", "heading_close"}
QUOTATION = {"blockquote_open", "blockquote_close", "hardbreak", "softbreak", "fence"}


def tokens(text):
    """Return all tokens of a Markdown text, for a parser that allows HTML, tables and plain links."""
    return [token for block in PARSER.parse(text) for token in (block, *(block.children or []))]


def kinds(text):
    return {token.type for token in tokens(text)}


def visible(text):
    return "".join(token.content for token in tokens(text) if token.type != "inline")


def letters(text):
    """Return a text without white space, and without backticks, which mark code."""
    return re.sub(r"[\s`]", "", escape.without_controls(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_shows_as_it_is(text):
    assert kinds(escape.markdown(text)) <= LINE
    assert letters(visible(escape.markdown(text))) == letters(text)
    rendered = text_markdown.render(escape.markdown(text))
    assert set(re.findall(r"<(\w+)", rendered)) <= {"p", "code"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_in_its_quotation(text):
    quotation = escape.quotation(f"first\n{text}\n\n{text}")
    assert kinds(quotation) <= LINE | QUOTATION
    assert letters(visible(quotation)) == letters(f"first{text}{text}")


@given(TEXTS)
def test_no_text_makes_a_link_or_more_than_a_paragraph(text):
    line = escape.markdown(text)
    for before, allowed in (("", LINE), ("x ", LINE), ("- ", LINE | LIST), ("## ", LINE | HEADING)):
        assert kinds(before + line) <= allowed
        assert letters(visible(before + line)) == letters(before.strip("-# ") + text)


@given(TEXTS)
def test_no_text_leaves_its_quotation(text):
    whole = f"before\n\n{escape.quotation(text)}\n\nafter"
    assert kinds(whole) <= LINE | QUOTATION
    assert [token.type for token in tokens(whole)].count("blockquote_open") == 1
    assert tokens(whole)[-2].content == "after"


@given(TEXTS)
def test_no_text_leaves_the_link_whose_text_it_is(text):
    link = f"[x{escape.markdown(text, in_link=True)}](/page)"
    assert kinds(link) <= LINE | {"link_open", "link_close"}
    assert [token.attrs for token in tokens(link) if token.type == "link_open"] == [{"href": "/page"}]
    assert letters(visible(link)) == letters(f"x{text}")


CODE_LINES = st.lists(
    st.text("ab {}[]()<>&|*_#/.\\:`~@$-+=\t\"'", max_size=30).filter(lambda line: "```" not in line), max_size=5
)


@given(CODE_LINES)
def test_a_block_of_code_keeps_each_of_its_signs(lines):
    quotation = escape.quotation("\n".join(["Run:", "```sh", *lines, "```", "a.b"]))
    (block,) = [token for token in tokens(quotation) if token.type == "fence"]
    assert (block.content, block.info) == ("".join(f"{line}\n" for line in lines), "sh")


def test_a_fence_is_longer_than_any_in_its_block():
    quotation = escape.quotation("~~~\n```\na.b & c\n````\n~~~\nend")
    assert quotation == "> `````\n> ```\n> a.b & c\n> ````\n> `````\n> end  "


@pytest.mark.parametrize(
    ("text", "quotation"),
    [
        ("1. Run:\n   ```\n   a.com/b\n     c\n   ```", "> 1\\. Run:  \n> ```\n> a.com/b\n>   c\n> ```"),
        ("```\nnever closed\n> x", "> ```\n> never closed\n> > x\n> ```"),
        ("```<b> onload=x\ny\n```", "> ```\n> y\n> ```"),
        ("```\r\na\r\n\r\nb\r\n```", "> ```\n> a\n>\n> b\n> ```"),
    ],
)
def test_blocks_of_code_are_read_as_people_write_them(text, quotation):
    assert escape.quotation(text) == quotation


@pytest.mark.parametrize(
    "text",
    [
        "Set `a_b.com/*x*` & <3 of room_id, x < y, 3 > 2 and 5 * 3: {code} is 50% (C# too)!",
        "See config.json: arr[0] = a|b; cost ~5 $, path /a/b.c, AT&T, -1 and +1",
    ],
)
def test_signs_that_are_no_markup_where_they_stand_stay(text):
    assert escape.markdown(text) == text


def test_a_plain_sentence_does_not_change():
    sentence = "Please confirm whether the RoomId (3.5) is correct. Then retry: it may help."
    assert escape.markdown(sentence) == sentence
