"""The anchors of messages are those of the stored codes after every verb, and lead to what a reader may read."""

import pytest

from kb import searching
from kb.models import CodeTable, ReturnCode
from kb.searching import messages, store
from kb.searching.messages import MAX_SHARED
from kb.services.codes import edit_code
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
    hidden = make.code("1", make.table("secret", audience="internal"), description=WORDS)
    assert codes_with(WORDS, None) == []
    assert codes_with(WORDS, agent) == [hidden.pk]
    CodeTable.objects.filter(pk=hidden.table_id).update(audience="public")
    assert codes_with(WORDS, None) == [hidden.pk]
    settings.KB_PUBLIC_READ = False
    assert codes_with(WORDS, None) == []


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
