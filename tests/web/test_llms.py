"""The site map for assistants, and the Markdown representations of tables and notes."""

import html
import re

import pytest

from kb.models import CodeRange, CodeTable
from kb.queries.tables import clear_counts
from kb.text.safety import markdown as text_markdown
from tests import make
from tests.web.test_representations import HOSTILE, body

pytestmark = pytest.mark.django_db


def test_the_site_map_names_the_addresses_for_assistants(public, room):
    text = body(public, "/llms.txt")
    assert text.startswith("# Codebook\n\n> ")
    assert "(http://testserver/tables/zim-server.md): 1 codes, as `zim-server`" in text
    links = re.findall(r"\]\(http://testserver(\S+?)\)", text)
    assert len(links) >= 4
    assert {public.get(link).status_code for link in links} == {200}
    for example in ("/codes/zim-server/660300001.md", "/tables/zim-server.md"):
        assert public.get(example).status_code == 200
    assert "http://testserver/mcp/" in text


def test_the_site_map_lists_only_what_is_public_for_every_reader(public, agents, room, settings):
    make.table("hush", vendor="Hush", audience="internal")
    assert body(agents, "/llms.txt") == body(public, "/llms.txt")
    assert "hush" not in body(agents, "/llms.txt").lower()
    settings.KB_PUBLIC_READ = False
    closed = body(public, "/llms.txt")
    assert "zim-server" not in closed
    assert "Reading requires a login" in closed


@pytest.mark.parametrize(("count", "has_more"), [(100, False), (101, True)])
def test_the_site_map_lists_a_hundred_tables(count, has_more, public):
    CodeTable.objects.bulk_create(
        CodeTable(slug=f"t{n}", vendor="V", product="P", name="N", audience="public") for n in range(count)
    )
    text = body(public, "/llms.txt")
    assert text.count("0 codes, as `t") == 100
    assert ("[More tables]" in text) == has_more


def test_the_site_map_counts_codes_that_are_not_retired(public, room):
    make.code("2", retired_at=room.updated_at)
    assert ": 1 codes, as `zim-server`" in body(public, "/llms.txt")


def test_a_note_about_several_codes_keeps_the_place_of_the_code(public, room):
    note = make.note("Gone", room, make.code("2"), customer_reply="We saw {code}.")
    assert "We saw {code}." in html.unescape(body(public, f"/notes/{note.pk}.md")).replace("\\", "")


def test_the_markdown_of_a_note_names_a_hundred_codes_and_ranges_in_their_order(public):
    table = make.table()
    note = make.note("Many", *make.codes(["3", "1", "2", *(str(n) for n in range(1000, 1100))], table))
    note.ranges.set(
        CodeRange.objects.bulk_create(CodeRange(table=table, name=f"R{n}", first=n, last=n) for n in range(101))
    )
    lines = body(public, f"/notes/{note.pk}.md").split("## About")[1].split()
    assert [line.strip(":") for line in lines if line.strip(":").isdigit()][:4] == ["3", "1", "2", "1000"]
    text = body(public, f"/notes/{note.pk}.md").split("## About")[1]
    assert (text.count("Room does not exist"), text.count(", ZEGOCLOUD")) == (100, 100)


@pytest.mark.parametrize("address", ["/notes/9223372036854775808.md", "/notes/9223372036854775808/", "/notes/7.md"])
def test_a_note_that_no_database_can_have_is_not_found(address, public):
    assert public.get(address).status_code == 404


def test_an_internal_note_says_so_and_leaves_out_empty_texts(agents, room):
    text = body(agents, f"/notes/{make.note('Gone', room, audience='internal', state='draft', cause=' ').pk}.md")
    assert "Draft, internal." in text
    assert "## Cause" not in text
    assert "## About" in text
    assert "## About" not in body(agents, f"/notes/{make.note('Alone').pk}.md")


def test_a_table_comes_as_markdown_in_pages(public, room, monkeypatch):
    monkeypatch.setattr("kb.web.representations.page_markdown.PER_PAGE", 2)
    make.code("3", in_section="Two", description="Busy.")
    make.code("4", in_section="Two", retired_at=room.updated_at)
    text = body(public, "/tables/zim-server.md")
    assert "- 660300001: Room does not exist. <http://testserver/codes/zim-server/public/660300001/>" in text
    assert "\n## Two\n\n- 3: Busy." in text
    assert text.rstrip().endswith("More: <http://testserver/tables/zim-server.md?page=2>")
    rest = body(public, "/tables/zim-server.md?page=2")
    assert "- 4 (retired): Room" in rest
    assert "More:" not in rest
    for page in ("0", "3", "x", "", "²", "9" * 30):
        assert body(public, f"/tables/zim-server.md?page={page}", 400) == "There is no such page. Allowed: 1 to 2.\n"


def test_a_note_comes_as_markdown(public, agents, room):
    note = make.note("Room is gone", room, issue="Gone!", resolution="Rejoin.", customer_reply="We saw {code}.")
    note.ranges.add(make.code_range("Room"))
    text = body(public, f"/notes/{note.pk}.md")
    for part in (
        "# Room is gone\n",
        f"Validated. <http://testserver/notes/{note.pk}/>",
        "## What to tell the customer\n\n> We saw 660300001.",
        "## Issue\n\n> Gone!",
        "- 660300001: Room does not exist. <http://testserver/codes/zim-server/public/660300001/>",
        "- 6603xxxxx Room, ZEGOCLOUD",
    ):
        assert part in text, text
    assert f'href="/notes/{note.pk}.md"' in body(public, note.get_absolute_url())


def test_vendor_and_note_text_becomes_no_link_or_picture_in_pages(public):
    table = make.table(name=HOSTILE)
    code = make.code("1", table, HOSTILE, description=HOSTILE)
    note = make.note(HOSTILE, code, cause=HOSTILE, resolution=HOSTILE, customer_reply=HOSTILE, issue=HOSTILE)
    for where in ("/tables/zim-server.md", f"/notes/{note.pk}.md", "/llms.txt"):
        rendered = text_markdown.render(body(public, where))
        assert all(link.startswith("http://testserver/") for link in re.findall(r'href="([^"]*)"', rendered)), where
        assert "<img" not in rendered
        assert HOSTILE in html.unescape(rendered)


def test_internal_rows_are_missing_for_the_public(public, agents, room):
    hidden = make.table("hush", audience="internal")
    secret = make.code("1", hidden, description="Hush.")
    note = make.note("Hush", room, audience="internal")
    shown = make.note("Told", room, secret)
    for where in ("/tables/hush.md", f"/notes/{note.pk}.md"):
        assert public.get(where).status_code == 404
        assert "hush" in body(agents, where).lower()
    assert "hush" not in body(public, f"/notes/{shown.pk}.md").lower()


def test_a_reader_without_access_gets_401_and_the_scheme(public, room, settings):
    settings.KB_PUBLIC_READ = False
    answer = public.get("/tables/zim-server.md")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="codebook"')


def test_a_page_of_a_table_takes_the_same_queries_for_more_codes(public, django_assert_num_queries):
    make.code("1")
    with django_assert_num_queries(7):
        body(public, "/tables/zim-server.md")
    for n in range(2, 30):
        make.code(str(n), in_section=f"S{n % 3}")
    clear_counts()
    with django_assert_num_queries(7):
        body(public, "/tables/zim-server.md")
