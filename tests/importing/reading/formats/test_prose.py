"""Codes in headings, items of lists and terms are read with the text below them; chapters and years are no codes."""

import pytest

from tests.importing.files import read_rows, refusal

DOOR, PAPER = ("", "E101", "Door is open"), ("", "E102", "No paper")
LISTS = {
    "labels with wide colons": "- Code：**`E101`**\n  **Text**：Door is open\n"
    "- Code：**`E102`**\n  **Text**：No paper\n",
    "bold": "* **E101** Door is open\n* **E102** No paper\n",
    "bold with a colon": "- **E101:** Door is open\n- **E102**: No paper\n",
    "all bold": "- **E101: Door is open**\n- **E102: No paper**\n",
    "bold marks": "- **`E101`**: Door is open\n- **`E102`** - No paper\n",
    "marks": "- `E101` - Door is open\n- `E102` \u2013 No paper\n",
    "plain": "- E101: Door is open\n- E102: No paper\n",
    "dashes": "+ E101 - Door is open\n+ E102 \u2014 No paper\n",
    "numbers": "1. E101: Door is open\n2. E102: No paper\n",
    "a word before": "- Error code E101: Door is open\n- Error code E102: No paper\n",
    "links": "- [E101](#e101): Door is open\n- [`E102`](#e102): No paper\n",
    "other items": "- E101: Door is open\n- E102: No paper\n\n## More\n- Call us\n- Write to us\n",
    "headings": "## E101\n\nDoor is open\n\n## E102\nNo paper\n",
    "headings with text": "### E101 Door is open\n\n### E102: No paper\n",
    "headings with marks": "### `E101` - Door is open\n### `E102` - No paper\n",
    "headings with a word": "### Error E101: Door is open\n### Error E102 (No paper)\n",
    "bold lines": "# Codes\n\n**E101 - Door is open**\n\n**E102**\nNo paper\n",
    "underlined": "E101\n----\nDoor is open\n\nE102\n----\nNo paper\n",
    "terms": "E101\n: Door is open\n\nE102\n: No paper\n",
    "a title above": "# Codes\n\nAll codes:\n\n* **E101** Door is open\n* **E102** No paper\n",
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_codes_of_a_markdown_document_without_a_table_are_read(kind, breaks):
    rows, problems = read_rows(LISTS[kind].replace("\n", breaks), "t.md")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]
    assert problems == []


def test_words_in_capitals_are_codes_where_they_are_marked_as_code():
    rows, _ = read_rows("- `OOM` - No memory\n- `NOAUTH` - Log in first\n", "t.md")
    assert [row.code for row in rows] == ["OOM", "NOAUTH"]
    assert refusal("- **OOM** is no code\n- **NOTE** that\n", "t.md")[0] == ["no_code_column"]


def test_labels_below_a_heading_are_columns():
    text = """# Codes
## Doors
### E101 Door is open
The door is
open.

**Cause:** Somebody opened it.
It happens.

**Solution**
- Close it.
- Lock it.

**Level**: 3
### E102: Door is shut
Cause: Somebody shut it.
#### Solution
Open it.

**Level**: 4
## Paper
### E201
Only: once
"""
    rows, _ = read_rows(text, "t.md")
    assert [(row.section, row.code, row.place.line) for row in rows] == [
        ("Doors", "E101", 3), ("Doors", "E102", 15), ("Paper", "E201", 22),
    ]  # fmt: skip
    assert rows[0].texts == {
        "description": "Door is open\nThe door is open.",
        "possible_reasons": "Somebody opened it. It happens.",
        "suggested_actions": "- Close it.\n- Lock it.",
    }
    assert rows[1].texts["suggested_actions"] == "Open it."
    assert [row.extra for row in rows] == [{"Level": "3"}, {"Level": "4"}, {}]
    assert rows[2].texts["description"] == "Only: once"


def test_small_numbers_are_codes_only_with_labels_below_them():
    labels = "## 1 Door\n\nCause: Open.\n\n## 2 Paper\n\nCause: Empty.\n"
    assert [row.code for row in read_rows(labels, "t.md")[0]] == ["1", "2"]
    for chapters in ("## 1 Door\nWords.\n## 2 Paper\nWords.\n", "## 2023\nNews.\n## 2024\nNews.\n"):
        assert refusal(chapters, "t.md")


@pytest.mark.parametrize(
    "text",
    [
        "# Changes\n\n## 1.2.0\n\nFixed.\n\n## 1.3.0\n\nAdded.\n",
        "## 1. Install\nWords.\n## 2. Run\nWords.\n",
        "- **Note**: words\n- **Hint**: words\n",
        "- [E101](#e101)\n- [E102](#e102)\n",
        "### v1 API\nwords\n### v2 API\nwords\n",
        "- 2024-01-05: released\n- 2024-02-05: released\n",
        "- E101: only one\n",
    ],
)
def test_other_headings_and_lists_are_no_codes(text):
    assert refusal(text, "t.md")[0] == ["no_code_column"]


def test_codes_beside_a_table_are_named():
    text = "| Code | Text |\n|-|-|\n| E1 | one |\n\n- **E1** again\n- **E7** seven\n- **E8** eight\n"
    rows, problems = read_rows(text, "t.md")
    assert [row.code for row in rows] == ["E1"]
    assert [(problem.place.line, problem.kind) for problem in problems] == [(6, "sheet_left_out")]
    assert "E7, E8" in problems[0].message
    rows, problems = read_rows(text, "t.md", tables=("1", "2"))
    assert ([row.code for row in rows], problems) == (["E1", "E7", "E8"], [])


def test_a_number_in_brackets_behind_a_name_is_the_code():
    rows, _ = read_rows("E_DOOR (7)\n    Door is open\n\nE_PAPER (0x1F)\n    No paper\n", "t.txt")
    assert [(row.code, row.texts["symbol"], row.texts["description"]) for row in rows] == [
        ("7", "E_DOOR", "Door is open"), ("0x1F", "E_PAPER", "No paper"),
    ]  # fmt: skip


PAGES = {
    "folds": "<details><summary><b>E101</b></summary><p>Door is open</p></details>"
    "<details><summary>E102</summary>No paper</details>",
    "terms": "<dl><dt>E101</dt><dd>Door is open</dd><dt><code>E102</code></dt><dd><p>No paper</p></dd></dl>",
    "items": "<ul><li><b>E101</b> Door is open</li><li><strong>E102</strong>: No paper</li></ul>",
    "open items": "<ol><li>E101: Door is open<li>E102: No <i>paper</i></ol>",
    "paragraphs in items": "<ul><li><p><b>E101</b>: Door is open</p></li><li><p>E102: No paper</p></li></ul>",
    "headings": "<h1>Codes</h1><h2 id=a>E101<a href='#a'>¶</a></h2><p>Door is open</p><h2>E102</h2><p>No\npaper</p>",
    "headings with text": "<h3>E101 - Door is open</h3><p></p><h3>E102: No paper</h3>",
    "scripts": "<script>'<ul><li>E1: a<li>E2: b'</script><dl><dt>E101<dd>Door is open<dt>E102<dd>No paper</dl>",
}


@pytest.mark.parametrize("kind", PAGES)
def test_codes_of_a_web_page_without_a_table_are_read(kind):
    rows, problems = read_rows(f"<html><body>{PAGES[kind]}</body></html>", "t.html")
    assert [(row.section, row.code, row.texts["description"]) for row in rows] == [DOOR, PAPER]
    assert problems == []


@pytest.mark.parametrize("name", ["t.html", "t.xls", "pasted table"])
def test_a_page_whose_codes_are_in_other_elements_is_refused(name):
    page = "<html><body>" + "<div class=row><div>E101</div><div>Door</div></div>" * 2 + "</body></html>"
    kinds, message = refusal(page, name)
    assert kinds == ["no_table"]
    assert "other elements" in message
    assert "CSV" in message


PAGE_ARCHIVE = """From: <Saved by a browser>\r
MIME-Version: 1.0\r
Content-Type: multipart/related; type="text/html"; boundary="--b"\r
\r
----b\r
Content-Type: text/html; charset={charset}\r
Content-Transfer-Encoding: {way}\r
\r
{page}\r
----b\r
Content-Type: text/css; charset=utf-8\r
\r
table {{ }}\r
----b--\r
"""


@pytest.mark.parametrize("name", ["page.mhtml", "page.mht", "page.txt", "page.html"])
@pytest.mark.parametrize(
    ("charset", "way", "page"),
    [
        (
            "utf-8",
            "quoted-printable",
            '<table><tr><th>Code<th>Text<tr><td>E1<td class=3D"a">T=C3=BCr =\r\noffen</table>',
        ),
        ("windows-1252", "quoted-printable", "<table><tr><th>Code<th>Text<tr><td>E1<td>T=FCr offen</table>"),
        ("utf-8", "base64", "PHRhYmxlPjx0cj48dGg+Q29kZTx0aD5UZXh0PHRyPjx0ZD5FMTx0ZD5Uw7xyIG9mZmVuPC90YWJsZT4="),
        ("x-unknown", "base64", "PHRhYmxlPg=="),
    ],
)
def test_a_page_that_a_browser_stored_is_read_in_the_encoding_of_its_part(name, charset, way, page):
    content = PAGE_ARCHIVE.format(charset=charset, way=way, page=page)
    if charset == "x-unknown":
        assert refusal(content, name)[0] == ["broken_page"]
        return
    (row,), _ = read_rows(content, name)
    assert (row.code, row.texts["description"]) == ("E1", "Tür offen")


def test_labels_of_any_language_and_of_the_code_itself_are_known():
    text = "# Fehler\n\n# Fehlercode: E101\n\nBeschreibung: Tür offen\nKlasse: 3\n\n# Fehlercode: E102\n\nKlasse: 4\n"
    rows, _ = read_rows(text, "t.md")
    assert [(row.code, row.texts.get("description", ""), row.extra) for row in rows] == [
        ("E101", "Tür offen", {"Klasse": "3"}), ("E102", "", {"Klasse": "4"}),
    ]  # fmt: skip


def test_an_item_may_be_a_label_with_the_code_and_others_below():
    text = (
        "## Form\n- Code: `EXXX`\n- Message: words\n\n## All\n- Code: `E101`\n  Message: Door is open\n- Code: `E102`\n"
    )
    rows, _ = read_rows(text + "  Message: No paper\n", "t.md")
    assert [(row.code, row.texts["description"]) for row in rows] == [DOOR[1:], PAPER[1:]]


@pytest.mark.parametrize("dash", ["-", "–", "—"])
def test_a_number_and_its_name_stand_before_a_dash(dash):
    rows, _ = read_rows(f"- 101 Not Open {dash} the door\n- 102 Not Shut {dash} the lid\n", "t.md")
    assert [(row.code, row.texts["description"]) for row in rows] == [("101", "the door"), ("102", "the lid")]


def test_years_and_small_counts_before_a_dash_are_no_codes():
    refusal("- 2020 Summer games - Tokyo\n- 2024 Summer games - Paris\n", "t.md")
    refusal("- 3 eggs - boiled\n- 12 plums - fresh\n", "t.md")
