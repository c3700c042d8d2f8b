"""Flags: whose they are, what they may say, answered once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from kb.models import Door
from kb.services.flags import MAX_COMMENT, answer_flag, assign_flag, raise_flag
from kb.services.journal import By, NotAllowed
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(db):
    return make.code()


# The notes on a code: owner, state, day of the last save.
@pytest.mark.parametrize(
    ("notes", "owner"),
    [
        ([], None),
        ([("editor", "validated", 1)], "editor"),
        # A validated note counts before a newer one that is not; an archived one never.
        ([("editor", "validated", 1), ("reviewer", "not_validated", 2)], "editor"),
        ([("editor", "draft", 1), ("reviewer", "not_validated", 1)], "reviewer"),
        ([("editor", "archived", 1)], None),
        ([("editor", "draft", 1), ("reviewer", "archived", 2)], "editor"),
        # A note without an owner is passed over.
        ([(None, "validated", 1), ("editor", "draft", 1)], "editor"),
        ([("editor", "validated", 1), ("reviewer", "validated", 2)], "reviewer"),
        ([("editor", "validated", 2), ("reviewer", "validated", 1)], "editor"),
        ([("editor", "validated", 1), ("reviewer", "validated", 1)], "reviewer"),
    ],
)
def test_a_flag_of_a_code_goes_to_the_owner_of_its_first_note(agent, editor, reviewer, code, notes, owner):
    people = {"editor": editor, "reviewer": reviewer, None: None}
    for who, state, day in notes:
        make.note("Busy", code, owner=people[who], state=state, updated_at=f"2026-01-0{day}T00:00Z")
    make.note("Of another code", make.code("2"), owner=agent)
    flag = raise_flag(code, None, "Wrong", By(agent, Door.WEB))
    assert (flag.owner, flag.raised_by, flag.note, flag.state) == (people[owner], agent, None, "open")


def test_a_flag_of_a_note_goes_to_its_owner_and_to_nobody_elses(agent, editor, code):
    mine, nobodys = make.note("Mine", code, owner=editor), make.note("Nobody's", code)
    by = By(agent, Door.WEB)
    assert raise_flag(code, mine, "Wrong", by).owner == editor
    assert raise_flag(code, nobodys, "Wrong", by).owner is None


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("x", "x"),
        (" \x00 Wrong\n", "Wrong"),
        ("x" * MAX_COMMENT, "x" * MAX_COMMENT),
        (" " + "x" * MAX_COMMENT + " ", "x" * MAX_COMMENT),
        ("x" * (MAX_COMMENT + 1), None),
        ("", None),
        (" \x00\n", None),
    ],
)
def test_a_flag_and_its_answer_have_1_to_2000_characters(agent, editor, code, words, kept):
    flag = raise_flag(code, None, "Wrong", By(agent, Door.WEB))
    if kept is None:
        with pytest.raises(NotAllowed, match="Say what is wrong, in 1 to 2000 characters"):
            raise_flag(code, None, words, By(agent, Door.WEB))
        with pytest.raises(NotAllowed, match="Answer, in 1 to 2000 characters"):
            answer_flag(flag, 1, words, By(editor, Door.ADMIN))
    else:
        assert raise_flag(code, None, words, By(agent, Door.WEB)).comment == kept
        assert answer_flag(flag, 1, words, By(editor, Door.ADMIN)).answer == kept


def test_a_flag_is_answered_once(agent, editor, code):
    flag = raise_flag(code, None, "Wrong", By(agent, Door.WEB))
    assert flag.answered_at is None
    flag = answer_flag(flag, 1, "Corrected.", By(editor, Door.ADMIN))
    assert (flag.state, timezone.now() - flag.answered_at < timedelta(minutes=1)) == ("answered", True)
    with pytest.raises(NotAllowed, match="already been answered"):
        answer_flag(flag, flag.version, "Again.", By(editor, Door.ADMIN))


def test_a_flag_is_assigned_and_taken_from_everybody(agent, editor, reviewer, code):
    flag = raise_flag(code, None, "Wrong", By(agent, Door.WEB))
    flag = assign_flag(flag, 1, reviewer, By(editor, Door.ADMIN))
    assert flag.owner == reviewer
    assert assign_flag(flag, 2, None, By(editor, Door.ADMIN)).owner is None
