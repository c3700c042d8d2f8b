"""Nothing internal reaches the public: no page, count or neighbour reveals it or its existence."""

import pytest
from django.db import transaction
from django.test import Client

from kb import answers
from tests import make

pytestmark = pytest.mark.django_db
SECRET = "zirconium"


@pytest.fixture
def pages(room):
    """Every page that could reveal something; each test makes the internal rows."""
    return ["/", room.get_absolute_url(), "/codes/zim-server/660300001/", "/codes/zim-server/660300007/",
            "/tables/zim-server/", "/?q=660300001", "/?q=660300007", "/?q=room", f"/?q={SECRET}", "/?q=660399999",
            f"/tables/zim-server/?q={SECRET}"]  # fmt: skip


def contents(pages, client=None):
    client = client or Client()
    return [client.get(page, follow=True).content for page in pages]


def an_internal_note(room):
    make.note(SECRET, room, audience="internal", cause=SECRET, customer_reply=SECRET)


def a_note_nobody_validated(room):
    make.note(SECRET, room, state="not_validated", cause=SECRET, customer_reply=SECRET)


def a_draft(room):
    make.note(SECRET, room, state="draft", cause=SECRET)


def an_internal_incident(room):
    make.incident(SECRET, room, audience="internal", impact=SECRET)


def a_past_internal_incident(room):
    make.incident(SECRET, room, audience="internal", state="resolved")


def a_public_incident_of_an_internal_table(room):
    table = make.table("secret", product=SECRET, audience="internal")
    make.incident(SECRET, make.code("660300001", table, SECRET), impact=SECRET)


def an_internal_table(room):
    table = make.table("secret", product=SECRET, audience="internal")
    for number in ("660300001", "660300002", "660300007", "660300000"):
        make.code(number, table, SECRET, description=SECRET)
    make.code_range(SECRET, 660300000, 660399999, of=table)


SECRETS = (
    an_internal_note,
    a_note_nobody_validated,
    a_draft,
    an_internal_incident,
    a_public_incident_of_an_internal_table,
    a_past_internal_incident,
    an_internal_table,
)


def test_internal_rows_leave_public_pages_unchanged_and_show_for_an_agent(pages, room, agents):
    before = contents(pages)
    for make_secret in SECRETS:
        with transaction.atomic():
            make_secret(room)
            assert contents(pages) == before, make_secret
            shown = contents(pages[1:2] + pages[3:5] + pages[7:9], agents)
            assert any(SECRET.encode() in content.replace(b'value="zirconium"', b"") for content in shown), make_secret
            transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/codes/zim-server/660300001/", SECRET),
        ("/codes/zim-server/660300001.md", SECRET),
        ("/codes/zim-server/660300001.json", "/codes/secret/"),
    ],
)
def test_a_retired_code_does_not_name_a_successor_that_the_reader_may_not_see(address, name, public, agents, room):
    room.retired_at = room.updated_at
    room.save()
    answers.rebuild()
    before = public.get(address).content
    successor = make.code("5", make.table("secret", audience="internal"), description=SECRET)
    # An update without a step in the history: a step is public, its words are not.
    type(room).objects.filter(pk=room.pk).update(successor=successor)
    answers.rebuild()
    assert public.get(address).content == before
    assert name.encode() in agents.get(address).content


def test_hidden_and_missing_rows_get_the_same_answer(public, room):
    table = make.table("secret", audience="internal")
    code = make.code("1", table)
    hidden_note = make.note("Secret", room, audience="internal")
    pairs = [
        ("/tables/secret/", "/tables/nowhere/"),
        ("/codes/secret/1/", "/codes/nowhere/1/"),
        (code.get_absolute_url(), code.get_absolute_url().replace("secret", "nowhere")),
        (hidden_note.get_absolute_url(), "/notes/999999/"),
    ]
    for hidden, missing in pairs:
        answers = [public.get(address, headers={"X-Request-ID": "same"}) for address in (hidden, missing)]
        assert [answer.status_code for answer in answers] == [404, 404]
        # The log-in link alone names the address.
        first, second = (
            answer.content.replace(address.encode(), b"")
            for answer, address in zip(answers, (hidden, missing), strict=True)
        )
        assert first == second


def test_an_unvalidated_public_note_has_no_page_for_the_public(public, agents, room):
    note = make.note("Soon", room, state="not_validated")
    assert public.get(note.get_absolute_url()).status_code == 404
    assert agents.get(note.get_absolute_url()).status_code == 200


def test_a_public_notes_page_leaves_out_codes_of_internal_tables(public, room):
    secret = make.code("1", make.table("secret", audience="internal"), description=SECRET)
    note = make.note("Gone", room, secret)
    assert SECRET.encode() not in public.get(note.get_absolute_url()).content
