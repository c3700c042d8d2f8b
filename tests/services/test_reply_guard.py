"""The customer reply is guarded by every verb that writes one."""

import pytest

from kb.models import Door, TroubleshootingNote
from kb.services.journal import By
from kb.services.notes import save_note
from kb.services.proposals import accept_proposal, propose_change, rebase_proposal, revise_proposal
from kb.services.reply_guard import ReplyRefused, guard, problems
from kb.text.safety import reply
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


@pytest.mark.parametrize(
    ("audience", "fields", "reply", "is_refused"),
    [
        ("internal", ["customer_reply"], BAD, True),
        ("public", ["customer_reply"], BAD, True),
        ("public", ["audience"], BAD, True),
        ("internal", ["audience"], BAD, False),
        ("public", ["cause"], BAD, False),
        ("public", [], BAD, False),
        ("public", ["customer_reply", "audience"], "", False),
        ("public", ["customer_reply"], "Fine.", False),
    ],
)
def test_a_reply_is_checked_when_it_changes_or_becomes_public(audience, fields, reply, is_refused):
    words = TroubleshootingNote(audience=audience, customer_reply=reply)
    if is_refused:
        with pytest.raises(ReplyRefused, match="Not for customers: jira is an internal host"):
            guard(words, fields)
    else:
        guard(words, fields)


@pytest.mark.parametrize(
    ("title", "audience", "is_named"),
    [
        ("x" * 11, "internal", False),
        ("x" * 12, "internal", True),
        ("x" * 12, "public", False),
        ("y" * 12, "internal", False),
    ],
)
def test_a_reply_names_no_internal_note_with_a_title_of_twelve_characters_or_more(title, audience, is_named):
    note = make.note(title, audience=audience)
    reply = f"See {'x' * 11} and {'x' * 12}, please."
    assert [sentence for sentence in problems(reply) if "title of an internal note" in sentence] == (
        [f"“{title}” is the title of an internal note."] if is_named else []
    )
    assert problems(reply, note.pk) == []
    assert bool(problems(reply, note.pk + 1)) == is_named


def test_a_bad_reply_that_is_live_blocks_neither_a_proposal_nor_its_acceptance(editor, reviewer, admin):
    note = make.note("Room is gone", make.code(), customer_reply=BAD)
    by = By(editor, Door.ADMIN)
    proposal = propose_change(note, 1, {"cause": "Closed."}, by)
    proposal = revise_proposal(proposal, 1, {"cause": "Closed for good."}, by)
    with pytest.raises(ReplyRefused):
        revise_proposal(proposal, 2, {"customer_reply": BAD + " now"}, by)
    other = propose_change(note, 1, {"resolution": "Open it."}, By(admin, Door.ADMIN))
    accept_proposal(other, 1, By(reviewer, Door.ADMIN))
    with pytest.raises(ReplyRefused):
        propose_change(note, 2, {"customer_reply": BAD + " now"}, By(reviewer, Door.ADMIN))
    note.refresh_from_db()
    rebased = rebase_proposal(proposal, 2, 2, {}, by)
    accept_proposal(rebased, 3, By(reviewer, Door.ADMIN))


def test_a_rebase_is_checked_too(editor, reviewer, admin):
    note = make.note("Room is gone", make.code(), customer_reply="Wait.")
    proposal = propose_change(note, 1, {"customer_reply": "Wait a bit."}, By(editor, Door.ADMIN))
    other = propose_change(note, 1, {"customer_reply": "Go on."}, By(admin, Door.ADMIN))
    accept_proposal(other, 1, By(reviewer, Door.ADMIN))
    with pytest.raises(ReplyRefused):
        rebase_proposal(proposal, 1, 2, {"customer_reply": BAD}, By(editor, Door.ADMIN))
    assert rebase_proposal(proposal, 1, 2, {"customer_reply": "Go."}, By(editor, Door.ADMIN)).version == 2


def test_addresses_of_incidents_are_found_among_the_first_200_of_a_reply():
    make.incident("Down", url="https://status.example.com/down")
    others = " ".join(f"https://status.example.com/{n}" for n in range(199))
    found = "https://status.example.com/down is the URL of a linked incident."
    assert problems(f"{others} https://status.example.com/down") == [found]
    assert problems(f"{others} https://status.example.com/more https://status.example.com/down") == []


def test_a_refusal_names_the_first_notes_and_the_beginning_of_an_address():
    titles = [f"An internal title {letter * 3}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    for title in titles:
        make.note(title, audience="internal")
    sentences = problems(". ".join(reversed(titles)))
    assert sentences == [f"“{title}” is the title of an internal note." for title in titles[: reply.MAX_LISTED]]
    url = "https://status.example.com/" + "x" * 100
    make.incident("Down", url=url)
    assert problems(url) == [f"{url[:100]} is the URL of a linked incident."]
