"""Who may open pages."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from kb.web.urls import urlpatterns
from tests import make

pytestmark = pytest.mark.django_db

OPEN = {"login", "llms", "favicon", "robots", "opensearch"}
FOR_PROGRAMS = {
    "code-md",
    "code-json",
    "section-md",
    "section-json",
    "changes-feed",
    "note-md",
    "table-md",
    "embed",
    "embed-code",
    "oembed",
    "suggest-json",
}
ARGUMENTS = {
    "table": ["zim-server"],
    "code": ["zim-server", "1"],
    "section-code": ["zim-server", "public", "1"],
    "code-md": ["zim-server", "1"],
    "code-json": ["zim-server", "1"],
    "section-md": ["zim-server", "public", "1"],
    "section-json": ["zim-server", "public", "1"],
    "embed-code": ["zim-server", "1"],
    "note": [1],
    "note-md": [1],
    "table-md": ["zim-server"],
    "report": [1],
    "flag": [1],
}


@pytest.mark.parametrize("name", [pattern.name for pattern in urlpatterns])
def test_a_closed_site_sends_strangers_to_the_login_from_every_page(name, public, settings):
    settings.KB_PUBLIC_READ = False
    make.note("Note", make.code("1"))
    address = reverse(name, args=ARGUMENTS.get(name, []))
    response = public.get(address)
    if name in OPEN:
        assert "/login/" not in response.get("Location", "")
    elif name in FOR_PROGRAMS:
        assert response.status_code == 401
    else:
        assert response.status_code == 302
        assert response["Location"] == f"/login/?next={address}"


def test_a_view_is_closed_by_default(public, settings):
    settings.KB_PUBLIC_READ = False
    settings.ROOT_URLCONF = "tests.web.forgetful_urls"
    assert public.get("/forgotten/")["Location"].startswith("/login/")


def test_a_closed_site_opens_after_a_login(public, settings):
    settings.KB_PUBLIC_READ = False
    room = make.code("660300001")
    make.user("agent", "agent")
    address = public.get(room.get_absolute_url())["Location"]
    response = public.post(address, {"username": "agent", "password": make.PASSWORD, "next": room.get_absolute_url()})
    assert response["Location"] == room.get_absolute_url()
    assert public.get(room.get_absolute_url()).status_code == 200


def test_somebody_who_has_logged_in_reads_a_closed_site(settings, stranger):
    settings.KB_PUBLIC_READ = False
    client = Client()
    client.force_login(stranger)
    code = make.code("1")
    for address in ("/", code.get_absolute_url(), "/codes/zim-server/1.json", "/changes/feed/"):
        assert client.get(address).status_code == 200


def test_an_inactive_user_is_a_stranger(agents, agent, settings):
    settings.KB_PUBLIC_READ = False
    agent.is_active = False
    agent.save()
    assert agents.get("/").status_code == 302


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_the_login_leads_to_no_other_site(target, public):
    make.user("agent", "agent")
    response = public.post("/login/", {"username": "agent", "password": make.PASSWORD, "next": target})
    assert response["Location"] == "/"


def test_a_wrong_password_says_so(public):
    response = public.post("/login/", {"username": "agent", "password": "wrong"})
    assert b'role="alert"' in response.content
    assert b"correct username and password" in response.content


def test_logging_out_takes_a_post(agents):
    assert agents.get("/logout/").status_code == 405
    assert agents.post("/logout/")["Location"] == "/"
    assert b"Log in" in agents.get("/").content


WRITING = {"login", "logout", "detect", "report", "flag"}


@pytest.mark.parametrize("name", [pattern.name for pattern in urlpatterns if pattern.name not in WRITING])
def test_pages_accept_only_reading_methods(name, agents):
    note = make.note("Note", make.code("1"))
    address = reverse(name, args=[note.pk] if name in ("note", "note-md") else ARGUMENTS.get(name, []))
    address += "?url=http://testserver/codes/zim-server/1/" if name == "oembed" else ""
    assert agents.post(address).status_code == 405
    assert agents.head(address).status_code == agents.get(address).status_code < 400


def test_pages_of_a_logged_in_reader_stay_out_of_caches(agents, public):
    assert agents.get("/")["Cache-Control"] == "private, no-store"
    assert agents.get("/notes/999999/")["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in public.get("/")
    assert "Cache-Control" not in agents.get("/robots.txt"), "the same for everybody"


def test_pages_carry_a_strict_policy_and_nothing_that_it_forbids(agents):
    code = make.code("1")
    make.note("Note", code)
    for address in ("/", code.get_absolute_url(), "/tables/zim-server/", "/notes/1/", "/login/", "/codes/no/1/"):
        response = agents.get(address)
        policy, page = response["Content-Security-Policy"], response.content.decode()
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count('<script src="/static/')


def test_every_form_that_writes_has_a_token(agents, public):
    code = make.code("1")
    make.note("Note", code)
    forms = {}
    for address, client in ((code.get_absolute_url(), agents), ("/detect/", public), ("/login/", public)):
        page = client.get(address).content.decode()
        for form in re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL):
            action = re.search(r'action="([^"]*)"', form)
            forms[action[1] if action else address] = "csrfmiddlewaretoken" in form
    assert forms == dict.fromkeys(["/logout/", f"/report/{code.pk}/", f"/flag/{code.pk}/", "/detect/", "/login/"], True)


def test_robots_are_allowed_only_where_the_public_may_read(public, settings):
    assert b"Disallow: /admin/" in public.get("/robots.txt").content
    settings.KB_PUBLIC_READ = False
    assert public.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_the_icon_is_at_the_default_address(public):
    assert public.get("/favicon.ico")["Location"] == "/static/kb/favicon.svg"


def test_the_header_links_to_pages_that_the_reader_may_open(public, agents, editors):
    assert b"/admin/" not in agents.get("/").content
    assert b'href="/admin/"' in editors.get("/").content
    assert b"Log out" not in public.get("/").content
    for client in (public, agents, editors):
        assert b'href="/api/docs/"' in client.get("/").content
