"""A proposal in a real browser without scripts: returned, brought up to date, accepted."""

import pytest

from kb.models import Door, Proposal, TroubleshootingNote
from kb.services.journal import By
from kb.services.proposals import accept_proposal, propose_change
from tests import make
from tests.browser.conftest import check_accessible, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def note(transactional_db):
    for name in ("editor", "reviewer"):
        make.user(name, name)
    return make.note("Room is gone", make.code(), cause="It was closed.", resolution="Look again.")


def move(note):
    """Another proposal is accepted meanwhile."""
    second, reviewer = make.user("second", "editor"), make.user("third", "reviewer")
    moved = propose_change(note, note.version, {"cause": "It was deleted."}, By(second, Door.ADMIN))
    accept_proposal(moved, 1, By(reviewer, Door.ADMIN))


def test_a_proposal_is_returned_brought_up_to_date_and_accepted(open_page, note):
    editor = open_page(script=False)
    log_in(editor, "editor")
    editor.goto(f"/admin/kb/troubleshootingnote/{note.pk}/change/")
    editor.get_by_label("Cause:", exact=True).fill("Nobody is in it.")
    editor.get_by_role("button", name="Save", exact=True).click()
    editor.get_by_text("Your change is saved as a proposal, waiting for a reviewer.").wait_for()
    proposal = f"/admin/kb/proposal/{Proposal.objects.get().pk}/change/"

    reviewer = open_page(360, dark=True)
    log_in(reviewer, "reviewer")
    reviewer.goto(proposal)
    check_accessible(reviewer)
    reviewer.get_by_label("Comment for the author").fill("Say since when.")
    reviewer.get_by_role("button", name="Return with comment").click()
    reviewer.get_by_text("The proposal is returned to its author.").wait_for()

    move(note)
    editor.goto(proposal)
    editor.get_by_text("Say since when.").wait_for()
    editor.get_by_role("link", name="Bring up to date").click()
    editor.get_by_label("Cause:").fill("It was deleted in May.")
    editor.get_by_role("button", name="Bring up to date").click()
    editor.get_by_text("The proposal is up to date").wait_for()

    reviewer.goto(proposal)
    assert reviewer.locator(".diff").first.inner_text() == "It was deleted in May."
    reviewer.get_by_role("button", name="Accept").click()
    reviewer.get_by_text("The proposal is accepted").wait_for()
    live = TroubleshootingNote.objects.get()
    assert (live.cause, live.validated_by.username) == ("It was deleted in May.", "reviewer")


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1360, True)])
def test_pages_of_proposals_are_accessible(open_page, note, width, dark):
    proposal = propose_change(note, 1, {"cause": "New."}, By(make.user("author", "editor"), Door.ADMIN))
    move(note)
    page = open_page(width, dark)
    log_in(page, "author")
    for address in ("", f"{proposal.pk}/change/", f"{proposal.pk}/rebase/"):
        page.goto(f"/admin/kb/proposal/{address}")
        check_accessible(page)
    page.goto(f"/admin/kb/troubleshootingnote/{note.pk}/change/")
    check_accessible(page)
