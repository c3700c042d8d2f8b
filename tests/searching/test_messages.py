"""The anchors of messages are those of the stored codes after every verb, and lead to what a reader may read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb import searching
from kb.models import Door, ReturnCode, TroubleshootingNote
from kb.models.sql import is_postgres, rows
from kb.searching import messages, store
from kb.searching.messages import MAX_SHARED
from kb.services import journal
from kb.services.codes import edit_code
from kb.services.journal import By
from kb.services.notes import save_note
from kb.services.tables import save_table
from kb.text.detection.templates import anchor
from tests import make

pytestmark = pytest.mark.django_db

WORDS = "The lock keeper sleeps in the vault."


def codes_with(text, user):
    return [message.code_id for message in messages.with_anchors([anchor(text)], user)]


def test_a_message_leads_to_its_codes(agent):
    one, other = make.code("1", description=WORDS), make.code("2", description=WORDS)
    make.code("3", description="Another keeper sleeps elsewhere.")
    assert codes_with(WORDS, agent) == [one.pk, other.pk]
    assert messages.with_anchors([], agent) == []
    assert messages.with_anchors([12345], agent) == []
    assert [one.text for one in messages.with_anchors([anchor(WORDS)], agent)] == [WORDS, WORDS]


def test_internal_messages_lead_nowhere_for_the_public(agent, settings):
    by = By(make.user("root", is_superuser=True), Door.SHELL)
    hidden = make.code("1", make.table("secret", audience="internal"), description=WORDS)
    assert codes_with(WORDS, None) == []
    assert codes_with(WORDS, agent) == [hidden.pk]
    with journal.agreed_to(journal.ANYTHING):
        save_table(hidden.table, hidden.table.version, {"audience": "public"}, by)
    assert codes_with(WORDS, None) == [hidden.pk]
    assert searching.check() == []
    settings.KB_PUBLIC_READ = False
    assert codes_with(WORDS, None) == []


def test_many_internal_messages_do_not_hide_a_public_one(agent):
    public = make.code("1", description=WORDS)
    make.codes([str(n) for n in range(MAX_SHARED)], make.table("secret", audience="internal"), description=WORDS)
    assert codes_with(WORDS, None) == [public.pk]
    assert codes_with(WORDS, agent) == []


def test_supports_words_are_no_message_unless_the_vendor_has_none(by, agent):
    code = make.code("1", description=WORDS)
    edit_code(code, code.version, {"description": "Support writes quite different words."}, by)
    assert codes_with(WORDS, agent) == [code.pk]
    assert codes_with("Support writes quite different words.", agent) == []
    own = make.code("2", vendor_description="", description="Support writes quite different words.")
    assert codes_with("Support writes quite different words.", agent) == [own.pk]
    assert searching.check() == []


def test_check_names_differences_and_a_refresh_repairs_them(agent):
    code, other = make.code("1", description=WORDS), make.code("2", description="Short.")
    ReturnCode.objects.filter(pk=code.pk).update(vendor_description="Another keeper sleeps elsewhere.")
    assert searching.check() == [f"code {code.pk}: the anchor of its message is missing or out of date"]
    searching.refresh([code.pk])
    assert codes_with("Another keeper sleeps elsewhere.", agent) == [code.pk]
    ReturnCode.objects.filter(pk=code.pk).update(vendor_description="")
    ReturnCode.objects.filter(pk=other.pk).update(vendor_description=WORDS)
    searching.refresh([code.pk, other.pk])
    assert codes_with(WORDS, agent) == [code.pk, other.pk]
    assert searching.check() == []
    store.run("DELETE FROM kb_search_message")
    assert len(searching.check()) == 2
    searching.rebuild()
    assert searching.check() == []


def test_check_names_anchors_of_codes_that_are_gone():
    code = make.code("1", description=WORDS)
    ReturnCode.objects.all().delete()
    assert searching.check()[-1] == f"code {code.pk}: has the anchor of a message and should have none"
    searching.rebuild()
    assert searching.check() == []


def test_an_anchor_of_many_codes_leads_to_none(agent):
    table = make.table()
    make.codes([str(n) for n in range(MAX_SHARED)], table, description=WORDS)
    rare = make.code("rare", table, description="Another keeper sleeps elsewhere.")
    anchors = [anchor(WORDS), anchor("Another keeper sleeps elsewhere.")]
    assert len(messages.with_anchors(anchors, agent)) == MAX_SHARED + 1
    make.code("more", table, description=WORDS)
    assert [message.code_id for message in messages.with_anchors(anchors, agent)] == [rare.pk]


def test_a_look_up_is_one_query_and_an_unchanged_refresh_writes_nothing(django_assert_num_queries):
    code = make.code("1", description=WORDS)
    with django_assert_num_queries(1):
        codes_with(WORDS, None)
    with django_assert_num_queries(1):
        messages.refresh([code.pk])


def test_an_edit_of_a_note_reads_no_message(by):
    code = make.code("1", description=WORDS)
    with CaptureQueriesContext(connection) as queries:
        save_note(TroubleshootingNote(), None, {"title": "Lobby"}, by, [code])
    assert not any("kb_search_message" in query["sql"] for query in queries)
    assert searching.check() == []


@pytest.mark.skipif(is_postgres(), reason="Its planner asks for statistics")
def test_a_look_up_starts_with_the_anchors():
    with CaptureQueriesContext(connection) as queries:
        messages.with_anchors([1, 2], None)
    plan = [row[3] for row in rows(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")]
    assert not any(line.startswith(("SCAN c", "SCAN m", "SCAN o")) for line in plan), plan
    assert sum("kb_search_message_anchor (anchor=? AND is_public=?)" in line for line in plan) == 2
