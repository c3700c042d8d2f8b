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


@pytest.mark.parametrize("name", ["report", "flag"])
def test_a_form_that_was_lost_at_the_login_leads_back_to_the_card(name, agents, room, note):
    response = agents.get(f"/{name}/{room.pk}/", {"note": note.pk, "outcome": "worked", "comment": "Wrong"})
    assert (response.status_code, response["Location"]) == (302, room.get_absolute_url())
    assert agents.put(f"/{name}/{room.pk}/").status_code == 405
    assert not NoteOutcome.objects.exists()
    assert not Flag.objects.exists()


@pytest.mark.parametrize("name", ["report", "flag"])
def test_a_code_that_the_reader_may_not_see_takes_no_form(name, agents, note):
    assert (
        agents.post(f"/{name}/999999/", {"note": note.pk, "outcome": "worked", "comment": "Wrong"}).status_code == 404
    )


@pytest.mark.parametrize(
    ("name", "is_shown"), [("draft", True), ("archived", False), ("of another code", False), ("on its range", True)]
)
def test_a_form_names_a_note_of_the_card(name, is_shown, agents, room):
    other = make.note(name, *([room] if name in ("draft", "archived") else []), state="validated")
    if name == "on its range":
        other.ranges.add(make.code_range())
    if name in ("draft", "archived"):
        type(other).objects.update(state=name)
    response = agents.post(f"/flag/{room.pk}/", {"note": other.pk, "comment": "Wrong"})
    assert response.status_code == (302 if is_shown else 400)
    assert [flag.note for flag in Flag.objects.all()] == [other] * is_shown


def test_a_flag_without_a_note_is_about_the_code(agents, room, note):
    agents.post(f"/flag/{room.pk}/", {"note": "", "comment": "Wrong"})
    assert [(flag.code, flag.note) for flag in Flag.objects.all()] == [(room, None)]


@pytest.mark.parametrize(
    ("outcome", "thanks"),
    [
        ("worked", "the note worked."),
        ("did_not_work", "Raise a flag to say why."),
        ("not_applicable", "did not apply."),
    ],
)
def test_thanks_name_the_outcome_that_was_counted(outcome, thanks, agents, room, note):
    assert thanks in words(report(agents, room, note=note.pk, outcome=outcome))


def test_a_forged_value_is_quoted_in_part(agents, room, note):
    assert f"“{'x' * 40}”" in words(report(agents, room, note=note.pk, outcome="x" * 50))
    assert f"“{'9' * 40}”" in words(report(agents, room, note="9" * 50, outcome="worked"))


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
    client = Client()
    client.force_login(stranger)
    for name in ("report", "flag"):
        address, values = f"/{name}/{room.pk}/", {"note": note.pk, "outcome": "worked", "comment": "Spam"}
        assert public.post(address, values)["Location"] == f"/login/?next={address}"
        assert client.post(address, values).status_code == client.get(address).status_code == 403
    assert not NoteOutcome.objects.exists()
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
