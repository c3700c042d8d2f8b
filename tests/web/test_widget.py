"""The widget: only public parts, framed only by the sites that the owner names."""

import re

import pytest
from django.test import Client
from environs import ValidationError

from kb.ops.environment import are_origins
from tests import make
from tests.config.test_settings import GOOD, start

pytestmark = pytest.mark.django_db
DESK = "https://desk.example"


@pytest.fixture
def framed(settings):
    settings.KB_EMBED_ORIGINS = [DESK, "http://localhost:3000"]


def ancestors(response):
    return re.search(r"frame-ancestors ([^;]*)", response["Content-Security-Policy"])[1]


def others(response):
    parts = response["Content-Security-Policy"].split("; ")
    return sorted(part for part in parts if not part.startswith("frame-ancestors"))


@pytest.mark.parametrize("address", ["/embed/", "/embed/?q=1", "/embed/zim-server/1/", "/embed/no/1/"])
def test_no_site_may_frame_the_widget_by_default(address, public):
    make.code("1")
    response = public.get(address)
    assert ancestors(response) == "'none'"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("address", ["/embed/", "/embed/?q=1", "/embed/zim-server/1/", "/embed/no/1/"])
def test_named_origins_may_frame_the_widget_and_the_rest_of_the_policy_stays(address, framed, public):
    make.code("1")
    response = public.get(address)
    assert ancestors(response) == f"{DESK} http://localhost:3000"
    assert "X-Frame-Options" not in response
    usual = public.get("/")
    assert usual["X-Frame-Options"] == "DENY"
    assert ancestors(usual) == "'none'"
    assert others(response) == others(usual)


def test_a_card_says_what_to_do_and_opens_in_a_new_tab(public, room):
    make.note("Gone", room, resolution="Make **another**.", customer_reply="Rejoin, code {code}.")
    make.incident("Rooms fail", room, workaround="Another region.")
    page = public.get("/embed/zim-server/660300001/").content.decode()
    for part in ("Room does not exist.", "Fix the request", "Rejoin, code 660300001.", "Rooms fail", "Another region.",
                 "<strong>another</strong>"):  # fmt: skip
        assert part in page
    for link in re.findall(r"<a [^>]*>", page):
        assert 'target="_blank"' in link
        assert re.search(r'rel="noopener', link)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/embed/?q=660300001", 200, "Room does not exist."),
        ("/embed/?q=660300002", 200, "differ by one character"),
        ("/embed/?q=room+exist", 200, "Codes that mention it"),
        ("/embed/?q=660399999", 200, "In a known range"),
        ("/embed/?q=12", 200, "Unknown"),
        ("/embed/zim-server/660300002/", 404, "differ by one character"),
        ("/embed/nowhere/1/", 404, "There is no such table"),
        ("/embed/zim-server/%00/", 404, "There is no such table"),
        ("/embed/?q=%00%3Cscript%3E", 200, "&lt;script&gt;"),
    ],
)
def test_every_query_is_answered_in_the_frame(address, status, words, public, room):
    make.code_range()
    response = public.get(address)
    assert response.status_code == status
    assert words in response.content.decode()


def test_a_long_list_says_that_there_is_more(public):
    table = make.table()
    for n in range(11):
        make.code(f"66030{n:04}", table)
        page = public.get("/embed/?q=room+exist").content.decode()
        assert ("More in Codebook" in page) == (n == 10)


def test_five_meanings_are_shown_and_the_others_counted(public):
    table = make.table()
    for n in range(7):
        make.code("3", table, f"Section {n}")
        response = public.get("/embed/?q=3").content.decode()
        shown = min(n + 1, 5)
        assert response.count('<article class="card">') == shown
        more = n + 1 - shown
        assert (f"{more} more meaning{'' if more == 1 else 's'} in Codebook" in response) == (more > 0)


def test_words_are_searched_only_if_no_code_matches(public, room):
    make.code("5", description="Like 660300001 but longer.")
    page = public.get("/embed/?q=660300001").content.decode()
    assert "Codes that mention it" not in page
    assert "Like 660300001" not in page


def test_a_query_is_cut_at_the_limit_of_the_box(public):
    page = public.get("/embed/", {"q": f"  {'x' * 4001}y  "}).content.decode()
    assert f'value="{"x" * 4000}"' in page


SECRET = "zirconium"


@pytest.mark.parametrize("address", ["/embed/", "/embed/?q=660300001", "/embed/?q=5", f"/embed/?q={SECRET}",
                                     "/embed/zim-server/660300001/", "/embed/secret/5/"])  # fmt: skip
def test_a_login_changes_nothing_in_the_widget(address, public, agents, editors, room):
    make.note(SECRET, room, audience="internal", cause=SECRET, customer_reply=SECRET)
    make.code("5", make.table("secret", audience="internal"), description=SECRET)
    pages = [client.get(address).content for client in (public, agents, editors)]
    assert pages[0] == pages[1] == pages[2]
    assert SECRET.encode() not in pages[0].replace(f'value="{SECRET}"'.encode(), b"").replace(
        f"<title>{SECRET}".encode(), b""
    ).replace(f'<bdi class="code">{SECRET}</bdi>'.encode(), b"")


@pytest.mark.parametrize("address", ["/embed/", "/embed/?q=660300001", "/embed/zim-server/660300001/"])
def test_a_closed_site_offers_to_log_in_in_a_new_tab(address, agents, room, settings):
    settings.KB_PUBLIC_READ = False
    for client in (Client(), agents):
        page = client.get(address).content.decode()
        assert "Log in to Codebook in a new tab" in page
        assert "Room does not exist" not in page
        assert "?q=660300001" in page or address == "/embed/"


@pytest.mark.parametrize("number", [1, 5])
def test_queries_do_not_grow(number, public, room, django_assert_num_queries):
    for n in range(number):
        make.note(f"Note {n}", room)
        make.code("660300001", room.table, f"Section {n}")
    with django_assert_num_queries(6):
        public.get("/embed/zim-server/660300001/")


@pytest.mark.parametrize(
    "origin",
    ["https:", "*", "'self'", "http://desk.example", "https://desk.example/", "https://desk.example/path",
     "https://*.example", "https://a.example;script-src *", "https://a.example b", "javascript://x", "desk.example",
     "https://user@desk.example", "http://localhost.evil.example", "https://a.example\n"],
)  # fmt: skip
def test_an_invalid_origin_is_refused(origin):
    with pytest.raises(ValidationError, match="allowed are https://host"):
        are_origins(["https://good.example", origin])


def test_valid_origins_are_accepted():
    are_origins(["https://desk.example:8443", "http://localhost:3000", "http://127.0.0.1"])


def test_a_start_with_a_bad_origin_names_the_variable():
    result = start(**GOOD, KB_EMBED_ORIGINS="https://good.example,*")
    assert result.returncode != 0
    assert "KB_EMBED_ORIGINS" in result.stderr
