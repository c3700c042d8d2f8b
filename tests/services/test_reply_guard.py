"""The customer reply is guarded by every verb that writes one."""

import pytest

from kb.models import Door, TroubleshootingNote
from kb.services.journal import By
from kb.services.notes import save_note
from kb.services.proposals import accept_proposal, propose_change, revise_proposal
from kb.services.reply_guard import ReplyRefused, problems
from tests import make

pytestmark = pytest.mark.django_db
BAD = "Look at http://jira/browse/X-1"


def test_a_note_with_a_bad_reply_is_not_created(editor):
    with pytest.raises(ReplyRefused, match="jira is an internal host"):
        save_note(TroubleshootingNote(), None, {"title": "New", "customer_reply": BAD}, By(editor, Door.API))
    assert not TroubleshootingNote.objects.exists()


def test_an_old_bad_reply_blocks_no_save_until_it_becomes_public(editor):
    note = make.note("Room is gone", state="draft", audience="internal", customer_reply=BAD)
    by = By(editor, Door.ADMIN)
    assert save_note(note, 1, {"cause": "New", "customer_reply": BAD}, by).version == 2
    with pytest.raises(ReplyRefused):
        save_note(note, 2, {"audience": "public"}, by)
    with pytest.raises(ReplyRefused):
        save_note(note, 2, {"customer_reply": BAD + " now"}, by)
    assert save_note(note, 2, {"customer_reply": "", "audience": "public"}, by).version == 3


def test_the_guard_checks_a_proposal_when_it_is_created_and_when_it_is_accepted(editor, reviewer):
    note = make.note("Room is gone", make.code())
    by = By(editor, Door.ADMIN)
    with pytest.raises(ReplyRefused):
        propose_change(note, 1, {"customer_reply": BAD}, by)
    proposal = propose_change(note, 1, {"customer_reply": "See https://status.example.com/77"}, by)
    with pytest.raises(ReplyRefused):
        revise_proposal(proposal, 1, {"customer_reply": BAD}, by)
    make.incident("Down", url="https://status.example.com/77")
    with pytest.raises(ReplyRefused, match="the URL of a linked incident"):
        accept_proposal(proposal, 1, By(reviewer, Door.ADMIN))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("https://status.example.com/1#x", "is the URL of a linked incident"),
        ("See status.example.com/1.", "is the URL of a linked incident"),
        ("As in ROOM IS\nleaking memory!", "“Room is leaking memory” is the title of an internal note"),
    ],
)
def test_a_reply_with_internal_parts_is_refused(reply, said):
    make.incident("Down")
    make.note("Room is leaking memory", audience="internal")
    make.note("Room", audience="internal")
    make.note("Room is gone for good", audience="public")
    assert said in " ".join(problems(reply))
    assert problems("The Room. Room is gone for good. https://status.example.com/2") == []


def test_the_settings_add_hosts_and_addresses(settings):
    settings.KB_INTERNAL_HOSTS = ["jira.example.com"]
    settings.KB_PUBLIC_EMAILS = ["support@example.com"]
    assert problems("support@example.com") == []
    assert "jira.example.com is an internal host" in problems("https://jira.example.com/X-1")[0]


def test_a_reply_may_contain_the_title_of_its_own_note(editor):
    note = make.note("Room is leaking memory", state="draft", audience="internal")
    values = {"customer_reply": "Room is leaking memory: we are on it."}
    assert save_note(note, 1, values, By(editor, Door.ADMIN)).version == 2
