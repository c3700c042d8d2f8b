"""The browser's search box, and the Open Graph description of links."""

import re
from xml.etree import ElementTree

import pytest

from tests import make

pytestmark = pytest.mark.django_db
NS = "{http://a9.com/-/spec/opensearch/1.1/}"


def test_the_description_names_absolute_addresses(public, settings):
    settings.KB_PUBLIC_READ = False
    response = public.get("/opensearch.xml")
    assert response["Content-Type"] == "application/opensearchdescription+xml"
    root = ElementTree.fromstring(response.content)
    assert {url.get("type"): url.get("template") for url in root.findall(f"{NS}Url")} == {
        "text/html": "http://testserver/go?q={searchTerms}",
        "application/x-suggestions+json": "http://testserver/suggest.json?q={searchTerms}",
    }
    assert root.find(f"{NS}Image").text == "http://testserver/favicon.ico"


def test_every_page_links_to_the_description(public):
    assert b'rel="search"' in public.get("/").content


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("660300001", "/codes/zim-server/public/660300001/"),
        ("  660300001 ", "/codes/zim-server/public/660300001/"),
        ("0660300001", "/?q=0660300001"),
        ("3", "/?q=3"),
        ("room exist", "/?q=room+exist"),
        ("", "/"),
        ("\x00", "/"),
        ("//evil.example", "/?q=%2F%2Fevil.example"),
        ("https://evil.example/", "/?q=https%3A%2F%2Fevil.example%2F"),
        ("\\\\evil.example", "/?q=%5C%5Cevil.example"),
        ("a\r\nLocation: https://evil.example", "/?q=a%0D%0ALocation%3A+https%3A%2F%2Fevil.example"),
        ("&q=x#y", "/?q=%26q%3Dx%23y"),
        ("'; drop table", "/?q=%27%3B+drop+table"),
        ("x" * 9000, "/?q=" + "x" * 4000),
    ],
)
def test_an_exact_code_jumps_and_everything_else_searches(query, target, public, room):
    for name in ("One", "Two"):
        make.code("3", room.table, name)
    response = public.get("/go", {"q": query})
    assert response.status_code == 302
    assert response["Location"] == target


@pytest.mark.parametrize("code", ["//evil.example", "https://evil.example", "..", "\\evil"])
def test_no_code_leads_to_another_site(code, public):
    made = make.code(code)
    assert public.get("/go", {"q": code})["Location"] == made.get_absolute_url()
    assert made.get_absolute_url().startswith("/codes/zim-server/public/")


def test_a_code_of_an_internal_table_does_not_jump_for_the_public(public, agents):
    code = make.code("5", make.table("secret", audience="internal"))
    assert public.get("/go?q=5")["Location"] == "/?q=5"
    assert agents.get("/go?q=5")["Location"] == code.get_absolute_url()


def test_suggestions_name_codes_descriptions_and_addresses(public, room):
    make.code("66", description="x" * 300)
    response = public.get("/suggest.json?q=66")
    assert response["Content-Type"] == "application/x-suggestions+json"
    assert response.json() == [
        "66",
        ["66", "660300001"],
        ["x" * 200, "Room does not exist."],
        ["http://testserver/codes/zim-server/public/66/", "http://testserver/codes/zim-server/public/660300001/"],
    ]
    assert public.get("/suggest.json?q=room+exist").json()[1] == ["660300001"]
    assert public.get("/suggest.json").json() == ["", [], [], []]
    assert public.get("/suggest.json?q=%00").json() == ["", [], [], []]


def test_suggestions_show_what_their_reader_may_read(public, agents, settings):
    make.code("5", make.table("secret", audience="internal"), description="Zirconium")
    assert public.get("/suggest.json?q=5").json()[1] == []
    assert public.get("/suggest.json?q=zirconium").json()[1] == []
    answer = agents.get("/suggest.json?q=5")
    assert answer.json()[1:3] == [["5"], ["Zirconium"]]
    assert "no-store" in answer["Cache-Control"]
    settings.KB_PUBLIC_READ = False
    assert public.get("/suggest.json?q=5").status_code == 401


def test_suggestions_count_against_the_rate_of_pages(public, settings, room):
    settings.KB_PAGE_RATE_ANONYMOUS = 2
    assert [public.get("/suggest.json?q=6").status_code for _ in range(4)][-1] == 429


def test_open_graph_describes_a_public_card(public, room):
    page = public.get(room.get_absolute_url()).content.decode()
    assert 'property="og:title" content="660300001 – ZEGOCLOUD ZIM"' in " ".join(page.split())
    assert 'content="http://testserver/codes/zim-server/public/660300001/"' in page
    assert 'content="Room does not exist."' in page


def tags(page):
    return dict(re.findall(r'<meta\s+property="og:(\w+)"\s+content="([^"]*)"', page))


def test_open_graph_describes_a_note_that_the_public_may_read(public, agents, room):
    note = make.note("Room is gone", room, issue=f"**Rooms** & [lobbies](https://x.example) are `gone`. {'x' * 300}")
    for client in (public, agents):
        found = tags(client.get(note.get_absolute_url()).content.decode())
        assert found["description"].startswith("Rooms &amp; lobbies are gone. xxx")
        assert len(found.pop("description")) == 200 + len("&amp;") - 1
        assert found == {
            "site_name": "Codebook",
            "type": "article",
            "url": f"http://testserver/notes/{note.pk}/",
            "title": "Room is gone",
        }


@pytest.mark.parametrize("fields", [{"audience": "internal"}, {"state": "draft"}, {"state": "not_validated"}, {}])
def test_open_graph_says_nothing_of_a_note_that_the_public_may_not_read(fields, agents, room):
    # A note without a public code is not public either.
    note = make.note("Zirconium", *([room] if fields else []), issue="Zirconium", **fields)
    assert tags(agents.get(note.get_absolute_url()).content.decode()) == {"site_name": "Codebook", "title": "Codebook"}


def test_open_graph_has_nothing_internal_for_any_reader(agents, room):
    make.note("Zirconium", room, audience="internal")
    secret = make.code("5", make.table("secret", audience="internal", product="Zirconium"), description="Zirconium")
    for code in (room, secret):
        page = agents.get(code.get_absolute_url()).content.decode()
        tags = [line for line in page.split("<meta") if 'property="og:' in line.split(">")[0]]
        assert tags
        assert not any("irconium" in tag.split(">")[0] for tag in tags)


def test_a_hostile_description_stays_inside_its_tag(public):
    code = make.code("1", description='"><script>alert(1)</script>')
    assert b"<script>alert" not in public.get(code.get_absolute_url()).content
