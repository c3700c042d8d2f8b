"""Proposals in the admin: made by editing a validated note, then decided or updated."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from kb.models import Door, Proposal, TroubleshootingNote
from kb.queries.proposals import is_outdated
from kb.services.journal import By
from kb.services.proposals import accept_proposal, propose_change, revise_proposal
from tests import make
from tests.admin.conftest import edit, form_data, message_text, url

LIST = "/admin/kb/proposal/"


@pytest.fixture
def note(room):
    return TroubleshootingNote.objects.get()


@pytest.fixture
def proposal(note, editor):
    return propose_change(note, 1, {"cause": "Nobody is *in* it."}, By(editor, Door.ADMIN, "Asked twice"))


def do(browser, proposal, action, **data):
    address = reverse("admin:kb_proposal_do", args=[proposal.pk, action])
    response = browser.post(address, {"version": proposal.version, **data})
    proposal.refresh_from_db()
    return response


def move(note, **values):
    """Change the live note."""
    admin = make.user("mover", is_superuser=True, is_staff=True)
    moved = propose_change(note, note.version, values, By(admin, Door.ADMIN))
    accept_proposal(moved, 1, By(make.user("accepter", "reviewer"), Door.ADMIN))
    note.refresh_from_db()


@pytest.mark.parametrize("role", ["editor", "reviewer"])
def test_new_words_for_a_validated_note_become_a_proposal(as_user, request, note, role):
    browser = as_user(request.getfixturevalue(role))
    response = edit(browser, note, cause="Closed.", review_on="2099-01-01", reason="Asked twice")
    proposal = Proposal.objects.get()
    assert response["Location"] == url(proposal)
    assert "Your change is saved as a proposal, waiting for a reviewer." in message_text(response)
    note.refresh_from_db()
    assert (note.state, note.cause, str(note.review_on)) == ("validated", "", "2099-01-01")
    assert (proposal.cause, proposal.reason, list(proposal.codes.all())) == (
        "Closed.",
        "Asked twice",
        [*note.codes.all()],
    )


def test_a_second_proposal_of_the_same_person_is_refused_and_the_input_stays(as_user, editor, note, proposal):
    response = edit(as_user(editor), note, resolution="Typed at length.")
    assert response.status_code == 200
    page = response.content.decode()
    assert "You already have a proposal waiting on this note" in page
    assert form_data(response)["resolution"] == "Typed at length."


def test_a_notes_form_lists_its_proposals(as_user, reviewer, note, proposal):
    page = as_user(reviewer).get(url(note)).content.decode()
    assert "1 proposal waiting" in page
    assert url(proposal) in page
    assert "become a proposal" in page


def test_a_revert_of_a_validated_note_becomes_a_proposal(as_user, editor, note):
    old = note.history.last()
    move(note, cause="New words.")
    address = reverse("admin:kb_troubleshootingnote_revert", args=[note.pk, old.pk])
    response = as_user(editor).post(address, {"version": note.version, "reason": "It was right"})
    assert "saved as a proposal" in message_text(response)
    assert Proposal.objects.get(author=editor).cause == ""
    note.refresh_from_db()
    assert note.cause == "New words."


def test_a_proposals_page_shows_the_difference_in_words(as_user, reviewer, note, proposal):
    revise_proposal(proposal, 1, {"resolution": "Look *twice*."}, By(proposal.author, Door.ADMIN))
    page = as_user(reviewer).get(url(proposal)).content.decode()
    assert "Look *<del>again</del><ins>twice</ins>*." in page
    assert "Asked twice" in page


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        ("editor", ["/do/withdraw/", "_save"], ["/do/accept/", "/do/return/"]),
        ("reviewer", ["/do/accept/", "/do/return/"], ["/do/withdraw/", "_save"]),
    ],
)
def test_a_proposals_page_offers_the_allowed_actions(as_user, request, proposal, role, shown, hidden):
    page = as_user(request.getfixturevalue(role)).get(url(proposal)).content.decode()
    assert [one for one in shown if one not in page] == []
    assert [one for one in hidden if one in page] == []


def test_a_returned_proposal_can_be_sent_again(as_user, editor, reviewer, proposal):
    response = do(as_user(reviewer), proposal, "return", comment="Say <b>when</b>.")
    assert "returned to its author" in message_text(response)
    browser = as_user(editor)
    assert "Say &lt;b&gt;when&lt;/b&gt;." in browser.get(url(proposal)).content.decode()
    assert edit(browser, proposal, cause="Since May.").status_code == 302
    proposal.refresh_from_db()
    assert (proposal.state, proposal.cause, proposal.reason) == ("open", "Since May.", "Asked twice")


def test_an_accepted_proposal_is_live(as_user, reviewer, note, proposal):
    assert "is accepted" in message_text(do(as_user(reviewer), proposal, "accept"))
    note.refresh_from_db()
    assert (note.cause, note.validated_by) == ("Nobody is *in* it.", reviewer)
    assert "/do/" not in as_user(reviewer).get(url(proposal)).content.decode()


@pytest.mark.parametrize(
    ("role", "action", "data", "answer"),
    [
        ("editor", "accept", {}, "Only a reviewer"),
        ("reviewer", "withdraw", {}, "Only the author"),
        ("reviewer", "return", {"comment": " "}, "1 to 2000 characters"),
        ("reviewer", "return", {"comment": "x" * 2001}, "1 to 2000 characters"),
        ("reviewer", "accept", {"version": "7"}, "saved by somebody else"),
        ("reviewer", "accept", {"version": "<b>"}, "saved by somebody else"),
    ],
)
def test_a_refusal_is_shown(as_user, request, proposal, role, action, data, answer):
    assert answer in message_text(do(as_user(request.getfixturevalue(role)), proposal, action, **data))
    assert proposal.state == "open"


def test_an_action_needs_a_post_a_known_name_and_an_existing_proposal(as_user, reviewer, proposal):
    browser = as_user(reviewer)
    assert browser.get(reverse("admin:kb_proposal_do", args=[proposal.pk, "accept"])).status_code == 405
    assert do(browser, proposal, "publish").status_code == 404
    for pk in ("0", "abc", "9" * 30):
        assert browser.post(f"{LIST}{pk}/do/accept/", {"version": 1}).status_code == 404
        assert browser.get(f"{LIST}{pk}/rebase/").status_code == 404


def test_a_proposal_is_brought_up_to_date_before_it_is_accepted(as_user, editor, reviewer, note, proposal):
    move(note, resolution="Create it.")
    browser = as_user(reviewer)
    assert "The live note has changed since" in browser.get(url(proposal)).content.decode()
    assert "bring the proposal up to date first" in message_text(do(browser, proposal, "accept"))
    address = reverse("admin:kb_proposal_rebase", args=[proposal.pk])
    page = as_user(editor).get(address)
    assert [d.label for d in page.context["form"].result()] == ["Cause"]
    response = as_user(editor).post(address, {"version": proposal.version, "live": note.version})
    assert "up to date" in message_text(response)
    proposal.refresh_from_db()
    assert (proposal.resolution, proposal.cause) == ("Create it.", "Nobody is *in* it.")


def test_a_conflict_is_decided_by_its_author(as_user, editor, note, proposal):
    move(note, cause="It was deleted.")
    address = reverse("admin:kb_proposal_rebase", args=[proposal.pk])
    browser = as_user(editor)
    page = browser.get(address).content.decode()
    assert "<ins>It was deleted.</ins>" in page
    assert "<ins>Nobody is *in* it.</ins>" in page
    data = {"version": proposal.version, "live": note.version, "cause": "Both:\r\ndeleted"}
    assert browser.post(address, data | {"live": "1"}).status_code == 200
    assert browser.post(address, data).status_code == 302
    proposal.refresh_from_db()
    assert (proposal.cause, is_outdated(proposal)) == ("Both:\ndeleted", False)


@pytest.mark.parametrize(
    ("typed", "answer"), [("", "This field is required"), ("x" * 201, "at most 200"), ("a\x00b", "Null characters")]
)
def test_a_conflicts_field_has_the_limits_of_the_form(as_user, editor, note, proposal, typed, answer):
    revise_proposal(proposal, 1, {"title": "Mine"}, By(editor, Door.ADMIN))
    move(note, title="Theirs")
    address = reverse("admin:kb_proposal_rebase", args=[proposal.pk])
    response = as_user(editor).post(address, {"version": 2, "live": note.version, "title": typed})
    assert answer in response.content.decode()


def test_an_up_to_date_proposal_is_unchanged(as_user, editor, proposal):
    response = as_user(editor).get(reverse("admin:kb_proposal_rebase", args=[proposal.pk]))
    assert response["Location"] == url(proposal)
    assert "already up to date" in message_text(response)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2),
        ("state__exact=returned", 1),
        ("by=me", 1),
        ("by=others", 1),
        ("q=asked", 1),
        ("q=reviewer", 1),
        ("by=me&state__exact=open", 0),
    ],
)
def test_the_list_is_filtered_by_state_and_by_author(as_user, reviewer, note, proposal, query, count):
    mine = propose_change(note, 1, {"title": "Mine"}, By(reviewer, Door.ADMIN))
    Proposal.objects.filter(pk=mine.pk).update(state="returned")
    page = as_user(reviewer).get(f"{LIST}?{query}")
    assert page.context["cl"].result_count == count


@pytest.mark.parametrize("size", [1, 8])
def test_pages_take_the_same_queries_for_more_proposals(as_user, reviewer, note, django_assert_num_queries, size):
    for n in range(size):
        author = make.user(f"editor-{n}", "editor")
        made = propose_change(note, 1, {"cause": f"Cause {n}"}, By(author, Door.ADMIN))
    ContentType.objects.get_for_models(TroubleshootingNote, Proposal)
    browser = as_user(reviewer)
    for address, count in ((LIST, 6), (url(made), 15), (url(note), 11)):
        with django_assert_num_queries(count, info=address):
            browser.get(address)
