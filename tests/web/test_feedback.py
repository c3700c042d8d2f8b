"""Outcomes and flags from a card."""

import pytest
from django.test import Client

from kb.models import Change, Door, Flag, NoteOutcome
from kb.services.flags import answer_flag, raise_flag
from kb.services.journal import By, NotAllowed
from tests import make
from tests.web.page import check_order, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(room, editor):
    return make.note("Room is gone", room, owner=editor, resolution="Create it again.")


def report(client, code, **values):
    return client.post(f"/report/{code.pk}/", values, follow=True)


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("worked", "Worked 2 · did not work 0 · not applicable 0"),
        ("did_not_work", "Worked 0 · did not work 2 · not applicable 0"),
        ("not_applicable", "Worked 0 · did not work 0 · not applicable 2"),
    ],
)
def test_an_outcome_is_counted_and_shown(outcome, message, agents, room, note):
    report(agents, room, note=note.pk, outcome=outcome)
    response = report(agents, room, note=note.pk, outcome=outcome)
    assert response.redirect_chain[-1][0] == room.get_absolute_url()
    check_order(response, "Thank you", "Room does not exist.", message)
    assert NoteOutcome.objects.get().count == 2


def test_a_note_that_often_failed_needs_another_look_with_the_reason(agents, room, note):
    for _ in range(3):
        assert "Needs attention" not in words(agents.get(room.get_absolute_url()))
        response = report(agents, room, note=note.pk, outcome="did_not_work")
    assert "Needs attention: Recent reports: did not work 3 times, worked 0 times. Since" in words(response)
    note.refresh_from_db()
    first = note.verify_since
    report(agents, room, note=note.pk, outcome="did_not_work")
    note.refresh_from_db()
    assert note.verify_since == first
    assert Change.objects.filter(noun="note").count() == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"outcome": "worked"}, "Which note"),
        ({"outcome": "worked", "note": "999999"}, "has no note “999999”"),
        ({"outcome": "worked", "note": "<b>"}, "has no note “<b>”"),
        ({"outcome": "superb", "note": None}, "Allowed: worked, did_not_work, not_applicable"),
    ],
)
def test_a_forged_report_is_refused_with_what_is_allowed(values, message, agents, room, note):
    values = {name: note.pk if value is None else value for name, value in values.items()}
    response = report(agents, room, **values)
    assert response.status_code == 400
    assert message in words(response)
    assert not NoteOutcome.objects.exists()


def test_a_flag_reaches_the_owner_of_the_note_and_the_card(agents, agent, room, note):
    response = agents.post(f"/flag/{room.pk}/", {"note": note.pk, "comment": "Step 2 <b>fails</b>"}, follow=True)
    check_order(response, "The flag is raised", "Flagged Step 2 <b>fails</b> agent")
    flag = Flag.objects.get()
    assert (flag.code, flag.note, flag.owner, flag.raised_by) == (room, note, note.owner, agent)
    assert Change.objects.get().audience == "internal"


@pytest.mark.parametrize("comment", ["", "  ", "\x00", "x" * 2001])
def test_a_flag_without_words_or_with_too_many_is_refused(comment, agents, room):
    response = agents.post(f"/flag/{room.pk}/", {"comment": comment}, follow=True)
    assert "1 to 2000 characters" in words(response)
    assert not Flag.objects.exists()


def test_the_public_sees_neither_counts_nor_flags_nor_buttons(public, agents, room, note):
    for _ in range(3):
        report(agents, room, note=note.pk, outcome="did_not_work")
    agents.post(f"/flag/{room.pk}/", {"comment": "Private complaint"})
    text = words(public.get(room.get_absolute_url()))
    for private in ("Private complaint", "Did not work", "did not work", "Flag a problem", "Needs attention"):
        assert private not in text


def test_outsiders_may_not_report(public, stranger, room, note):
    assert "/login/" in public.post(f"/report/{room.pk}/", {"note": note.pk, "outcome": "worked"})["Location"]
    client = Client()
    client.force_login(stranger)
    assert client.post(f"/flag/{room.pk}/", {"comment": "Spam"}).status_code == 403
    with pytest.raises(NotAllowed):
        raise_flag(room, None, "Spam", By(stranger, Door.WEB))
    assert not Flag.objects.exists()


def test_a_form_without_its_token_is_refused(agent, room, note):
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent)
    assert client.post(f"/report/{room.pk}/", {"note": note.pk, "outcome": "worked"}).status_code == 403


def test_a_flag_is_answered_once(room, agent, editor):
    flag = raise_flag(room, None, "Wrong", By(agent, Door.WEB))
    answered = answer_flag(flag, 1, "Corrected.", By(editor, Door.ADMIN))
    assert (answered.state, answered.answer) == ("answered", "Corrected.")
    with pytest.raises(NotAllowed):
        answer_flag(flag, 2, "Again.", By(editor, Door.ADMIN))
