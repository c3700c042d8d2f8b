"""Flags in the admin: assigned, answered once, read by whoever raised them."""

import pytest
from django.test import Client

from kb.models import Change, Door
from kb.queries.flags import flags_raised_by
from kb.services.flags import answer_flag, assign_flag, raise_flag
from kb.services.journal import By, NotAllowed, StaleEdit
from tests import make
from tests.admin.conftest import edit, message_text, url
from tests.web.page import check_order, words


@pytest.fixture
def flag(room, agent, editor):
    note = room.notes.get()
    note.owner = editor
    note.save()
    return raise_flag(room, note, "Step 2 <b>fails</b>", By(agent, Door.WEB))


@pytest.mark.parametrize("about", ["the note", "the code", "a code without a note"])
def test_a_flag_is_assigned_to_the_owner_of_its_note(about, room, agent, editor):
    note = room.notes.get()
    note.owner = editor
    note.save()
    code = make.code("2") if about == "a code without a note" else room
    raised = raise_flag(code, note if about == "the note" else None, "Wrong", By(agent, Door.WEB))
    assert raised.owner == (None if about == "a code without a note" else editor)


def test_an_editor_assigns_a_flag_and_it_stays_open(as_user, editor, reviewer, flag):
    assert edit(as_user(editor), flag, owner=reviewer.pk).status_code == 302
    flag.refresh_from_db()
    assert (flag.owner, flag.state, flag.version) == (reviewer, "open", 2)


def test_an_answer_closes_a_flag_and_reaches_whoever_raised_it(as_user, editor, agent, flag):
    assert edit(as_user(editor), flag, answer="Step 2 is *corrected*.").status_code == 302
    flag.refresh_from_db()
    assert (flag.state, flag.answer) == ("answered", "Step 2 is *corrected*.")
    assert set(Change.objects.values_list("noun", "audience")) == {("flag", "internal")}
    browser = Client()
    browser.force_login(agent)
    check_order(browser.get("/flags/"), "660300001", "Room is gone", "Answered", "Step 2 <b>fails</b>", "Step 2 is")


def test_an_answered_flag_is_read_only(as_user, editor, flag):
    answer_flag(flag, 1, "Done.", By(editor, Door.ADMIN))
    browser = as_user(editor)
    assert 'name="_save"' not in browser.get(url(flag)).content.decode()
    assert browser.post(url(flag), {"answer": "Other words"}).status_code == 403


def test_of_two_answers_at_once_the_second_is_refused(as_user, editor, reviewer, flag):
    assign_flag(flag, 1, reviewer, By(reviewer, Door.ADMIN))
    response = as_user(editor).post(url(flag), {"version": "1", "answer": "Mine", "owner": editor.pk})
    assert "Somebody else saved this" in response.text
    with pytest.raises(StaleEdit):
        answer_flag(flag, 1, "Mine", By(editor, Door.ADMIN))


def test_an_answer_without_words_leaves_the_flag_open(as_user, editor, flag):
    assert edit(as_user(editor), flag, answer=" \x01 ".replace("\x01", "")).status_code == 302
    flag.refresh_from_db()
    assert flag.state == "open"


@pytest.mark.parametrize("role", ["idle_staff", "importer", "agent"])
def test_others_can_neither_assign_nor_answer(request, role, flag):
    user = request.getfixturevalue(role)
    for verb, value in ((answer_flag, "Mine"), (assign_flag, user)):
        with pytest.raises(NotAllowed):
            verb(flag, 1, value, By(user, Door.ADMIN))


def test_an_agent_sees_only_their_own_flags(flag, reviewer):
    browser = Client()
    browser.force_login(reviewer)
    assert "You have not raised any flags" in words(browser.get("/flags/"))


def test_a_stranger_has_no_flags(stranger, flag):
    browser = Client()
    browser.force_login(stranger)
    assert browser.get("/flags/").status_code == 403
    assert not flags_raised_by(stranger).exists()


@pytest.mark.parametrize("size", [2, 9])
def test_lists_of_flags_take_the_same_queries_for_more_flags(as_user, editor, agent, django_assert_num_queries, size):
    for n in range(size):
        code = make.code(str(n))
        raise_flag(code, make.note(f"Note {n}", code, owner=editor), "Wrong", By(agent, Door.WEB))
    browser = as_user(editor)
    with django_assert_num_queries(7):
        browser.get("/admin/kb/flag/")
    browser.force_login(agent)
    with django_assert_num_queries(5):
        browser.get("/flags/")


def test_a_search_for_a_code_finds_its_flags(as_user, editor, flag):
    page = as_user(editor).get("/admin/kb/flag/", {"q": "660300001"})
    assert "Step 2 &lt;b&gt;fails" in page.content.decode()
    assert message_text(page) == ""
