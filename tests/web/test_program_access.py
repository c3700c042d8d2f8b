"""Twins, the Atom feed and embedded cards for programs: a token opens them, and nothing else."""

import pytest
from django.test import Client

from kb.services import tokens
from tests import make

pytestmark = pytest.mark.django_db
CODE = "/codes/zim-server/660300001"
PROGRAMS = [f"{CODE}.md", f"{CODE}.json", "/tables/zim-server.md", "/notes/1.md", "/changes/feed/"]
FRAMES = ["/embed/?q=660300001", "/embed/zim-server/660300001/"]
WRONG = ["Token abc", "Basic YTpi", "", "Bearer", "Bearer  ", "codebook_secret", "Digest username=a"]


@pytest.fixture
def private(settings, room):
    settings.KB_PUBLIC_READ = False
    make.note("Room is gone", room, pk=1)
    return settings


def bearer(person, *scopes):
    return {"authorization": f"Bearer {tokens.create(person, 'bot', list(scopes), None)[1]}"}


@pytest.mark.parametrize("address", [*PROGRAMS, *FRAMES])
def test_a_token_opens_what_programs_read_on_a_private_site(private, agent, address):
    answer = Client().get(address, headers=bearer(agent, "read_public"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "Authorization" in answer["Vary"]


@pytest.mark.parametrize("address", [*PROGRAMS, *FRAMES])
def test_without_a_token_they_say_which_scheme(private, address):
    answer = Client().get(address)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="codebook"')
    assert b"Room does not exist" not in answer.content


@pytest.mark.parametrize("address", [*PROGRAMS, *FRAMES])
@pytest.mark.parametrize("header", WRONG)
@pytest.mark.parametrize("has_session", [True, False])
def test_a_wrong_scheme_is_401_in_words_even_where_the_public_may_read(room, agent, address, header, has_session):
    make.note("Room is gone", room, pk=1)
    client = Client()
    if has_session:
        client.force_login(agent)
    answer = client.get(address, headers={"authorization": header})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="codebook"')
    assert "Send “Authorization: Bearer <token>”" in answer.text
    assert "codebook_secret" not in answer.text


@pytest.mark.parametrize("address", [*PROGRAMS, *FRAMES])
def test_a_bad_token_and_a_token_without_reading_are_refused(room, agent, address):
    make.note("Room is gone", room, pk=1)
    bad = Client().get(address, headers={"authorization": "Bearer codebook_no"})
    assert (bad.status_code, 'error="invalid_token"' in bad["WWW-Authenticate"]) == (401, True)
    poor = Client().get(address, headers=bearer(agent, "detect"))
    assert (poor.status_code, 'error="insufficient_scope"' in poor["WWW-Authenticate"]) == (403, True)
    assert "read_internal or read_public" in poor.text
    assert "It has: detect." in poor.text


@pytest.mark.parametrize("address", ["/notes/7.md", "/embed/secret/1/", "/codes/secret/1.md", "/codes/secret/1.json"])
def test_the_scope_decides_about_internal_words(agent, address):
    code = make.code("1", make.table("secret", audience="internal"), "Hushed.")
    make.note("Hushed", code, pk=7, audience="internal")
    assert "Hushed" in Client().get(address, headers=bearer(agent, "read_internal")).text
    assert "Hushed" not in Client().get(address, headers=bearer(agent, "read_public")).text


def test_the_token_decides_and_not_the_session(agent):
    make.code("1", make.table("secret", audience="internal"), "Hushed.")
    client = Client()
    client.force_login(agent)
    assert "Hushed" in client.get("/codes/secret/1.md").text
    assert client.get("/codes/secret/1.md", headers=bearer(agent, "read_public")).status_code == 404


OPENED = {
    "code-md",
    "code-json",
    "section-md",
    "section-json",
    "note-md",
    "table-md",
    "changes-feed",
    "embed",
    "embed-code",
}


@pytest.mark.parametrize(
    "address", ["/", "/notes/", "/changes/", "/flags/", "/detect/", "/suggest/?q=1", f"{CODE}/", "/admin/"]
)
def test_a_token_opens_no_other_page(private, admin, address):
    answer = Client().get(address, headers=bearer(admin, "read_internal", "export"))
    assert (answer.status_code, "/login/" in answer["Location"]) == (302, True)


@pytest.mark.parametrize(
    "address", [f"{CODE}.md", "/embed/", "/changes/feed/", "/report/1/", "/flag/1/", "/admin/kb/apitoken/add/"]
)
def test_a_token_writes_nothing(room, admin, address):
    client = Client(enforce_csrf_checks=True)
    answer = client.post(address, {"comment": "x"}, headers=bearer(admin, "read_internal", "export"))
    assert answer.status_code in (403, 405)
